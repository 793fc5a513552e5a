# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Write a network as C: ``<name>.h`` and ``.c`` for the user, ``<name>_bench.h`` and ``model.json`` for the bench;
with assembly kernels also ``<name>_kernels.S``, the code of its layers.

``python -m model.generate NETWORK.npz --kernels vfp,armv7em --state window --out DIRECTORY``
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import jinja2
import numpy as np

from kernels import OPTIMIZE, KernelSet, named
from kernels.common.constants import float_literal
from kernels.common.work import Work
from model import escape, limits, store
from model.emit.choose import Chosen, choose
from model.errors import UserError, run_main
from model.files import write_atomically
from model.formats import types
from model.layers.base import Layer
from model.network import STATES, Network, lstm_macs, macs, placed
from model.plan import Loop, Op, Plan, Value, c_name, make
from model.signal import Array, Signal
from model.version import VERSION, number

LINE = 100  # columns of generated code


@dataclass(frozen=True)
class Scratch:
    """Where each short-lived vector lies in the state's scratch arrays, by name; sizes in elements by type."""

    offsets: dict[str, int]
    sizes: dict[str, int]


def _operations(plan: Plan) -> list[Op]:
    return [op for item in plan.work for op in (item.body if isinstance(item, Loop) else (item,))]


def _loops(plan: Plan) -> list[tuple[int, int]]:
    """Numbers of the first and last operation of each loop."""
    found, number = [], 0
    for item in plan.work:
        count = len(item.body) if isinstance(item, Loop) else 1
        if isinstance(item, Loop):
            found.append((number, number + count - 1))
        number += count
    return found


Needs = Callable[[Op], Sequence[tuple[str, int]]]  # (type, elements) of what an operation needs while it runs


def _scratch(op: Op, index: int, needs: Needs) -> list[Value]:
    """What operation number ``index`` needs only while it runs."""
    return [Value(f"#{index}.{number}", dtype, length) for number, (dtype, length) in enumerate(needs(op))]


def allocate(plan: Plan, needs: Needs) -> Scratch:
    """First-fit placement of short-lived vectors: two share memory unless both are needed in one operation."""
    lengths: dict[str, tuple[str, int]] = {value.base: (value.dtype, value.length) for value in plan.temporaries}
    lives: dict[str, tuple[int, int]] = {}
    for index, op in enumerate(_operations(plan)):
        extra = _scratch(op, index, needs)
        lengths |= {value.base: (value.dtype, value.length) for value in extra}
        for value in (op.x, op.y, *extra):
            if value.base.startswith("#"):
                first, _ = lives.get(value.base, (index, index))
                lives[value.base] = (first, index)
    for first, last in _loops(plan):  # what a loop reads from before it must last to its end
        for name, (made, read) in lives.items():
            if made < first <= read <= last:
                lives[name] = (made, last)
    offsets: dict[str, int] = {}
    sizes: dict[str, int] = {}
    for name, (first, last) in sorted(lives.items(), key=lambda item: (item[1], item[0])):
        dtype, length = lengths[name]
        taken = sorted(
            (offsets[other], offsets[other] + lengths[other][1])
            for other in offsets
            if lengths[other][0] == dtype and lives[other][0] <= last and first <= lives[other][1]
        )
        offset = 0
        for low, high in taken:
            if offset + length <= low:
                break
            offset = max(offset, high)
        offsets[name] = offset
        sizes[dtype] = max(sizes.get(dtype, 0), offset + length)
    return Scratch(offsets, sizes)


class Emitter:
    """Turns a plan's operations into C statements."""

    def __init__(
        self,
        network: Network,
        plan: Plan,
        sets: Sequence[KernelSet],
        optimize: str = "balanced",
        trace: bool = False,
    ) -> None:
        self.network, self.plan, self.trace = network, plan, trace
        self.operations = _operations(plan)
        self.layers = self._layers(sets, optimize)
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
            terms.append(step if value.stride == 1 else f"{step} * {value.stride}")
        return " + ".join(terms)

    def statement(self, op: Op, loop: Loop | None, at: str = "t", still: bool = False) -> str:
        """The call that does ``op``; ``still``: the caller holds one step only, nothing moves with time."""
        x, y = (self.expression(value, None if still else loop, at) for value in (op.x, op.y))
        if op.kind == "copy":
            return f"(void)memcpy({y}, {x}, sizeof({types.named(op.y.dtype).c}) * {op.x.length});"
        kernel = self.layers[op.name].constants.calls[op.kind]
        if op.kind == "apply":
            return f"{kernel.function}({', '.join((x, y, str(op.y.length), *kernel.arguments))});"
        part = [self.part(op, loop, at)] if op.kind == "dense_add" else []
        cell = [self.expression(op.cell, None)] if op.cell else []
        scratch = [self.expression(v, None) for v in _scratch(op, self.operations.index(op), self.needs)]
        return f"{kernel.function}({', '.join((kernel.layer, *part, x, y, *cell, *scratch))});"

    def symbol(self, name: str) -> str:
        """C name of what belongs to a layer: models share a firmware, and a layer's own code is global.

        The capital that ``name`` starts with tells model and layer apart, see ``plan.c_name``.
        """
        return f"{self.network.name}_{name}"

    def needs(self, op: Op) -> Sequence[tuple[str, int]]:
        """(type, elements) of what ``op`` needs only while it runs."""
        made = self.layers.get(op.name)
        return made.constants.calls[op.kind].scratch if made and op.kind in made.constants.calls else ()

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
        return f"{step} * {op.blocks}" + (f" + {op.block}" if op.block else "")

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
        bias = [f"{self.symbol(f.layer)}_bias" for f in sums]
        return [f"(void)memcpy(state->{f.name}, {b}, sizeof state->{f.name});" for f, b in zip(sums, bias, strict=True)]

    def reset_hidden(self, name: str) -> list[str]:
        """Hidden state 0.0; the halves of a Bidirectional may store it differently. Only int8 has zero points."""
        halves = [op for op in self.operations if op.kind == "lstm" and op.y.base == name]
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

    def _layers(self, sets: Sequence[KernelSet], optimize: str) -> dict[str, Chosen]:
        """All layers by their names in C, each once, in the order of use."""
        work: dict[str, Work[Layer]] = {}
        loops = {id(op): item for item in self.plan.work if isinstance(item, Loop) for op in item.body}
        for op in self.operations:
            if op.kind == "copy":
                continue
            if op.name in work:
                kinds = tuple(dict.fromkeys((*work[op.name].kinds, op.kind)))
                work[op.name] = replace(work[op.name], kinds=kinds)
                continue
            steps = loops[id(op)].steps if op.kind == "dense_add" else 1
            work[op.name] = Work(self.symbol(op.name), op.layer, op.source, (op.kind,), steps, op.blocks, optimize)
        return {name: choose(each, sets) for name, each in work.items()}

    def assembled(self, op: Op) -> bool:
        """Whether ``op``'s layer has code of its own, or a library's, whose gates a trace never sees."""
        made = self.layers.get(op.name)
        return made is not None and (bool(made.constants.assembly) or made.constants.library)

    def state_fields(self) -> list[tuple[str, str, int, str]]:
        """(C type, name, elements, comment) of the state struct, widest alignment first."""
        rows = [(types.named(f.dtype).c, f.name, f.length, _ROLE_COMMENTS[f.role]) for f in self.plan.fields]
        for dtype, size in self.scratch.sizes.items():
            stored = types.named(dtype)
            rows.append((stored.c, f"scratch_{stored.suffix}", size, "between two calls of the runtime only"))
        return sorted(rows, key=lambda row: -_SIZES[row[0]])

    def scratch_bytes(self) -> int:
        """Bytes of the state that hold nothing from one call to the next."""
        return sum(np.dtype(dtype).itemsize * size for dtype, size in self.scratch.sizes.items())


_SIZES = {"int8_t": 1, "int16_t": 2, "int32_t": 4, "float": 4, "int64_t": 8}
_ROLE_COMMENTS = {
    "hidden": "hidden state",
    "cell": "cell state",
    "sums": "running sums over the window",
    "sequence": "a whole sequence, read in another order than it is made",
}


def _wrapped(values: Array | tuple[str, ...], indent: int = 4) -> str:
    """An array's initialiser, filled to the line's width."""
    texts = list(values) if isinstance(values, tuple) else _literals(values)
    start = " " * (indent - 1)
    lines, line = [], start
    for text in texts:
        if len(line) + len(text) + 2 > LINE:
            lines.append(line)
            line = start
        line += f" {text},"
    return "\n".join([*lines, line])


def _literals(values: Any) -> list[str]:
    if values.dtype.kind == "f":
        return [float_literal(value) for value in values]
    # the most negative int32 has no literal of its own type
    return ["(-2147483647 - 1)" if value == -(1 << 31) else str(value) for value in values.tolist()]


def _folded(line: str) -> str:
    """A statement of a function's body; the arguments that do not fit go on to the next line."""
    indent = len(line) - len(line.lstrip())
    lines = [""]
    for part in line.split(", "):
        longer = f"{lines[-1]}, {part}" if lines[-1] else part
        if len(longer) > LINE - 6 and lines[-1]:  # the template's own indentation, a comma
            lines[-1] += ","
            lines.append(" " * (indent + 8) + part)
        else:
            lines[-1] = longer
    return "\n".join(lines)


def _product(shape: tuple[int, ...]) -> str:
    return " * ".join(map(str, shape))


def _assembly(layers: Iterable[Chosen], optimize: str) -> list[tuple[str, list[str]]]:
    """Of each set that runs layers by code of their own: its prologue, and that code."""
    code: dict[str, list[Chosen]] = {}
    for layer in layers:
        if layer.constants.assembly:
            code.setdefault(layer.kernels.name, []).append(layer)
    return [
        (of_set[0].kernels.layout.prologue(optimize), [layer.constants.assembly for layer in of_set])
        for of_set in code.values()
    ]


def context(network: Network, sets: Sequence[KernelSet], optimize: str, state: str, tracing: bool) -> dict[str, Any]:
    """Everything the templates show."""
    stream = state == "stream"
    limits.check(network)
    plan = make(network, stream)
    if stream and plan.streamable:
        raise UserError(f"model '{network.name}' cannot run as state=stream: {plan.streamable}; use state=window")
    emitter = Emitter(network, plan, sets, optimize, tracing)
    once = any(op.kind == "lstm_once" for op in emitter.operations)
    always, after = emitter.step_lines() if not plan.streamable and not once else ([], [])
    written = emitter.operations[-1].y
    first = network.input
    constants = [layer.constants for layer in emitter.layers.values()]
    return {
        "network": network,
        "name": network.name,
        "upper": network.name.upper(),
        "version": VERSION,
        "version_number": number(),
        "kernels": sets[0].word,
        "optimize": optimize,
        "state": state,
        "input_type": first.stored.c,
        "output_type": network.output.stored.c,
        "steps": network.steps,
        "features": first.shape[-1],
        "input_dims": _product(first.shape),
        "output_dims": _product(network.output.shape),
        "step_output_length": written.length,
        "step_output_stride": written.stride,
        "quantised": not first.real,
        "output_quantised": not network.output.real,
        "input_scale": float_literal(first.scale),
        "output_scale": float_literal(network.output.scale),
        "fields": emitter.state_fields(),
        "counts_steps": emitter.counts_steps(),
        "step_type": "uint16_t" if first.shape[0] < 1 << 16 else "int32_t",
        "arrays": [array for group in constants for array in group.arrays],
        "structs": [group.struct for group in constants if group.struct],
        "declarations": list(dict.fromkeys(line for group in constants for line in group.declarations)),
        "assembly": _assembly(emitter.layers.values(), optimize),
        "notes": list(dict.fromkeys(note for group in constants for note in group.notes)),
        "assembled": [str(place) for place in sorted({op.place for op in emitter.operations if emitter.assembled(op)})],
        "wrapped": _wrapped,
        "reset": emitter.reset_lines(),
        "restart": emitter.restart_lines(),
        "run": emitter.run_lines(),
        "streams": not plan.streamable and not once,
        "no_stream": plan.streamable or "a single step from reset; generate with state=stream to keep the state",
        "step_always": always,
        "step_after": after,
        "elementwise": any(op.kind == "apply" for op in emitter.operations),
        "stream": stream,
        "trace": tracing,
        "scratch_bytes": emitter.scratch_bytes(),
    }


def card(network: Network, values: dict[str, Any]) -> dict[str, Any]:
    """``model.json``: what the measuring side must know of the generated model."""

    def signal(s: Signal) -> dict[str, Any]:
        return {"shape": list(s.shape), "dtype": s.dtype, "scale": s.scale, "zero_point": s.zero_point}

    return {
        "name": network.name,
        "source": network.source,
        "sha256": network.sha256,
        "quantisation": network.quantisation,
        "came_quantised": network.came_quantised,
        "kernels": values["kernels"],
        "optimize": values["optimize"],
        "state": values["state"],
        "function": f"{network.name}_{'step' if values['stream'] else 'run'}",
        "steps": values["steps"],
        "input": signal(network.input),
        "output": signal(network.output),
        "scratch_bytes": values["scratch_bytes"],
        "macs": macs(network),
        "lstm_macs": lstm_macs(network),
        "assembled": values["assembled"],
        "layers": {c_name(place, layer): layer.name for place, layer in placed(network)},
        "notes": [*network.notes, *values["notes"]],
    }


def generate(
    network: Network, kernels: str, state: str, optimize: str = "balanced", tracing: bool = False
) -> dict[str, str]:
    """File name to text of everything generated; ``kernels``: names of sets with commas between them, best first."""
    sets = named(kernels.split(","))
    values = context(network, sets, optimize, state, tracing)
    templates = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    templates.filters |= {**escape.FILTERS, "folded": _folded}
    files = {
        f"{network.name}{ending}": templates.get_template(f"model{ending}.jinja").render(values)
        for ending in (".h", ".c", "_bench.h", *(["_kernels.S"] if any(each.assembly for each in sets) else []))
    }
    return {**files, "model.json": json.dumps(card(network, values), indent=2, sort_keys=True) + "\n"}


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="model.generate", description=__doc__)
    parser.add_argument("network", type=Path)
    parser.add_argument("--name", help="what it is called in C; default: as its file")
    parser.add_argument(
        "--kernels", required=True, help="sets, as vfp,armv7em: the first that can runs a layer, c else"
    )
    parser.add_argument("--optimize", choices=OPTIMIZE, default="balanced")
    parser.add_argument("--state", choices=STATES, required=True)
    parser.add_argument("--trace", action="store_true", help="note down every intermediate value, for compare")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    network = store.load(arguments.network)
    network = replace(network, name=arguments.name or network.name)
    files = generate(network, arguments.kernels, arguments.state, arguments.optimize, arguments.trace)
    for name, text in files.items():
        write_atomically(arguments.out / name, text)


if __name__ == "__main__":
    run_main(main)
