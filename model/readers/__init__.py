# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Readers: one module per file format, each turning a trained file into a ``Network`` without TensorFlow."""

from __future__ import annotations

import hashlib
from pathlib import Path

from model import kinds
from model.errors import UserError, printable
from model.names import c_identifier
from model.network import Network
from model.readers import keras, safetensors, tflite
from model.readers.shown import told_apart

READERS = {"keras": keras.read, "tflite": tflite.read, "safetensors": safetensors.read}  # by kind


def read(path: Path) -> Network:
    """Read a trained model by the reader of its kind; raises ``UserError`` for any reason not to."""
    reader = READERS[kinds.check(path)]
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    try:
        return told_apart(reader(path, c_identifier(path.stem), digest))
    except UserError as error:
        raise UserError(printable(str(error))) from None
