# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The tests that the package ``onnx`` has of its operators, and what becomes of those of LSTM, GRU and RNN.

``python -m tests.onnx_nodes`` writes the table of docs/tests.md.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from model import readers, reference
from model.errors import UserError
from model.signal import Array
from tests.support.host import ROOT

PAGE = ROOT / "docs/tests.md"
BEGIN, END = "<!-- onnx -->\n", "<!-- end of onnx -->\n"
CELLS = ("LSTM", "GRU", "RNN")
TOLERANCE = 1e-6
MODULES = {
    "And": "and_",
    "Or": "or_",
    "LessOrEqual": "less_or_equal",
    "GreaterOrEqual": "greater_or_equal",
    "Range": "rangeop",
    "Not": "not_",
}  # those that are not called as the operator is


@dataclass(frozen=True, eq=False)
class Case:
    """A test of ``onnx``: a node, what it reads and what it gives."""

    name: str
    node: onnx.NodeProto
    inputs: list[Any]
    outputs: list[Any]


def cases(operator: str) -> list[Case]:
    """Those of an operator."""
    name = MODULES.get(operator, operator.lower())
    module: Any = import_module(f"onnx.backend.test.case.node.{name}")
    found: list[Case] = []
    module.expect = lambda node, inputs, outputs, name, **more: found.append(Case(name, node, inputs, outputs))
    for held in list(vars(module).values()):
        if isinstance(held, type):
            for export in sorted(vars(held)):
                if export.startswith("export"):
                    getattr(held, export)()
    return [case for case in found if case.node.op_type == operator]


def write(case: Case, path: Path) -> Path:
    """A model of a recurrent node: its first input is one, the rest are constants."""
    first, *rest = (name for name in case.node.input if name)
    graph = helper.make_graph(
        [case.node],
        case.name,
        [helper.make_tensor_value_info(first, onnx.TensorProto.FLOAT, case.inputs[0].shape)],
        [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None) for name in case.node.output if name],
        [numpy_helper.from_array(array, name) for array, name in zip(case.inputs[1:], rest, strict=True)],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)]), path)
    return path


def _first_batch(values: Array, late: bool, sequence: bool) -> Array:
    """(N, ...) of an output, by its layout."""
    return values if late else np.moveaxis(values, 2 if sequence else 1, 0)


def error_of(case: Case, path: Path) -> float:
    """How far a recurrent node is from what is due; raises ``UserError`` where it is not read."""
    network = readers.read(write(case, path))
    late = any(each.name == "layout" and each.i for each in case.node.attribute)
    x = case.inputs[0] if late else np.moveaxis(case.inputs[0], 1, 0)
    ours = network.made.parts(reference.run(network, x.reshape(len(x), *network.input.shape).astype(np.float32)))
    errors = []
    for y, z in zip(ours, case.outputs, strict=False):
        due = _first_batch(z, late, z.ndim == 4)
        errors.append(float(np.abs(y.reshape(len(x), -1) - due.reshape(len(x), -1)).max()))
    return max(errors)


def rows() -> Iterator[tuple[str, str, str]]:
    """Of each case its name, its operator, and what became of it."""
    with tempfile.TemporaryDirectory() as folder:
        for operator in CELLS:
            for case in cases(operator):
                path = Path(folder) / "m.onnx"
                try:
                    error = error_of(case, path)
                    said = "passes" if error < TOLERANCE else f"WRONG by {error:.1e}"
                except UserError as refused:
                    said = f"refused: {str(refused).removeprefix(f'{path}: ')}"
                yield case.name, operator, said


def table() -> str:
    """As Markdown."""
    lines = ["| test of `onnx` | operator | |", "|---|---|---|"]
    return "\n".join([*lines, *(f"| {name} | {operator} | {said} |" for name, operator, said in rows())]) + "\n"


def page() -> str:
    """The whole page with the table as it is now."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}{table()}{END}{after}"


def main() -> None:
    """Write the page, or with ``--check`` exit with 1 if it is another."""
    made = page()
    if "--check" in sys.argv:
        raise SystemExit(made != PAGE.read_text(encoding="utf-8"))
    PAGE.write_text(made, encoding="utf-8")


if __name__ == "__main__":
    main()
