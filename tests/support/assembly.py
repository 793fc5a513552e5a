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
from kernels.common.constants import Constants, ConstArray
from kernels.common.work import Work
from measure.run import qemu
from model import fixed_point as fp
from model import lower, reference
from model.emit.choose import choose
from model.formats.int8 import FORMAT as INT8
from model.layers.base import Layer
from model.layers.dense import Dense
from model.layers.lstm import Lstm
from model.network import Network, chained
from model.signal import Array, Signal, Weights, scale_of
from target import compiler
from target.description import Target
from tests.probe import ROOT, WARNINGS
from tests.support import differences
from tests.support.host import HANG

Random = np.random.Generator
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

static void say_number(int32_t value)
{
    char digits[12] = {0};
    char *at = digits + sizeof digits - 1;
    uint32_t left = value < 0 ? 0u - (uint32_t)value : (uint32_t)value;
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

static int32_t element(const void *values, size_t size, size_t k)
{
    return size == 1 ? ((const int8_t *)values)[k]
                     : size == 2 ? ((const int16_t *)values)[k] : ((const int32_t *)values)[k];
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
        say_number((int32_t)unit);
        say(": got ");
        say_number(element(actual, size, unit));
        say(", wanted ");
        say_number(element(expected, size, unit));
        say("; ");
        say_number((int32_t)wrong);
        say(" of ");
        say_number((int32_t)count);
        say(" differ\\n");
    }
}
"""


@dataclass(frozen=True)
class Case:
    """A layer's constants, the C statements that try it, and whether it runs in assembly."""

    name: str
    made: Constants
    data: tuple[ConstArray, ...]
    statements: str
    about: str  # what kind of layer, and the seed that it was drawn from

    @property
    def assembled(self) -> bool:
        return bool(self.made.assembly)


def made_by(kernels: str, work: Work[Layer]) -> Constants:
    """A layer's constants and code by the set of this name, or by C where it cannot prove what it assumes."""
    return choose(work, named([kernels])).constants


def _array(name: str, values: Array) -> ConstArray:
    types = {"int8": "int8_t", "int16": "int16_t", "int32": "int32_t"}
    return ConstArray(name, values.reshape(-1), types[str(values.dtype)], "")


def _network(source: Signal, *layers: Layer) -> Network:
    return chained("net", "made by a test", "0" * 64, "int8", source, layers)


def _inputs(random: Random, shape: tuple[int, ...], extreme: bool) -> Array:
    values = random.choice([-128, 127], shape) if extreme else random.integers(-128, 128, shape)
    return values.astype(np.int8)


def _about(kind: str, random: Random) -> str:
    """A layer's sizes, and the seed of its generator, of which it may not be the first."""
    assert isinstance(random.bit_generator.seed_seq, np.random.SeedSequence)
    return f"{kind}; seed {random.bit_generator.seed_seq.entropy}"


def _signal(random: Random, shape: tuple[int, ...], low: int, high: int) -> Signal:
    """An int8 signal with a scale within 2**low .. 2**high; its zero point is at times an end of the range."""
    scale = float(np.float32(2.0 ** random.uniform(low, high)))
    return Signal(shape, "int8", scale, int(random.choice([-128, 127, 0, *random.integers(-128, 128, 7)])))


def _weights(random: Random, shape: tuple[int, ...], wild: int, unit: float) -> Weights:
    """Sums of products, each about ``unit`` in size, stay near 1; see ``random_lstm`` for ``wild``."""
    if wild < 0:
        values = np.clip(random.normal(0, random.choice([5, 20, 36, 45]), shape), -127, 127)
    else:
        values = random.choice([-127, 127], shape) if wild else random.integers(-127, 128, shape)
    spread = random.uniform(-6, 6, shape[0]) if wild > 0 else random.uniform(-1, 2, shape[0])
    if wild < 0:
        spread -= 14 * (random.integers(8, size=shape[0]) == 0)
    return Weights(values.astype(np.int8), (2.0**spread / (unit * 73 * np.sqrt(shape[-1]))).astype(np.float32))


def _bias(random: Random, weights: Array, zero_point: int, wild: int) -> Array:
    """Moderate, or as large as the proof against overflow of 32 bits allows."""
    room = (1 << 31) - 1 - 128 * np.abs(weights.astype(np.int64)).sum(axis=-1)
    room -= np.abs(lower.folded(0, weights, zero_point))
    peak = room if wild > 1 else np.minimum(room, 1 << 13)
    return np.asarray(peak * random.uniform(-1, 1, peak.shape)).astype(np.int32)


def random_lstm(random: Random, steps: int, features: int, units: int, wild: int) -> tuple[Signal, Lstm]:
    """wild: 0 usual, 1 weights at the ends of their range and scales far apart, 2 biases at int32's ends too.

    -1: small weights but for a few, as trained ones are, and at times a tiny scale.
    """
    source = _signal(random, (steps, features), -10, -2)
    output = _signal(random, (steps, units), -9, -5)
    if random.integers(4) == 0:
        output = Signal(output.shape, "int8", 2.0**-7, 0)
    kernel = _weights(random, (4, units, features), wild, 73 * source.scale)
    recurrent = _weights(random, (4, units, units), wild, 73 * output.scale)
    bias = _bias(random, kernel.values, source.zero_point, wild)
    clip = float(random.uniform(0.1, 3)) if random.integers(4) == 0 else 0.0
    log2 = int(random.integers(-16, -8))
    return source, Lstm("lstm", kernel, recurrent, bias, True, False, clip, output, 2.0**log2, INT8)


def lstm_case(
    kernels: str,
    name: str,
    random: Random,
    given: tuple[int, int, int] | tuple[Signal, Lstm],
    wild: int,
    optimize: str,
    once: bool,
) -> Case:
    """``given``: steps, features, units of a random layer; or the layer and what it reads."""
    source, layer = random_lstm(random, *given, wild) if len(given) == 3 else given
    (steps, features), units = source.shape, layer.units
    about = _about(f"LSTM, {features} features, {units} units{', one step from reset' if once else ''}", random)
    if once and steps > 1:
        steps, source = 1, replace(source, shape=(1, features))
        layer = replace(layer, output=replace(layer.output, shape=(1, units)))
    x = _inputs(random, (1, *source.shape), wild > 0)
    seen: dict[str, Array] = {}
    network = _network(source, layer)
    hidden = reference.run(network, x, lambda _, quantity, values: seen.update({quantity: values}))[0]
    kind = "lstm_once" if once else "lstm"
    made = made_by(kernels, Work(name, layer, source, (kind,), optimize=optimize))
    start = np.full(units, layer.output.zero_point, np.int8)
    data = [_array(f"{name}_x", x), _array(f"{name}_h", hidden)]
    kernel = made.calls[kind]
    scratch = sum(count for _, count in kernel.scratch)
    at = int(random.integers(4))
    lines = f"    char *s = place(3, 0, 0, {at});\n    int8_t *h = place(1, {name}_start, {units}, {at});\n"
    data.append(_array(f"{name}_start", start))
    x_at = f"place(0, {name}_x + t * {features}, {features}, {int(random.integers(4))})"
    if once:
        lines += "    const int t = 0;\n"
        lines += f"    call((function){kernel.function}, {kernel.layer}, {x_at}, h, s, 0, name);\n"
        lines += f'    same("hidden", t, h, {name}_h, {units}, 1, name);\n'
    else:
        data.append(_array(f"{name}_c", seen["cell"][0].astype(np.int16)))
        lines += f"    int16_t *c = place(2, 0, 0, 2);\n    memset(c, 0, {2 * units});\n"
        lines += f"    for (int t = 0; t < {steps}; ++t) {{\n"
        lines += f"        call((function){kernel.function}, {kernel.layer}, {x_at}, h, c, s, name);\n"
        lines += f'        same("cell", t, c, {name}_c + t * {units}, {units}, 2, name);\n'
        lines += f'        same("hidden", t, h, {name}_h + t * {units}, {units}, 1, name);\n    }}\n'
        lines += f"    guarded(2, {2 * units}, 2, name);\n"
    lines += f"    guarded(1, {units}, {at}, name);\n    guarded(3, {scratch}, {at}, name);\n"
    return Case(name, made, tuple(data), lines, about)


def tie_case(kernels: str, name: str, optimize: str) -> Case:
    """A step whose products lie exactly between two results, where halves must go away from zero.

    All weights are 0 and a bias is its gate in Q3.12. f * c, i * c~ and o * tanh(c) are shifted right by 15, 15, 23.
    """
    random = np.random.default_rng(0)
    gates = np.arange(-32768, 32768)
    sigmoid, tanh = fp.sigmoid16(gates), fp.tanh16(gates, -12)
    off, on = -32768, 32767
    units: list[tuple[int, int, int, int, int]] = []  # i, f, c, o, old cell
    for wanted in ((1 << 14) - 2, (1 << 14) - 1, 1 << 14, (1 << 14) + 1):
        for which in random.permutation(np.flatnonzero(sigmoid % 2))[:12]:
            factor = pow(int(sigmoid[which]), -1, 1 << 15) * wanted % (1 << 15)
            units.append((off, int(gates[which]), 0, 0, factor - (1 << 15) * int(random.integers(2))))
            same = np.flatnonzero(tanh % (1 << 15) == factor)
            units += [(int(gates[which]), off, int(gates[k]), 0, 0) for k in random.permutation(same)[:2]]
    for cell in random.permutation(gates):
        kept = fp.requantise32(sigmoid[-1:] * cell, fp.multiplier(2.0**-15))
        if len(units) < 180 and int(fp.tanh16(kept, -15)[0]) % 512 == 256:
            units.append((off, on, 0, 0, int(cell)))
    columns = np.array(units, np.int64).T
    count = len(units)
    source = Signal((1, 1), "int8", 2.0**-6, 0)
    output = Signal((1, count), "int8", 2.0**-7, 0)
    scales = np.full(4, 2.0**-6, np.float32)
    kernel, recurrent = (Weights(np.zeros((4, count, n), np.int8), scales) for n in (1, count))
    layer = Lstm("lstm", kernel, recurrent, columns[:4].astype(np.int32), True, False, 0.0, output, 2.0**-15, INT8)
    step = layer._integer_step(source)  # from a cell state that is not 0
    _, cells, hidden = step(np.zeros((1, 1), np.int64), np.zeros((1, count), np.int64), columns[4:5])
    start, cells = columns[4].astype(np.int16), cells.astype(np.int16)
    data = [("start", start), ("c", cells), ("h", hidden.astype(np.int8)), ("zero", np.zeros(count, np.int8))]
    made = made_by(kernels, Work(name, layer, source, ("lstm",), optimize=optimize))
    kernel = made.calls["lstm"]
    lines = f"    int8_t *h = place(1, {name}_zero, {count}, 0);\n"
    lines += f"    int16_t *c = place(2, {name}_start, {2 * count}, 0);\n"
    call = f"place(0, {name}_zero, 1, 0), h, c, place(3, 0, 0, 0), name"
    lines += f"    call((function){kernel.function}, {kernel.layer}, {call});\n"
    lines += f'    same("cell", 0, c, {name}_c, {count}, 2, name);\n'
    lines += f'    same("hidden", 0, h, {name}_h, {count}, 1, name);\n'
    arrays = tuple(_array(f"{name}_{what}", values) for what, values in data)
    return Case(name, made, arrays, lines, _about(f"LSTM, {count} units whose products are ties", random))


def _sums(made: Constants, layer: Dense, source: Signal, x: Array) -> Array:
    """What the accumulators of a Dense in parts hold at the end: some sets keep them doubled, as their start tells."""
    (start,) = (array.values for array in made.arrays if array.name.endswith("_bias"))
    weights = layer.kernel.values.astype(np.int64)
    plain = lower.folded(layer.bias.astype(np.int64), layer.kernel.values, source.zero_point)
    largest = int(np.abs(plain).argmax())
    assert isinstance(start, np.ndarray)
    times = int(start[largest]) // int(plain[largest]) if plain.any() else 1
    assert (start == times * plain).all()
    return np.asarray(times * (plain + weights @ x.astype(np.int64)), np.int32)


def dense_case(
    kernels: str, name: str, random: Random, size: tuple[int, int, int, int], wild: int, optimize: str
) -> Case:
    """``size``: steps, blocks, inputs of a part, outputs."""
    steps, blocks, inputs, outputs = size
    parts = steps * blocks
    source = _signal(random, (parts * inputs,), -10, -2)
    kernel = _weights(random, (outputs, parts * inputs), wild, 73 * source.scale)
    bias = _bias(random, kernel.values, source.zero_point, wild)
    if random.integers(3) == 0:  # one scale for all rows
        kernel = Weights(kernel.values, np.full(outputs, scale_of(kernel)[0], np.float32))
    out = _signal(random, (outputs,), -6, -4)
    if wild and random.integers(2):
        out = Signal(out.shape, "int8", out.scale * 2.0**20, out.zero_point)  # shifts beyond 24
    layer = Dense("dense", kernel, bias, str(random.choice(["linear", "relu"])), out, INT8)
    x = _inputs(random, (1, parts * inputs), wild > 0)
    expected = reference.run(_network(source, layer), x)[0]
    kinds = ("dense",) if parts == 1 else ("dense_add", "dense_finish")
    made = made_by(kernels, Work(name, layer, source, kinds, steps, blocks, optimize))
    data = [_array(f"{name}_x", x), _array(f"{name}_y", expected)]
    at = int(random.integers(4))
    kernel = made.calls[kinds[0]]
    scratch = sum(count for _, count in kernel.scratch)
    lines = f"    char *s = place(3, 0, 0, {at});\n    int8_t *y = place(1, 0, 0, {at});\n"
    x_at = f"place(0, {name}_x + p * {inputs}, {inputs}, {int(random.integers(4))})"
    if parts == 1:
        lines += "    const int p = 0;\n"
        lines += f"    call((function){kernel.function}, {kernel.layer}, {x_at}, y, s, 0, name);\n"
    else:
        lines += f"    int32_t *a = place(2, {name}_bias, {4 * outputs}, 0);\n"
        call = f"{kernel.layer}, (void *)(intptr_t)p, {x_at}, a, s, name"
        finish = made.calls["dense_finish"]
        lines += (
            f"    for (int p = 0; p < {parts}; ++p) {{\n        call((function){kernel.function}, {call});\n    }}\n"
        )
        data.append(_array(f"{name}_a", _sums(made, layer, source, x[0])))
        lines += f"    guarded(2, {4 * outputs}, 0, name);\n"
        lines += f'    same("sums", {parts - 1}, a, {name}_a, {outputs}, 4, name);\n'
        lines += f"    call((function){finish.function}, {finish.layer}, a, y, 0, 0, name);\n"
    lines += f'    same("output", 0, y, {name}_y, {outputs}, 1, name);\n'
    lines += f"    guarded(1, {outputs}, {at}, name);\n    guarded(3, {scratch}, {at}, name);\n"
    about = _about(f"Dense, {parts} parts of {inputs} inputs, {outputs} outputs", random)
    return Case(name, made, tuple(data), lines, about)


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
    room: int = 9000  # bytes of each array that a layer works on

    @property
    def set(self) -> KernelSet:
        """What its folder says."""
        return named([self.name])[0]

    def cases(self, optimize: str, seed: int, count: int) -> Iterator[Case]:
        """LSTM steps, single steps, Dense layers whole and in parts, in turn; the largest sizes at the end."""
        random = np.random.default_rng([seed, OPTIMIZE.index(optimize)])

        def size() -> int:
            return int(random.choice(SIZES))

        for k in range(count):
            name, wild, kind = f"layer{k}", int(random.choice([0, 0, 1, 1, 2])), k % 4
            if kind < 2:
                steps = 1 if kind else int(random.integers(1, 5))
                yield lstm_case(self.name, name, random, (steps, size(), size()), wild, optimize, bool(kind))
            else:
                parts = (int(random.integers(1, 4)), int(random.integers(1, 3))) if kind == 3 else (1, 1)
                yield dense_case(self.name, name, random, (*parts, size(), size()), wild, optimize)
        yield from self.large_cases(optimize, random)
        yield tie_case(self.name, "ties", optimize)

    def large_cases(self, optimize: str, random: Random) -> Iterator[Case]:
        """Layers whose loops run long, offsets grow beyond immediates, and sums come near their limits."""
        for k, (features, units) in enumerate(((150, 9), (6, 141), (64, 64))):
            yield lstm_case(self.name, f"large{k}", random, (2, features, units), 0, optimize, False)
        yield lstm_case(self.name, "large_once", random, (1, 139, 12), 1, optimize, True)
        yield dense_case(self.name, "large_dense", random, (1, 1, 531, 11), 0, optimize)
        yield dense_case(self.name, "unpaired", random, (1, 1, 560, 5), 1, optimize)

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
        code = self.set.layout.prologue(optimize) + "".join(case.made.assembly for case in cases)
        (directory / "layers_kernels.S").write_text(code)
        firmware, target = ROOT / "firmware", self.target
        kernels, board = ROOT / "kernels", firmware / "boards" / target.board
        include = [firmware / "include", firmware / "runtime", firmware / "boards/common", board, kernels / "c"]
        include += [kernels, *(kernels / folder for folder in self.set.extends)]
        found = compiler.find(target, chosen)
        sources = [
            *(directory / name for name in ("layers.c", "layers_kernels.S")),
            stub(self.name),
            *sorted((kernels / "c").glob("*_s8.c")),
            firmware / "runtime/activation.c",
            *sorted(board.glob("*.[cS]")),
            firmware / "boards/common/semihosting.c",
        ]
        flags = ["-O1", "-g", "-ffunction-sections", "-fdata-sections", *(f"-I{path}" for path in include)]
        objects = [str(directory / f"{source.name}.o") for source in sources]
        for source, made in zip(sources, objects, strict=True):
            own = [*WARNINGS, "-std=c11" if source.name == "layers.c" else "-std=c99"] if source.suffix == ".c" else []
            words = [found.program, *found.compile, *flags, *own, "-Wa,--fatal-warnings"]
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
            where = f"{self.name} on {each.target.name}{told}, {optimize}, {chosen}"
            differences.nothing_said(where, cases, each.run(elf))
        return elf


def with_vlen(kernels: Assembly, vlen: int) -> Assembly:
    """The same core with vectors of another length."""
    qemu = kernels.target.qemu
    assert qemu is not None
    assert qemu.cpu is not None
    cpu = re.sub("vlen=128", f"vlen={vlen}", qemu.cpu)
    return replace(kernels, target=replace(kernels.target, qemu=replace(qemu, cpu=cpu)))


def cell_cases(kernels: str, optimize: str) -> Iterator[Case]:
    """A layer for every scale of the cell state that assembly claims, and one beyond at either end.

    The hidden state's scale is as fine as shows all of the cell's tanh.
    """
    for log2 in range(-25, -5):
        random = np.random.default_rng(-log2)
        source, layer = random_lstm(random, 6, 5, 40, 0)
        fine = min(1.0, 2.0 ** (log2 + 8) / layer.output.scale)
        output = replace(layer.output, scale=layer.output.scale * fine)
        recurrent = replace(layer.recurrent, scale=np.float32(scale_of(layer.recurrent) / fine))
        layer = replace(layer, cell_scale=2.0**log2, output=output, recurrent=recurrent)
        yield lstm_case(kernels, f"cell_{-log2}", random, (source, layer), 0, optimize, False)


def raw_cases(kernels: str, optimize: str) -> Iterator[Case]:
    """Inputs in raw units: sums shifted left by 1 to 14 bits on their way to Q3.12."""
    for left in range(1, 15):
        random = np.random.default_rng(left)
        source, layer = random_lstm(random, 3, 1 if left > 12 else 3, 5, 0)
        kernel = np.asarray(np.clip(layer.kernel.values, -6, 6), np.int8)
        scales = np.full(4, 2.0 ** (left - 12.5) / source.scale, np.float32)
        raw = replace(layer, kernel=Weights(kernel, scales), bias=layer.bias % 32)
        yield lstm_case(kernels, f"raw_{left}", random, (source, raw), 1, optimize, bool(left % 2))
