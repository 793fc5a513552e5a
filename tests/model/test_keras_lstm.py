# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""LSTMs of any activations as Keras 2 and 3 write them into both kinds of files, against their predictions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model import readers, reference
from model.errors import UserError
from model.functions import Function
from tests.support.keras_files import archive, dense, input_layer, lstm

NAMES = (
    "tanh",
    "relu",
    "sigmoid",
    "hard_sigmoid",
    "linear",
    "softsign",
    "elu",
    "selu",
    "swish",
    "gelu",
    "softplus",
    "mish",
)
# each name as either activation, with another beside it each time
PAIRS = [(name, NAMES[(5 * number + 2) % len(NAMES)]) for number, name in enumerate(NAMES)]
CHAINS = [PAIRS[first::3] for first in range(3)]  # LSTMs one on another


def agrees(keras: Any, layers: list[Any], path: Path) -> None:
    """The file that Keras writes of these layers is read as what Keras predicts."""
    model = keras.Sequential([keras.layers.Input((5, 2)), *layers])
    random = np.random.default_rng(4)
    model.set_weights([random.normal(0, 0.4, w.shape).astype(np.float32) for w in model.get_weights()])
    model.save(path)
    network = readers.read(path)
    x = random.normal(0, 1, (20, 5, 2)).astype(np.float32)
    wanted = np.asarray(model(x))
    np.testing.assert_allclose(reference.run(network, x), wanted, rtol=0, atol=3e-6 * max(1.0, np.abs(wanted).max()))


@pytest.mark.parametrize("ending", ["keras", "h5"])
@pytest.mark.parametrize("pairs", CHAINS, ids=str)
@pytest.mark.filterwarnings("ignore")
def test_any_two_functions(keras: Any, tmp_path: Path, pairs: list[tuple[str, str]], ending: str) -> None:
    assert {name for _, name in PAIRS} == set(NAMES)
    layers = [
        keras.layers.LSTM(3, activation=one, recurrent_activation=other, return_sequences=True) for one, other in pairs
    ]
    agrees(keras, layers, tmp_path / f"m.{ending}")


@pytest.mark.parametrize("ending", ["keras", "h5"])
@pytest.mark.filterwarnings("ignore")
def test_relu_in_both_directions_and_backwards(keras: Any, tmp_path: Path, ending: str) -> None:
    k = keras.layers
    relu = {"activation": "relu", "recurrent_activation": "hard_sigmoid"}
    layers = [
        k.Bidirectional(k.LSTM(3, return_sequences=True, **relu)),
        k.LSTM(4, go_backwards=True, **relu),
        k.Dense(2),
    ]
    agrees(keras, layers, tmp_path / f"m.{ending}")


@pytest.mark.filterwarnings("ignore")
def test_a_hard_sigmoid_is_that_of_the_version(keras: Any, tmp_path: Path) -> None:
    layers = keras.layers
    model = keras.Sequential([layers.Input((5, 2)), layers.LSTM(3, recurrent_activation="hard_sigmoid")])
    model.save(tmp_path / "m.keras")
    version = {"keras": 3, "tf_keras": 2}[keras.__name__]
    found = readers.read(tmp_path / "m.keras").layers[0]
    assert vars(found)["recurrent_activation"] == Function(f"hard_sigmoid_keras{version}")


@pytest.mark.parametrize("setting", ["activation", "recurrent_activation"])
def test_what_is_no_function_of_one_value_is_refused(tmp_path: Path, setting: str) -> None:
    softmax: dict[str, Any] = {setting: "softmax"}
    path = archive(tmp_path / "m.keras", [input_layer(5, 3), lstm(3, 4, **softmax), dense(4, 2)])
    with pytest.raises(
        UserError, match=rf"layer 'lstm' \(LSTM\): {setting}='softmax' is not supported; supported: lin"
    ):
        readers.read(path)
