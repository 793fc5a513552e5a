# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""From scales to the integers that reference, limits and every kernel set compute with: each made here, once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from model import fixed_point as fp
from model.formats import types
from model.signal import Array, Signal, Weights, scale_of
from model.spans import BeyondError

if TYPE_CHECKING:
    from model.layers.dense import Dense
    from model.layers.lstm import Lstm
    from model.layers.recurrent import Recurrent

GATE_LOG2_SCALE = -12  # gates before their activation are Q3.12
GATE = Signal((), types.INT16.name, 2.0**GATE_LOG2_SCALE)
CHANNEL_BITS, MOST_CHANNEL_SHIFT = 30, 44  # of factors by channel
NO_LIMIT = 1 << 15  # of a cell state that is not clipped

# ---- factors ----


def rescale(source: Signal, out: Signal) -> fp.Multiplier:
    """From one signal's scale to another's."""
    return fp.multiplier(float(source.scale) / float(out.scale))


def factors(source: Signal, weights: Weights, out: Signal) -> list[fp.Multiplier]:
    """What brings sums of ``source`` times weights (K, ...) to the scale of ``out``, one for each scale of theirs."""
    return [fp.multiplier(float(source.scale) * float(scale) / float(out.scale)) for scale in scale_of(weights)]


def gate_factors(source: Signal, weights: Weights, scales: Sequence[float], spare: int) -> fp.Multipliers:
    """What brings sums to the gates' scales: (G, 1), or (G, H) where each row has a scale of its own."""
    of_rows = scale_of(weights).astype(np.float64).reshape(len(scales), -1)
    return fp.multipliers(float(source.scale) * of_rows / np.array(scales)[:, None], spare)


def dense_factors(layer: Dense, source: Signal) -> list[fp.Multiplier]:
    """What brings each row's sum to the output's scale."""
    return factors(source, layer.kernel, layer.output)


@dataclass(frozen=True, eq=False)
class Channels:
    """A factor and an offset for each channel, with one rounding: (x * factor + offset) >> shift."""

    factor: Array  # (F,) int64, below 2**30
    offset: Array  # (F,) int64
    shift: int

    def at(self, x: Array) -> Array:
        """Of stored x (..., F) or (), not yet saturated."""
        return np.asarray((x * self.factor + self.offset) >> self.shift)


def channels(scale: Array, offset: Array, source: Signal, out: Signal) -> Channels:
    """Of stored values what x * scale + offset is of real ones; raises ``BeyondError`` where 64 bits are too few."""
    factor = scale.astype(np.float64) * source.scale / out.scale
    start = offset.astype(np.float64) / out.scale + out.zero_point
    shift = min(CHANNEL_BITS - int(np.frexp(np.abs(factor).max())[1]), MOST_CHANNEL_SHIFT)
    if shift < 1 or np.abs(start).max() >= 2.0 ** (60 - shift):
        raise BeyondError(f"its scales or offsets are too large for steps of {out.scale:.3g}")
    made = np.rint(factor * 2.0**shift).astype(np.int64)
    folded = np.rint(start * 2.0**shift).astype(np.int64) - made * source.zero_point + (1 << (shift - 1))
    return Channels(made, folded, shift)


# ---- sums ----


def folded(bias: Array | int, weights: Array, zero_point: int) -> Array:
    """bias - zero_point * (row sums of ``weights``): lets a kernel multiply stored inputs as they are."""
    return np.asarray(bias - zero_point * weights.astype(np.int64).sum(axis=-1))


def peak(rows: Array, bias: Array, most: int = 128) -> Array:
    """Largest magnitude of a sum of inputs up to ``most``, for each row (..., I); that of int8 by default."""
    return np.asarray(most * np.abs(rows.astype(np.int64)).sum(axis=-1) + np.abs(bias.astype(np.int64)))


# ---- Dense ----


def dense_starts(layer: Dense, source: Signal) -> Array:
    """(O,) int64: what each row's sum of stored inputs starts from."""
    return folded(layer.bias.astype(np.int64), layer.kernel.values, source.zero_point)


def lowest(layer: Dense) -> int:
    """What its output is clamped to from below."""
    return max(layer.output.low, layer.output.zero_point) if layer.clamps else layer.output.low


# ---- recurrent cells ----


@dataclass(frozen=True)
class Cell:
    """The integers of a cell's update."""

    kept: fp.Multiplier  # f * cell, with sigmoid Q0.15 times the cell's scale, to the cell's scale
    added: fp.Multiplier  # i * c, with sigmoid and tanh Q0.30, to the cell's scale
    hidden: fp.Multiplier  # o * tanh(cell), with sigmoid and tanh Q0.30, to the hidden state's scale
    log2: int  # of its scale
    limit: int  # the largest magnitude it may take; ``NO_LIMIT`` where there is no clip


def cell_limit(layer: Lstm) -> int:
    """The largest magnitude the clipped cell state may take; ``NO_LIMIT`` where there is no clip."""
    if layer.cell_clip <= 0:
        return NO_LIMIT
    return int(min(layer.cell_clip / layer.cell_scale, 32767.0))


def cell(layer: Lstm) -> Cell:
    """Those of one LSTM."""
    i, f, c, o = (2.0**gate.out_log2 for gate in layer.gate_functions)
    return Cell(
        kept=fp.multiplier(f),
        added=fp.multiplier(i * c / layer.cell_scale),
        hidden=fp.multiplier(o * 2.0**layer.shown.out_log2 / float(layer.output.scale)),
        log2=int(np.log2(layer.cell_scale)),
        limit=cell_limit(layer),
    )


@dataclass(frozen=True, eq=False)
class GateMatrix:
    """A gate matrix of a cell, as it meets the vector ``source``."""

    which: str  # kernel or recurrent
    rows: Array  # (G, H, I)
    bias: Array  # (G, H), before the zero point is folded in
    starts: Array  # (G, H) int64: what the sums of stored inputs start from
    by_row: fp.Multipliers  # (G, 1) or (G, H) that bring sums to the gates' scales
    source: Signal

    @property
    def factors(self) -> list[fp.Multiplier]:
        """(G,) where each gate has a single one."""
        assert self.by_row.value.shape[1] == 1, "each row has a factor of its own"
        return self.by_row.each()


def gate_matrices(layer: Recurrent, source: Signal, once: bool = False) -> list[GateMatrix]:
    """The kernel and, unless ``once``, the recurrent kernel."""
    found = [("kernel", layer.kernel, layer.bias.astype(np.int64), source)]
    if not once:
        found.append(("recurrent", layer.recurrent, layer.recurrent_bias.astype(np.int64), layer.output))
    return [
        GateMatrix(
            which,
            weights.values,
            bias,
            folded(bias, weights.values, signal.zero_point),
            gate_factors(signal, weights, layer.gate_scales, fp.PACKED if layer.by_row else 0),
            signal,
        )
        for which, weights, bias, signal in found
    ]
