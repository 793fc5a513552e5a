# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The tensors in a .safetensors file, every size checked before use."""

from __future__ import annotations

import json

import numpy as np

from model.signal import Array

HEADER_LIMIT = 1 << 20  # bytes
TYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2", "I64": "<i8"}  # whole numbers count batches


def _values(kind: str, data: bytes, shape: list[int]) -> Array:
    array = np.frombuffer(data, TYPES[kind])
    if kind == "BF16":  # the upper half of a float32
        array = (array.astype(np.uint32) << 16).view(np.float32)
    return array.reshape(shape).astype(np.float32)


def parse(data: bytes) -> dict[str, Array]:
    """The tensors of a .safetensors file as float32; raises ``ValueError`` and the like for damage.

    The file is the header's length (8 bytes), a JSON header, and the tensors' bytes one after the other.
    """
    length = int.from_bytes(data[:8], "little")
    if len(data) < 8 or length > min(len(data) - 8, HEADER_LIMIT):
        raise ValueError(f"its header claims {length} bytes of {len(data)}")
    header, body = json.loads(data[8 : 8 + length]), data[8 + length :]
    header.pop("__metadata__", None)
    tensors, spans = {}, []
    for name, entry in header.items():
        if set(entry) != {"dtype", "shape", "data_offsets"}:
            raise ValueError(f"tensor '{name}' is described by {', '.join(entry)}"[:200])
        kind, shape, (start, end) = entry["dtype"], entry["shape"], entry["data_offsets"]
        if kind not in TYPES:
            raise ValueError(f"tensor '{name}' is {kind}; supported: {', '.join(TYPES)}")
        if len(shape) > 8 or not all(type(n) is int and n >= 0 for n in (*shape, start, end)):
            raise ValueError(f"tensor '{name}' has shape {shape}"[:200])
        count = 1
        for n in shape:
            count *= n
        if start > end or end > len(body) or end - start != count * np.dtype(TYPES[kind]).itemsize:
            raise ValueError(f"tensor '{name}' of shape {shape} lies at bytes {start} to {end} of {len(body)}"[:200])
        spans.append((start, end))
        tensors[name] = _values(kind, body[start:end], shape)
    for (_, end), (start, _) in zip([(0, 0), *sorted(spans)], [*sorted(spans), (len(body), 0)], strict=True):
        if start != end:
            raise ValueError("its tensors overlap or leave gaps")
    return tensors
