# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Layers of odd sizes and wild numbers, and the C that tries one in the firmware of assembly.py."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from kernels import named
from kernels.common.constants import Constants, ConstArray, Kernel
from kernels.common.work import Work
from model import fixed_point as fp
from model import lower, reference
from model.emit.choose import choose
from model.formats.base import Format
from model.formats.int8 import FORMAT as INT8
from model.functions import named as named_function
from model.layers.base import Layer
from model.layers.dense import Dense
from model.layers.gru import Gru
from model.layers.lstm import Lstm
from model.layers.recurrent import Recurrent
from model.network import Network, chained
from model.signal import Array, Signal, Weights, scale_of

Random = np.random.Generator
_Matrix = tuple[Weights, Array]

COARSE = {"int8": 2.0**20, "int16x8": 2.0**7}  # times an output's scale: shifts beyond 24; about 32
RAW = {"int8": (12, 6), "int16x8": (9, 1)}  # bits beyond which a sum is of one product, its weight's largest magnitude


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
    return ConstArray(name, values.reshape(-1), f"{values.dtype}_t", "")


def _network(source: Signal, *layers: Layer) -> Network:
    return chained("net", "made by a test", "0" * 64, layers[0].format.name, source, layers)


def _inputs(random: Random, shape: tuple[int, ...], extreme: bool, format: Format) -> Array:
    low, high = format.values.low, format.values.high
    values = random.choice([low, high], shape) if extreme else random.integers(low, high + 1, shape)
    return values.astype(format.values.name)


def _finer(format: Format) -> int:
    """How many times a scale is an int8's that has the same range."""
    return (format.values.high + 1) // (INT8.values.high + 1)


def _placed(random: Random, format: Format) -> int:
    """Bytes by which a vector lies beside a word."""
    return int(random.integers(4)) // format.values.bytes * format.values.bytes


def _about(kind: str, random: Random) -> str:
    """A layer's sizes, and the seed of its generator, of which it may not be the first."""
    assert isinstance(random.bit_generator.seed_seq, np.random.SeedSequence)
    return f"{kind}; seed {random.bit_generator.seed_seq.entropy}"


def _signal(random: Random, shape: tuple[int, ...], low: int, high: int, format: Format) -> Signal:
    """A signal whose scale as int8 is within 2**low .. 2**high; its zero point is at times an end of the range."""
    scale = float(np.float32(2.0 ** random.uniform(low, high))) / _finer(format)
    zero = int(random.choice([-128, 127, 0, *random.integers(-128, 128, 7)])) if format.zero_points else 0
    return Signal(shape, format.values.name, scale, zero)


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


def _bias(random: Random, weights: Array, zero_point: int, wild: int, format: Format) -> Array:
    """Moderate, or as large as the proof against overflow of 32 bits allows."""
    room = (1 << 31) - 1 - lower.peak(weights, np.zeros(1), -format.values.low)
    room -= np.abs(lower.folded(0, weights, zero_point))
    peak = room if wild > 1 else np.minimum(room, (1 << 13) * _finer(format))
    return np.asarray(peak * random.uniform(-1, 1, peak.shape)).astype(format.bias.name)


def random_lstm(
    random: Random, steps: int, features: int, units: int, wild: int, format: Format = INT8
) -> tuple[Signal, Lstm]:
    """wild: 0 usual, 1 weights at the ends of their range and scales far apart, 2 biases at int32's ends too.

    -1: small weights but for a few, as trained ones are, and at times a tiny scale.
    """
    source = _signal(random, (steps, features), -10, -2, format)
    output = _signal(random, (steps, units), -9, -5, format)
    if random.integers(4) == 0:
        output = Signal(output.shape, format.values.name, 2.0**-7 / _finer(format), 0)
    kernel = _weights(random, (4, units, features), wild, 73 * _finer(format) * source.scale)
    recurrent = _weights(random, (4, units, units), wild, 73 * _finer(format) * output.scale)
    bias = _bias(random, kernel.values, source.zero_point, wild, format)
    clip = float(random.uniform(0.1, 3)) if random.integers(4) == 0 else 0.0
    log2 = int(random.integers(-16, -8))
    return source, Lstm("lstm", kernel, recurrent, bias, True, False, clip, output, 2.0**log2, format)


def lstm_case(
    kernels: str,
    name: str,
    random: Random,
    given: tuple[int, int, int] | tuple[Signal, Lstm],
    wild: int,
    optimize: str,
    once: bool,
    format: Format = INT8,
) -> Case:
    """``given``: steps, features, units of a random layer of this format; or the layer and what it reads."""
    source, layer = random_lstm(random, *given, wild, format) if len(given) == 3 else given
    return cell_case(kernels, name, random, (source, layer), wild, optimize, once)


def _rows(random: Random, gates: int, units: int, columns: int, signal: Signal, wild: int, format: Format) -> _Matrix:
    """A matrix whose rows have scales of their own, and its bias; see ``random_lstm`` for ``wild``.

    3: some sums are shifted left.
    """
    unit = 73 * _finer(format) * signal.scale * (2.0 ** -random.integers(2, 7) if wild == 3 else 1)
    made = _weights(random, (gates * units, columns), wild % 3, unit)
    bias = _bias(random, made.values, signal.zero_point, wild % 3, format)
    weights = Weights(made.values.reshape(gates, units, columns), scale_of(made).reshape(gates, units))
    return weights, bias.reshape(gates, units)


def random_gru(
    random: Random, steps: int, features: int, units: int, wild: int, format: Format = INT8
) -> tuple[Signal, Gru]:
    """See ``_rows`` for ``wild``."""
    source = _signal(random, (steps, features), -10, -2, format)
    output = _signal(random, (steps, units), -9, -5, format)
    kernel, bias = _rows(random, 3, units, features, source, wild, format)
    recurrent, recurrent_bias = _rows(random, 3, units, units, output, wild, format)
    return source, Gru("gru", kernel, recurrent, bias, recurrent_bias[2], True, True, False, output, format)


def random_relu_lstm(
    random: Random, steps: int, features: int, units: int, wild: int, format: Format = INT8
) -> tuple[Signal, Lstm]:
    """Its candidate's scale is one of those that relu may have; see ``_rows`` for ``wild``."""
    source = _signal(random, (steps, features), -10, -2, format)
    output = _signal(random, (steps, units), -9, -5, format)
    kernel, bias = _rows(random, 4, units, features, source, wild, format)
    recurrent, _ = _rows(random, 4, units, units, output, wild, format)
    log2 = (-12, -12, int(random.integers(-14, -6)), -12)
    layer = Lstm(
        "lstm", kernel, recurrent, bias, True, False, 0.0, output, 2.0 ** int(random.integers(-14, -8)), format,
        activation=named_function("relu"), gates_log2=log2,
    )  # fmt: skip
    return source, layer


def gates_case(kernels: str, name: str, random: Random, given: tuple[Signal, Lstm], wild: int, optimize: str) -> Case:
    """The gates of an LSTM whose update is C, step after step, of the reference's hidden states."""
    source, layer = given
    (steps, features), units, size, value = source.shape, layer.units, layer.format.values.bytes, layer.format.values
    about = _about(f"gates of an LSTM, {features} features, {units} units", random)
    x = _inputs(random, (1, *source.shape), wild > 0, layer.format)
    seen: dict[str, Array] = {}
    network = _network(source, layer)
    after = reference.run(network, x, lambda _, quantity, values: seen.update({quantity: values}))[0]
    hidden = np.concatenate([np.full((1, units), layer.output.zero_point), after[:-1]]).astype(value.name)
    gates = np.stack([seen[gate][0] for gate in layer.all_gates], axis=-1).astype(np.int16)  # (T, H, 4)
    made = made_by(kernels, Work(name, layer, source, ("lstm",), optimize=optimize))
    if not made.assembly:
        return Case(name, Constants(()), (), "    (void)name;\n", about)
    data = (_array(f"{name}_x", x), _array(f"{name}_h", hidden), _array(f"{name}_g", gates))
    (_, room), (_, scratch) = made.calls["lstm"].scratch
    count, at = 4 * units, _placed(random, layer.format)
    lines = f"    char *s = place(3, 0, 0, {at});\n    for (int t = 0; t < {steps}; ++t) {{\n"
    lines += f"        int16_t *g = place(2, 0, {2 * count}, 0);\n"
    vectors = [
        f"place({k}, {name}_{v} + t * {n}, {size * n}, {at})" for k, v, n in ((0, "x", features), (1, "h", units))
    ]
    lines += f"        call((function){name}_gates, {name}_weights, {', '.join(vectors)}, g, s, name);\n"
    lines += f'        same("gates", t, g, {name}_g + t * {count}, {count}, 2, name);\n'
    lines += f"        guarded(2, {4 * room}, 0, name);\n    }}\n    guarded(3, {scratch}, {at}, name);\n"
    declared = tuple(line for line in made.declarations if f"{name}_gates(" in line)
    return Case(name, replace(made, declarations=declared), data, lines, about)


def cell_case(
    kernels: str,
    name: str,
    random: Random,
    given: tuple[Signal, Recurrent],
    wild: int,
    optimize: str,
    once: bool,
) -> Case:
    """A cell and what it reads, over its steps from reset."""
    source, layer = given
    value, size = layer.format.values.c, layer.format.values.bytes
    (steps, features), units = source.shape, layer.units
    sizes = f"{features} features, {units} units{', one step from reset' if once else ''}"
    about = _about(f"{layer.kind.upper()}, {sizes}", random)
    if once and steps > 1:
        steps, source = 1, replace(source, shape=(1, features))
        layer = replace(layer, output=replace(layer.output, shape=(1, units)))
    x = _inputs(random, (1, *source.shape), wild > 0, layer.format)
    seen: dict[str, Array] = {}
    network = _network(source, layer)
    hidden = reference.run(network, x, lambda _, quantity, values: seen.update({quantity: values}))[0]
    kind = f"{layer.kind}_once" if once else layer.kind
    made = made_by(kernels, Work(name, layer, source, (kind,), optimize=optimize))
    start = np.full(units, layer.output.zero_point, layer.format.values.name)
    data = [_array(f"{name}_x", x), _array(f"{name}_h", hidden)]
    kernel = made.calls[kind]
    scratch = _bytes(kernel)
    at = _placed(random, layer.format)
    lines = f"    char *s = place(3, 0, 0, {at});\n    {value} *h = place(1, {name}_start, {size * units}, {at});\n"
    data.append(_array(f"{name}_start", start))
    x_at = f"place(0, {name}_x + t * {features}, {size * features}, {_placed(random, layer.format)})"
    inner = None if once else layer.inner
    call = f"    call((function){kernel.function}, {kernel.layer}, {x_at}, h, {'c, s' if inner else 's, 0'}, name);\n"
    same = f'    same("hidden", t, h, {name}_h + t * {units}, {units}, {size}, name);\n'
    if inner:
        data.append(_array(f"{name}_c", seen[inner[0]][0].astype(np.int16)))
        lines += f"    int16_t *c = place(2, 0, 0, 2);\n    memset(c, 0, {2 * units});\n"
        same = f'    same("{inner[0]}", t, c, {name}_c + t * {units}, {units}, 2, name);\n{same}'
    lines += f"    for (int t = 0; t < {steps}; ++t) {{\n{call}{same}    }}\n"
    lines += f"    guarded(2, {2 * units}, 2, name);\n" if inner else ""
    lines += f"    guarded(1, {size * units}, {at}, name);\n    guarded(3, {scratch}, {at}, name);\n"
    return Case(name, made, tuple(data), lines, about)


def _bytes(kernel: Kernel) -> int:
    """Of its scratch."""
    return sum(count * np.dtype(kind).itemsize for kind, count in kernel.scratch)


def tie_case(kernels: str, name: str, optimize: str, format: Format = INT8) -> Case:
    """A step whose products lie exactly between two results, where halves must go away from zero.

    All weights are 0 and a bias is its gate in Q3.12. f * c, i * c~ and o * tanh(c) are shifted right by 15, 15, 23
    (15 where the hidden state has 16 bits).
    """
    random, finer = np.random.default_rng(0), _finer(format)
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
    cells = random.permutation(gates)
    kept = fp.requantise32(sigmoid[-1] * cells, fp.multiplier(2.0**-15))
    tied = cells[fp.tanh16(kept, -15) % (512 // finer) == 256 // finer]
    units += [(off, on, 0, 0, int(cell)) for cell in tied[: max(180 - len(units), 0)]]
    columns = np.array(units, np.int64).T
    count = len(units)
    source = Signal((1, 1), format.values.name, 2.0**-6, 0)
    output = Signal((1, count), format.values.name, 2.0**-7 / finer, 0)
    scales = np.full(4, 2.0**-6, np.float32)
    kernel, recurrent = (Weights(np.zeros((4, count, n), np.int8), scales) for n in (1, count))
    layer = Lstm(
        "lstm", kernel, recurrent, columns[:4].astype(format.bias.name), True, False, 0.0, output, 2.0**-15, format
    )
    step = layer._integer_step(source)  # from a cell state that is not 0
    _, (cells, hidden) = step(np.zeros((1, 1), np.int64), (columns[4:5], np.zeros((1, count), np.int64)))
    start, cells = columns[4].astype(np.int16), cells.astype(np.int16)
    value = format.values
    data = [("start", start), ("c", cells), ("h", hidden.astype(value.name)), ("zero", np.zeros(count, value.name))]
    made = made_by(kernels, Work(name, layer, source, ("lstm",), optimize=optimize))
    kernel = made.calls["lstm"]
    lines = f"    {value.c} *h = place(1, {name}_zero, {value.bytes * count}, 0);\n"
    lines += f"    int16_t *c = place(2, {name}_start, {2 * count}, 0);\n"
    call = f"place(0, {name}_zero, {value.bytes}, 0), h, c, place(3, 0, 0, 0), name"
    lines += f"    call((function){kernel.function}, {kernel.layer}, {call});\n"
    lines += f'    same("cell", 0, c, {name}_c, {count}, 2, name);\n'
    lines += f'    same("hidden", 0, h, {name}_h, {count}, {value.bytes}, name);\n'
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
    return np.asarray(times * (plain + weights @ x.astype(np.int64)), layer.format.sums.name)


def _random_dense(random: Random, inputs: int, outputs: int, wild: int, format: Format) -> tuple[Signal, Dense]:
    """See ``random_lstm`` for ``wild``."""
    source = _signal(random, (inputs,), -10, -2, format)
    kernel = _weights(random, (outputs, inputs), wild, 73 * _finer(format) * source.scale)
    bias = _bias(random, kernel.values, source.zero_point, wild, format)
    if random.integers(3) == 0:  # one scale for all rows
        kernel = Weights(kernel.values, np.full(outputs, scale_of(kernel)[0], np.float32))
    out = _signal(random, (outputs,), -6, -4, format)
    if wild and random.integers(2):
        out = Signal(out.shape, out.dtype, out.scale * COARSE[format.name], out.zero_point)
    return source, Dense("dense", kernel, bias, str(random.choice(["linear", "relu"])), out, format)


def dense_case(
    kernels: str,
    name: str,
    random: Random,
    shape: tuple[int, int, int, int],
    wild: int,
    optimize: str,
    format: Format = INT8,
) -> Case:
    """``shape``: steps, blocks, inputs of a part, outputs."""
    steps, blocks, inputs, outputs = shape
    parts = steps * blocks
    source, layer = _random_dense(random, parts * inputs, outputs, wild, format)
    value, total, size = format.values.c, format.sums, format.values.bytes
    x = _inputs(random, (1, parts * inputs), wild > 0, format)
    expected = reference.run(_network(source, layer), x)[0]
    kinds = ("dense",) if parts == 1 else ("dense_add", "dense_finish")
    made = made_by(kernels, Work(name, layer, source, kinds, steps, blocks, optimize))
    data = [_array(f"{name}_x", x), _array(f"{name}_y", expected)]
    at = _placed(random, format)
    kernel = made.calls[kinds[0]]
    lines = f"    char *s = place(3, 0, 0, {at});\n    {value} *y = place(1, 0, 0, {at});\n"
    x_at = f"place(0, {name}_x + p * {inputs}, {size * inputs}, {_placed(random, format)})"
    if parts == 1:
        lines += "    const int p = 0;\n"
        lines += f"    call((function){kernel.function}, {kernel.layer}, {x_at}, y, s, 0, name);\n"
    else:
        lines += f"    {total.c} *a = place(2, {name}_bias, {total.bytes * outputs}, 0);\n"
        call = f"{kernel.layer}, (void *)(intptr_t)p, {x_at}, a, s, name"
        finish = made.calls["dense_finish"]
        lines += (
            f"    for (int p = 0; p < {parts}; ++p) {{\n        call((function){kernel.function}, {call});\n    }}\n"
        )
        data.append(_array(f"{name}_a", _sums(made, layer, source, x[0])))
        lines += f"    guarded(2, {total.bytes * outputs}, 0, name);\n"
        lines += f'    same("sums", {parts - 1}, a, {name}_a, {outputs}, {total.bytes}, name);\n'
        lines += f"    call((function){finish.function}, {finish.layer}, a, y, 0, 0, name);\n"
    lines += f'    same("output", 0, y, {name}_y, {outputs}, {size}, name);\n'
    lines += f"    guarded(1, {size * outputs}, {at}, name);\n    guarded(3, {_bytes(kernel)}, {at}, name);\n"
    about = _about(f"Dense, {parts} parts of {inputs} inputs, {outputs} outputs", random)
    return Case(name, made, tuple(data), lines, about)


def cell_cases(kernels: str, optimize: str, format: Format) -> Iterator[Case]:
    """A layer for every scale of the cell state that assembly claims, and one beyond at either end.

    The hidden state's scale is as fine as shows all of the cell's tanh.
    """
    for log2 in range(-25, -5):
        random = np.random.default_rng(-log2)
        source, layer = random_lstm(random, 6, 5, 40, 0, format)
        fine = min(1.0, 2.0 ** (log2 + 8) / _finer(format) / layer.output.scale)
        output = replace(layer.output, scale=layer.output.scale * fine)
        recurrent = replace(layer.recurrent, scale=np.float32(scale_of(layer.recurrent) / fine))
        layer = replace(layer, cell_scale=2.0**log2, output=output, recurrent=recurrent)
        yield lstm_case(kernels, f"cell_{-log2}", random, (source, layer), 0, optimize, False)


def raw_cases(kernels: str, optimize: str, format: Format) -> Iterator[Case]:
    """Inputs in raw units: sums shifted left by 1 to 14 bits on their way to Q3.12."""
    most, narrow = RAW[format.name]
    for left in range(1, 15):
        random = np.random.default_rng(left)
        source, layer = random_lstm(random, 3, 1 if left > most else 3, 5, 0, format)
        largest = narrow if left > most else 6
        kernel = np.asarray(np.clip(layer.kernel.values, -largest, largest), np.int8)
        scales = np.full(4, 2.0 ** (left - 12.5) / source.scale, np.float32)
        raw = replace(layer, kernel=Weights(kernel, scales), bias=layer.bias % 32)
        yield lstm_case(kernels, f"raw_{left}", random, (source, raw), 1, optimize, bool(left % 2))
