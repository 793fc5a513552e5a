# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The tests that the package ``onnx`` has of its operators."""

from __future__ import annotations

import re

import numpy as np
import onnx
import pytest

from model.readers.onnx import constants
from model.readers.onnx.constants import FOLDED
from model.readers.onnx.file import Node
from model.signal import Array
from tests import onnx_nodes
from tests.onnx_nodes import Case, cases

# what no constant comes of, as it is refused
NOT_FOLDED = "it makes a constant of type|it multiplies stacks of matrices|it trains|it holds no tensor of numbers"


def test_recurrent_nodes_pass_or_are_refused_as_the_page_says() -> None:
    made = onnx_nodes.page()
    assert made == onnx_nodes.PAGE.read_text(encoding="utf-8"), "python -m tests.onnx_nodes writes it"
    assert "WRONG" not in made
    assert made.count("| passes |") >= 16


def read(case: Case) -> Node:
    """The node as the reader has it."""
    attributes = {}
    for each in case.node.attribute:
        value = onnx.helper.get_attribute_value(each)
        if isinstance(value, onnx.TensorProto):
            value = onnx.numpy_helper.to_array(value)
        attributes[each.name] = value.decode() if isinstance(value, bytes) else value
    return Node(0, case.node.op_type, case.name, tuple(case.node.input), tuple(case.node.output), attributes)


def folded(node: Node, inputs: list[Array | None]) -> tuple[Array | None, str]:
    """What is made of constants, or what is said instead."""
    try:
        return FOLDED[node.operator](node, inputs), ""
    except constants.FoldError as refused:
        return None, str(refused)


def test_a_cast_takes_the_whole_part() -> None:
    made = FOLDED["Cast"](Node(0, "Cast", "", ("x",), ("y",), {"to": onnx.TensorProto.INT64}), [np.array([1.7, -1.7])])
    assert made.dtype == np.int64
    assert made.tolist() == [1, -1]


@pytest.mark.parametrize(
    "operator", [operator for operator in FOLDED if operator != "Cast"]
)  # strings and 8-bit floats
def test_what_is_worked_out_while_reading(operator: str) -> None:
    compared = 0
    for case in cases(operator):
        arrays = [np.asarray(each) for each in (*case.inputs, *case.outputs) if each is not None]
        if any(each.dtype.kind not in "fiub" for each in arrays) or len(case.outputs) > 1:
            continue
        given = iter(case.inputs)
        inputs = [np.asarray(next(given)) if name else None for name in case.node.input]
        made, refused = folded(read(case), inputs)
        if made is None:
            assert re.search(NOT_FOLDED, refused), f"{case.name}: {refused}"
            continue
        due = np.asarray(case.outputs[0])
        assert made.shape == due.shape, case.name
        np.testing.assert_allclose(made.astype(np.float64), due.astype(np.float64), rtol=1e-5, err_msg=case.name)
        compared += 1
    assert compared, "nothing of this operator was compared"
