# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Every recurrent layer against Keras 3 and Keras 2 themselves: saved, read again, and what both compute."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model import readers, reference
from model.errors import UserError
from model.network import Network, chained
from model.readers.keras import recurrent
from model.readers.keras.source import Source
from model.signal import Array, Signal

SEQUENCES = {"return_sequences": True}


def models(k: Any) -> dict[str, list[Any]]:
    """The layers of every model; ``k`` is keras.layers."""
    both = k.Bidirectional
    stack = [k.LSTMCell(3), k.GRUCell(4), k.LSTMCell(2), k.SimpleRNNCell(3)]
    return {
        "gru": [k.GRU(5, **SEQUENCES), k.GRU(3, use_bias=False, **SEQUENCES), k.GRU(1, go_backwards=True)],
        "gru, reset before": [
            k.GRU(4, reset_after=False, **SEQUENCES), k.GRU(3, reset_after=False, use_bias=False)
        ],
        "simple": [k.SimpleRNN(5, go_backwards=True, **SEQUENCES), k.SimpleRNN(3, use_bias=False)],
        "cells": [k.RNN(k.GRUCell(4, reset_after=False), **SEQUENCES), k.RNN([k.LSTMCell(3)], go_backwards=True)],
        "stacked cells": [k.RNN(k.StackedRNNCells(stack), go_backwards=True, **SEQUENCES), k.RNN(k.SimpleRNNCell(2))],
        "concat": [both(k.GRU(3, **SEQUENCES)), both(k.RNN(k.LSTMCell(2)), merge_mode="concat")],
        "sum": [both(k.SimpleRNN(3, **SEQUENCES), merge_mode="sum"), k.GRU(2)],
        "ave": [both(k.GRU(3), merge_mode="ave")],
        "mul": [both(k.LSTM(3, **SEQUENCES), merge_mode="mul"), both(k.RNN(k.GRUCell(2)), merge_mode="mul")],
        "activations": [
            k.LSTM(3, activation="relu", recurrent_activation="hard_sigmoid", **SEQUENCES),
            k.GRU(3, activation="elu", recurrent_activation="hard_sigmoid", reset_after=False, **SEQUENCES),
            k.GRU(3, activation="softsign", recurrent_activation="tanh", **SEQUENCES),
            both(k.SimpleRNN(3, activation="relu", **SEQUENCES)), k.RNN(k.LSTMCell(2, activation="swish"))
        ],
        "distributed": [
            k.GRU(6, **SEQUENCES), *map(k.TimeDistributed, (
                k.Activation("sigmoid"), k.Dropout(0.5), k.Dense(4, activation="relu"), k.Flatten(),
                k.LayerNormalization(), k.LeakyReLU(), k.BatchNormalization(),
            )), k.GRU(2)
        ],
    }  # fmt: skip


NAMES = (
    *("gru", "gru, reset before", "simple", "cells", "stacked cells"),
    *("concat", "sum", "ave", "mul", "activations", "distributed"),
)


def randomised(model: Any) -> Any:
    """The same with other weights than Keras's, biases above all, which it begins with zeros."""
    random = np.random.default_rng(4)
    values = [random.normal(0, 0.5, w.shape).astype(np.float32) for w in model.weights]
    model.set_weights([abs(v) if "variance" in w.name else v for v, w in zip(values, model.weights, strict=True)])
    return model


def assert_agree(network: Network, model: Any) -> None:
    x = np.random.default_rng(5).normal(0, 2, (8, *network.input.shape)).astype(np.float32)
    due = np.asarray(model(x))
    np.testing.assert_allclose(reference.run(network, x), due, rtol=0, atol=2e-6 * max(1, np.abs(due).max()))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.filterwarnings("ignore")
def test_the_reference_says_what_keras_says(keras: Any, tmp_path: Path, name: str) -> None:
    model = randomised(keras.Sequential([keras.layers.Input((6, 2)), *models(keras.layers)[name]]))
    for ending in ("keras", "h5"):
        model.save(tmp_path / f"m.{ending}")
        assert_agree(readers.read(tmp_path / f"m.{ending}"), model)


@pytest.mark.filterwarnings("ignore")
def test_a_stateful_layer_is_read_with_a_note(keras: Any, tmp_path: Path) -> None:
    layers = keras.layers
    if keras.__version__.startswith("3"):
        first = layers.Input(batch_shape=(8, 5, 2))
    else:
        first = layers.Input((5, 2), batch_size=8)
    model = randomised(keras.Sequential([first, layers.GRU(3, stateful=True, name="goes_on")]))
    model.save(tmp_path / "m.keras")
    network = readers.read(tmp_path / "m.keras")
    assert [note for note in network.notes if "'goes_on': stateful in Keras; here every window starts from" in note]
    assert_agree(network, model)


@pytest.mark.filterwarnings("ignore")
def test_states_that_no_layer_reads_are_left_out(keras: Any, tmp_path: Path) -> None:
    layers = keras.layers
    first = layers.Input((5, 2))
    hidden, _, cell = layers.LSTM(3, return_state=True)(first)
    randomised(keras.Model(first, layers.Dense(2)(hidden))).save(tmp_path / "m.keras")
    model = keras.models.load_model(tmp_path / "m.keras")
    assert_agree(readers.read(tmp_path / "m.keras"), model)
    keras.Model(first, layers.Dense(2)(cell)).save(tmp_path / "state.keras")
    with pytest.raises(UserError, match="its output 2 is read or put out, a state; supported: the first one"):
        readers.read(tmp_path / "state.keras")


@pytest.mark.filterwarnings("ignore")
def test_what_is_refused_has_a_way_out(keras: Any, tmp_path: Path) -> None:
    layers = keras.layers
    first = layers.Input((5, 2))
    halves = layers.Bidirectional(layers.GRU(3), merge_mode=None)(first)
    keras.Model(first, layers.Dense(1)(halves[0])).save(tmp_path / "none.keras")
    inner = layers.RNN(layers.StackedRNNCells([layers.GRUCell(3), layers.GRUCell(3)]))
    keras.Sequential([layers.Input((5, 2)), layers.Bidirectional(inner)]).save(tmp_path / "stacked.keras")
    says = {
        "none": "merge_mode=None is not supported; supported: concat or sum or ave or mul; set one of them, or use two",
        "stacked": "of several cells is not supported; use a Bidirectional layer for each",
    }
    for name, sentence in says.items():
        with pytest.raises(UserError, match=re.escape(sentence)):
            readers.read(tmp_path / f"{name}.keras")


@pytest.mark.parametrize(("kind", "gates"), [("LSTM", 4), ("GRU", 3)])
@pytest.mark.filterwarnings("ignore")
def test_weights_for_cudnn_are_turned_round_as_keras_does(kind: str, gates: int) -> None:
    """Keras 2's own conversion of them, as it loads them into other layers."""
    tf_keras: Any = import_module("tf_keras")
    loading: Any = import_module("tf_keras.src.saving.legacy.hdf5_format")
    random, (features, units) = np.random.default_rng(6), (3, 5)
    shapes = ((features, gates * units), (units, gates * units), (2 * gates * units,))
    arrays: tuple[Array, ...] = tuple(random.normal(0, 0.5, shape).astype(np.float32) for shape in shapes)
    layer = getattr(tf_keras.layers, kind)(units)
    model = tf_keras.Sequential([tf_keras.layers.Input((4, features)), layer])
    model.set_weights(loading.preprocess_weights_for_loading(layer, list(arrays)))
    source = Source("m.h5: layer 'a'", "a", {"units": units}, arrays, Signal((4, features)))
    (read,) = recurrent.LAYERS[f"CuDNN{kind}"](source)
    x = random.normal(0, 1, (8, 4, features)).astype(np.float32)
    network = chained("net", "made by a test", "0" * 64, "float32", source.input, (read,))
    np.testing.assert_allclose(reference.run(network, x), np.asarray(model(x)), rtol=0, atol=2e-6)
