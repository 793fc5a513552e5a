# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""ONNX files of the tests as they are kept: without what exporters write about the machine."""

from __future__ import annotations

from pathlib import Path

import onnx

HERE = Path(__file__).parents[1] / "model/data/onnx"


def bare(path: Path) -> None:
    """Without comments."""
    model = onnx.load(path)
    del model.metadata_props[:], model.graph.metadata_props[:], model.graph.value_info[:]
    model.doc_string = model.graph.doc_string = ""
    for node in model.graph.node:
        node.doc_string = ""
        del node.metadata_props[:]
    for each in (*model.graph.input, *model.graph.output, *model.graph.initializer):
        each.doc_string = ""
        del each.metadata_props[:]
    onnx.save(model, path)
