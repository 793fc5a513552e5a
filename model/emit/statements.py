# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""A plan's operations as C statements: the bodies of ``<name>_reset``, ``_run`` and ``_step``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kernels.common.constants import Constants, float_literal
from model.emit.choose import start_of, symbol
from model.emit.scratch import allocate, needed, operations
from model.formats import types
from model.plan import Field, Loop, Op, Plan, Value, When, awaited


class Statements:
    """Turns a plan's operations into C statements."""

    def __init__(self, name: str, plan: Plan, layers: Mapping[str, Constants], trace: bool = False) -> None:
        """``name``: the model's; ``layers``: their constants, by their names in C."""
        self.name, self.plan, self.layers, self.trace = name, plan, layers, trace
        self.operations = operations(plan)
        self.waits = awaited(plan.work) is not None and not self.counts_steps()
        self.counters = {f.name for f in plan.fields if f.role == "count"}
        self.scratch = allocate(plan, self.needs)

    def expression(self, value: Value, within: Loop | When | None, at: str = "t") -> str:
        """A pointer to ``value`` at time step ``at`` of what it is within."""
        if value.base.startswith("#"):
            base, offset = f"state->scratch_{types.named(value.dtype).suffix}", self.scratch.offsets[value.base]
        else:
            base = value.base if value.base.startswith(("input", "output")) else f"state->{value.base}"
            offset = 0
        offset += value.offset
        terms = [base] + ([str(offset)] if offset else [])
        if value.window:
            terms.append(f"(state->{value.window}[0] * {value.stride})")
        elif value.stride and within and within.steps > 1:
            step = f"({within.steps - 1} - {at})" if value.backwards else at
            terms.append(step if value.stride == 1 else f"({step} * {value.stride})")
        return " + ".join(terms)

    def push(self, op: Op, within: Loop | When | None, at: str, still: bool = False) -> str:
        """The call that adds a vector to a ring; it is true when a window is complete."""
        assert op.taken is not None
        x = self.expression(op.x, None if still else within, at)
        size = types.named(op.x.dtype).bytes * op.x.length
        numbers = f"{size}, {op.taken.length}, {op.taken.stride}, {op.taken.dilation}"
        return f"lstmcu_window_push(state->{op.y.window}, state->{op.y.base}, {x}, {numbers})"

    def statement(self, op: Op, within: Loop | When | None, at: str = "t", still: bool = False) -> str:
        """The call that does ``op``; ``still``: the caller holds one step only, nothing moves with time."""
        x, *more, y = (self.expression(value, None if still else within, at) for value in op.values)
        if op.kind == "copy":
            return f"(void)memcpy({y}, {x}, sizeof({types.named(op.y.dtype).c}) * {op.x.length}U);"
        if op.kind == "window":
            return f"(void){self.push(op, within, at, still)};"
        kernel = self.layers[op.name].calls[op.kind]
        if not kernel.layer:
            given = (*kernel.before, x, *more, *kernel.beside, y, str(op.y.length), *kernel.arguments)
            return f"{kernel.function}({', '.join(given)});"
        part = [self.part(op, within, at)] if op.kind == "dense_add" else []
        cell = [self.expression(op.cell, None)] if op.cell else []
        scratch = [self.expression(v, None) for v in needed(op, self.operations.index(op), self.needs)]
        return f"{kernel.function}({', '.join((kernel.layer, *part, x, *more, y, *cell, *scratch))});"

    def needs(self, op: Op) -> Sequence[tuple[str, int]]:
        """(type, elements) of what ``op`` needs only while it runs."""
        made = self.layers.get(op.name)
        return made.calls[op.kind].scratch if made and op.kind in made.calls else ()

    def traced(self, op: Op, within: Loop | When | None, at: str = "t") -> list[str]:
        """``statement`` and, when tracing, what notes down its results (see ``trace.expected``)."""
        lines = [self.statement(op, within, at)]
        for value, role in op.layer.results(op) if self.trace and not op.moves else ():
            size = f"sizeof({types.named(value.dtype).c}) * {value.length}"
            lines.append(f"lstmcu_trace({self.expression(value, within, at)}, {size}); /* {role} */")
        return lines

    def part(self, op: Op, within: Loop | When | None, at: str) -> str:
        """Which part of a flattened sequence a dense_add is for; block 1 belongs to a backward LSTM."""
        step = at if within and within.steps > 1 else "0"
        if op.block == 1 and within:
            step = f"({within.steps - 1} - {at})"
        if op.blocks == 1:
            return step
        return f"({step} * {op.blocks}) + {op.block}" if op.block else f"{step} * {op.blocks}"

    def body(self, within: Loop | When, at: str) -> list[str]:
        """What a loop or a window does."""
        lines: list[str] = []
        for step in within.body:
            if isinstance(step, Op):
                lines += self.traced(step, within, at)
                continue
            lines.append(f"if ({self.push(step.push, within, at)} != 0) {{")
            lines += [f"    {line}" for line in (*self.body(step, self.count(step)), *self.counting(step))]
            lines.append("}")
        return lines

    @staticmethod
    def count(when: When) -> str:
        """How many windows were complete before this one."""
        return f"state->{when.counter}[0]"

    def counting(self, when: When) -> list[str]:
        """The line that counts a window, if anything goes by it."""
        return [f"++{self.count(when)};"] if when.counter in self.counters else []

    def run_lines(self) -> list[str]:
        """Body of ``<name>_run`` after the reset."""
        lines: list[str] = []
        for item in self.plan.work:
            if isinstance(item, Op):
                lines += self.traced(item, None)
            elif item.steps == 1:
                lines += self.body(item, "0")
            else:
                at = item.counter
                lines.append(f"for (int32_t {at} = 0; {at} < {item.steps}; ++{at}) {{")
                lines += [f"    {line}" for line in self.body(item, at)]
                lines.append("}")
        return lines

    def step_lines(self) -> tuple[list[str], list[str]]:
        """Body of ``<name>_step``: what every step does, and what only the last step of a window does."""
        always: list[str] = []
        after: list[str] = []
        for item in self.plan.work:
            if isinstance(item, Loop):
                always += self.still(item, "state->step")
            else:
                after.append(self.statement(item, None))
        return always, after

    def still(self, within: Loop | When, at: str) -> list[str]:
        """What one step does of a loop. Where all that follows waits for a window, it returns before it is complete."""
        lines: list[str] = []
        for step in within.body:
            if isinstance(step, Op):
                lines.append(self.statement(step, within, at, still=True))
                continue
            push, body = self.push(step.push, within, at, still=True), self.still(step, self.count(step))
            # a stream that never starts afresh has nothing to count
            counting = self.counting(step) if self.counts_steps() else []
            if not self.waits:
                lines += [f"if ({push} != 0) {{", *(f"    {line}" for line in (*body, *counting)), "}"]
            else:
                lines += [f"if ({push} == 0) {{", "    return 0;", "}", *body]
        return lines

    def reset_lines(self) -> list[str]:
        """Body of ``<name>_reset``."""
        lines: list[str] = []
        for f in self.plan.fields:
            if f.role in ("hidden", "cell", "memory"):
                lines += self.reset_state(f)
        if self.counts_steps():
            lines.append("state->step = 0;")
        return lines + self.restart_lines(windows=True)

    def restart_lines(self, windows: bool) -> list[str]:
        """What lets a window's sums start afresh, and the windows of its convolutions: of single steps those go on."""
        lines: list[str] = []
        for f in self.plan.fields:
            where = f"state->{f.name}"
            if f.role == "sums":
                lines.append(f"(void)memcpy({where}, {symbol(self.name, f.layer)}_bias, sizeof {where});")
            elif not windows:
                continue
            elif f.role == "window":
                lines.append(f"lstmcu_window_reset({where}, {int(f.start or 0)});")
            elif f.role == "ring" and f.start is not None:
                lines += self.fill(f)
            elif f.role == "count":
                lines.append(f"{where}[0] = 0;")
        return lines

    @staticmethod
    def fill(f: Field) -> list[str]:
        """A ring full of padding."""
        where, stored = f"state->{f.name}", types.named(f.dtype)
        if stored.bytes == 1 or not f.start:
            return [f"(void)memset({where}, {int(f.start or 0) & 0xFF}, sizeof {where}); /* padding */"]
        value = float_literal(f.start) if stored.real else str(int(f.start))
        return [f"for (int32_t k = 0; k < {f.length}; ++k) {{", f"    {where}[k] = {value};", "}"]

    def reset_state(self, f: Field) -> list[str]:
        """What a cell's state starts from, else 0.0, which only an int8 hidden state stores as another number.

        The halves of a Bidirectional may differ in both."""
        kept = [(op, op.y if f.role == "hidden" else op.cell) for op in self.operations]
        halves = {op.name: (op, value) for op, value in kept if value and value.base == f.name}.values()
        zeros = {self.zero(f, op) for op, _ in halves}
        comment = " /* 0.0 */" if f.role == "hidden" else ""
        if len(zeros) == 1 and not any(op.layer.starts() for op, _ in halves):
            return [f"(void)memset(state->{f.name}, {zeros.pop()}, sizeof state->{f.name});{comment}"]
        lines = []
        for op, value in halves:
            where, start = self.expression(value, None), start_of(symbol(self.name, op.name), f.role)
            if f.role in op.layer.starts():
                lines.append(f"(void)memcpy({where}, {start}, sizeof {start});")
            else:
                size = value.length * types.named(f.dtype).bytes
                lines.append(f"(void)memset({where}, {self.zero(f, op)}, {size});{comment}")
        return lines

    @staticmethod
    def zero(f: Field, op: Op) -> int:
        """The byte that 0.0 of a state consists of. Only int8 has zero points."""
        return op.layer.output.zero_point & 0xFF if f.role == "hidden" else 0

    def counts_steps(self) -> bool:
        """Whether streaming must know which step of a window it is at."""
        return not self.plan.streamable and any(f.role == "sums" for f in self.plan.fields)
