# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Assembly kernels, layer by layer under QEMU: the reference's bits, callee-saved registers, memory bounds.

One firmware runs many layers of odd sizes and wild numbers. Every call goes through a stub that fills the
callee-saved registers first and looks at them and at sp after; every output lies between guard bytes; inputs and
scratch are misaligned.

    kernels = Assembly("armv7em", load_target("cortex-m4"))
    kernels.check(tmp_path, list(kernels.cases("speed", seed=1, count=48)), "speed")

What goes wrong is told by layer, quantity, step and unit, with the seed and the line that runs this layer alone.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from kernels import OPTIMIZE, KernelSet, named
from kernels.common.constants import ConstArray
from measure.run import qemu
from model.formats.base import Format
from model.formats.int8 import FORMAT as INT8
from target import compiler
from target.description import Target
from tests.probe import CACHED, ROOT, WARNINGS
from tests.support import differences
from tests.support.host import HANG
from tests.support.layer_cases import (
    Case,
    Random,
    cell_case,
    dense_case,
    gates_case,
    lstm_case,
    random_gru,
    random_relu_lstm,
    tie_case,
)

SIZES = (1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 16, 19, 33)
STACK = 4096

PROGRAM = """
#include <string.h>

#include "lstmcu_kernels.h"
#include "semihosting.h"

typedef void (*function)(void);
int poisoned_call(function called, const uintptr_t arguments[5]);

#define GUARD 16
static _Alignas(8) uint8_t memory[4][GUARD + ROOM + GUARD];
static int failures;

static void say(const char *text)
{
    (void)semihosting_write_text(semihosting_console(), text);
}

static void say_number(int64_t value)
{
    char digits[21] = {0};
    char *at = digits + sizeof digits - 1;
    uint64_t left = value < 0 ? 0u - (uint64_t)value : (uint64_t)value;
    do {
        *--at = (char)('0' + left % 10u);
        left /= 10u;
    } while (left);
    say(value < 0 ? "-" : "");
    say(at);
}

static void report(const char *what, const char *name)
{
    ++failures;
    say(name);
    say(what);
}

static void *place(int which, const void *from, size_t bytes, size_t offset)
{
    memset(memory[which], 0xA5, sizeof memory[which]);
    if (from) {
        memcpy(memory[which] + GUARD + offset, from, bytes);
    }
    return memory[which] + GUARD + offset;
}

static void guarded(int which, size_t bytes, size_t offset, const char *name)
{
    for (size_t k = 0; k < sizeof memory[which]; ++k) {
        if ((k < GUARD + offset || k >= GUARD + offset + bytes) && memory[which][k] != 0xA5) {
            report(": wrote outside its memory\\n", name);
            return;
        }
    }
}

static void call(function called, const void *a, const void *b, const void *c, const void *d, const void *e,
                 const char *name)
{
    const uintptr_t arguments[5] = {(uintptr_t)a, (uintptr_t)b, (uintptr_t)c, (uintptr_t)d, (uintptr_t)e};
    if (poisoned_call(called, arguments)) {
        report(": a callee-saved register is lost\\n", name);
    }
}

static int64_t element(const void *values, size_t size, size_t k)
{
    return size == 1   ? ((const int8_t *)values)[k]
           : size == 2 ? ((const int16_t *)values)[k]
           : size == 4 ? ((const int32_t *)values)[k]
                       : ((const int64_t *)values)[k];
}

/* Of a layer only the first difference is told: all that follows may come of it. */
static void same(const char *what, int step, const void *actual, const void *expected, size_t count, size_t size,
                 const char *name)
{
    static const char *told;
    size_t wrong = 0, unit = 0;
    for (size_t k = count; k-- > 0;) {
        if (element(actual, size, k) != element(expected, size, k)) {
            ++wrong;
            unit = k;
        }
    }
    if (wrong && told != name) {
        told = name;
        report(": ", name);
        say(what);
        say(", step ");
        say_number(step);
        say(", unit ");
        say_number((int64_t)unit);
        say(": got ");
        say_number(element(actual, size, unit));
        say(", wanted ");
        say_number(element(expected, size, unit));
        say("; ");
        say_number((int64_t)wrong);
        say(" of ");
        say_number((int64_t)count);
        say(" differ\\n");
    }
}
"""


def _text(array: ConstArray) -> str:
    values = array.values if isinstance(array.values, tuple) else [f"({v})" if v < 0 else str(v) for v in array.values]
    values = ["(-2147483647 - 1)" if v == "(-2147483648)" else v for v in values]
    return f"static const {array.ctype} {array.name}[] = {{{', '.join(values)}}};\n"


def stub(kernels: str) -> Path:
    """int poisoned_call(void (*function)(), const uintptr_t arguments[5]): 0 when all is kept that a set must keep."""
    found = named([kernels])[0]
    paths = [ROOT / "kernels" / folder / "stub.S" for folder in (found.name, *found.extends)]
    return next(path for path in paths if path.is_file())


@dataclass(frozen=True)
class Assembly:
    """An assembly kernel set on a core of its ISA."""

    name: str  # of kernels/
    target: Target
    format: Format = INT8
    room: int = 9000  # bytes of each array that a layer works on

    @property
    def set(self) -> KernelSet:
        """What its folder says."""
        return named([self.name])[0]

    @property
    def formats(self) -> list[str]:
        """Suffixes of all formats that it has: their macros must get on with one another."""
        return sorted({pair.partition(".")[2] for pair in self.set.covers})

    def cases(self, optimize: str, seed: int, count: int) -> Iterator[Case]:
        """LSTM steps, single steps, Dense layers whole and in parts, in turn; the largest sizes at the end."""
        random = np.random.default_rng([seed, OPTIMIZE.index(optimize)])

        def size() -> int:
            return int(random.choice(SIZES))

        for k in range(count):
            name, wild, kind = f"layer{k}", int(random.choice([0, 0, 1, 1, 2])), k % 4
            if kind < 2:
                steps = 1 if kind else int(random.integers(1, 5))
                yield lstm_case(
                    self.name, name, random, (steps, size(), size()), wild, optimize, bool(kind), self.format
                )
            else:
                parts = (int(random.integers(1, 4)), int(random.integers(1, 3))) if kind == 3 else (1, 1)
                yield dense_case(self.name, name, random, (*parts, size(), size()), wild, optimize, self.format)
        yield from self.large_cases(optimize, random)
        yield tie_case(self.name, "ties", optimize, self.format)

    def large_cases(self, optimize: str, random: Random) -> Iterator[Case]:
        """Layers whose loops run long, offsets grow beyond immediates, and sums come near their limits."""
        for k, (features, units) in enumerate(((150, 9), (6, 141), (64, 64))):
            yield lstm_case(self.name, f"large{k}", random, (2, features, units), 0, optimize, False, self.format)
        yield lstm_case(self.name, "large_once", random, (1, 139, 12), 1, optimize, True, self.format)
        yield dense_case(self.name, "large_dense", random, (1, 1, 531, 11), 0, optimize, self.format)
        yield dense_case(self.name, "unpaired", random, (1, 1, 560, 5), 1, optimize, self.format)

    def gru_cases(self, optimize: str, seed: int, count: int) -> Iterator[Case]:
        """Steps of GRUs, and at times a single one; the largest sizes at the end."""
        random = np.random.default_rng([seed, OPTIMIZE.index(optimize)])
        for k in range(count):
            steps, features, units = int(random.integers(1, 5)), *(int(each) for each in random.choice(SIZES, 2))
            wild, once = int(random.choice([0, 0, 1, 2, 3, 3])), k % 8 == 7
            layer = random_gru(random, steps, features, units, wild, self.format)
            yield cell_case(self.name, f"gru{k}", random, layer, wild, optimize, once)
        for k, (features, units) in enumerate(((150, 9), (6, 141), (64, 64))):
            layer = random_gru(random, 2, features, units, 0, self.format)
            yield cell_case(self.name, f"large{k}", random, layer, 0, optimize, once=False)

    def gates_cases(self, optimize: str, seed: int, count: int) -> Iterator[Case]:
        """Gates of LSTMs of relu; the largest sizes at the end."""
        random = np.random.default_rng([seed, OPTIMIZE.index(optimize)])
        sizes = [tuple(int(each) for each in random.choice(SIZES, 2)) for _ in range(count)]
        for k, (features, units) in enumerate([*sizes, (150, 9), (6, 141), (64, 64)]):
            wild = int(random.choice([0, 0, 1, 2, 3, 3])) if k < count else 0
            layer = random_relu_lstm(random, int(random.integers(1, 4)), features, units, wild, self.format)
            yield gates_case(self.name, f"gates{k}", random, layer, wild, optimize)

    def program(self, cases: list[Case]) -> str:
        """main() of a firmware that tries all cases."""
        text = f"#define ROOM {self.room}\n{PROGRAM}"
        for case in cases:
            text += "".join(f"{line}\n" for line in case.made.declarations)
            text += "".join(map(_text, (*case.made.arrays, *case.data)))
            if struct := case.made.struct:
                text += f"static const {struct.ctype} {struct.name} = {{{', '.join(m for m, _ in struct.members)}}};\n"
            body = f'    const char *const name = "{case.name}";\n{case.statements}'
            text += f"static void try_{case.name}(void)\n{{\n{body}}}\n\n"
        calls = "".join(f"    try_{case.name}();\n" for case in cases)
        return f"{text}int main(void)\n{{\n{calls}    semihosting_exit(failures != 0);\n}}\n"

    def build(self, directory: Path, cases: list[Case], optimize: str, chosen: str = "gcc") -> Path:
        """The firmware, warnings being errors."""
        (directory / "layers.c").write_text(self.program(cases))
        code = self.set.layout.prologue(optimize, self.formats) + "".join(case.made.assembly for case in cases)
        (directory / "layers_kernels.S").write_text(code)
        firmware, target = ROOT / "firmware", self.target
        kernels, board = ROOT / "kernels", firmware / "boards" / target.board
        include = [firmware / "include", firmware / "runtime", firmware / "boards/common", board, kernels / "c"]
        include += [kernels, *(kernels / folder for folder in self.set.extends)]
        found = compiler.find(target, chosen)
        sources = [
            *(directory / name for name in ("layers.c", "layers_kernels.S")),
            stub(self.name),
            *(path for suffix in self.formats for path in sorted((kernels / "c").glob(f"*_{suffix}.c"))),
            firmware / "runtime/activation.c",
            *sorted(board.glob("*.[cS]")),
            firmware / "boards/common/semihosting.c",
        ]
        flags = ["-O1", "-g", "-ffunction-sections", "-fdata-sections", *(f"-I{path}" for path in include)]
        objects = [str(directory / f"{source.name}.o") for source in sources]
        for source, made in zip(sources, objects, strict=True):
            own = [*WARNINGS, "-std=c11" if source.name == "layers.c" else "-std=c99"] if source.suffix == ".c" else []
            words = [*CACHED, found.program, *found.compile, *flags, *own, "-Wa,--fatal-warnings"]
            subprocess.run([*words, "-c", str(source), "-o", made], check=True)
        memory = {"flash_origin": target.flash.origin, "flash_size": target.flash.size}
        memory |= {"ram_origin": target.ram.origin, "ram_size": target.ram.size, "stack_size": STACK}
        symbols = [f"-Wl,--defsym=__{name}={value:#x}" for name, value in memory.items()]
        script, elf = f"-T{board}/link.ld", directory / "layers.elf"
        command = [found.program, *found.link, *objects, *map(str, found.libraries), *symbols, script, "-o", str(elf)]
        subprocess.run(command, check=True)
        return elf

    def run(self, elf: Path) -> str:
        """What the firmware says, nothing when all is well."""
        assert self.target.qemu is not None
        words = [self.target.qemu.program, *qemu._machine(self.target, elf, [])]
        done = subprocess.run(words, capture_output=True, text=True, timeout=HANG, check=False)
        assert done.returncode in (0, 1), done.stderr
        assert (done.returncode == 0) == (not done.stdout)
        return done.stdout

    def check(
        self, directory: Path, cases: list[Case], optimize: str, chosen: str = "gcc", on: Sequence[Assembly] = ()
    ) -> Path:
        """Try all cases, or the one that --case= names, on this core or on several; returns the firmware."""
        elf = self.build(directory, differences.chosen(cases), optimize, chosen)
        for each in on or (self,):
            machine = each.target.qemu
            told = f" ({machine.cpu})" if machine and machine.cpu else ""
            kind = "" if self.format is INT8 else f"{self.format.name} of "
            where = f"{kind}{self.name} on {each.target.name}{told}, {optimize}, {chosen}"
            differences.nothing_said(where, cases, each.run(elf))
        return elf


def with_vlen(kernels: Assembly, vlen: int) -> Assembly:
    """The same core with vectors of another length."""
    qemu = kernels.target.qemu
    assert qemu is not None
    assert qemu.cpu is not None
    cpu = re.sub("vlen=128", f"vlen={vlen}", qemu.cpu)
    return replace(kernels, target=replace(kernels.target, qemu=replace(qemu, cpu=cpu)))
