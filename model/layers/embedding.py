# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""A row of a table for every id: the first layer of a network that reads ids and no values."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from model import spans
from model.formats.base import Elementwise, Format
from model.formats.float32 import FORMAT as FLOAT32
from model.layers.base import Place, Ranges, Seat, Weighted
from model.signal import Array, Signal, Weights, to_stored
from model.spans import Span

if TYPE_CHECKING:
    from model.layers.normalise import Normalise


@dataclass(frozen=True, eq=False)
class Embedding(Weighted):
    """(T, 1) ids to (T, E); an id that the table has not is taken for the nearest that it has."""

    kind: ClassVar[str] = "embedding"
    name: str
    table: Weights  # (V, E); of integers as the output is stored, without scales
    output: Signal
    format: Format = FLOAT32

    @property
    def ids(self) -> int:
        """V."""
        return len(self.table.values)

    def giving(self, normalise: Normalise) -> Embedding:
        """Of other rows."""
        rows = self.table.values.astype(np.float64) * normalise.scale + normalise.offset
        return replace(self, table=Weights(rows.astype(np.float32)))

    def quantised(self, place: Place, source: Signal, ranges: Ranges, format: Format) -> Embedding:
        """Of integers the output covers the whole table; else each row is stored as weights are."""
        rows = self.table.values
        if not format.integer:
            return replace(self, table=format.quantise_weights(rows), format=format)
        output = format.signal(self.output.shape, float(rows.min()), float(rows.max()))
        return replace(self, table=Weights(to_stored(rows, output)), output=output, format=format)

    def span(self, source: Signal, stored: Span) -> Span:
        """That of the table."""
        if self.output.real:
            return spans.whole(self.output)
        return spans.ends(int(self.table.values.min()), int(self.table.values.max()))

    def run(self, x: Array, seat: Seat) -> Array:
        """(N, T, 1) to (N, T, E)."""
        rows = self.table.values.astype(self.output.stored.computed)
        if self.table.scale is not None:
            rows = rows * self.table.scale[:, np.newaxis].astype(np.float64)
        ids = np.clip(np.where(np.isnan(x), 0, x), 0, self.ids - 1).astype(np.int64)
        return np.asarray(rows[ids[..., 0]])

    def lowered(self, source: Signal) -> Elementwise:
        """kernels/c/embedding.c."""
        count, width = self.table.values.shape
        arrays = [("table", self.table.values, f"({count} ids, {width} values)")]
        if self.table.scale is not None:
            arrays.append(("scale", self.table.scale, f"({count} ids)"))
        return Elementwise(f"lstmcu_embedding_{self.suffix}", (self.ids - 1,), tuple(arrays))
