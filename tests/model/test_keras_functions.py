# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Activations, normalisations and Permute as Keras 2 and 3 write them in both kinds of files, against predictions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model import readers, reference
from model.errors import UserError
from tests.support.keras_files import archive, dense, input_layer, lstm

Make = Callable[[Any], list[Any]]  # layers behind an LSTM of 4 features over 5 steps, of keras.layers

BOTH = (
    "relu", "sigmoid", "tanh", "softmax", "hard_sigmoid", "softsign", "softplus", "elu", "selu", "swish", "gelu",
    "exponential", "mish",
)  # fmt: skip
NEW = ("silu", "relu6", "leaky_relu", "hard_silu", "hard_swish", "hard_tanh")  # of Keras 3 alone
LAYERS: dict[str, Make] = {
    "ReLU": lambda k: [k.ReLU(), k.Dense(3), k.ReLU(6.0)],
    "ReLU of settings": lambda k: [k.ReLU(max_value=0.8, negative_slope=0.1, threshold=0.2), k.ReLU(0.4)],
    "PReLU": lambda k: [k.PReLU(shared_axes=[1]), k.Dense(3), k.PReLU(shared_axes=(1,))],
    "LeakyReLU": lambda k: [k.LeakyReLU(0.1), k.Dense(3), k.LeakyReLU()],
    "ELU": lambda k: [k.ELU(0.3), k.Dense(3), k.ELU()],
    "Softmax": lambda k: [k.Softmax(), k.Dense(3), k.Softmax(axis=-1)],
    "BatchNormalization": lambda k: [
        k.BatchNormalization(), k.Dense(3), k.BatchNormalization(epsilon=0.1), k.Activation("relu"),
        k.BatchNormalization(scale=False), k.Flatten(), k.Dense(6, "tanh"), k.BatchNormalization(center=False),
    ],
    "LayerNormalization": lambda k: [
        k.LayerNormalization(), k.Dense(3), k.LayerNormalization(epsilon=0.1, scale=False), k.Flatten(),
        k.LayerNormalization(center=False), k.LayerNormalization(center=False, scale=False),
    ],
    "Permute": lambda k: [k.Permute((2, 1)), k.Dense(3), k.Permute((1, 2)), k.Permute((2, 1)), k.LSTM(2)],
    "layers as activations": lambda k: [k.Dense(3, activation=k.LeakyReLU(0.1)), k.Activation(k.ReLU(max_value=0.5))],
}  # fmt: skip


def agrees(keras: Any, layers: list[Any], path: Path) -> None:
    """The file that Keras writes of an LSTM and these layers is read as what Keras predicts."""
    keras.utils.set_random_seed(3)
    k = keras.layers
    model = keras.Sequential([k.Input((5, 2)), k.LSTM(4, return_sequences=True), *layers])
    random = np.random.default_rng(4)
    model.set_weights(
        [
            np.abs(w) + 0.5 if "variance" in weight.name else w
            for weight in model.weights
            for w in [random.normal(0, 0.5, weight.shape).astype(np.float32)]
        ]
    )
    model.save(path)
    network = readers.read(path)
    x = random.normal(0, 2, (20, 5, 2)).astype(np.float32)
    np.testing.assert_allclose(reference.run(network, x), np.asarray(model(x)), rtol=2e-6, atol=3e-6)


@pytest.mark.parametrize("ending", ["keras", "h5"])
@pytest.mark.filterwarnings("ignore")
def test_functions_by_name(keras: Any, tmp_path: Path, ending: str) -> None:
    for name in BOTH if keras.__name__ == "tf_keras" else BOTH + NEW:
        k = keras.layers
        agrees(keras, [k.Dense(4, activation=name), k.Activation(name)], tmp_path / f"{name}.{ending}")


@pytest.mark.parametrize("ending", ["keras", "h5"])
@pytest.mark.parametrize("case", LAYERS)
@pytest.mark.filterwarnings("ignore")
def test_functions_that_are_layers(keras: Any, tmp_path: Path, case: str, ending: str) -> None:
    agrees(keras, LAYERS[case](keras.layers), tmp_path / f"m.{ending}")


def test_a_hard_sigmoid_of_no_version_is_refused(tmp_path: Path) -> None:
    path = archive(tmp_path / "m.keras", [input_layer(5, 3), lstm(3, 4), dense(4, 2, activation="hard_sigmoid")])
    with pytest.raises(UserError, match=r"layer 'dense' \(Dense\): hard_sigmoid is another function in Keras 2"):
        readers.read(path)


def test_a_softmax_over_time_is_refused(tmp_path: Path) -> None:
    path = archive(
        tmp_path / "m.keras",
        [input_layer(5, 3), lstm(3, 4, return_sequences=True), ("Softmax", {"name": "over_time", "axis": 1}, [])],
    )
    with pytest.raises(UserError, match=r"layer 'over_time' \(Softmax\): axis=1 is not supported; supported: -1"):
        readers.read(path)


def test_a_permute_of_a_vector_is_refused(tmp_path: Path) -> None:
    layers = [
        input_layer(5, 3),
        lstm(3, 4, return_sequences=True),
        ("Permute", {"name": "turned", "dims": [2, 1, 3]}, []),
    ]
    with pytest.raises(UserError, match=r"layer 'turned' \(Permute\): dims=\(2, 1, 3\) of shape \(5, 4\) is not supp"):
        readers.read(archive(tmp_path / "m.keras", layers))
