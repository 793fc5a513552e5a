# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The steps of ``train.convert`` that load TensorFlow or an interpreter, each run in a process of its own.

    python -m train.conversion predict MODEL INPUTS.npy OUTPUTS.npy            what Keras answers
    python -m train.conversion export NETWORK.npz SAVED_MODEL                  the Keras 2 twin
    python -m train.conversion float|dynamic|int8 SAVED_MODEL CALIBRATION.npy FILE.tflite
    python -m train.conversion run FILE.tflite micro|litert INPUTS.npy OUTPUTS.npy

Any of them may crash; none writes a file before its work is done.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from model import store
from model.errors import UserError, run_main
from model.files import npy_bytes, write_atomically
from model.signal import Array

ARENA = 64 << 20  # bytes for tflite-micro's tensors, far above what any microcontroller has


def _load(path: Path) -> Any:
    """The trained model, by Keras 3 or, if that cannot, by Keras 2."""
    import keras

    try:
        return keras.saving.load_model(path, compile=False)
    except Exception as new:  # of many kinds, not documented
        import tf_keras

        try:
            return tf_keras.models.load_model(path, compile=False)
        except Exception:
            raise UserError(f"{path}: Keras cannot load it: {str(new).strip().splitlines()[0]}") from None


def predict(model: str, inputs: str, outputs: str) -> None:
    """Write the outputs (N, ...) of a Keras file for inputs (N, T, F)."""
    answers = _load(Path(model)).predict(np.load(inputs), batch_size=256, verbose=0)
    write_atomically(Path(outputs), npy_bytes(np.asarray(answers, np.float32)))


def export(network: str, saved_model: str) -> None:
    """Write the twin of a network as a SavedModel folder."""
    import tf_keras

    from train import keras_twin

    keras_twin.build(tf_keras, store.load(Path(network))).export(saved_model)


@dataclass(frozen=True)
class Mode:
    """What the converter is asked for."""

    name: str
    smaller: bool  # weights of 8 bits
    integer: bool  # and integers throughout


MODES = (Mode("float", False, False), Mode("dynamic", True, False), Mode("int8", True, True))


def _convert(mode: Mode) -> Callable[[str, str, str], None]:
    def convert(saved_model: str, calibration: str, file: str) -> None:
        """Write the .tflite of a SavedModel, with int8 input and output for int8."""
        import tensorflow as tf

        converter = tf.lite.TFLiteConverter.from_saved_model(saved_model)
        if mode.smaller:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if mode.integer:
            windows = np.load(calibration).astype(np.float32)
            converter.representative_dataset = lambda: ([window[np.newaxis]] for window in windows)
            converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
            converter.inference_input_type = converter.inference_output_type = tf.int8
        write_atomically(Path(file), bytes(converter.convert()))

    return convert


def _run_micro(model: bytes, inputs: Array) -> list[Array]:
    from tflite_micro.python.tflite_micro import runtime

    interpreter = runtime.Interpreter.from_bytes(model, arena_size=ARENA)
    outputs = []
    for window in inputs:
        interpreter.set_input(window[np.newaxis], 0)
        interpreter.invoke()
        outputs.append(np.array(interpreter.get_output(0)))
        interpreter.reset()  # the states live on otherwise
    return outputs


def _run_litert(model: bytes, inputs: Array) -> list[Array]:
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    # without the default delegate, which computes a little differently from machine to machine
    resolver = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    interpreter: Any = Interpreter(model_content=model, num_threads=1, experimental_op_resolver_type=resolver)
    interpreter.allocate_tensors()
    source, sink = interpreter.get_input_details()[0]["index"], interpreter.get_output_details()[0]["index"]
    outputs = []
    for window in inputs:
        interpreter.reset_all_variables()
        interpreter.set_tensor(source, window[np.newaxis])
        interpreter.invoke()
        outputs.append(np.array(interpreter.get_tensor(sink)))
    return outputs


def run(file: str, interpreter: str, inputs: str, outputs: str) -> None:
    """Write what an interpreter computes, from a reset state for each window."""
    runner = {"micro": _run_micro, "litert": _run_litert}[interpreter]
    answers = runner(Path(file).read_bytes(), np.load(inputs))
    write_atomically(Path(outputs), npy_bytes(np.stack(answers)))


STEPS: dict[str, Callable[..., None]] = {
    "predict": predict,
    "export": export,
    **{mode.name: _convert(mode) for mode in MODES},
    "run": run,
}


def main() -> None:
    """Command line: a step and its files."""
    os.environ["KERAS_BACKEND"] = "tensorflow"
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    STEPS[sys.argv[1]](*sys.argv[2:])


if __name__ == "__main__":
    run_main(main)
