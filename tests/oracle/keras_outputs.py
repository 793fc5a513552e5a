# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What Keras says to given inputs, a model after the other: ``python -m tests.oracle.keras_outputs keras|tf_keras``.

A file may crash Keras: whoever starts this reads a line for each model, and starts it again for the next one.
"""

from __future__ import annotations

import importlib
import os
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from model.signal import Array


def flat(outputs: Any) -> list[Array]:
    """The outputs of a model in their order, which of a dict is that of its keys."""
    if isinstance(outputs, dict):
        outputs = [outputs[key] for key in sorted(outputs)]
    return [np.asarray(each) for item in outputs for each in flat(item)] if isinstance(outputs, list) else [outputs]


def said(keras: Any, path: Path, inputs: list[Array]) -> list[Array]:
    """Outputs for inputs (N, ...), window by window if the model's batch is fixed."""
    model = keras.models.load_model(path, compile=False)
    batch = model.inputs[0].shape[0] or len(inputs[0])
    count = len(inputs[0]) // batch * batch
    outputs = []
    for start in range(0, count, batch):
        for layer in model.layers:
            if getattr(layer, "stateful", False) and hasattr(layer, "reset_states"):
                layer.reset_states()
        part = [each[start : start + batch] for each in inputs]
        outputs.append(flat(model(part if len(part) > 1 else part[0], training=False)))  # no graph is made of it
    return [np.concatenate(parts) for parts in zip(*outputs, strict=True)]


def main() -> None:
    """For each line of standard input, PATH TAB INPUTS.npz TAB OUTPUTS.npz, write the outputs and a line."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    warnings.simplefilter("ignore")
    keras = importlib.import_module(sys.argv[1])
    for line in sys.stdin:
        path, given, due = line.rstrip("\n").split("\t")
        with np.load(given) as arrays:
            inputs = [arrays[f"x{number}"] for number in range(len(arrays.files))]
        try:
            outputs = said(keras, Path(path), inputs)
            np.savez(due, **{f"y{number}": each for number, each in enumerate(outputs)})  # type: ignore[arg-type]
            print("\tsaid", flush=True)
        except Exception as error:  # whatever an old or odd file makes Keras raise
            print(f"\t{type(error).__name__}: {' '.join(str(error).split())[:160]}", flush=True)


if __name__ == "__main__":
    main()
