# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Kernel set asm-armv7em, layer by layer under QEMU: the reference's bits, callee-saved registers, memory bounds.

One firmware runs many layers of odd sizes and wild numbers. Every call goes through a stub that fills r4 - r11
first and looks at them and at sp after; every output lies between guard bytes; inputs and scratch are misaligned.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from measure import compiler
from model import fixed_point as fp
from model import reference
from model.layouts import asm_armv7em as layout
from model.layouts.common import Constants, ConstArray, folded
from model.network import Array, Dense, Layer, Lstm, Network, Signal, Weights
from tests.probe import ROOT, TARGETS, WARNINGS

Random = np.random.Generator
M4 = TARGETS["cortex-m4"]
SIZES = (1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 16, 19, 33)

STUB = """
    .syntax unified
    .thumb
/* int poisoned_call(void (*function)(), const uint32_t arguments[5]): 0 when r4 - r11 and sp survived */
    .global poisoned_call
    .type poisoned_call, %function
    .thumb_func
poisoned_call:
    push {r3-r11, lr}
    ldr r12, =poisoned_sp
    sub sp, sp, #8
    str sp, [r12]
    ldr r2, [r1, #16]
    str r2, [sp]
    mov r12, r0
    ldm r1, {r0-r3}
    .irp n, 4, 5, 6, 7, 8, 9, 10, 11
    ldr r\\n, =0x5A5A0000 + \\n
    .endr
    blx r12
    ldr r12, =poisoned_sp
    ldr r12, [r12]
    sub r0, sp, r12
    .irp n, 4, 5, 6, 7, 8, 9, 10, 11
    ldr r1, =0x5A5A0000 + \\n
    eor r1, r1, r\\n
    orr r0, r0, r1
    .endr
    mov sp, r12
    add sp, sp, #8
    pop {r3-r11, pc}
    .ltorg
    .size poisoned_call, . - poisoned_call
    .bss
    .balign 4
poisoned_sp:
    .space 4
"""

PROGRAM = """
#include <string.h>

#include "lstmcu_kernels.h"
#include "semihosting.h"

typedef void (*function)(void);
int poisoned_call(function called, const uint32_t arguments[5]);

#define GUARD 16
static _Alignas(8) uint8_t memory[5][GUARD + 9000 + GUARD];
static int failures;

static void report(const char *what, const char *name)
{
    ++failures;
    (void)semihosting_write_text(semihosting_console(), name);
    (void)semihosting_write_text(semihosting_console(), what);
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
    const uint32_t arguments[5] = {(uint32_t)a, (uint32_t)b, (uint32_t)c, (uint32_t)d, (uint32_t)e};
    if (poisoned_call(called, arguments)) {
        report(": a callee-saved register is lost\\n", name);
    }
}

static void same(const void *actual, const void *expected, size_t bytes, const char *name)
{
    if (memcmp(actual, expected, bytes) != 0) {
        report(": differs from the reference\\n", name);
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

    @property
    def assembled(self) -> bool:
        return isinstance(self.made, layout.Assembled) and bool(self.made.assembly)


def _array(name: str, values: Array) -> ConstArray:
    types = {"int8": "int8_t", "int16": "int16_t"}
    return ConstArray(name, values.reshape(-1), types[str(values.dtype)], "")


def _network(source: Signal, *layers: Layer) -> Network:
    return Network("net", "made by a test", "0" * 64, "int8", source, layers)


def _inputs(random: Random, shape: tuple[int, ...], extreme: bool) -> Array:
    values = random.choice([-128, 127], shape) if extreme else random.integers(-128, 128, shape)
    return values.astype(np.int8)


def _signal(random: Random, shape: tuple[int, ...], low: int, high: int) -> Signal:
    """An int8 signal with a scale within 2**low .. 2**high; its zero point is at times an end of the range."""
    scale = float(np.float32(2.0 ** random.uniform(low, high)))
    return Signal(shape, "int8", scale, int(random.choice([-128, 127, 0, *random.integers(-128, 128, 7)])))


def _weights(random: Random, shape: tuple[int, ...], wild: int, unit: float) -> Weights:
    """Sums of products, each about ``unit`` in size, stay near 1."""
    values = random.choice([-127, 127], shape) if wild else random.integers(-127, 128, shape)
    spread = random.uniform(-6, 6, shape[0]) if wild else random.uniform(-1, 2, shape[0])
    return Weights(values.astype(np.int8), (2.0**spread / (unit * 73 * np.sqrt(shape[-1]))).astype(np.float32))


def _bias(random: Random, weights: Array, zero_point: int, wild: int) -> Array:
    """Moderate, or as large as the proof against overflow of 32 bits allows."""
    room = (1 << 31) - 1 - 128 * np.abs(weights.astype(np.int64)).sum(axis=-1)
    room -= np.abs(folded(0, weights, zero_point))
    peak = room if wild > 1 else np.minimum(room, 1 << 13)
    return np.asarray(peak * random.uniform(-1, 1, peak.shape)).astype(np.int32)


def random_lstm(random: Random, steps: int, features: int, units: int, wild: int) -> tuple[Signal, Lstm]:
    """wild: 0 usual, 1 weights at the ends of their range and scales far apart, 2 biases at int32's ends too."""
    source = _signal(random, (steps, features), -10, -2)
    output = _signal(random, (steps, units), -9, -5)
    if random.integers(4) == 0:
        output = Signal(output.shape, "int8", 2.0**-7, 0)
    kernel = _weights(random, (4, units, features), wild, 73 * source.scale)
    recurrent = _weights(random, (4, units, units), wild, 73 * output.scale)
    bias = _bias(random, kernel.values, source.zero_point, wild)
    clip = float(random.uniform(0.1, 3)) if random.integers(4) == 0 else 0.0
    log2 = int(random.integers(-16, -8))
    return source, Lstm("lstm", kernel, recurrent, bias, True, False, clip, output, 2.0**log2)


def lstm_case(name: str, random: Random, size: tuple[int, int, int], wild: int, optimize: str, once: bool) -> Case:
    """``size``: steps, features, units."""
    steps, features, units = size
    source, layer = random_lstm(random, steps, features, units, wild)
    x = _inputs(random, (1, *source.shape), wild > 0)
    seen: dict[str, Array] = {}
    network = _network(source, layer)
    hidden = reference.run(network, x, lambda _, quantity, values: seen.update({quantity: values}))[0]
    made = layout.lstm(name, layer, source, once, optimize)
    start = np.full(units, layer.output.zero_point, np.int8)
    data = [_array(f"{name}_x", x), _array(f"{name}_h", hidden)]
    scratch = 4 * (layout.vector_words(features) + (0 if once else layout.vector_words(units))) + 3
    at = int(random.integers(4))
    lines = f"    char *s = place(3, 0, 0, {at});\n    int8_t *h = place(1, {name}_start, {units}, {at});\n"
    data.append(_array(f"{name}_start", start))
    x_at = f"place(0, {name}_x + t * {features}, {features}, {int(random.integers(4))})"
    if once:
        lines += "    const int t = 0;\n"
        lines += f"    call((function){name}_layer.once, {name}_layer.weights, {x_at}, h, s, 0, name);\n"
        lines += f"    same(h, {name}_h, {units}, name);\n"
    else:
        data.append(_array(f"{name}_c", seen["cell"][0].astype(np.int16)))
        lines += f"    int16_t *c = place(2, 0, 0, 2);\n    memset(c, 0, {2 * units});\n"
        lines += f"    for (int t = 0; t < {steps}; ++t) {{\n"
        lines += f"        call((function){name}_layer.step, {name}_layer.weights, {x_at}, h, c, s, name);\n"
        lines += f"        same(h, {name}_h + t * {units}, {units}, name);\n"
        lines += f"        same(c, {name}_c + t * {units}, {2 * units}, name);\n    }}\n"
        lines += f"    guarded(2, {2 * units}, 2, name);\n"
    lines += f"    guarded(1, {units}, {at}, name);\n    guarded(3, {scratch}, {at}, name);\n"
    return Case(name, made, tuple(data), lines)


def tie_case(name: str, optimize: str) -> Case:
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
    layer = Lstm("lstm", kernel, recurrent, columns[:4].astype(np.int32), True, False, 0.0, output, 2.0**-15)
    step = reference._integer_step(layer, source)  # from a cell state that is not 0
    _, cells, hidden = step(np.zeros((1, 1), np.int64), np.zeros((1, count), np.int64), columns[4:5])
    start, cells = columns[4].astype(np.int16), cells.astype(np.int16)
    data = [("start", start), ("c", cells), ("h", hidden.astype(np.int8)), ("zero", np.zeros(count, np.int8))]
    lines = f"    int8_t *h = place(1, {name}_zero, {count}, 0);\n"
    lines += f"    int16_t *c = place(2, {name}_start, {2 * count}, 0);\n"
    call = f"place(0, {name}_zero, 1, 0), h, c, place(3, 0, 0, 0), name"
    lines += f"    call((function){name}_layer.step, {name}_layer.weights, {call});\n"
    lines += f"    same(c, {name}_c, {2 * count}, name);\n    same(h, {name}_h, {count}, name);\n"
    made = layout.lstm(name, layer, source, False, optimize)
    return Case(name, made, tuple(_array(f"{name}_{what}", values) for what, values in data), lines)


def dense_case(name: str, random: Random, size: tuple[int, int, int, int], wild: int, optimize: str) -> Case:
    """``size``: steps, blocks, inputs of a part, outputs."""
    steps, blocks, inputs, outputs = size
    parts = steps * blocks
    source = _signal(random, (parts * inputs,), -10, -2)
    kernel = _weights(random, (outputs, parts * inputs), wild, 73 * source.scale)
    bias = _bias(random, kernel.values, source.zero_point, wild)
    if random.integers(3) == 0:  # one scale for all rows
        kernel = Weights(kernel.values, np.full(outputs, reference.scale_of(kernel)[0], np.float32))
    out = _signal(random, (outputs,), -6, -4)
    if wild and random.integers(2):
        out = Signal(out.shape, "int8", out.scale * 2.0**20, out.zero_point)  # shifts beyond 24
    layer = Dense("dense", kernel, bias, str(random.choice(["linear", "relu"])), out)
    x = _inputs(random, (1, parts * inputs), wild > 0)
    expected = reference.run(_network(source, layer), x)[0]
    made = layout.dense(name, layer, source, steps, blocks, optimize)
    data = (_array(f"{name}_x", x), _array(f"{name}_y", expected))
    at = int(random.integers(4))
    scratch = 4 * layout.vector_words(inputs) + 3
    lines = f"    char *s = place(3, 0, 0, {at});\n    int8_t *y = place(1, 0, 0, {at});\n"
    x_at = f"place(0, {name}_x + p * {inputs}, {inputs}, {int(random.integers(4))})"
    if parts == 1:
        lines += "    const int p = 0;\n"
        lines += f"    call((function){name}_layer.run, {name}_layer.weights, {x_at}, y, s, 0, name);\n"
    else:
        lines += f"    int32_t *a = place(2, {name}_bias, {4 * outputs}, 0);\n"
        call = f"{name}_layer.weights, (void *)p, {x_at}, a, s, name"
        lines += (
            f"    for (int p = 0; p < {parts}; ++p) {{\n        call((function){name}_layer.add, {call});\n    }}\n"
        )
        lines += f"    guarded(2, {4 * outputs}, 0, name);\n"
        lines += f"    call((function){name}_layer.finish, {name}_layer.scales, a, y, 0, 0, name);\n"
    lines += f"    same(y, {name}_y, {outputs}, name);\n"
    lines += f"    guarded(1, {outputs}, {at}, name);\n    guarded(3, {scratch}, {at}, name);\n"
    return Case(name, made, data, lines)


def some_cases(optimize: str, seed: int, count: int) -> Iterator[Case]:
    """LSTM steps, single steps, Dense layers whole and in parts, in turn; the largest sizes at the end."""
    random = np.random.default_rng([seed, layout.OPTIMIZE[optimize]])

    def size() -> int:
        return int(random.choice(SIZES))

    for k in range(count):
        name, wild, kind = f"layer{k}", int(random.choice([0, 0, 1, 1, 2])), k % 4
        if kind < 2:
            steps = 1 if kind else int(random.integers(1, 5))
            yield lstm_case(name, random, (steps, size(), size()), wild, optimize, bool(kind))
        else:
            parts = (int(random.integers(1, 4)), int(random.integers(1, 3))) if kind == 3 else (1, 1)
            yield dense_case(name, random, (*parts, size(), size()), wild, optimize)
    for k, (features, units) in enumerate(((150, 9), (6, 141), (64, 64))):
        yield lstm_case(f"large{k}", random, (2, features, units), 0, optimize, False)
    yield lstm_case("large_once", random, (1, 139, 12), 1, optimize, True)
    yield dense_case("large_dense", random, (1, 1, 531, 11), 0, optimize)
    yield dense_case("unpaired", random, (1, 1, 560, 5), 1, optimize)
    yield tie_case("ties", optimize)


def _text(array: ConstArray) -> str:
    values = array.values if isinstance(array.values, tuple) else [f"({v})" if v < 0 else str(v) for v in array.values]
    values = ["(-2147483647 - 1)" if v == "(-2147483648)" else v for v in values]
    return f"static const {array.ctype} {array.name}[] = {{{', '.join(values)}}};\n"


def program(cases: list[Case]) -> str:
    """main() of a firmware that tries all cases."""
    text = PROGRAM
    for case in cases:
        text += "".join(f"{line}\n" for line in getattr(case.made, "declarations", ()))
        text += "".join(map(_text, (*case.made.arrays, *case.data)))
        struct = case.made.struct
        assert struct is not None
        text += f"static const {struct.ctype} {struct.name} = {{{', '.join(m for m, _ in struct.members)}}};\n"
        body = f'    const char *const name = "{case.name}";\n{case.statements}'
        text += f"static void try_{case.name}(void)\n{{\n{body}}}\n\n"
    calls = "".join(f"    try_{case.name}();\n" for case in cases)
    return f"{text}int main(void)\n{{\n{calls}    semihosting_exit(failures != 0);\n}}\n"


def assembly(cases: list[Case], optimize: str) -> str:
    """The firmware's <name>_kernels.S."""
    return layout.prologue(optimize) + "".join(getattr(case.made, "assembly", "") for case in cases)


def build(directory: Path, cases: list[Case], optimize: str) -> Path:
    """The firmware, warnings being errors."""
    (directory / "layers.c").write_text(program(cases))
    (directory / "layers_kernels.S").write_text(assembly(cases, optimize))
    (directory / "stub.S").write_text(STUB)
    firmware, kernels = ROOT / "firmware", ROOT / "firmware/kernels/asm-armv7em"
    include = [firmware / "include", firmware / "runtime", firmware / "boards/common", kernels]
    found = compiler.find(M4, "gcc")
    sources = [
        *(directory / name for name in ("layers.c", "layers_kernels.S", "stub.S")),
        kernels / "portable_s8.c",
        *sorted((firmware / "runtime").glob("*.c")),
        firmware / "boards/cortex-m/startup.c",
        firmware / "boards/common/semihosting.c",
    ]
    flags = ["-O2", "-g", "-ffunction-sections", "-fdata-sections", *(f"-I{path}" for path in include)]
    objects = [str(directory / f"{source.name}.o") for source in sources]
    for source, made in zip(sources, objects, strict=True):
        # the tables of cases hold what the C file of a user would not: pointers as numbers
        strict = [*WARNINGS, "-Wno-pointer-to-int-cast", "-Wno-int-to-pointer-cast"] if source.suffix == ".c" else []
        own = ["-std=c11"] if source.name == "layers.c" else ["-std=c99"] if source.suffix == ".c" else []
        words = [found.program, *found.compile, *own, *flags, *strict, "-Wa,--fatal-warnings"]
        subprocess.run([*words, "-c", str(source), "-o", made], check=True)
    memory = {"flash_origin": M4.flash.origin, "flash_size": M4.flash.size}
    memory |= {"ram_origin": M4.ram.origin, "ram_size": M4.ram.size, "stack_size": 4096}
    symbols = [f"-Wl,--defsym=__{name}={value:#x}" for name, value in memory.items()]
    script = f"-T{firmware}/boards/cortex-m/link.ld"
    elf = directory / "layers.elf"
    command = [found.program, *found.link, *objects, *map(str, found.libraries), *symbols, script, "-o", str(elf)]
    subprocess.run(command, check=True)
    return elf


def run(elf: Path) -> str:
    """What the firmware says; nothing when all is well."""
    assert M4.qemu is not None
    words = [
        M4.qemu.program,
        "-M",
        M4.qemu.machine,
        "-display",
        "none",
        "-serial",
        "none",
        "-monitor",
        "none",
        "-nodefaults",
    ]
    words += ["-no-reboot", "-semihosting-config", "enable=on,target=native", "-kernel", str(elf)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode in (0, 1), done.stderr
    assert (done.returncode == 0) == (not done.stdout)
    return done.stdout


@pytest.mark.parametrize("optimize", layout.OPTIMIZE)
def test_layers_of_all_kinds_give_the_reference_s_bits(tmp_path: Path, optimize: str) -> None:
    cases = list(some_cases(optimize, 1, 48))
    assembled = sum(case.assembled for case in cases)
    assert assembled >= 36
    assert run(build(tmp_path, cases, optimize)) == ""


@pytest.mark.long
@pytest.mark.parametrize("seed", range(2, 8))
@pytest.mark.parametrize("optimize", layout.OPTIMIZE)
def test_many_more_layers(tmp_path: Path, optimize: str, seed: int) -> None:
    assert run(build(tmp_path, list(some_cases(optimize, seed, 80)), optimize)) == ""


def test_signed_lines_are_the_reference_for_every_input() -> None:
    intercepts, slopes = layout.signed_lines()
    x = np.arange(-32768, 32768)
    v = 3 * x
    k = (v >> 9) + 256
    sign = np.where(v < 0, -1, 0)
    np.testing.assert_array_equal((512 * intercepts[k] + v * slopes[k] + 512 + sign) >> 10, fp.sigmoid16(x))
    for up in range(5):
        v = 3 * x << up
        k = np.clip(v >> 8, -256, 255) + 256
        line = 256 * intercepts[k] + v * slopes[k] - (1 << 23) + 128 + np.where(v < 0, -1, 0)
        np.testing.assert_array_equal(line >> 8, fp.tanh16(x, up - 12))
    assert intercepts.min() >= 0
    assert intercepts.max() < 1 << 16
