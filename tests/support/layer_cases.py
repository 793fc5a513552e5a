# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Layers of odd sizes and wild numbers, and the C that tries one in the firmware of assembly.py."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from kernels import named
from kernels.common.constants import Constants, ConstArray
from kernels.common.work import Work
from model import fixed_point as fp
from model import lower, reference
from model.emit.choose import choose
from model.formats.int8 import FORMAT as INT8
from model.layers.base import Layer
from model.layers.dense import Dense
from model.layers.lstm import Lstm
from model.network import Network, chained
from model.signal import Array, Signal, Weights, scale_of

Random = np.random.Generator


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
    _, (cells, hidden) = step(np.zeros((1, 1), np.int64), (columns[4:5], np.zeros((1, count), np.int64)))
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
