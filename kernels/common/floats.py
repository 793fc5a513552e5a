# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What the assembly sets for floats share: a layer's symbols, its functions and how they are called."""

from __future__ import annotations

from typing import TypeVar

import numpy as np

from kernels.common.assembly import set_symbols
from kernels.common.constants import Constants, ConstArray, Kernel, dense_parts
from kernels.common.work import Work
from model.layers.dense import Dense
from model.layers.lstm import Lstm
from model.layers.recurrent import Recurrent
from model.signal import Array

R_co = TypeVar("R_co", bound=Recurrent, covariant=True)


def bits(values: Array) -> Array:
    """Floats as words."""
    return values.astype(np.float32).view(np.int32)


def stream(name: str, parts: list[Array], comment: str) -> ConstArray:
    """A layer's weights in the order of use."""
    values = np.concatenate([part.reshape(-1) for part in parts]).astype(np.float32)
    return ConstArray(f"{name}_weights", values, "float", comment)


def parts_of(work: Work[Dense]) -> Array:
    """The kernel of a Dense as it is taken: (parts, O, I)."""
    return dense_parts(work.layer, work.steps, work.blocks)[0].reshape(work.parts, len(work.layer.bias), -1)


def cell(work: Work[R_co], weights: ConstArray, scratch: int | None = None, **symbols: int) -> Constants:
    """Code of the set's macro <kind>_<format>_step (or _once), with more ``symbols`` of the layer.

    void <name>_step(const void *weights, const float *x, float *hidden, float *cell, float *scratch)
    void <name>_once(const void *weights, const float *x, float *hidden, float *scratch)

    with the cell's inner state, if it has one. ``scratch``: words; None: as many as units, and of a single step no such
    argument.
    """
    name, layer, once = work.name, work.layer, work.once
    kind = "once" if once else "step"
    code = set_symbols(inputs=layer.features, units=layer.units, **symbols)
    code += f"    {layer.kind}_{layer.suffix}_{kind} {name}_{kind}\n"
    arguments = "const void *weights, const float *x, float *hidden"
    arguments += f", float *{layer.inner[0]}" if layer.inner and not once else ""
    needs = _needs(layer.units if scratch is None and not once else scratch)
    arguments += ", float *scratch" if needs else ""
    calls = {work.kinds[0]: Kernel(f"{name}_{kind}", weights.name, needs)}
    return Constants((weights,), calls=calls, assembly=code, declarations=(f"void {name}_{kind}({arguments});",))


def lstm(work: Work[Lstm], weights: ConstArray, scratch: int | None = None, **symbols: int) -> Constants:
    """``cell`` with the limit of its cell state."""
    limit = int(np.float32(work.layer.cell_clip).view(np.uint32))
    return cell(work, weights, scratch, cell_limit=limit, **symbols)


def dense(
    work: Work[Dense], weights: ConstArray, scratch: int | None = None, before: int = 0, **symbols: int
) -> Constants:
    """Code of the set's macro dense_<format>_run; of a Dense in parts of _add and _finish, with more ``symbols``.

    void <name>_run(const void *weights, const float *x, float *y, float *scratch)
    void <name>_add(const void *weights, int32_t part, const float *x, float *sums, float *scratch)
    void <name>_finish(const void *unused, const float *sums, float *y)

    ``scratch``: words; None: no such argument. ``before``: words of the weights before the first part.
    """
    name, layer, outputs = work.name, work.layer, len(work.layer.bias)
    inputs = layer.kernel.values.size // outputs // work.parts
    part_bytes = 4 * (len(weights.values) - before) // work.parts
    code = set_symbols(inputs=inputs, outputs=outputs, rows_relu=int(layer.clamps), part_bytes=part_bytes, **symbols)
    macro, needs, more = f"    dense_{layer.suffix}", _needs(scratch), ", float *scratch" if scratch else ""
    if work.parts == 1:
        calls = {"dense": Kernel(f"{name}_run", weights.name, needs)}
        run = f"void {name}_run(const void *weights, const float *x, float *y{more});"
        return Constants((weights,), calls=calls, assembly=f"{code}{macro}_run {name}_run\n", declarations=(run,))
    bias = ConstArray(f"{name}_bias", layer.bias, "float", f"({outputs} outputs)")
    calls = {
        "dense_add": Kernel(f"{name}_add", weights.name, needs),
        "dense_finish": Kernel(f"{name}_finish", weights.name),
    }
    declared = (
        f"void {name}_add(const void *weights, int32_t part, const float *x, float *sums{more});",
        f"void {name}_finish(const void *weights, const float *sums, float *y);",
    )
    code += f"{macro}_add {name}_add\n{macro}_finish {name}_finish\n"
    return Constants((weights, bias), calls=calls, assembly=code, declarations=declared)


def _needs(scratch: int | None) -> tuple[tuple[str, int], ...]:
    return (("float32", scratch),) if scratch else ()
