# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What a board's counter said: taken for cycles where it can be, and refused with a sentence where not."""

from __future__ import annotations

import copy
import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import pytest

from measure import stored
from measure.checks import baseline
from measure.cost import counter
from measure.cost.timing import Cycles
from measure.evidence import INTERVAL
from measure.pages import markdown, text
from measure.pages.html.outputs import load
from measure.pages.html.render import page
from measure.run.counts import Profile
from target import cores
from target.description import load_target, target_names
from tests.support.checkout import Shared
from tests.support.host import ROOT
from tests.support.schema import faults

MODELLED = Cycles(290_000, 300_000, 315_000, "documented", "a manual", ("zero wait states",))
PROFILE = Profile(4, 220_000, 224_000, 890_000, 164, ())
READ: dict[str, Any] = {
    "server": "OpenOCD 0.12.0", "core": "Cortex-M4 r0p1", "counter": "DWT CYCCNT", "empty": 12, "spin": 3000,
    "calls": [303_011, 306_011, 309_011, 303_011],
}  # fmt: skip


def of(tmp_path: Path, modelled: Cycles | None = MODELLED, profile: Profile | None = PROFILE, **changes: Any) -> Any:
    (tmp_path / "board.json").write_text(json.dumps(READ | changes))
    return counter.of(tmp_path / "board.json", profile, modelled)


def test_cycles_of_a_board(tmp_path: Path) -> None:
    """The empty call's count is taken away but for its return, which a call of the model has too."""
    found, why = of(tmp_path)
    assert why == ""
    assert found == {
        "server": "OpenOCD 0.12.0", "core": "Cortex-M4 r0p1", "counter": "DWT CYCCNT", "counts": "cycles",
        "evidence": "measured", "calls": 4, "minimum": 303_000, "median": 306_000, "maximum": 309_000, "overhead": 11,
        "difference": 0.02,
    }  # fmt: skip
    assert of(tmp_path, modelled=None)[0]["difference"] is None
    slow = Cycles(290_000, 900_000, 900_000, INTERVAL, "a manual", ())
    assert of(tmp_path, modelled=slow)[0]["difference"] is None
    assert of(tmp_path, modelled=None, profile=None)[0]["median"] == 306_000
    assert of(tmp_path, core="Cortex-M7 r1p1", spin=1020)[0]["median"] == 306_000, "which issues two at once"


def test_no_board(tmp_path: Path) -> None:
    assert counter.of(None, PROFILE, MODELLED) == (None, "")
    (tmp_path / "board.json").write_text("null")
    assert counter.of(tmp_path / "board.json", PROFILE, MODELLED) == (None, "the firmware did not run on the board")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"counter": "none"}, "no counter of the Cortex-M4 r0p1 moves"),
        ({"counter": "none", "server": "QEMU"}, "moves: QEMU has no cycles; of a RISC-V it counts instructions, when"),
        ({"counter": "SysTick", "calls": [9000, counter.LOST]}, "SysTick has 24 bits, and a call takes more cycles"),
        ({"server": "QEMU", "spin": 2013}, "counted 2,001 in 2,000 instructions of QEMU: QEMU has no cycles"),
        ({"spin": 900}, "counted 888 in 996 turns of a loop, which no core does"),
        ({"spin": 12}, "counted 0 in 996 turns"),
        ({"spin": 2012}, "counted 2,000 in 2,000 instructions, too few for a Cortex-M4 r0p1: an emulator's?"),
        ({"spin": 200_000}, "counted 199,988 in 996 turns"),
        ({"calls": [303_011, 11]}, "counted less around a call of the model than around an empty one"),
        ({"empty": 0, "spin": 2999}, "or nothing around that"),
        ({"calls": [109_000]}, "counted fewer cycles than half the instructions of a call"),
    ],
)
def test_what_cannot_be_cycles(changes: dict[str, Any], sentence: str, tmp_path: Path) -> None:
    found, why = of(tmp_path, **changes)
    assert found is None
    assert sentence in why


def test_a_call_that_may_be_too_long_for_32_bits(tmp_path: Path) -> None:
    found, why = of(tmp_path, profile=Profile(1, 1 << 29, 1 << 29, 1 << 29, 0, ()))
    assert (found, "may take more cycles" in why) == (None, True)


def test_an_emulator_s_instructions_are_none_of_silicon_s_cycles(tmp_path: Path) -> None:
    found, _ = of(tmp_path, server="QEMU", counter="mcycle", spin=2012)
    assert (found["counts"], found["evidence"], found["difference"]) == ("instructions", "emulated", None)


@pytest.fixture
def built_on_a_board(built: Shared, tmp_path: Path) -> tuple[dict[str, Any], Path]:
    """A report as of a board, and the folder that it is of."""
    root = built("target=cortex-m4", "model=forecast-window", "quant=int8", "kernels=asm").root
    folder = root / "build/cortex-m4/forecast-window/int8-asm"
    found = stored.load(folder / "report.json")
    modelled = Cycles(1, found["cycles"]["nominal"], 1, "documented", "", ())
    calls = [modelled.nominal + more for more in (111, 111, 111, 211)]
    measured, _ = of(tmp_path, profile=None, calls=calls, modelled=modelled)
    return found | {"measured": measured}, folder


def test_the_pages_show_it_beside_the_model(built_on_a_board: tuple[dict[str, Any], Path]) -> None:
    one, folder = built_on_a_board
    assert faults(one, json.loads((ROOT / "measure/report.schema.json").read_text())) == []
    median, nominal = one["measured"]["median"], one["cycles"]["nominal"]
    cell = f"{median:,} measured {median / nominal - 1:+.1%}"
    assert median == nominal + 100
    assert text.measured(one) == cell
    for said in (text.render([one], []), markdown.pull_request([one], [])):
        flat = " ".join(said.split()).replace("\\", "")
        assert cell in flat
        assert text.cycles(one) in flat
        assert "by DWT CYCCNT of Cortex-M4 r0p1 through OpenOCD 0.12.0, without the 11 around an empty call" in flat
    root = folder.parents[3]
    build = load(
        folder / "report.json",
        root / "models/forecast-window/forecast-window.npz",
        root / "build/models/forecast-window/int8/float.npy",
    )
    on_board = dataclasses.replace(build, report=one)
    for builds in ([on_board], [on_board, build]):
        shown = page(builds, [[] for _ in builds], [])
        assert re.search(rf"Counter.*{median:,} <small>measured \+", shown, re.DOTALL)
    assert "Counter" not in page([build, build], [[], []], [])
    assert "counter" not in text.render([build.report], [])
    assert "counter" not in markdown.summary([build.report])


def test_at_a_clock(built_on_a_board: tuple[dict[str, Any], Path]) -> None:
    one, _ = built_on_a_board
    one["measured"]["median"] = 640_000
    assert text.counted(one | {"time": {"clock": 64e6}}).endswith(" around an empty call; 10 ms at 64 MHz")


def test_within_or_outside_an_interval(built_on_a_board: tuple[dict[str, Any], Path]) -> None:
    one, _ = built_on_a_board
    median = one["measured"]["median"]
    one["cycles"] |= {"low": median - 1, "high": median, "evidence": INTERVAL}
    assert text.counted(one).endswith("; within the modelled interval")
    one["cycles"]["high"] = median - 1
    assert text.counted(one).endswith("; outside the modelled interval")


def test_a_board_is_compared_with_a_board_only(built_on_a_board: tuple[dict[str, Any], Path]) -> None:
    one, _ = built_on_a_board
    with_board, without = baseline.figures(one), baseline.figures(one | {"measured": None})
    assert baseline.changes(with_board, without) == baseline.changes(without, with_board) == []
    later = copy.deepcopy(one)
    later["measured"]["median"] += 7
    (change,) = baseline.changes(with_board, baseline.figures(later))
    assert (change.figure, change.new - change.old) == ("board: cycles measured by DWT CYCCNT, median", 7)


def test_cores_by_their_registers() -> None:
    assert cores.name("arm", {"cpuid": 0x410FC241}) == "Cortex-M4 r0p1"
    assert cores.name("armv6s-m", {"cpuid": 0x410CC601}) == "Cortex-M0+ r0p1"
    assert cores.name("arm", {"cpuid": 0x630F1320}) == "a core with CPUID 0x630f1320"
    assert cores.name("riscv:rv32", {"misa": 0x40001104}) == "RV32IMC"
    assert cores.name("riscv:rv32", {"misa": 0}) == "a core that its server calls riscv:rv32"
    assert cores.name("", {}) == "an unknown core"


def test_every_target_is_its_own_core_and_no_other() -> None:
    parts = {name: part for part, (name, _) in cores.PARTS.items()}
    for target in map(load_target, target_names()):
        if target.arch != "arm":
            continue
        own = target.name.replace("cortex-m", "Cortex-M").replace("plus", "+")
        assert set(cores.PARTS) - set(cores.other_parts(target)) == {parts[own]}
        assert cores.stand_ins(target) == ([parts["Cortex-M0"]] if own == "Cortex-M0+" else [])
    unnamed = dataclasses.replace(load_target("cortex-m4"), flags=("-march=armv7e-m",))
    able = {cores.PARTS[part][0] for part in set(cores.PARTS) - set(cores.other_parts(unnamed))}
    assert able == {f"Cortex-M{name}" for name in ("4", "7", "33", "35P", "52", "55", "85")}
