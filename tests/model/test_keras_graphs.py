# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Models of Keras 2 and 3 that are graphs: branches, several inputs and outputs, layers called twice, models within
models. Keras itself makes the files, as .keras and as .h5, and says what they compute.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model import readers, reference
from model.errors import UserError
from model.network import Network
from model.readers.keras import graph, hdf5
from model.signal import Array
from tests.oracle.keras_outputs import flat
from tests.support.keras_files import config_of, input_layer, lstm, weights_of, write_archive

pytestmark = pytest.mark.filterwarnings("ignore")
SHAPE = (6, 2)
Make = Callable[[Any], Any]  # keras -> a model


@pytest.fixture(autouse=True)
def _in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """These files are sound; a process for each would cost ten times the reading."""
    monkeypatch.setattr(hdf5, "load", hdf5.parse)


def evaluated(network: Network, inputs: list[Array]) -> list[Array]:
    """The outputs of a graph as the reference has them."""
    return network.made.parts(reference.run(network, network.given.packed(inputs)))


def merged(name: str, **settings: Any) -> Make:
    """Three branches from one input, merged at every step; of a difference or a mean two."""

    def make(keras: Any) -> Any:
        layers, x = keras.layers, keras.layers.Input(SHAPE)
        sizes = (3, 5, 2) if name == "Concatenate" else (3, 3) if name in ("Subtract", "Average") else (3, 3, 3)
        branches = [layers.LSTM(size, return_sequences=True)(x) for size in sizes]
        return keras.Model(x, layers.Dense(2)(getattr(layers, name)(**settings)(branches)))

    return make


def residual(keras: Any) -> Any:
    layers, x = keras.layers, keras.layers.Input(SHAPE)
    once = layers.Add()([x, layers.LSTM(2, return_sequences=True)(x)])
    twice = layers.Add()([once, layers.Dropout(0.5)(layers.LSTM(2, return_sequences=True)(once))])
    return keras.Model(x, layers.Multiply()([twice, twice]))


def two_inputs(keras: Any) -> Any:
    """In another order than they were made in."""
    layers, first, second = keras.layers, keras.layers.Input(SHAPE), keras.layers.Input((3,))
    return keras.Model([second, first], layers.Subtract()([layers.LSTM(3)(first), second]))


def inputs_by_name(keras: Any) -> Any:
    layers, a, b = keras.layers, keras.layers.Input(SHAPE, name="b"), keras.layers.Input(SHAPE, name="a")
    return keras.Model({"b": a, "a": b}, layers.Subtract()([layers.LSTM(3)(a), layers.LSTM(3)(b)]))


def outputs_by_name(keras: Any) -> Any:
    layers, x = keras.layers, keras.layers.Input(SHAPE)
    hidden = layers.LSTM(3, name="b")(x)
    return keras.Model(x, {"b": hidden, "a": layers.Dense(2, name="a")(hidden)})


def three_outputs(keras: Any) -> Any:
    layers, x = keras.layers, keras.layers.Input(SHAPE)
    hidden = layers.LSTM(3)(x)
    last = layers.Dense(2)(hidden)
    return keras.Model(x, [last, hidden, last])


def shared(keras: Any) -> Any:
    layers, x, dense = keras.layers, keras.layers.Input(SHAPE), keras.layers.Dense(2)
    both = layers.LSTM(4, return_sequences=True)
    return keras.Model(x, layers.Concatenate(axis=2)([both(x), both(dense(dense(x)))]))


def encoder(keras: Any) -> Any:
    layers = keras.layers
    return keras.Sequential([layers.Input(SHAPE), layers.LSTM(3, return_sequences=True), layers.Dense(4)], name="enc")


def forked(keras: Any) -> Any:
    """A model of two outputs."""
    layers, x = keras.layers, keras.layers.Input((6, 4))
    one, other = layers.LSTM(3)(x), layers.LSTM(3)(x)
    return keras.Model(x, [layers.Add()([one, other]), other])


def nested(keras: Any) -> Any:
    """Models within a model, one of them called twice, and a layer outside of the kinds that they hold."""
    layers, x = keras.layers, keras.layers.Input(SHAPE)
    inner, outer, dense = encoder(keras), forked(keras), layers.Dense(3)
    hidden = inner(x)
    one, other = outer(hidden)
    again = layers.LSTM(4)(inner(layers.Dense(2)(hidden)))
    return keras.Model(x, [layers.Concatenate()([dense(one), dense(other)]), again])


def second_call_only(keras: Any) -> Any:
    """The model is called twice, of which only the second call is part of the outer one."""
    layers, inner = keras.layers, encoder(keras)
    inner(layers.Input(SHAPE))
    x = layers.Input(SHAPE)
    return keras.Model(x, layers.LSTM(3)(inner(x)))


def nested_deeper(keras: Any) -> Any:
    layers = keras.layers
    inner = keras.Sequential([layers.Input(SHAPE), encoder(keras), layers.LSTM(3, name="deep")], name="mid")
    return keras.Sequential([layers.Input(SHAPE), inner, layers.Dense(2, name="out")])


def without_input(keras: Any) -> Any:
    """A Sequential model that begins with a model, and says its shape nowhere else."""
    model = keras.Sequential([encoder(keras), keras.layers.LSTM(3)])
    model.build((None, *SHAPE))
    return model


READ: dict[str, Make] = {
    **{name.lower(): merged(name) for name in ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum")},
    "concatenate": merged("Concatenate", axis=-1),
    "residual": residual,
    "two inputs": two_inputs,
    "inputs by name": inputs_by_name,
    "outputs by name": outputs_by_name,
    "three outputs": three_outputs,
    "shared": shared,
    "nested": nested,
    "second call only": second_call_only,
    "nested deeper": nested_deeper,
    "without input": without_input,
}


def save(keras: Any, make: Make, folder: Path) -> tuple[Any, list[Path]]:
    """Make a model and save it in both forms."""
    keras.utils.set_random_seed(3)
    model, paths = make(keras), [folder / "m.keras", folder / "m.h5"]
    for variable in model.trainable_variables:  # biases too
        variable.assign(np.random.default_rng(5).normal(0, 0.5, variable.shape))
    for path in paths:
        model.save(path)
    return model, paths


@pytest.mark.parametrize("case", READ)
def test_a_graph_computes_what_keras_computes(keras: Any, case: str, tmp_path: Path) -> None:
    model, paths = save(keras, READ[case], tmp_path)
    for path in paths:
        network = readers.read(path)
        random = np.random.default_rng(4)
        inputs = [random.normal(0, 1, (20, *each.shape)).astype(np.float32) for each in network.inputs]
        names = [tensor.name.partition(":")[0] for tensor in model.inputs]
        due = flat(
            model.predict(dict(zip(names, inputs, strict=True)) if case == "inputs by name" else inputs, verbose=0)
        )
        given = evaluated(network, inputs)
        assert len(due) == len(given)
        for one, other in zip(due, given, strict=True):
            assert one.shape == other.shape
            assert np.abs(one - other).max() < 3e-6


def test_a_layer_that_is_called_twice_is_told(keras: Any, tmp_path: Path) -> None:
    for path in save(keras, shared, tmp_path)[1]:
        notes = readers.read(path).notes
        assert len(notes) == 2
        assert all(re.search(r"layer '.*' \((LSTM|Dense)\) is called 2 times, and its weights", note) for note in notes)


REFUSED: dict[str, tuple[Make, str]] = {
    "other steps": (
        lambda keras: (
            lambda x: keras.Model(
                x,
                keras.layers.Concatenate(axis=1)([keras.layers.LSTM(2, return_sequences=True)(x), x]),
            )
        )(keras.layers.Input(SHAPE)),
        r"\(Concatenate\): axis=1 of shape .* is not supported; supported: -1",
    ),
    "a constant": (
        lambda keras: (lambda x: keras.Model(x, keras.layers.LSTM(3)(keras.layers.Lambda(lambda y: y)(x))))(
            keras.layers.Input(SHAPE)
        ),
        r"\(Lambda\): this kind of layer is not supported; .*in your own code",
    ),
    "attention": (
        lambda keras: (lambda x: keras.Model(x, keras.layers.Attention()([keras.layers.LSTM(2)(x)] * 2)))(
            keras.layers.Input((6, 2))
        ),
        r"\(Attention\): this kind of layer is not supported; .*without attention",
    ),
    "other shapes": (
        lambda keras: (
            lambda x: keras.Model(x, keras.layers.Add()([x, keras.layers.LSTM(1, return_sequences=True)(x)]))
        )(keras.layers.Input(SHAPE)),
        r"\(Add\): reads shapes \(6, 2\) and \(6, 1\); supported: one shape for both",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_supported_is_refused_by_its_name(keras: Any, case: str, tmp_path: Path) -> None:
    make, sentence = REFUSED[case]
    for path in save(keras, make, tmp_path)[1]:
        with pytest.raises(UserError, match=sentence):
            readers.read(path)


def test_the_way_out_of_an_open_shape(keras: Any, tmp_path: Path) -> None:
    """What the complaint says to do, done: the model that comes of it computes what the open one does."""
    layers = keras.layers
    several = keras.Sequential([layers.Input((None, 2)), layers.LSTM(3), layers.Dense(2)])
    x = layers.Input((None, 2))
    for model in (several, keras.Model(x, layers.Dense(2)(layers.LSTM(3)(x)))):
        path = tmp_path / "open.keras"
        model.save(path)
        with pytest.raises(UserError, match="steps and features must be fixed: ") as error:
            readers.read(path)
        way_out = re.search(r"fixed: (fixed = .*\)), with .*; (fixed\.set_weights\(.*?\)); save that", str(error.value))
        assert way_out
        names: dict[str, Any] = {"keras": keras, "model": model}
        for statement in way_out.groups():
            exec(statement, names)
        names["fixed"].save(path)
        network = readers.read(path)
        inputs = np.random.default_rng(1).normal(0, 1, (4, 32, 2)).astype(np.float32)
        assert np.abs(evaluated(network, [inputs])[0] - model.predict(inputs, verbose=0)).max() < 3e-6


def test_the_way_out_of_masking(keras: Any, tmp_path: Path) -> None:
    layers = keras.layers
    model = keras.Sequential([layers.Input(SHAPE), layers.Masking(-1.0), layers.LSTM(3), layers.Dense(2)])
    model.save(tmp_path / "m.keras")
    with pytest.raises(UserError, match=r"\(Masking\): this kind of layer is not supported") as error:
        readers.read(tmp_path / "m.keras")
    way_out = re.search(r"the same without it: (keras\.Sequential\(.*\))", str(error.value))
    assert way_out
    without = eval(way_out[1], {"keras": keras, "model": model})
    without.build((None, *SHAPE))
    without.save(tmp_path / "m.keras")
    inputs = np.random.default_rng(1).normal(0, 1, (4, *SHAPE)).astype(np.float32)
    found = evaluated(readers.read(tmp_path / "m.keras"), [inputs])[0]
    assert np.abs(found - model.predict(inputs, verbose=0)).max() < 3e-6


def test_models_within_models_ask_for_no_end_of_layers(tmp_path: Path) -> None:
    """Each calls the one within it twice: sixty of them would be more layers than a grain of sand has atoms."""
    layers = [input_layer(5, 3), lstm(3, 3, return_sequences=True)]
    model = config_of(layers, "Functional")
    for number in range(60):
        model["inbound_nodes"] = [[["input", 0, 0, {}]], [["inner", 1, 0, {}]]]
        model["config"]["name"] = "inner"
        first = {"class_name": "InputLayer", "config": layers[0][1], "inbound_nodes": []}
        ends = {"input_layers": [["input", 0, 0]], "output_layers": [["inner", 2, 0]]}
        model = {"class_name": "Functional", "config": {"name": f"m{number}", "layers": [first, model], **ends}}
    members = {"config.json": json.dumps(model).encode(), "model.weights.h5": weights_of(layers)}
    with pytest.raises(UserError, match=f"calls its layers more than {graph.STEP_LIMIT} times"):
        readers.read(write_archive(tmp_path / "m.keras", members))
