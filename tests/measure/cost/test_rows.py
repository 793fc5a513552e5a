# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The timing tables have a row for every instruction that the shipped models' firmware carries, and each such row has
a program in test_timing.py that holds it against the core's document."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from kernels import FORMATS, all_sets
from measure.cost import timing
from measure.cost.timing.disassembly import disassemble
from measure.cost.timing.rows import Core
from measure.evidence import ONE_SOURCE
from model import formats
from target.description import Target, load_target, target_names
from tests.measure.cost.test_timing import PROGRAMS, profiled
from tests.support.checkout import Shared
from tests.support.host import ROOT

TIMED = tuple(target for name in target_names() if (target := load_target(name)).timing)
MODELS = tuple(sorted(path.parent.name for path in (ROOT / "models").glob("*/*.keras")))
SOME = ("forecast", "speakers")  # an LSTM, and a GRU behind convolutions
CARRIED = pytest.mark.parametrize(
    "models", [pytest.param(SOME, id="some"), pytest.param(MODELS, id="all", marks=pytest.mark.long)]
)
Carried = Callable[[Target, tuple[str, ...]], list[Path]]
OPTIMIZED = {"c": ("",), "asm": ("", "-size", "-speed")}  # what to look at of each kernel set
NO_CODE = (".word", ".short", ".byte", "udf", "c.unimp")  # constants and padding among the code
INCLUDED = {"armv7em": ("cortex-m4", "cortex-m33"), "armv7m": ("cortex-m3",),
            "armv6m": ("cortex-m0", "cortex-m0plus")}  # fmt: skip


@pytest.fixture(scope="module")
def carried(built: Shared) -> Carried:
    """The ELFs of a target with nothing in them but these shipped models: every quantisation and kernel set."""
    variants = [
        (target.name, f"{quantisation}-{kernels}{optimize}")
        for target in TIMED
        for quantisation in formats.names()
        for kernels in target.words
        for optimize in OPTIMIZED.get(kernels, ())
        if any(all_sets()[name].covers_format(FORMATS[quantisation]) for name in target.kernels_of(kernels))
    ]
    names = ",".join(target.name for target in TIMED)

    @functools.cache
    def files(models: tuple[str, ...]) -> list[Path]:
        wanted = [f"build/{target}/{model}/{name}/carried/carried.elf" for target, name in variants for model in models]
        words = (f"target={names}", f"model={','.join(models)}", "quant=all", "kernels=all", "optimize=all")
        root = built(*words, *wanted).root
        return [root / file for file in wanted]

    return lambda target, models: [file for file in files(models) if f"/build/{target.name}/" in str(file)]


@functools.cache
def mnemonics(elf: Path, target: Target) -> frozenset[str]:
    """All that the program could execute."""
    return frozenset(text.mnemonic for text in disassemble(elf, target).values()) - {*NO_CODE}


def cores(target: Target) -> list[Core]:
    """Those whose table the target's code is held against."""
    assert target.timing is not None
    return [
        timing.CORES[name] for name in ((target.timing, "cv32e40p") if target.isa == "rv32imc" else (target.timing,))
    ]


@CARRIED
@pytest.mark.parametrize("target", TIMED, ids=lambda target: target.name)
def test_every_instruction_of_the_shipped_models_has_a_row(
    target: Target, models: tuple[str, ...], carried: Carried
) -> None:
    for core in cores(target):
        missing = {
            name: elf.parent.name
            for elf in carried(target, models)
            for name in mnemonics(elf, target)
            if core.find(core, name) is None
        }
        assert missing == {}, core.name


@CARRIED
@pytest.mark.parametrize("target", TIMED, ids=lambda target: target.name)
def test_every_row_that_they_use_is_held_against_the_document(
    target: Target, models: tuple[str, ...], carried: Carried
) -> None:
    for core in cores(target):
        if core.evidence == ONE_SOURCE:  # there is no document
            continue
        ((program, _),) = [key for key in PROGRAMS if key[1] == core.name]
        _, code, ranges = profiled(program, core.name)
        tested = {
            text.mnemonic for address, text in code.items() if any(address in range_ for range_ in ranges.values())
        }
        used = {name for elf in carried(target, models) for name in mnemonics(elf, target)}
        rows = [{found[0].mnemonics for name in names if (found := core.find(core, name))} for names in (used, tested)]
        assert rows[0] - rows[1] == set(), core.name


def written(folder: Path) -> set[str]:
    """The mnemonics in the macros of an assembly kernel set."""
    text = "\n".join(path.read_text() for path in sorted(folder.glob("*.inc")))
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    shared = (path.read_text() for path in (folder.parent / "common").glob("*.inc"))
    macros = set(re.findall(r"^\s*\.macro\s+(\w+)", "\n".join((text, *shared)), re.MULTILINE))
    lines = [line.strip() for line in text.splitlines()]
    words = {line.split()[0] for line in lines if line and not line.startswith((".", "#", "\\")) and ":" not in line}
    return {word for word in words if re.fullmatch(r"[a-z][a-z0-9.]*", word)} - macros


@pytest.mark.parametrize("name", sorted(path.parent.name for path in (ROOT / "kernels").glob("*/dense_s8.inc")))
def test_every_instruction_of_the_assembly_has_a_row(name: str) -> None:
    found = written(ROOT / "kernels" / name)
    assert len(found) > 10
    for core in (timing.CORES[core] for core in INCLUDED.get(name, ())):
        assert [word for word in sorted(found) if core.find(core, word) is None] == [], core.name
