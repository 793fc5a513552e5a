# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""An exported folder holds what its model needs and no more, for every kernel set and number format.

Without any one of its files it is no longer the same library; and of what only others include, something is read:
with nothing but its own includes left of it, the machine code is another or there is none.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from export import sources as kept
from kernels import all_sets
from target import compiler
from target.description import Target, load_target
from tests.support.checkout import Shared
from tests.support.exported import call, sources
from tests.support.host import HANG

Case = tuple[str, str, str, str]  # model, target, format, kernels=
FORMATS = {"int8": "s8", "int16x8": "s16", "dynamic": "dyn", "float32": "f32"}
TARGETS = ("cortex-m0plus", "cortex-m3", "cortex-m4", "cortex-m55", "rv32imac", "rv32imafcv")
QUICK: tuple[Case, ...] = (
    ("forecast", "cortex-m4", "int8", "asm"),
    ("forecast", "rv32imafcv", "int8", "asm"),  # vectors, of which no macro tells
    ("forecast-window", "cortex-m4", "dynamic", "c"),
    ("anomaly", "cortex-m4", "int8", "c"),
)
CASES: tuple[Case, ...] = (
    *(("forecast", target, format, "asm") for target in TARGETS for format in FORMATS),
    *((model, "cortex-m4", format, "c") for model in ("forecast", "forecast-window", "anomaly") for format in FORMATS),
    *(("exercises", "cortex-m4", format, "asm") for format in FORMATS),
)
# Chosen by the core's macros: where it multiplies and adds at once nothing is left of it, and fused.h still asks.
BY_CORE = {"single.h"}
INCLUDES = re.compile(r'^[ \t]*#[ \t]*include[ \t]*".*$', re.MULTILINE)


def marked(case: Case) -> object:
    return pytest.param(*case, marks=[] if case in QUICK else pytest.mark.long)


def test_every_set_and_format_is_tried() -> None:
    tried = {(word, target, FORMATS[format]) for _, target, format, word in CASES}
    run = {(name, suffix) for word, target, suffix in tried for name in load_target(target).sets(word)
           if f"lstm.{suffix}" in all_sets()[name].covers}  # fmt: skip
    own = {(name, pair.partition(".")[2]) for name, each in all_sets().items() if not each.library
           for pair in each.covers if pair.startswith("lstm.")}  # fmt: skip
    assert run == own
    assert set(QUICK) <= set(CASES)


class Folder:
    """An exported folder, compiled again and again."""

    def __init__(self, folder: Path, target: Target, out: Path) -> None:
        self.folder, self.out = folder, out
        self.found = compiler.find(target, "gcc")
        out.mkdir()

    def objects(self) -> dict[str, bytes] | None:
        """Its object files; None where one of them cannot be made."""
        made = {}
        for source in sources(self.folder):
            path = self.out / f"{source.name}.o"
            words = (*self.found.compile, "-O1", "-ffp-contract=off", "-Wa,--fatal-warnings", "-c", source, "-o", path)
            if subprocess.run([self.found.program, *words], capture_output=True, check=False, timeout=HANG).returncode:
                return None
            made[source.name] = path.read_bytes()
        return made

    def code(self) -> list[Path]:
        """Its C and assembly but the copies of public headers, which are for Arduino."""
        found = (path for path in sorted(self.folder.rglob("*")) if path.suffix in (".c", ".h", ".S", ".inc"))
        return [path for path in found if path.parent.name != "src"]


@pytest.mark.parametrize(("model", "target", "format", "kernels"), [marked(case) for case in CASES])
def test_every_file_is_needed(
    built: Shared, tmp_path: Path, model: str, target: str, format: str, kernels: str
) -> None:
    dest = f"needed-{model}-{target}-{format}-{kernels}"
    words = (f"target={target}", f"model={model}", f"quant={format}", f"kernels={kernels}", f"dest={dest}")
    shutil.copytree(built("export", *words).root / dest, tmp_path / "folder")
    folder = Folder(tmp_path / "folder", load_target(target), tmp_path / "out")
    whole = folder.objects()
    assert whole
    assert len(folder.code()) >= 4
    for path in folder.code():
        data = path.read_bytes()
        path.unlink()
        assert folder.objects() != whole, f"{path.name} is not needed"
        if path.suffix in (".h", ".inc") and path.name not in BY_CORE:
            path.write_text("\n".join(INCLUDES.findall(data.decode())) + "\n")
            assert folder.objects() != whole, f"nothing of {path.name} is needed"
        path.write_bytes(data)


def test_every_compiled_file_is_linked(built: Shared, tmp_path: Path) -> None:
    """Each C file defines something that the model, or another of them, asks for."""
    dest = "needed-anomaly-cortex-m4-int8-c"
    words = ("target=cortex-m4", "model=anomaly", "quant=int8", "kernels=c", f"dest={dest}")
    files = sources(built("export", *words).root / dest)
    call("cc", "-std=c99", "-c", *files, cwd=tmp_path)
    symbols = {path.stem: call("nm", path).splitlines() for path in tmp_path.glob("*.o")}
    asked = {line[19:] for lines in symbols.values() for line in lines if line[17] == "U"}
    for name, lines in symbols.items():
        defined = {line[19:] for line in lines if line[17] in "TRDB"}
        assert name == "anomaly" or defined & asked, name


@pytest.mark.parametrize(
    ("name", "text", "floats"),
    [
        ("src/lstmcu/x.c", "static const float x = 1;", True),
        ("src/lstmcu/x.c", "double\ny;", True),
        ("src/lstmcu/x.c", "/* a float */ int floating; // a double", False),
        ("src/lstmcu/x.h", "float x;", False),
        ("src/lstmcu/x.S", "@ float", False),
    ],
)
def test_floats_are_those_of_compiled_c(name: str, text: str, floats: bool) -> None:
    assert kept.in_floats({name: text}) == floats
