# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""``scons export target=cortex-m0plus,cortex-m4``: one folder for several cores, and the compiler's macros choose."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from export import cores
from export.cores import Core
from model.errors import UserError
from target import compiler
from target.description import load_target
from tests.export.test_contents import Folder
from tests.support.checkout import Checkout, Shared
from tests.support.exported import call, run

MODEL = "forecast-window"  # the quick one
ELSE = "#elif 1 /* any other core */"
TWO = ("cortex-m0plus", "cortex-m4")
MANY = ("cortex-m0plus", "cortex-m3", "cortex-m4", "cortex-m55", "rv32imac")
# Which of MANY's code each shipped target takes: its own, or that of the most capable whose instructions it has.
TAKES = {
    "cortex-m0": "cortex_m0plus", "cortex-m0plus": "cortex_m0plus", "cortex-m3": "cortex_m3", "cortex-m4": "cortex_m4",
    "cortex-m7": "cortex_m4", "cortex-m33": "cortex_m4", "cortex-m55": "cortex_m55",
    "rv32imc": "rv32imac", "rv32imac": "rv32imac", "rv32imafc": "rv32imac", "sifive-e31": "rv32imac",
}  # fmt: skip


def exported(built: Shared, targets: tuple[str, ...], *words: str) -> Path:
    dest = "-".join(("cores", *targets, *words)).replace("=", "-").replace(",", "-")
    return built("export", f"target={','.join(targets)}", f"model={MODEL}", *words, f"dest={dest}").root / dest


@pytest.mark.parametrize("chosen", ["gcc", "clang"])
@pytest.mark.parametrize("target", TWO)
def test_one_folder_is_exact_on_both_cores(built: Shared, tmp_path: Path, target: str, chosen: str) -> None:
    folder = exported(built, TWO)
    of = folder.parent / f"build/{target}/{MODEL}/int8-asm"
    outputs = run(load_target(target), folder, of, tmp_path / "out", chosen)
    assert len(outputs) >= 500
    np.testing.assert_array_equal(outputs, np.load(of / "expected.npy"))
    own = {path.name for path in (tmp_path / "out").glob("forecast_window*.o")}
    assert own == {"forecast_window.c.o", "forecast_window_kernels.S.o"}


LONG = pytest.mark.long


@pytest.mark.parametrize(
    ("target", "word", "built_as"),
    [
        ("cortex-m4", "quant=dynamic", "dynamic-asm"),
        ("cortex-m3", "quant=dynamic", "dynamic-c"),
        pytest.param("cortex-m4", "quant=float32", "float32-asm", marks=LONG),
        pytest.param("cortex-m3", "quant=float32", "float32-c", marks=LONG),
        pytest.param("cortex-m4", "state=stream", "int8-asm-stream", marks=LONG),
        pytest.param("cortex-m3", "state=stream", "int8-asm-stream", marks=LONG),
    ],
)
def test_other_formats_and_kernels(built: Shared, tmp_path: Path, target: str, word: str, built_as: str) -> None:
    """An M3 has C for floats where an M4 has assembly; an int8 stream has assembly on both."""
    folder = exported(built, ("cortex-m3", "cortex-m4"), word)
    found = folder.parent / f"build/{target}/{MODEL}" / built_as
    outputs = run(load_target(target), folder, found, tmp_path / "out")
    expected = np.load(found / "expected.npy")
    if expected.dtype == np.float32:
        np.testing.assert_allclose(outputs, expected, rtol=0, atol=1e-5)
    else:
        np.testing.assert_array_equal(outputs, expected)


@pytest.mark.parametrize("chosen", ["gcc", "clang"])
@pytest.mark.parametrize(("target", "takes"), TAKES.items())
def test_compilers_choose_the_core(built: Shared, tmp_path: Path, target: str, takes: str, chosen: str) -> None:
    folder = exported(built, MANY)
    found = compiler.find(load_target(target), chosen)
    for file in ("include/forecast_window.h", "src/lstmcu/forecast_window.c", "src/lstmcu/forecast_window_kernels.S"):
        said = call(found.program, *found.compile, "-MM", folder / file, cwd=tmp_path)
        assert set(re.findall(r"/src/lstmcu/(\w+)/", said)) == {takes}, file


def test_a_core_that_can_run_none_is_told_so(built: Shared) -> None:
    folder = exported(built, TWO)
    done = subprocess.run(
        ["cc", "-fsyntax-only", folder / "include/forecast_window.h"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    words = "forecast_window.h is exported for cortex_m4, cortex_m0plus: this core is none that can run it"
    assert words in done.stderr


def test_the_readme_has_figures_of_each(built: Shared) -> None:
    folder = exported(built, TWO)
    text = (folder / "README.md").read_text()
    sizes = []
    for target in TWO:
        report = json.loads((folder.parent / f"build/{target}/{MODEL}/int8-asm/report.json").read_text())
        sizes.append(report["ram"]["total"])
        assert f" {report['instructions']:,} (exact, QEMU) |" in text
    assert f"/* at most {max(sizes)} bytes" in text
    assert f"| RAM | {sizes[0]} bytes, the state | {sizes[1]} bytes, the state |" in text


def test_every_file_is_needed_by_one_of_them(built: Shared, tmp_path: Path) -> None:
    shutil.copytree(exported(built, TWO), tmp_path / "folder")
    folders = [Folder(tmp_path / "folder", load_target(target), tmp_path / target) for target in TWO]
    whole = [folder.objects() for folder in folders]
    assert all(whole)
    files = [path for path in folders[0].code() if path.parent != tmp_path / "folder/src"]
    assert len(files) >= 25
    for path in files:
        data = path.read_bytes()
        path.unlink()
        assert [folder.objects() for folder in folders] != whole, path.name
        path.write_bytes(data)


def test_what_is_equal_is_there_once(built: Shared) -> None:
    """M4 and M7 have the same code, and all cores the same C: as for one core."""
    for words, targets in (((), ("cortex-m4", "cortex-m7")), (("kernels=c",), TWO)):
        one, both = exported(built, targets[-1:], *words), exported(built, targets, *words)
        code = [{path.relative_to(folder).as_posix(): path.read_bytes() for name in ("src", "include")
                 for path in (folder / name).rglob("*") if path.is_file()} for folder in (one, both)]  # fmt: skip
        assert code[0] == code[1]
        assert "| measured | " + " | ".join(targets) + " |" in (both / "README.md").read_text()


def test_a_core_that_no_macro_tells_is_refused(tmp_path: Path) -> None:
    checkout = Checkout.copy(tmp_path / "fresh")
    done = checkout.scons("export", "target=cortex-m4,rv32imafcv", "model=forecast-window", "dest=out")
    sentence = (
        "target=rv32imafcv: no macro of a compiler tells its 'v', so that it cannot share a folder with other cores"
    )
    assert sentence in done.sentence
    assert not (checkout.root / "out").exists()


def core(name: str, condition: str, **texts: str) -> Core:
    files = {f"{key[:-2]}.{key[-1]}" if key[-2] == "_" else f"{key}.inc": text for key, text in texts.items()}
    return Core(load_target(name), condition, files)


def test_two_cores_of_one_condition_must_have_the_same_files() -> None:
    one, other = core("cortex-m4", "X", net_c="int a;\n"), core("cortex-m7", "X", net_c="int b;\n")
    with pytest.raises(UserError, match=r"target=cortex-m7,cortex-m4: no macro of a compiler tells these two apart"):
        cores.merged("net", [one, other], [])
    assert cores.merged("net", [one, replace(other, texts=one.texts)], []) == {"src/lstmcu/net.c": "int a;\n"}


def test_folders_of_cores_are_told_apart() -> None:
    one, other = core("cortex-m4", "X", net_c="int a;\n"), core("cortex-m3", "Y", net_c="int b;\n")
    with pytest.raises(UserError, match=r"rename one, both become cortex_m4"):
        cores.merged("net", [one, replace(other, target=replace(other.target, name="cortex.m4"))], [])
    strange = replace(other.target, name='"\n#error owned\n"; ../x')
    files = cores.merged("net", [one, replace(other, target=strange)], [])
    assert set(files) == {"src/lstmcu/net.c", "src/lstmcu/cortex_m4/net.c.inc", "src/lstmcu/error_owned_x/net.c.inc"}
    assert "#error owned" not in files["src/lstmcu/net.c"]


def test_what_includes_a_file_of_its_core_goes_with_it() -> None:
    """``same`` is one text on both, and would find the other core's ``own`` from where both look."""
    texts = {"net_c": '#include "net.h"\n#include "same.inc"\n', "same": '#include "own.inc"\n#include "all.inc"\n'}
    common = {**texts, "all": "x\n", "net_h": "int n;\n"}
    one, other = core("cortex-m4", "X", own="1\n", **common), core("cortex-m3", "", own="2\n", **common)
    files = cores.merged("net", [one, other], ["net.h"])
    assert files["src/lstmcu/cortex_m4/same.inc"] == '#include "own.inc"\n#include "../all.inc"\n'
    assert files["src/lstmcu/cortex_m3/own.inc"] == "2\n"
    inner = '#include "../../../include/net.h"\n#include "same.inc"\n'
    assert files["src/lstmcu/cortex_m4/net.c.inc"] == inner
    assert files["include/net.h"] == "int n;\n"
    assert files["src/net.h"] == '#include "../include/net.h"\n'
    assert "#elif 1" in files["src/lstmcu/net.c"]  # asks nothing of a core: no #error
    assert "#error" not in files["src/lstmcu/net.c"]
    assert "src/lstmcu/all.inc" in files


def test_a_file_that_one_core_lacks_is_left_out_for_it() -> None:
    one, other = core("cortex-m4", "X", net_S="a\n", net_c="1\n"), core("cortex-m3", "", net_c="2\n")
    files = cores.merged("net", [one, other], [])
    assert files["src/lstmcu/cortex_m4/net.S.inc"] == "a\n"
    assert files["src/lstmcu/net.S"].splitlines()[1:] == ["#if X", '#include "cortex_m4/net.S.inc"', ELSE, "#endif"]
