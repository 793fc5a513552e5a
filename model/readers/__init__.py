# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Readers: one module per file format, each turning a trained file into a ``Network`` without TensorFlow."""

from __future__ import annotations

import hashlib
from pathlib import Path

from model.errors import UserError, printable
from model.names import c_identifier
from model.network import Network
from model.readers import keras, safetensors, tflite
from model.readers.shown import told_apart

FORMATS = {
    ".keras": keras.read,
    ".h5": keras.read_h5,
    ".hdf5": keras.read_h5,
    ".tflite": tflite.read,
    ".safetensors": safetensors.read,
}


def read(path: Path) -> Network:
    """Read a trained model, choosing the reader by the file's ending."""
    reader = FORMATS.get(path.suffix.lower())
    if reader is None:
        known = ", ".join(FORMATS)
        raise UserError(f"{path}: unknown kind of model file '{path.suffix}'; supported: {known}")
    if not path.is_file():
        raise UserError(f"{path}: no such model file; give model= the path of a trained {' or '.join(FORMATS)} file")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    try:
        return told_apart(reader(path, c_identifier(path.stem), digest))
    except UserError as error:
        raise UserError(printable(str(error))) from None
