# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""An LSTM of any activations: its gates by kernels/c/gates.h, its update as code in the generated file.

So the compiler has its functions and scales in sight, and firmware none that it does not use.
"""

from __future__ import annotations

import numpy as np

from kernels.c.gates import gates
from kernels.common.constants import Constants, ConstArray, Kernel, float_literal, numbers, scale
from kernels.common.work import Work
from model import lower
from model.formats import types
from model.formats.real import GREATEST
from model.formats.types import Type
from model.functions import Function, named
from model.layers.gate_functions import HIGH, LOW, GateFunction
from model.layers.lstm import Lstm

GATES = {"i": "input", "f": "forget", "c": "candidate", "o": "output"}  # as the code calls them
INTEGERS = ('#include "cell.h"', '#include "gate_functions.h"', '#include "gates.h"')
REALS = ('#include "cell_f32.h"', '#include "functions_f32.h"', '#include "gates.h"')


def real(function: Function, x: str) -> str:
    """An expression of functions_f32.h."""
    if function == named("linear"):
        return x
    parameters = (float_literal(float(np.clip(each, -GREATEST, GREATEST))) for each in function.parameters)
    return f"lstmcu_{function.name}({', '.join((x, *parameters))})"


class _Code:
    """The lines of one layer's step, or of its only one from reset.

    ``assembled``: a function of assembly makes the gates of all units first; of 16 bits two in a word.
    """

    def __init__(self, work: Work[Lstm], assembled: bool = False) -> None:
        self.layer, self.once, self.name, self.assembled = work.layer, work.once, work.name, assembled
        self.format = self.layer.format
        self.value, self.state = self.format.values.c, self.format.cell.c
        self.gates = self.layer.once_gates if self.once else self.layer.all_gates
        self.tables: dict[GateFunction, ConstArray] = {}

    @property
    def function(self) -> str:
        """What it is called."""
        return f"{self.name}_{'once' if self.once else 'step'}"

    def integer(self, which: str, function: GateFunction, x: str) -> str:
        """A function of an integer; its table is an array of the layer's."""
        if function.table is not None and function not in self.tables:
            comment = f"{function.function} of 128 k - 32768, input 2^{function.log2}, output 2^{function.out_log2}"
            self.tables[function] = numbers(f"{self.name}_{which}_table", function.table, comment)
        return function.in_c(x, self.tables[function].name if function in self.tables else "")

    def activated(self, gate: str, x: str) -> str:
        """A gate after its activation."""
        number = self.layer.all_gates.index(gate)
        if self.format.integer:
            return self.integer(GATES[gate], self.layer.gate_functions[number], x)
        return real(self.layer.functions[number], x)

    def lines(self) -> tuple[str, ...]:
        """All of them."""
        kind = "int32_t" if self.format.integer else self.value
        unit = f"int32_t unit = 0; unit < {self.layer.units}; ++unit"
        return (
            f"static void {self.function}({', '.join(self._parameters())})",
            "{",
            *(f"    {line}" for line in (self._scales() if self.format.integer else self._ranges())),
            *([f"    {self.name}_gates(weights, x, hidden, gates{self._scratch});"] if self.assembled else []),
            f"    for ({unit}) {{",
            f"        {self.format.gates.c} gate[{len(self.gates)}];",
            f"        {self._unit_gates()};",
            *(
                f"        const {kind} {GATES[gate]} = {self.activated(gate, f'gate[{n}]')};"
                for n, gate in enumerate(self.gates)
            ),
            *(f"        {line}" for line in (self._integer_update() if self.format.integer else self._real_update())),
            "    }",
            *([f"    (void)memcpy(hidden, next, sizeof({self.value}) * {self.layer.units}U);"] if self._next else []),
            "}",
        )

    @property
    def _next(self) -> bool:
        """Whether the old hidden state is read until all units have a new one."""
        return not (self.once or self.assembled)

    @property
    def word(self) -> Type:
        """What the gates are handed over in."""
        return types.named("int32") if self.format.integer else self.format.gates

    @property
    def words(self) -> int:
        """Of a unit's gates."""
        return len(self.gates) * self.format.gates.bytes // self.word.bytes

    @property
    def _scratch(self) -> str:
        """An argument of the gates' function: integers are widened there."""
        return ", scratch" if self.format.integer else ""

    def _unit_gates(self) -> str:
        if self.assembled:
            own = f"&gates[unit * {self.words}]"
            integer = self.format.integer
            return f"lstmcu_gates_of_pairs({own}, gate)" if integer else f"(void)memcpy(gate, {own}, sizeof gate)"
        return f"lstmcu_unit_gates_{self.layer.suffix}({', '.join(self._vectors())})"

    def _parameters(self) -> list[str]:
        if self.assembled:
            kept = [f"const {self.value} *x", f"{self.value} *hidden", f"{self.state} *cell"]
            scratch = ["int8_t *scratch"] if self._scratch else []
            return ["const void *weights", *kept, f"{self.word.c} *gates", *scratch]
        state = [] if self.once else [f"{self.state} *cell", f"{self.value} *next"]
        quantised = ["int8_t *quantised"] if self.format.hybrid else []
        struct = f"const lstmcu_gates_{self.layer.suffix} *layer"
        return [struct, f"const {self.value} *x", f"{self.value} *hidden", *state, *quantised]

    def _vectors(self) -> list[str]:
        """What the gates are made of, and where they go."""
        whole = ["quantised", "range"] if self.format.hybrid else ["x", "NULL" if self.once else "hidden"]
        return ["layer", "unit", *whole, "gate"]

    @property
    def _cell(self) -> tuple[str, str]:
        """How the cell is declared or written, and read."""
        return (f"const {self.state} cell", "cell") if self.once else ("cell[unit]", "cell[unit]")

    def _scales(self) -> list[str]:
        cell = lower.cell(self.layer)
        made = [f"const lstmcu_scale to_cell = {scale(cell.added)}; /* input * candidate to the cell's scale */"]
        if not self.once:
            made.append(f"const lstmcu_scale to_kept = {scale(cell.kept)}; /* forget * cell to the cell's scale */")
        return [*made, f"const lstmcu_scale to_hidden = {scale(cell.hidden)};"]

    def _integer_update(self) -> list[str]:
        cell, out, (made, held) = lower.cell(self.layer), self.layer.output, self._cell
        low, high = max(LOW, -cell.limit), min(HIGH, cell.limit)
        zero = f" + {out.zero_point}" if out.zero_point else ""
        kept = [] if self.once else ["const int32_t kept = lstmcu_product16(forget, cell[unit], to_kept);"]
        return [
            *kept,
            "const int32_t added = lstmcu_product16(input, candidate, to_cell);",
            f"{made} = ({self.state})lstmcu_clamp({'' if self.once else 'kept + '}added, {low}, {high});",
            f"const int32_t shown = {self.integer('cell', self.layer.shown, held)};",
            f"const int32_t value = lstmcu_requantise(shown * output, to_hidden){zero};",
            f"{'next' if self._next else 'hidden'}[unit] = ({self.value})lstmcu_clamp(value, {out.low}, {out.high});",
        ]

    def _ranges(self) -> list[str]:
        if not self.format.hybrid:
            return []
        features, units = self.layer.features, self.layer.units
        made = [f"lstmcu_quantise_vector(x, {features}, quantised)"]
        if not self.once:
            made.append(f"lstmcu_quantise_vector(hidden, {units}, &quantised[{features}])")
        lines = [f"range[{n}] = {each};" for n, each in enumerate(made)]
        return [f"lstmcu_range range[{len(made)}];", *lines]

    def _real_update(self) -> list[str]:
        made, held = self._cell
        terms = ["(input * candidate)"] if self.once else ["(forget * cell[unit])", "(input * candidate)"]
        total = " + ".join(terms)
        if self.layer.cell_clip > 0:
            total = f"lstmcu_clip_f32({total}, {float_literal(self.layer.cell_clip)})"
        shown = real(self.layer.activation, held)
        return [f"{made} = {total};", f"{'next' if self._next else 'hidden'}[unit] = output * {shown};"]


def lstm_functions(work: Work[Lstm]) -> Constants:
    """Constants and code of an LSTM's step, or of its only one from reset."""
    name, layer = work.name, work.layer
    arrays, struct = gates(name, layer, work.source, work.once)
    code = _Code(work)
    lines = code.lines()
    state = [] if work.once else [(layer.output.dtype, layer.units)]
    width = layer.features + (0 if work.once else layer.units)
    quantised = [(layer.format.weights.name, width)] if layer.format.hybrid else []
    call = Kernel(code.function, f"&{name}_layer", (*state, *quantised))
    return Constants(
        (*arrays, *code.tables.values()),
        struct,
        {"lstm_once" if work.once else "lstm": call},
        declarations=INTEGERS if layer.format.integer else REALS,
        code=lines,
    )


def update(
    work: Work[Lstm], weights: ConstArray, assembly: str, scratch: int | None = None, at_once: int = 1
) -> Constants:
    """What it is when a set has the gates in assembly, which works in so many bytes of ``scratch``, of integers.

    ``at_once``: units whose gates it stores together, beyond the last one if need be.

    void <name>_gates(const void *weights, const int8_t *x, const int8_t *hidden, int32_t *gates, int8_t *scratch)
    void <name>_gates(const void *weights, const float *x, const float *hidden, float *gates)

    with x and hidden in the format's type: gates (H, 4), of integers in 16 bits, in the order i, f, c, o.
    """
    name, layer, code = work.name, work.layer, _Code(work, assembled=True)
    value, lines = layer.format.values.c, code.lines()
    more = "" if scratch is None else ", int8_t *scratch"
    parameters = f"const void *weights, const {value} *x, const {value} *hidden, {code.word.c} *gates{more}"
    gates = (code.word.name, code.words * -(-layer.units // at_once) * at_once)
    included = INTEGERS[:2] if layer.format.integer else REALS[:2]
    return Constants(
        (weights, *code.tables.values()),
        calls={"lstm": Kernel(code.function, weights.name, (gates, *([] if scratch is None else [("int8", scratch)])))},
        assembly=assembly,
        declarations=(*included, f"void {name}_gates({parameters});"),
        code=lines,
    )
