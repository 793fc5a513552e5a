# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The reader and the reference against Keras: every supported layer, saved and predicted by Keras itself."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model import readers, reference

CASES = ("window", "sequence", "stacked", "backwards", "per_step", "activations", "reshaped", "bidirectional", "scaled")


@pytest.fixture(scope="module")
def keras() -> Any:
    """Keras, which takes seconds to import."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    import keras

    return keras


def layers_of(case: str, layers: Any) -> list[Any]:
    """The layers of one model; ``layers`` is keras.layers."""
    lstm, dense = layers.LSTM, layers.Dense
    both = {"return_sequences": True}
    return {
        "window": [layers.Input((1, 6)), lstm(5, **both), layers.Flatten(), dense(3)],
        "sequence": [layers.Input((9, 2)), lstm(7), dense(4)],
        "stacked": [
            layers.Input((6, 2)), lstm(5, **both), layers.Dropout(0.3), lstm(3, **both), lstm(4, use_bias=False)
        ],
        "backwards": [layers.Input((6, 2)), lstm(5, go_backwards=True, **both), lstm(3, go_backwards=True), dense(2)],
        "per_step": [layers.Input((6, 2)), lstm(4, **both), layers.TimeDistributed(dense(3, "tanh")), dense(2, "relu")],
        "activations": [
            layers.Input((5, 2)), lstm(4), dense(4, "sigmoid"), layers.Activation("tanh"), dense(3, "softmax")
        ],
        "reshaped": [
            layers.Input((12,)), layers.Reshape((6, 2)), lstm(4), dense(6, use_bias=False), layers.Reshape((3, 2))
        ],
        "bidirectional": [
            layers.Input((6, 2)), layers.Bidirectional(lstm(3, **both)), layers.Bidirectional(lstm(4)), dense(2)
        ],
        "scaled": [
            layers.Input((6, 2)), layers.Normalization(mean=[1.0, -2.0], variance=[4.0, 0.25]),
            layers.Rescaling(0.5, offset=0.1), lstm(3), dense(2),
        ],
    }[case]  # fmt: skip


@pytest.mark.parametrize("ending", ["keras", "h5"])
@pytest.mark.parametrize("case", CASES)
@pytest.mark.filterwarnings("ignore")
def test_the_reference_says_what_keras_says(keras: Any, tmp_path: Path, case: str, ending: str) -> None:
    keras.utils.set_random_seed(3)
    model = keras.Sequential(layers_of(case, keras.layers))
    random = np.random.default_rng(4)
    model.set_weights([random.normal(0, 0.5, w.shape).astype(np.float32) for w in model.get_weights()])
    path = tmp_path / f"m.{ending}"
    model.save(path)
    network = readers.read(path)
    x = random.normal(0, 2, (20, *network.input.shape)).astype(np.float32)
    np.testing.assert_allclose(reference.run(network, x), model.predict(x, verbose=0), rtol=0, atol=2e-6)


@pytest.mark.filterwarnings("ignore")
def test_a_functional_model_of_keras_itself(keras: Any, tmp_path: Path) -> None:
    first = keras.layers.Input((5, 2))
    x = keras.layers.LSTM(4, return_sequences=True)(first)
    x = keras.layers.Dense(3)(keras.layers.LSTM(3)(x))
    model = keras.Model(first, x)
    model.save(tmp_path / "m.keras")
    network = readers.read(tmp_path / "m.keras")
    samples = np.random.default_rng(1).normal(0, 1, (8, 5, 2)).astype(np.float32)
    np.testing.assert_allclose(reference.run(network, samples), model.predict(samples, verbose=0), rtol=0, atol=2e-6)
