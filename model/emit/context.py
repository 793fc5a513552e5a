# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Everything the templates show."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import Any

from kernels import KernelSet
from kernels.common.constants import Bound, Constants, float_literal
from model import limits
from model.emit import text
from model.emit.choose import Chosen, choose_all, code
from model.emit.scratch import fields
from model.emit.statements import Statements
from model.errors import UserError
from model.network import Network, check_state
from model.plan import Op, Plan, Value, awaited, end_name
from model.planner import make
from model.signal import Signal
from model.version import VERSION, number


def context(network: Network, sets: Sequence[KernelSet], optimize: str, state: str, tracing: bool) -> dict[str, Any]:
    """Of a network whose layers run on the first of ``sets`` that can."""
    stream = state == "stream"
    check_state(network, state)
    limits.check(network)
    plan = make(network, stream)
    if stream and plan.streamable:
        raise UserError(f"model '{network.name}' cannot run as state=stream: {plan.streamable}; use state=window")
    layers = choose_all(network, plan, sets, optimize)
    statements = Statements(network.name, plan, {name: layer.constants for name, layer in layers.items()}, tracing)
    return {
        "network": network,
        "name": network.name,
        "upper": network.name.upper(),
        "version": VERSION,
        "version_number": number(),
        "kernels": sets[0].word,
        "optimize": optimize,
        "state": state,
        "stream": stream,
        "trace": tracing,
        "wrapped": text.wrapped,
        "waits": statements.waits,
        "windows": any(f.role == "window" for f in plan.fields),
        **_signals(network, plan),
        **_constants([layer.constants for layer in layers.values()]),
        **_bodies(statements, network.steps),
        "fields": fields(plan, statements.scratch),
        "scratch_bytes": statements.scratch.bytes,
        "assembly": code(layers.values(), optimize),
        "assembled": _assembled(statements.operations, layers),
        "bound": _bound(statements.operations, layers, stream),
    }


def _end(which: str, number: int, signal: Signal, step: Value, ids: int = 0) -> dict[str, Any]:
    """Of an input or output; ``step``: what a step reads or writes of it; ``ids``: how many, if it is such."""
    name = end_name(which, number)
    return {
        "name": name,
        "upper": name.upper(),
        "suffix": f"_{number}" if number else "",
        "type": signal.stored.c,
        "dims": text.product(signal.shape),
        "shape": ", ".join(map(str, signal.shape)),
        "length": step.length,
        "stride": step.stride,
        "scale": float_literal(signal.scale),
        "zero_point": f"({signal.zero_point})" if signal.zero_point < 0 else str(signal.zero_point),
        "signal": signal,
        "ids": ids,
    }


def _signals(network: Network, plan: Plan) -> dict[str, Any]:
    """Of the interface: what goes in and comes out."""
    shapes = [each.shape for each in network.inputs]
    steps = [Value("", "", shape[-1], shape[-1] if len(shape) == 2 else 0) for shape in shapes]
    inputs = [_end("input", n, *pair, network.ids(n)) for n, pair in enumerate(zip(network.inputs, steps, strict=True))]
    outputs = [_end("output", n, *pair) for n, pair in enumerate(zip(network.made.signals, plan.outputs, strict=True))]
    for ends, offsets in ((inputs, network.given.offsets), (outputs, network.made.offsets)):
        for end, offset in zip(ends, offsets, strict=True):
            end["offset"] = offset
    return {
        "inputs": inputs,
        "outputs": outputs,
        "input_length": math.prod(network.given.shape),
        "output_length": math.prod(network.made.shape),
        "steps": network.steps,
        "step_type": "uint16_t" if network.steps < 1 << 16 else "int32_t",
        "features": network.input.shape[-1],
        "step_outputs": awaited(plan.work) or network.steps,
        "step_output_stride": plan.outputs[0].stride,
        "quantised": not network.input.real,
        "output_quantised": not network.output.real,
    }


def _constants(made: Collection[Constants]) -> dict[str, Any]:
    """Of the layers, in the order of use."""
    return {
        "arrays": [array for group in made for array in group.arrays],
        "structs": [group.struct for group in made if group.struct],
        "code": [group.code for group in made if group.code],
        "declarations": list(dict.fromkeys(line for group in made for line in group.declarations)),
        "notes": list(dict.fromkeys(note for group in made for note in group.notes)),
        "elementwise": any(not kernel.layer for group in made for kernel in group.calls.values()),
    }


def _bodies(statements: Statements, steps: int) -> dict[str, Any]:
    """Of the functions, for windows of so many steps. No ``_step`` where a single step from reset leaves no state."""
    refusal = statements.plan.streamable
    if not refusal and any(op.once for op in statements.operations):
        refusal = "a single step from reset; generate with state=stream to keep the state"
    always, after = ([], []) if refusal else statements.step_lines()
    return {
        "reset": statements.reset_lines(),
        "restart": statements.restart_lines(windows=steps > 1),
        "run": statements.run_lines(),
        "counts_steps": statements.counts_steps(),
        "streams": not refusal,
        "no_stream": refusal,
        "step_always": always,
        "step_after": after,
    }


def _assembled(operations: Sequence[Op], layers: dict[str, Chosen]) -> list[str]:
    """Places of the layers whose gates a trace never sees: they have code of their own, or a library's."""
    inside = [name for name, layer in layers.items() if layer.constants.assembly or layer.kernels.library]
    return [str(place) for place in sorted({op.place for op in operations if op.name in inside})]


def _bound(operations: Sequence[Op], layers: dict[str, Chosen], stream: bool) -> Bound | None:
    """Of all cells, in a window or in a step of a stream; None where one has none."""
    cycles: dict[str, float] = {}
    core = ""
    for op in {op.name: op for op in operations if op.layer.keeps_state}.values():
        bound = layers[op.name].constants.bound
        if bound is None or core not in ("", bound.core):
            return None
        core = bound.core
        for phase, least in bound.cycles.items():
            cycles[phase] = cycles.get(phase, 0.0) + least * (1 if stream else op.source.shape[0])
    return Bound(core, cycles) if core else None
