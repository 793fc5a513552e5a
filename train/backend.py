# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Keras on TensorFlow: started quietly, seeded, and run with one line of progress per few epochs.

TensorFlow is imported only by ``start``: everything else of train/ works without it.
"""

from __future__ import annotations

import contextlib
import os
import platform
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from model.errors import UserError


@dataclass(frozen=True)
class Fitting:
    """How a network is fitted."""

    seed: int
    epochs: int  # at most; fitting stops once the validation loss has not improved for `patience` epochs
    batch_size: int
    learning_rate: float  # of Adam; halved after `patience` / 3 epochs without improvement
    loss: str
    metrics: tuple[str, ...] = ()
    patience: int = 15


def start(seed: int) -> Any:
    """Import Keras on TensorFlow, seed all generators, and return the keras module.

    UserError if TensorFlow is not installed.
    """
    os.environ["KERAS_BACKEND"] = "tensorflow"
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    # oneDNN picks its kernels by processor, so the trained weights would differ more from machine to machine.
    os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
    try:
        import keras
        import tensorflow as tf
    except ImportError as error:
        raise UserError(
            f"training needs TensorFlow and Keras ({error.name} is not installed): "
            "train with ./scons train, which installs them"
        ) from None
    # Such small matrices gain nothing from threads. It can be set only once in a process, which does no harm:
    # the results are the same with more threads.
    with contextlib.suppress(RuntimeError):
        tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.experimental.enable_op_determinism()
    keras.backend.clear_session()
    random.seed(seed)
    np.random.seed(seed)
    keras.utils.set_random_seed(seed)
    return keras


def versions() -> dict[str, str]:
    """Versions that a training result depends on."""
    from importlib.metadata import version

    import tensorflow as tf

    return {
        "python": platform.python_version(),
        "tensorflow": str(tf.__version__),
        "keras": version("keras"),
        "numpy": np.__version__,
    }


def fit(
    keras: Any,
    network: Any,
    fitting: Fitting,
    training: tuple[Any, Any],
    validation: tuple[Any, Any],
    describe: Callable[[dict[str, float]], str],
) -> int:
    """Fit ``network`` in place to its best epoch on the validation part; return the number of epochs run.

    ``describe`` turns the losses and metrics of an epoch into the text of its progress line.
    """
    started = time.monotonic()

    def progress(epoch: int, logs: dict[str, float]) -> None:
        if epoch % 5 == 4:
            seconds = time.monotonic() - started
            print(f"  epoch {epoch + 1:3d}  {describe(logs)}  {seconds:4.0f} s", flush=True)

    network.compile(
        optimizer=keras.optimizers.Adam(fitting.learning_rate),
        loss=fitting.loss,
        metrics=list(fitting.metrics),
        jit_compile=False,
    )
    history = network.fit(
        *training,
        validation_data=validation,
        epochs=fitting.epochs,
        batch_size=fitting.batch_size,
        validation_batch_size=2048,
        verbose=0,
        callbacks=[
            keras.callbacks.EarlyStopping("val_loss", patience=fitting.patience, restore_best_weights=True, verbose=0),
            keras.callbacks.ReduceLROnPlateau("val_loss", factor=0.5, patience=max(1, fitting.patience // 3)),
            keras.callbacks.LambdaCallback(on_epoch_end=progress),
        ],
    )
    epochs = len(history.history["loss"])
    best = 1 + int(np.argmin(history.history["val_loss"]))
    print(f"  best of {epochs} epochs on the validation part: epoch {best}", flush=True)
    return epochs


def predict(network: Any, inputs: Any) -> Any:
    """Outputs (N, …) float32 for inputs (N, T, F)."""
    return network.predict(inputs, batch_size=2048, verbose=0)
