# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Models of the tests, converted by TensorFlow Lite's own converter from a tf_keras twin, in a process of its own.

Keras 3 never yields a fused LSTM and the converter may take its whole process down, hence Keras 2 and the
subprocess. Results are kept in build/oracle: a conversion is made once.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from model.files import write_atomically

ROOT = Path(__file__).parents[2]
CACHE = ROOT / "build" / "oracle"
RECIPE = 1  # raise it when this file makes other models from the same description
CALIBRATION = 100  # windows
CONSTANT = "constant"  # states that the first layer, a recurrent one, starts from


@dataclass(frozen=True)
class Numbers:
    """How large the numbers of a model are, against a usual model's of 1."""

    weights: float = 1.0
    biases: float = 1.0
    spread: float = 0.0  # decades that each matrix and each vector of biases may lie apart from the others
    unit: float = 1.0  # of the input's values
    offset: float = 0.0  # added to them, in such units
    calibration: str = "random"  # windows the ranges are taken from: random, one, constant


@dataclass(frozen=True)
class Twin:
    """A model to convert: Keras layers as (class, settings) and how to quantise them."""

    name: str
    shape: tuple[int, ...]
    layers: tuple[tuple[str, dict[str, Any]], ...]
    mode: str = "int8"  # float32, dynamic, int8, int8-float-edges, int8-per-tensor
    seed: int = 0
    numbers: Numbers = Numbers()

    def __str__(self) -> str:
        return f"{self.name}-{self.mode}"

    @property
    def path(self) -> Path:
        """Where its conversion is kept."""
        described = json.dumps([RECIPE, asdict(self)], sort_keys=True).encode()
        return CACHE / f"{self}-{hashlib.sha256(described).hexdigest()[:12]}.tflite"


@dataclass(frozen=True)
class Apart(Twin):
    """A model whose cells the converter takes apart: of Keras 3, unrolled, or of other functions than LiteRT's LSTM."""

    mode: str = "float32"
    library: str = "keras"
    open_batch: bool = False  # as most files have it: then a loop keeps its outputs in a list of TensorFlow's own
    states: bool | str = False  # of the first layer: further inputs and outputs of the model, or CONSTANT


def prepare(twins: list[Twin], may_refuse: bool = False) -> None:
    """Convert those not converted yet, all in one process: TensorFlow takes seconds to import.

    ``may_refuse``: a model that the converter refuses leaves an empty file.
    """
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
    for twin in twins:
        if not twin.path.stat().st_size and not may_refuse:
            raise RuntimeError(f"the converter refuses {twin}; {twin.path} is empty")


def convert(twin: Twin) -> bytes:
    """The .tflite of one model."""
    prepare([twin])
    return twin.path.read_bytes()


def calibration(twin: Twin, count: int = CALIBRATION) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Windows (count, ...) like those the activation ranges were taken from."""
    windows = np.random.default_rng(twin.seed).normal(0, 1, (count, *twin.shape))
    return np.asarray(twin.numbers.unit * (windows + twin.numbers.offset), np.float32)


def _calibrating(twin: Twin) -> np.ndarray[Any, np.dtype[np.float32]]:
    windows = calibration(twin)
    if twin.numbers.calibration == "constant":
        return np.full_like(windows[:1], windows.flat[0])
    return windows[:1] if twin.numbers.calibration == "one" else windows


def _layer(keras: Any, kind: str, settings: dict[str, Any]) -> Any:
    settings = dict(settings)
    if "layer" in settings:
        settings["layer"] = _layer(keras, *settings["layer"])
    return getattr(keras.layers, kind)(**settings)


def _drawn(rng: np.random.Generator, weights: Any, numbers: Numbers) -> Any:
    """Wider than a fresh layer's: gates that saturate now and then, biases that matter."""
    drawn = rng.normal(0, 1.5 / np.sqrt(weights.shape[0]) if weights.ndim > 1 else 0.5, weights.shape)
    size = numbers.weights if weights.ndim > 1 else numbers.biases
    return drawn * size * (10 ** rng.uniform(-numbers.spread, numbers.spread) if numbers.spread else 1.0)


def _model(keras: Any, twin: Twin) -> Any:
    """As it is described, its weights fresh."""
    cell, *layers = [_layer(keras, kind, settings) for kind, settings in twin.layers]
    batch = None if isinstance(twin, Apart) and twin.open_batch else 1

    def given(*shape: int) -> Any:
        return keras.Input(shape=shape, batch_size=batch)

    x, states, after = given(*twin.shape), [], []
    count = 1 + (twin.layers[0][0] == "LSTM")
    if isinstance(twin, Apart) and twin.states == CONSTANT:
        import tensorflow as tf

        drawn = np.random.default_rng(twin.seed).normal(0, 1, (count, 1, cell.units)).astype(np.float32)
        start = [tf.constant(each) for each in drawn]
        y = cell(x, initial_state=start if count > 1 else start[0])
    elif isinstance(twin, Apart) and twin.states:
        states = [given(cell.units) for _ in range(count)]
        y, *after = cell(x, initial_state=states if len(states) > 1 else states[0])
    else:
        y = cell(x)
    for layer in layers:
        y = layer(y)
    return keras.Model([x, *states] if states else x, [y, *after] if after else y)


def _convert(tf: Any, keras: Any, twin: Twin) -> bytes:
    keras.backend.clear_session()
    model = _model(keras, twin)
    rng = np.random.default_rng(twin.seed)
    drawn = [_drawn(rng, w, twin.numbers) for w in model.get_weights()]
    named = zip(model.weights, drawn, strict=True)
    model.set_weights([np.abs(values) if "variance" in weights.name else values for weights, values in named])
    with tempfile.TemporaryDirectory() as saved:
        if isinstance(twin, Apart):
            converter = tf.lite.TFLiteConverter.from_keras_model(model)
        else:
            model.export(saved)
            converter = tf.lite.TFLiteConverter.from_saved_model(saved)
        if isinstance(twin, Apart) and twin.open_batch:
            converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS, tf.lite.OpsSet.SELECT_TF_OPS]
            converter._experimental_lower_tensor_list_ops = False
        if twin.mode != "float32":
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if twin.mode.startswith("int8"):
            windows = _calibrating(twin)
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

    for described in json.load(sys.stdin):
        layers = tuple((kind, settings) for kind, settings in described.pop("layers"))
        numbers = Numbers(**described.pop("numbers"))
        kind = Apart if "library" in described else Twin
        twin = kind(**{**described, "shape": tuple(described["shape"])}, layers=layers, numbers=numbers)
        keras = importlib.import_module(getattr(twin, "library", "tf_keras"))
        try:
            made = _convert(tf, keras, twin)
        except Exception as error:  # the converter's own kinds, and whatever lies below it
            print(f"{twin}: {error}", file=sys.stderr)
            made = b""
        write_atomically(twin.path, made)


if __name__ == "__main__":
    main()
