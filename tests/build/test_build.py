# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The build itself: nothing to do means nothing done, and every edit rebuilds exactly what it reaches."""

from __future__ import annotations

import json
import re
import resource
import subprocess
import zipfile
from pathlib import Path

import numpy as np
import pytest

from tests.support.checkout import Checkout, Shared
from tests.support.host import ROOT

MODEL = "forecast-window"  # the quick one
REQUEST = ("target=cortex-m4", f"model={MODEL}", "quant=int8", "kernels=c")
FOLDER = f"build/cortex-m4/{MODEL}/int8-c"
OURS = ("build/cortex-m4/obj/", FOLDER)  # the checkout is shared: others build other things in it
NULL_BUILD = 0.5  # seconds of a processor

LINKED = {"LINK forecast_window.elf", "LINK carried.elf"}
NETWORK = {"READ trained.npz", "QUANT network.npz", "REF inputs.npy"}
TEMPLATES = "model/emit/templates"
MODEL_CODE = {"CC forecast_window.c.o", "CC bench.c.o"}
MEASURED = {"RUN outputs.npy", "REPORT report.json", "TABLE report.txt"}


@pytest.fixture
def checkout(built: Shared, tmp_path: Path) -> Checkout:
    """A copy of a built checkout, with nothing left to do."""
    copy = built.copy(tmp_path / "checkout", *REQUEST)
    settled = copy.build(*REQUEST)
    assert not settled.rules, settled.out
    return copy


def append(checkout: Checkout, path: str, text: str) -> None:
    with (checkout.root / path).open("a", encoding="utf-8") as file:
        file.write(text)


def users_of(checkout: Checkout, header: str) -> set[str]:
    """Sources that include ``header``, directly or not, as the compiler sees it."""
    firmware = checkout.root / "firmware"
    found = set()
    names = ("include", "runtime", "boards/cortex-m", "boards/common")
    folders = [*(firmware / name for name in names), checkout.root / "kernels/c"]
    includes = [f"-I{folder}" for folder in folders] + [f"-I{checkout.root / FOLDER}"]
    sources = [path for folder in folders for path in folder.glob("*.c")]
    sources += [firmware / "bench/bench.c", checkout.root / FOLDER / "forecast_window.c"]
    for source in sources:
        words = [*includes, '-DMODEL_BENCH_H="forecast_window_bench.h"', source]
        command = ["arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb", "-MM", *words]
        if f"/{header}" in subprocess.run(command, capture_output=True, text=True, check=True).stdout:
            found.add(f"CC {source.name}.o")
    return found


def test_a_null_build_does_nothing_and_at_once(checkout: Checkout) -> None:
    before = {path: (checkout.root / path).stat().st_mtime_ns for path in checkout.files()}
    runs, used = [], []
    for _ in range(5):
        begin = resource.getrusage(resource.RUSAGE_CHILDREN)
        runs.append(checkout.build(*REQUEST))
        end = resource.getrusage(resource.RUSAGE_CHILDREN)
        used.append(end.ru_utime + end.ru_stime - begin.ru_utime - begin.ru_stime)
    for run in runs:
        assert not re.search(r"^\[", run.out, re.MULTILINE), run.out
        assert "build/report.txt' is up to date." in run.out
        assert run.err == ""
    assert {path: (checkout.root / path).stat().st_mtime_ns for path in checkout.files()} == before
    assert min(used) < NULL_BUILD


@pytest.mark.parametrize(
    ("path", "comment", "rules"),
    [
        ("kernels/c/lstm_s8.c", "/* a comment */\n", {"CC lstm_s8.c.o"}),
        ("firmware/boards/cortex-m/startup.c", "/* a comment */\n", {"CC startup.c.o"}),
        ("firmware/bench/bench.c", "/* a comment */\n", {"CC bench.c.o"}),
        ("firmware/boards/cortex-m/link.ld", "/* a comment */\n", {"LINK forecast_window.elf"}),
        ("model/emit/statements.py", "# a comment\n", {"GEN forecast_window.c"}),
        ("kernels/c/layout.py", "# a comment\n", {"GEN forecast_window.c"}),
        (
            "model/emit/templates/model.c.jinja",
            "/* a comment */\n",
            {"GEN forecast_window.c", "CC forecast_window.c.o"},
        ),
        ("model/emit/templates/model.h.jinja", "/* a comment */\n", {"GEN forecast_window.c", *MODEL_CODE}),
        ("measure/pages/text.py", "# a comment\n", {"TABLE report.txt"}),
        ("measure/run/profiler/profiler.c", "/* a comment */\n", {"HOSTCC profiler.so"}),
        ("measure/run/profiler/plugin_api.h", "/* a comment */\n", {"HOSTCC profiler.so"}),
        ("model/readers/keras/graph.py", "# a comment\n", {"READ trained.npz", "REPORT report.json"}),
        ("train/forecast.py", "# a comment\n", set()),
        (f"models/{MODEL}/{MODEL}.json", " ", {"REPORT report.json"}),
    ],
)
def test_a_comment_reruns_its_own_step_and_no_other(
    checkout: Checkout, path: str, comment: str, rules: set[str]
) -> None:
    """What a step writes is compared: the same bytes stop the build there."""
    append(checkout, path, comment)
    again = checkout.build(*REQUEST)
    assert again.rules == rules, again.out
    assert checkout.build(*REQUEST).rules == set()


@pytest.mark.parametrize(
    "header",
    [
        "firmware/runtime/fixed_point.h",
        "kernels/c/lstmcu_kernels.h",
        "firmware/include/lstmcu.h",
        "firmware/boards/common/arch.h",
    ],
)
def test_a_header_recompiles_those_who_include_it(checkout: Checkout, header: str) -> None:
    append(checkout, header, "/* a comment */\n")
    expected = users_of(checkout, Path(header).name)
    assert expected
    assert checkout.build(*REQUEST).rules == expected


def test_a_kernel_that_changes_is_run_again(checkout: Checkout) -> None:
    path = checkout.root / "kernels/c/lstm_s8.c"
    text = path.read_text()
    path.write_text("const char lstmcu_padding[64] __attribute__((used)) = {1};\n" + text)
    again = checkout.build(*REQUEST)
    assert {rule for rule in again.rules if rule.startswith("CC")} == {"CC lstm_s8.c.o"}
    assert again.rules >= {"LINK forecast_window.elf", "RUN outputs.npy", "REPORT report.json"}
    assert not again.rules & {*NETWORK, "GEN forecast_window.c", "HOSTCC profiler.so"}


def test_a_flag_of_the_toolchain_recompiles_everything_and_generates_nothing(checkout: Checkout) -> None:
    path = checkout.root / "toolchains/cortex-m4.toml"
    text = path.read_text()
    path.write_text(text.replace('"-mthumb"', '"-mthumb", "-fno-tree-vectorize"', 1))
    assert path.read_text() != text
    again = checkout.build(*REQUEST)
    compiled = {rule for rule in again.rules if rule.startswith("CC")}
    objects = {f"CC {Path(path).name}" for path in checkout.files() if path.endswith(".o") and path.startswith(OURS)}
    assert compiled == objects
    assert again.rules - compiled == LINKED | MEASURED
    report = json.loads((checkout.root / FOLDER / "report.json").read_text())
    assert "-fno-tree-vectorize" in report["compiler"]["flags"]


def test_a_model_retrained_is_made_anew_but_the_runtime_is_not(checkout: Checkout) -> None:
    path = checkout.root / f"models/{MODEL}/{MODEL}.keras"
    with zipfile.ZipFile(path, "a") as archive:
        archive.comment = b"another file, the same network"
    again = checkout.build(*REQUEST)
    # the header names the file's hash: the model's own code is compiled, nothing else
    assert {rule for rule in again.rules if rule.startswith("CC")} == MODEL_CODE
    assert again.rules >= {*NETWORK, "GEN forecast_window.c", "REPORT report.json"}
    assert "HOSTCC profiler.so" not in again.rules


def test_other_targets_in_the_samples_change_the_report_alone(checkout: Checkout) -> None:
    path = checkout.root / f"models/{MODEL}/{MODEL}.npz"
    arrays = dict(np.load(path))
    arrays["targets"] = arrays["targets"] + 1
    np.savez_compressed(path, **arrays)
    again = checkout.build(*REQUEST)
    assert again.rules - {"TABLE report.txt"} == {"QUANT network.npz", "REF inputs.npy", "REPORT report.json"}


@pytest.mark.parametrize(
    ("path", "rule"),
    [
        (f"{FOLDER}/forecast_window.h", "GEN forecast_window.c"),
        (f"{FOLDER}/report.json", "REPORT report.json"),
        (f"build/models/{MODEL}/int8/expected.npy", "REF inputs.npy"),
        (f"{FOLDER}/profile.txt", "RUN outputs.npy"),
    ],
)
def test_a_lost_file_is_made_again_and_is_the_same(checkout: Checkout, path: str, rule: str) -> None:
    before = (checkout.root / path).read_bytes()
    (checkout.root / path).unlink()
    assert checkout.build(*REQUEST).rules == {rule}
    assert (checkout.root / path).read_bytes() == before


def test_cleaning_removes_everything_that_was_built(tmp_path: Path) -> None:
    fresh = Checkout.copy(tmp_path / "fresh").files()
    checkout = Checkout.copy(tmp_path / "checkout")
    checkout.build(*REQUEST)
    assert checkout.files() > fresh
    checkout.build("-c", *REQUEST)
    assert checkout.files() == fresh


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    checkout = Checkout.copy(tmp_path / "fresh")
    before = checkout.files()
    done = checkout.build("-n", *REQUEST)
    assert {"GEN forecast_window.c", "RUN outputs.npy", "REPORT report.json"} <= done.rules
    assert checkout.files() == before
    assert not (checkout.root / "build").exists()


def test_two_checkouts_give_the_same_files_wherever_they_lie(built: Shared, tmp_path: Path) -> None:
    """One in a folder with a name of its own kind, by eight jobs in any order: C, assembly, RISC-V."""
    request = ("target=cortex-m4,rv32imc,host", f"model={MODEL}", "quant=int8", "kernels=all")
    one = built(*request)
    other = Checkout.copy(tmp_path / "mein Gerät 模型 $x;`id>y`(a=b)")
    other.build("-j8", "--random", *request)
    made = [path for path in sorted(other.files()) if path.startswith(("build/cortex-m4", "build/rv32", "build/m"))]
    assert len([path for path in made if path.endswith((".o", ".elf"))]) > 50
    assert any(path.endswith("_kernels.S.o") for path in made)
    for path in made:
        assert (one.root / path).read_bytes() == (other.root / path).read_bytes(), path
    for path in (path for path in other.files() if path.startswith("build/host")):
        assert (one.root / path).read_bytes() == (other.root / path).read_bytes(), path


def test_a_model_of_ones_own_with_any_name(checkout: Checkout) -> None:
    folder = checkout.root / "my models"
    folder.mkdir()
    for ending in ("keras", "npz"):
        shipped = checkout.root / f"models/{MODEL}/{MODEL}.{ending}"
        (folder / f"größe 1.{ending}").write_bytes(shipped.read_bytes())
    done = checkout.build("model=my models/größe 1.keras", "kernels=c")
    assert "REPORT report.json" in done.rules
    (path,) = (checkout.root / "build/cortex-m4").glob("größe 1/int8-c/report.json")
    report = json.loads(path.read_text())
    assert report["model"]["source"] == "größe 1.keras"
    assert report["error"]["reference"]["mismatches"] == 0


def test_an_onnx_model_in_integers(built: Shared, tmp_path: Path) -> None:
    checkout = built.copy(tmp_path / "checkout", *REQUEST)
    source = ROOT / "tests/model/data/onnx/ts_lstm2_one_batch_first_last.onnx"
    (checkout.root / "mine.onnx").write_bytes(source.read_bytes())
    np.savez(checkout.root / "mine.npz", inputs=np.random.default_rng(1).normal(0, 1, (20, 5, 3)).astype(np.float32))
    checkout.build("target=cortex-m4", "model=mine.onnx", "quant=int8,int16x8,float32", "kernels=c")
    for quantisation, most in (("int8", 0.05), ("int16x8", 0.01), ("float32", 1e-5)):
        report = json.loads((checkout.root / f"build/cortex-m4/mine/{quantisation}-c/report.json").read_text())
        assert report["model"]["input_names"] == ["x"]
        assert report["error"]["reference"]["mismatches"] == 0
        assert report["error"]["float"]["max_abs"] < most


def test_the_editors_database_names_every_compilation(checkout: Checkout) -> None:
    rows = json.loads((checkout.root / "compile_commands.json").read_text())
    own = re.compile(rf"(build/cortex-m4/obj/.+|{FOLDER}/(bench/)?[^/]+)\.o")  # others may have built other models
    assert {row["output"] for row in rows} == {path for path in checkout.files() if own.fullmatch(path)}
    for row in rows:
        assert row["directory"] == str(checkout.root)
        assert (checkout.root / row["file"]).is_file()
    one = next(row for row in rows if row["file"].endswith("forecast_window.c"))
    (checkout.root / one["output"]).unlink()
    subprocess.run(one["arguments"], cwd=one["directory"], check=True)
    assert (checkout.root / one["output"]).is_file()


def test_verbose_shows_whole_commands(checkout: Checkout) -> None:
    append(checkout, "kernels/c/lstm_s8.c", "/* a comment */\n")
    done = checkout.build(*REQUEST, "verbose=1")
    assert re.search(r"^arm-none-eabi-gcc -o \S*lstm_s8.c.o -c .*-mcpu=cortex-m4 .*lstm_s8\.c$", done.out, re.MULTILINE)


def test_help_lists_what_there_is(checkout: Checkout) -> None:
    done = checkout.build("-h")
    for text in ("Examples:", "scons target=cortex-m4", "cortex-m4", "ready", "forecast, forecast-window", "quant="):
        assert text in done.out
    for name in checkout.root.glob("toolchains/*.toml"):
        assert re.search(rf"^  {re.escape(name.stem)} ", done.out, re.MULTILINE)


def test_a_profile_is_the_same_again_and_elsewhere(built: Shared, tmp_path: Path) -> None:
    """Another run, another folder, another number of jobs: not a byte differs."""
    request = ("profile", "target=cortex-m4", "model=forecast-window", "quant=int8", "kernels=all")
    names = ("profile.txt", "profile.json", "hotspots.txt", "annotated.txt")

    def files(checkout: Checkout) -> dict[str, bytes]:
        found = [path for name in names for path in (checkout.root / "build/cortex-m4").glob(f"{MODEL}/int8-*/{name}")]
        found = [path for path in found if path.parent.name in ("int8-asm", "int8-c")]
        return {path.relative_to(checkout.root).as_posix(): path.read_bytes() for path in found}

    one = built.copy(tmp_path / "one", *request)
    first = files(one)
    assert len(first) >= 2 * len(names)
    for path in first:
        (one.root / path).unlink()
    assert {"RUN outputs.npy", "HOTSPOTS hotspots.txt"} <= one.build("-j1", *request).rules
    assert files(one) == first
    other = Checkout.copy(tmp_path / "quite/another/place")
    other.build("-j5", "--random", *request)
    assert files(other) == first


def test_a_silent_build_builds(tmp_path: Path) -> None:
    """With -s SCons shows no step, and calls it in another way."""
    done = Checkout.copy(tmp_path / "checkout").build("-s", "target=cortex-m4", f"model={MODEL}", "kernels=c")
    assert "[CC]" not in done.out
    assert "forecast_window_run" in done.out
