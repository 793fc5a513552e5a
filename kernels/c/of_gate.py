# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""A cell's kernels given its activations: code of the generated file, so that firmware has none that it does not use.

Each activation is a function of a gate (firmware/runtime/of_gate.h), and a step is one of the kernels' headers with
these in it: ``lstmcu_gru_s8_step_of`` for what ``lstmcu_gru_s8_step`` does with sigmoid and tanh.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from kernels.c.lstm_functions import real
from kernels.common.constants import Constants, ConstArray, Kernel, numbers
from model.formats import types
from model.layers.recurrent import Recurrent


def _expression(name: str, layer: Recurrent, gate: int) -> tuple[str, list[ConstArray]]:
    """Of x; and its table, if it has one."""
    if not layer.format.integer:
        return real(layer.functions[gate], "x"), []
    function, table = layer.gate_functions[gate], f"{name}_table"
    if function.table is None:
        return function.in_c("x", ""), []
    comment = f"{function.function} of 128 k - 32768, input 2^{function.log2}, output 2^{function.out_log2}"
    return function.in_c("x", table), [numbers(table, function.table, comment)]


def _parameters(layer: Recurrent, struct: str, once: bool, kernel: Kernel) -> list[tuple[str, str]]:
    """(type, name) of a step's: the layer, vectors, what else it keeps, what it needs while it runs."""
    value = layer.format.values.c
    found = [(f"const {struct} *", "layer"), (f"const {value} *", "x"), (f"{value} *", "hidden")]
    if layer.inner and not once:
        found.append((f"{layer.inner[1].c} *", layer.inner[0]))
    scratch = enumerate(kernel.scratch, start=1)
    return found + [(f"{types.named(dtype).c} *", f"scratch{number}") for number, (dtype, _) in scratch]


def given(made: Constants, layer: Recurrent, once: bool, name: str, functions: Mapping[str, int]) -> Constants:
    """A plain layer's constants for one whose ``functions``, by what the step calls them, are those of these gates."""
    assert made.struct is not None
    value = layer.format.gates.c
    result = "int32_t" if layer.format.integer else value
    arrays, lines = list(made.arrays), []
    for called, gate in functions.items():
        expression, tables = _expression(f"{name}_{called}", layer, gate)
        arrays += tables
        lines += [f"static {result} {name}_{called}({value} x)", "{", f"    return {expression};", "}", ""]
    ((kind, kernel),) = made.calls.items()
    parameters = _parameters(layer, made.struct.ctype, once, kernel)
    arguments = [*(each for _, each in parameters), *(f"{name}_{called}" for called in functions)]
    function = f"{name}_{'once' if once else 'step'}"
    lines += [
        f"static void {function}({', '.join(ctype + each for ctype, each in parameters)})",
        "{",
        f"    {kernel.function}_of({', '.join(arguments)});",
        "}",
    ]
    runtime = ("gate_functions.h",) if layer.format.integer else ("cell_f32.h", "functions_f32.h")
    declarations = tuple(f'#include "{header}"' for header in (*runtime, f"{layer.kind}_{layer.suffix}.h"))
    calls = {kind: replace(kernel, function=function)}
    return replace(made, arrays=tuple(arrays), calls=calls, code=tuple(lines), declarations=declarations)
