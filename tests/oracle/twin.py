# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Models of the tests, converted by TensorFlow Lite's own converter from a tf_keras twin, in a process of its own.

Keras 3 never yields a fused LSTM and the converter may take its whole process down, hence Keras 2 and the
subprocess. Results are kept in build/oracle: a conversion is made once.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from model.files import write_atomically

ROOT = Path(__file__).parents[2]
CACHE = ROOT / "build" / "oracle"
RECIPE = 1  # raise it when this file makes other models from the same description
CALIBRATION = 100  # windows


@dataclass(frozen=True)
class Twin:
    """A model to convert: Keras layers as (class, settings) and how to quantise them."""

    name: str
    shape: tuple[int, ...]
    layers: tuple[tuple[str, dict[str, Any]], ...]
    mode: str = "int8"  # float32, dynamic, int8, int8-float-edges, int8-per-tensor
    seed: int = field(default=0)

    def __str__(self) -> str:
        return f"{self.name}-{self.mode}"

    @property
    def path(self) -> Path:
        """Where its conversion is kept."""
        described = json.dumps([RECIPE, asdict(self)], sort_keys=True).encode()
        return CACHE / f"{self}-{hashlib.sha256(described).hexdigest()[:12]}.tflite"


def prepare(twins: list[Twin]) -> None:
    """Convert those not converted yet, all in one process: TensorFlow takes seconds to import."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests may run in several processes
        missing = [asdict(twin) for twin in twins if not twin.path.exists()]
        if missing:
            command = [sys.executable, "-m", "tests.oracle.twin"]
            environment = {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
            done = subprocess.run(
                command,
                input=json.dumps(missing),
                text=True,
                capture_output=True,
                cwd=ROOT,
                env=environment,
                check=False,
            )
            if done.returncode:
                raise RuntimeError(f"the converter died ({done.returncode}): {done.stderr[-2000:]}")


def convert(twin: Twin) -> bytes:
    """The .tflite of one model."""
    prepare([twin])
    return twin.path.read_bytes()


def calibration(twin: Twin, count: int = CALIBRATION) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Windows (count, ...) like those the activation ranges were taken from."""
    return np.random.default_rng(twin.seed).normal(0, 1, (count, *twin.shape)).astype(np.float32)


def _layer(keras: Any, kind: str, settings: dict[str, Any]) -> Any:
    settings = dict(settings)
    if "layer" in settings:
        settings["layer"] = _layer(keras, *settings["layer"])
    return getattr(keras.layers, kind)(**settings)


def _convert(tf: Any, keras: Any, twin: Twin) -> bytes:
    keras.backend.clear_session()
    layers = [_layer(keras, kind, settings) for kind, settings in twin.layers]
    model = keras.Sequential([keras.layers.InputLayer(batch_input_shape=(1, *twin.shape)), *layers])
    rng = np.random.default_rng(twin.seed)
    # wider than a fresh layer's: gates that saturate now and then, biases that matter
    model.set_weights(
        [rng.normal(0, 1.5 / np.sqrt(w.shape[0]) if w.ndim > 1 else 0.5, w.shape) for w in model.get_weights()]
    )
    with tempfile.TemporaryDirectory() as saved:
        model.export(saved)
        converter = tf.lite.TFLiteConverter.from_saved_model(saved)
        if twin.mode != "float32":
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if twin.mode.startswith("int8"):
            windows = calibration(twin)
            converter.representative_dataset = lambda: ([window[None]] for window in windows)
            converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
            if twin.mode != "int8-float-edges":
                converter.inference_input_type = converter.inference_output_type = tf.int8
        if twin.mode == "int8-per-tensor":
            converter._experimental_disable_per_channel_quantization_for_dense_layers = True
        return bytes(converter.convert())


def main() -> None:
    """Convert the models described on standard input."""
    import tensorflow as tf
    import tf_keras as keras

    for described in json.load(sys.stdin):
        layers = tuple((kind, settings) for kind, settings in described.pop("layers"))
        twin = Twin(**{**described, "shape": tuple(described["shape"])}, layers=layers)
        write_atomically(twin.path, _convert(tf, keras, twin))


if __name__ == "__main__":
    main()
