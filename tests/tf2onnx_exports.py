# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Convert small models of Keras to ONNX by tf2onnx: the files of tests/model/data/onnx that are called tf2onnx.

The tests only read the results, so tf2onnx is not among the project's requirements. Beside those of the tests:

    pip install --no-deps tf2onnx==1.17.0
    python -m tests.tf2onnx_exports
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import onnx
import tensorflow as tf
import tf2onnx  # type: ignore[import-not-found]
from keras import layers

from tests.support.bare import HERE, bare

STEPS, FEATURES, UNITS = 5, 3, 4
OPSET = 15


def models() -> dict[str, Sequence[Any]]:
    """The layers of each by its name."""
    dense = layers.Dense(2)
    return {
        "lstm": [layers.LSTM(UNITS), dense],
        "lstm_relu": [layers.LSTM(UNITS, activation="relu", return_sequences=True), layers.LSTM(UNITS), dense],
        "gru": [layers.GRU(UNITS, return_sequences=True), layers.GRU(UNITS), dense],
        "gru_before": [layers.GRU(UNITS, reset_after=False, return_sequences=True), dense],
        "rnn": [layers.SimpleRNN(UNITS, return_sequences=True), layers.SimpleRNN(UNITS, activation="relu"), dense],
        "both": [layers.Bidirectional(layers.LSTM(UNITS, return_sequences=True)), layers.GRU(UNITS), dense],
        "convolved": [layers.Conv1D(6, 3, activation="relu"), layers.MaxPooling1D(2), layers.LSTM(UNITS), dense],
        "normed": [layers.LSTM(UNITS), layers.LayerNormalization(), dense],
    }


def convert(name: str, held: Sequence[Any], path: Path) -> None:
    """One file, its weights random ones."""
    steps = 12 if name == "convolved" else STEPS
    model = keras.Sequential([keras.Input((steps, FEATURES)), *held])
    random = np.random.default_rng(1)
    model.set_weights([random.normal(0, 0.5, each.shape) for each in model.get_weights()])
    signature = (tf.TensorSpec((None, steps, FEATURES), tf.float32, name="x"),)
    tf2onnx.convert.from_function(
        tf.function(lambda x: model(x)), input_signature=signature, opset=OPSET, output_path=str(path)
    )
    bare(path)
    onnx.checker.check_model(str(path))


def main() -> None:
    """All, or those whose names are given."""
    for name, held in models().items():
        if not sys.argv[1:] or name in sys.argv[1:]:
            convert(name, held, HERE / f"tf2onnx_{name}.onnx")


if __name__ == "__main__":
    main()
