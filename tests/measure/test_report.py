# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""report.json is as its schema says, adds up, and is judged rightly."""

from __future__ import annotations

import copy
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from measure import stored
from measure.checks import budget, verdict
from measure.distances import against_reference, against_targets, as_trained
from measure.pages import markdown
from model import emit
from model.ends import Ends
from model.errors import UserError
from model.metadata import Metadata
from model.signal import Signal
from model.tolerance import EXACT, Tolerance
from target.description import target_names
from tests.oracle import models
from tests.support.checkout import Checkout, Shared
from tests.support.host import ROOT
from tests.support.schema import faults

SCHEMA = json.loads((ROOT / "measure/report.schema.json").read_text())
QUICK = ("model=forecast-window", "quant=int8,float32", "kernels=all")
FOLDER = "forecast-window/int8-c"


def reports(checkout: Checkout) -> dict[str, dict[str, Any]]:
    return {stored.key(path): json.loads(path.read_text()) for path in checkout.root.glob("build/*/*/*/report.json")}


@pytest.fixture
def one(built: Shared) -> dict[str, Any]:
    """A report to edit."""
    return copy.deepcopy(reports(built("target=cortex-m4", *QUICK))[f"cortex-m4/{FOLDER}"])


def test_reports_are_as_the_schema_says(built: Shared) -> None:
    found: dict[str, dict[str, Any]] = {}
    for target in ("cortex-m4", "cortex-m0", "rv32imc", "host"):
        found |= reports(built(f"target={target}", *QUICK))
    assert len(found) >= 8
    assert {name: faults(one, SCHEMA) for name, one in found.items() if faults(one, SCHEMA)} == {}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("version",), 1), (("stack", "bound"), "164"), (("stack", "proved"), 1), (("flash", "code"), -1),
        (("flash", "parts", 0, "kind"), "data"), (("error", "reference", "first"), 3), (("model", "sha256"), "0"),
        (("ram", "more"), 1),
    ],
)  # fmt: skip
def test_the_schema_finds_faults(one: dict[str, Any], path: tuple[str | int, ...], value: object) -> None:
    inner: Any = one
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = value
    assert len(faults(one, SCHEMA)) == 1
    del inner[path[-1]]
    assert len(faults(one, SCHEMA)) == (0 if path == ("ram", "more") else 1)


def test_every_field_of_the_schema_is_described() -> None:
    described = (ROOT / "docs/report.md").read_text()
    names = set(re.findall(r'"(\w+)": \{', (ROOT / "measure/report.schema.json").read_text()))
    structural = {"properties", "items", "count", "measured", "note", "low", "nominal", "high", "evidence", "source"}
    structural |= {"assumptions", "sample", "element", "reference"}  # of cycles: docs/cycles.md; of the first mismatch
    missing = [name for name in names - structural if f"`{name}`" not in described and f".{name}`" not in described]
    assert sorted(missing) == []


def test_the_parts_add_up(built: Shared) -> None:
    for target in ("cortex-m4", "rv32imc"):
        for name, one in reports(built(f"target={target}", *QUICK)).items():
            flash, ram, stack = one["flash"], one["ram"], one["stack"]
            if flash is None:
                continue
            for kind in ("code", "tables", "weights"):
                assert sum(part["bytes"] for part in flash["parts"] if part["kind"] == kind) == flash[kind], name
                assert sum(file[kind] for file in flash["files"]) == flash[kind], name
            assert sum(section["bytes"] for section in flash["sections"]) == flash["total"], name
            assert sum(field["bytes"] for field in ram["fields"]) == ram["total"] - ram["static"], name
            scratch = sum(field["bytes"] for field in ram["fields"] if field["kind"] == "scratch")
            assert (scratch, ram["static"]) == (ram["scratch"], 0), name
            assert stack["proved"], (name, stack["why"])
            assert stack["bound"] == sum(call["bytes"] for call in stack["calls"])
            assert 0 < stack["measured"] <= stack["stored"] <= stack["bound"], name
            files = {file["name"] for file in flash["files"]}
            assert f"{one['model']['name']}.c" in files
            unknown = {part["name"] for part in flash["parts"] if not part["file"]} - {"(literals and padding)"}
            assert unknown <= {"(others)"}, name


def test_a_mismatch_is_found_and_named() -> None:
    expected = np.arange(12, dtype=np.int8).reshape(3, 4)
    assert against_reference(expected, expected, EXACT)["first"] is None
    outputs = expected.copy()
    outputs[1, 2] += 3
    outputs[2, 0] -= 1
    found = against_reference(outputs, expected, EXACT)
    assert (found["mismatches"], found["values"], found["max_abs"]) == (2, 12, 3.0)
    assert found["first"] == {"sample": 1, "element": (2,), "device": "9", "reference": "6"}
    nan = np.full((1, 2), np.nan, np.float32)
    assert against_reference(nan, np.zeros((1, 2), np.float32), Tolerance(1e-5))["mismatches"] == 2


def broken(one: dict[str, Any], **limits: int) -> list[str]:
    return [verdict.failed for verdict in verdict.judge(one, limits) if verdict.failed]


def test_a_sound_build_passes(one: dict[str, Any]) -> None:
    assert broken(one, flash=one["flash"]["total"], stack=one["stack"]["bound"]) == []


def test_outputs_that_differ_fail_and_are_not_used(one: dict[str, Any], tmp_path: Path) -> None:
    first = {"sample": 3, "element": [0, 2], "device": "5", "reference": "6"}
    one["error"]["reference"] |= {"mismatches": 2, "first": first, "max_abs": 1.0}
    (sentence,) = broken(one)
    assert "the device differs from the reference in 2 of " in sentence
    assert sentence.endswith("first in sample 3, element (0, 2): 5 instead of 6")
    assert faults(one, SCHEMA) == []
    assert "2 values differ" in markdown.summary([one])
    (tmp_path / "report.json").write_text(json.dumps(one))
    with pytest.raises(UserError, match="differs from the reference"):
        verdict.sound(tmp_path / "report.json")


@pytest.mark.parametrize("seen", ["measured", "stored"])
def test_more_stack_than_was_proved_fails(one: dict[str, Any], seen: str) -> None:
    one["stack"][seen] = one["stack"]["bound"] + 4
    assert "more than the" in broken(one)[0]


def test_without_a_bound_what_was_seen_counts(one: dict[str, Any]) -> None:
    seen = one["stack"]["measured"]
    one["stack"] |= {"bound": None, "proved": False, "why": ["forecast_window_run calls through a pointer"]}
    assert broken(one, stack=seen) == []
    assert f"needs stack {seen}, 1 over" in broken(one, stack=seen - 1)[0]
    assert f"≥{seen}" in markdown.summary([one])


def test_junit_tells_each_check(one: dict[str, Any]) -> None:
    text = verdict.junit([(f"cortex-m4/{FOLDER}", verdict.judge(one, {"flash": 1, "ram": 1 << 20}))])
    (suite,) = ElementTree.fromstring(text)
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("4", "1", "0")
    cases = {case.get("name"): case for case in suite}
    assert set(cases) == {f"int8-c: {what}" for what in (
        "outputs equal the reference", "stack is within its bound", "flash_max=1", "ram_max=1048576"
    )}  # fmt: skip
    assert {case.get("classname") for case in suite} == {"cortex-m4.forecast-window"}
    failure = cases["int8-c: flash_max=1"].find("failure")
    assert failure is not None
    assert "most of it: forecast_window_L0_lstm_kernel" in str(failure.get("message"))
    one |= {"not_run": "not run: QEMU has no such machine", "error": None}
    (suite,) = ElementTree.fromstring(verdict.junit([("a/b/c", verdict.judge(one, {}))]))
    assert suite.get("skipped") == "1"


def test_a_pull_request_shows_verdict_and_details(one: dict[str, Any]) -> None:
    text = markdown.pull_request([one], ["too large"])
    assert text.startswith("## lstmcu: 1 build, 1 of the checks failed\n\n* too large\n\n| target")
    assert text.count("<details>") == text.count("</details>") == 1
    many = markdown.pull_request([one] * 60, [])
    assert many.startswith("## lstmcu: 60 builds, all checks passed\n")
    assert len(many) < 65536  # as much as GitHub takes


# ---- budget files ----

FILE = """
["*"]
flash_max = "16k"
stack_max = 256
["cortex-m4/forecast*"]
flash_max = "10k"
["cortex-m?/*/int8-*"]
cycles_max = "400k"
"""


def test_a_later_table_and_the_command_line_go_first(tmp_path: Path) -> None:
    path = tmp_path / "budget.toml"
    path.write_text(FILE)
    limits = budget.Budget(budget.read(path, target_names()), {"stack": 100}).limits
    assert limits("rv32imc/forecast/int8-c") == {"flash": 16384, "stack": 100}
    assert limits("cortex-m4/forecast-window/int16x8-c") == {"flash": 10240, "stack": 100}
    assert limits("cortex-m4/exercises/int8-asm") == {"flash": 16384, "stack": 100, "cycles": 400_000}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("flash_max = 3", 'flash_max stands outside a table; limits of every build belong below ["*"]'),
        ('["*"]\nflsh_max = 3', "unknown limit flsh_max; did you mean 'flash_max'?"),
        ("[cortex-m4]\nflash_max = 3", '["cortex-m4"] is no build: say ["cortex-m4/*"], or target/model/quant-kernels'),
        ('["cortex-m5/*"]\nflash_max = 3', "no target cortex-m5; did you mean 'cortex-m55'?"),
        ('["*"]\nflash_max = "lots"', "flash_max=lots: give a whole number"),
        ('["*"]\nflash_max = 1.5', "flash_max must be a whole number"),
        ('["*"]\nflash_max = true', "flash_max must be a whole number"),
        ('["*"]\nflash_max = -1', "give a whole number"),
        ("[", "not valid TOML"),
    ],
)
def test_a_mistake_in_the_file_gets_a_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "budget.toml"
    path.write_text(text)
    with pytest.raises(UserError, match=re.escape(sentence)):
        budget.read(path, target_names())


def test_a_missing_file_gets_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"none\.toml: cannot be read"):
        budget.read(tmp_path / "none.toml")


def test_a_report_knows_what_the_model_s_own_file_takes() -> None:
    """An int8 network that was made here of a float model has real samples; a .tflite's own type is stored values."""
    came = models.random_network("odd", "int8")
    for network in (came, replace(came, came_quantised=False)):
        card = json.loads(emit.generate(network, "c", "window")["model.json"])
        own = (network.input, network.output)
        due = own if network.came_quantised else tuple(Signal(each.shape) for each in own)
        assert as_trained(card) == tuple(Ends((each,)) for each in due)


@pytest.mark.parametrize("dtype", ["int8", "int16", "float32", "float64"])
def test_targets_are_judged_by_shape_and_not_by_type(tmp_path: Path, dtype: str) -> None:
    came = models.random_network("odd", "int8")
    card = json.loads(emit.generate(replace(came, came_quantised=False), "c", "window")["model.json"])
    random = np.random.default_rng(0)
    inputs, outputs = random.normal(size=(6, *came.input.shape)), random.normal(size=(6, 3))
    for targets, measure in ((outputs.argmax(axis=1), "accuracy"), (np.arange(18).reshape(6, 3), "mae")):
        np.savez(tmp_path / "s.npz", inputs=inputs, targets=targets.astype(dtype))
        told = against_targets(outputs, outputs, tmp_path / "s.npz", card, Metadata(output=(-2.0, 7.0), unit="V"))
        assert told is not None
        mae = 2 * np.abs(outputs - np.arange(18).reshape(6, 3)).mean()
        assert (told["measure"], told["unit"]) == (measure, None if measure == "accuracy" else "V")
        assert told["device"] == pytest.approx(1.0 if measure == "accuracy" else mae)
