# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""A plan's operations as C statements: the bodies of ``<name>_reset``, ``_run`` and ``_step``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kernels.common.constants import Constants
from model.emit.choose import symbol
from model.emit.scratch import allocate, needed, operations
from model.formats import types
from model.plan import Loop, Op, Plan, Value


class Statements:
    """Turns a plan's operations into C statements."""

    def __init__(self, name: str, plan: Plan, layers: Mapping[str, Constants], trace: bool = False) -> None:
        """``name``: the model's; ``layers``: their constants, by their names in C."""
        self.name, self.plan, self.layers, self.trace = name, plan, layers, trace
        self.operations = operations(plan)
        self.scratch = allocate(plan, self.needs)

    def expression(self, value: Value, loop: Loop | None, at: str = "t") -> str:
        """A pointer to ``value`` at time step ``at`` of ``loop``."""
        if value.base.startswith("#"):
            base, offset = f"state->scratch_{types.named(value.dtype).suffix}", self.scratch.offsets[value.base]
        else:
            base = value.base if value.base in ("input", "output") else f"state->{value.base}"
            offset = 0
        offset += value.offset
        terms = [base] + ([str(offset)] if offset else [])
        if value.stride and loop and loop.steps > 1:
            step = f"({loop.steps - 1} - {at})" if value.backwards else at
            terms.append(step if value.stride == 1 else f"({step} * {value.stride})")
        return " + ".join(terms)

    def statement(self, op: Op, loop: Loop | None, at: str = "t", still: bool = False) -> str:
        """The call that does ``op``; ``still``: the caller holds one step only, nothing moves with time."""
        x, y = (self.expression(value, None if still else loop, at) for value in (op.x, op.y))
        if op.kind == "copy":
            return f"(void)memcpy({y}, {x}, sizeof({types.named(op.y.dtype).c}) * {op.x.length}U);"
        kernel = self.layers[op.name].calls[op.kind]
        if not kernel.layer:
            return f"{kernel.function}({', '.join((x, y, str(op.y.length), *kernel.arguments))});"
        part = [self.part(op, loop, at)] if op.kind == "dense_add" else []
        cell = [self.expression(op.cell, None)] if op.cell else []
        scratch = [self.expression(v, None) for v in needed(op, self.operations.index(op), self.needs)]
        return f"{kernel.function}({', '.join((kernel.layer, *part, x, y, *cell, *scratch))});"

    def needs(self, op: Op) -> Sequence[tuple[str, int]]:
        """(type, elements) of what ``op`` needs only while it runs."""
        made = self.layers.get(op.name)
        return made.calls[op.kind].scratch if made and op.kind in made.calls else ()

    def traced(self, op: Op, loop: Loop | None, at: str = "t") -> list[str]:
        """``statement`` and, when tracing, what notes down its results (see ``trace.expected``)."""
        lines = [self.statement(op, loop, at)]
        for value, role in op.layer.results(op) if self.trace else ():
            size = f"sizeof({types.named(value.dtype).c}) * {value.length}"
            lines.append(f"lstmcu_trace({self.expression(value, loop, at)}, {size}); /* {role} */")
        return lines

    def part(self, op: Op, loop: Loop | None, at: str) -> str:
        """Which part of a flattened sequence a dense_add is for; block 1 belongs to a backward LSTM."""
        step = at if loop and loop.steps > 1 else "0"
        if op.block == 1 and loop:
            step = f"({loop.steps - 1} - {at})"
        if op.blocks == 1:
            return step
        return f"({step} * {op.blocks}) + {op.block}" if op.block else f"{step} * {op.blocks}"

    def run_lines(self) -> list[str]:
        """Body of ``<name>_run`` after the reset."""
        lines: list[str] = []
        for item in self.plan.work:
            if isinstance(item, Op):
                lines += self.traced(item, None)
            elif item.steps == 1:
                lines += [line for op in item.body for line in self.traced(op, item, "0")]
            else:
                lines.append(f"for (int32_t t = 0; t < {item.steps}; ++t) {{")
                lines += [f"    {line}" for op in item.body for line in self.traced(op, item)]
                lines.append("}")
        return lines

    def step_lines(self) -> tuple[list[str], list[str]]:
        """Body of ``<name>_step``: what every step does, and what only the last step of a window does."""
        always: list[str] = []
        after: list[str] = []
        for item in self.plan.work:
            if isinstance(item, Loop):
                always += [self.statement(op, item, "state->step", still=True) for op in item.body]
            else:
                after.append(self.statement(item, None))
        return always, after

    def reset_lines(self) -> list[str]:
        """Body of ``<name>_reset``."""
        lines: list[str] = []
        for f in self.plan.fields:
            where = f"state->{f.name}"
            if f.role == "hidden":
                lines += self.reset_hidden(f.name)
            elif f.role == "cell":
                lines.append(f"(void)memset({where}, 0, sizeof {where});")
        if self.counts_steps():
            lines.append("state->step = 0;")
        return lines + self.restart_lines()

    def restart_lines(self) -> list[str]:
        """What lets a window's sums start afresh."""
        sums = [f for f in self.plan.fields if f.role == "sums"]
        bias = [f"{symbol(self.name, f.layer)}_bias" for f in sums]
        return [f"(void)memcpy(state->{f.name}, {b}, sizeof state->{f.name});" for f, b in zip(sums, bias, strict=True)]

    def reset_hidden(self, name: str) -> list[str]:
        """Hidden state 0.0; the halves of a Bidirectional may store it differently. Only int8 has zero points."""
        halves = [op for op in self.operations if op.y.base == name]
        zeros = {op.layer.output.zero_point for op in halves}
        if len(zeros) == 1:
            return [f"(void)memset(state->{name}, {zeros.pop() & 0xFF}, sizeof state->{name}); /* 0.0 */"]
        return [
            f"(void)memset({self.expression(op.y, None)}, {zero & 0xFF}, {op.y.length}); /* 0.0 */"
            for op, zero in ((op, op.layer.output.zero_point) for op in halves)
        ]

    def counts_steps(self) -> bool:
        """Whether streaming must know which step of a window it is at."""
        return not self.plan.streamable and any(f.role == "sums" for f in self.plan.fields)
