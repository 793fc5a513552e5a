# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Damaged .onnx files."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from tests.support.damaged.values import DATA, Files, Kinds, damaged_bytes

OPERATORS = ("LSTM", "GRU", "RNN", "Gemm", "Conv", "Reshape", "Split", "Loop", "Range", "Expand", "Tile", "x" * 500, "")


class Onnx(Files):
    """From exports of PyTorch."""

    def _onnx(self, rng: random.Random) -> Any:
        path = rng.choice(sorted((DATA / "onnx").glob("*.onnx")))
        return onnx.load(path)

    def onnx_bytes(self, rng: random.Random) -> Path:
        """A damaged .onnx."""
        return self.write("m.onnx", damaged_bytes(rng, self._onnx(rng).SerializeToString()))

    def onnx_graph(self, rng: random.Random) -> Path:
        """A well-formed .onnx of a graph that makes no sense: circles, names of nothing, other operators."""
        model = self._onnx(rng)
        nodes = model.graph.node
        names = [name for node in nodes for name in (*node.input, *node.output)] + ["", "nothing"]
        for _ in range(rng.choice((1, 1, 2, 4))):
            node, action = rng.choice(nodes), rng.randrange(7)
            held = rng.choice((node.input, node.output))
            if action < 3 and held:
                held[rng.randrange(len(held))] = rng.choice(names)
            elif action == 3:
                node.op_type = rng.choice((*(other.op_type for other in nodes), *OPERATORS))
            elif action == 4 and len(nodes) > 1:
                nodes.remove(node)
            elif action == 5:
                nodes.add().CopyFrom(node)
            else:
                held.append(rng.choice(names))
        return self.write("m.onnx", model.SerializeToString())

    def onnx_values(self, rng: random.Random) -> Path:
        """An .onnx whose attributes, constants and shapes say something else."""
        model = self._onnx(rng)
        graph = model.graph
        sizes = (0, 1, 2, 3, 4, 5, 7, -1, -2, 1013, 2**16, 2**31 - 1, 2**31, 2**62, -(2**63))
        for _ in range(rng.choice((1, 1, 2, 4))):
            action, node, held = rng.randrange(8), rng.choice(graph.node), rng.choice(graph.initializer)
            tensors = [held, *(each.t for other in graph.node for each in other.attribute if each.HasField("t"))]
            tensor = rng.choice(tensors)
            if action == 0 and node.attribute:
                each = rng.choice(node.attribute)
                each.i, each.f = rng.choice(sizes), rng.choice((0.0, -1.0, 1e30, float("nan"), float("inf")))
                each.ints[:] = [rng.choice(sizes) for _ in range(rng.randrange(5))]
            elif action == 1:
                tensor.dims[:] = [rng.choice(sizes) for _ in range(rng.randrange(5))]
            elif action == 2:
                tensor.data_type = rng.randrange(-1, 30)
            elif action == 3 and tensor.raw_data:
                data = tensor.raw_data
                tensor.raw_data = rng.choice((b"", data[: len(data) // 2], data * 2, b"\xff" * len(data)))
            elif action == 4 and tensor.data_type == onnx.TensorProto.INT64:
                made = [rng.choice(sizes) for _ in range(max(1, len(tensor.raw_data) // 8))]
                tensor.raw_data = np.array(made, np.int64).tobytes()
            elif action == 5:
                dims = rng.choice((*graph.input, *graph.output)).type.tensor_type.shape.dim
                if dims:
                    rng.choice(dims).dim_value = rng.choice(sizes)
            elif action == 6:
                model.opset_import[0].version = rng.randrange(1, 40)
            elif node.attribute:
                node.attribute.remove(rng.choice(node.attribute))
        return self.write("m.onnx", model.SerializeToString())


KINDS: Kinds = {
    "onnx-bytes": (Onnx, Onnx.onnx_bytes),
    "onnx-graph": (Onnx, Onnx.onnx_graph),
    "onnx-values": (Onnx, Onnx.onnx_values),
}
