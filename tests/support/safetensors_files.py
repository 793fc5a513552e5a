# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Tensors as .safetensors, made without PyTorch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from model.signal import Array


def write(path: Path, tensors: dict[str, Array], kind: str = "F32", **changes: Any) -> Path:
    """A .safetensors file."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    body = b""
    for name, tensor in tensors.items():
        data = tensor.tobytes()
        header[name] = {"dtype": kind, "shape": list(tensor.shape), "data_offsets": [len(body), len(body) + len(data)]}
        header[name] |= changes.get(name.replace(".", "_"), {})
        body += data
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + body)
    return path
