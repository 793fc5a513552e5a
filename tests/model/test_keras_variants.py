# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Models of Keras 2 and 3 that say more than a plain chain does: each computes what Keras computes, or is refused by
the name of what is not supported. Keras itself makes the files, as .keras and as .h5.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model import readers, reference
from model.errors import UserError
from model.network import Network
from model.readers.keras import hdf5

pytestmark = pytest.mark.filterwarnings("ignore")
SHAPE = (6, 2)
Make = Callable[[Any], Any]  # keras -> a model


@pytest.fixture(autouse=True)
def _in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """These files are sound; a process for each would cost ten times the reading."""
    monkeypatch.setattr(hdf5, "load", hdf5.parse)


def chain(*layers: Callable[[Any], Any]) -> Make:
    """A Functional model; each layer is made by a function of keras.layers."""

    def make(keras: Any) -> Any:
        first = x = keras.layers.Input(SHAPE)
        for layer in layers:
            x = layer(keras.layers)(x)
        return keras.Model(first, x)

    return make


def called(**arguments: Any) -> Make:
    """LSTM and Dropout, called with these arguments."""

    def make(keras: Any) -> Any:
        first = keras.layers.Input(SHAPE)
        x = keras.layers.LSTM(3)(first, **arguments)
        return keras.Model(first, keras.layers.Dropout(0.5)(x))

    return make


def own_function(keras: Any) -> Any:
    """Registered, and called tanh."""

    @keras.utils.register_keras_serializable("own")
    def tanh(x: Any) -> Any:
        return x * 0.25

    return chain(lambda make: make.LSTM(3), lambda make: make.Dense(2, activation=tanh))(keras)


def own_class(name: str, registered: bool, **settings: Any) -> Make:
    """A class of the user's own that is called as one of Keras's."""

    def make(keras: Any) -> Any:
        own = type(name, (getattr(keras.layers, name),), {})
        if registered:
            own = keras.utils.register_keras_serializable("own")(own)
        before = [lambda layers: layers.LSTM(3, return_sequences=True)] if name != "LSTM" else []
        after = [] if name == "LSTM" else [lambda layers: layers.Flatten()]
        return chain(*before, lambda layers: own(**settings), *after, lambda layers: layers.Dense(2))(keras)

    return make


def with_ends(inputs: Callable[[Any], Any], outputs: Callable[[Any, Any], Any]) -> Make:
    """Input, LSTM and Dense; what of it are the model's inputs and outputs is told."""

    def make(keras: Any) -> Any:
        first = keras.layers.Input(SHAPE)
        hidden = keras.layers.LSTM(3)(first)
        return keras.Model(inputs(first), outputs(hidden, keras.layers.Dense(2)(hidden)))

    return make


def states_given(keras: Any) -> Any:
    first, h, c = keras.layers.Input(SHAPE), keras.layers.Input((3,)), keras.layers.Input((3,))
    return keras.Model([first, h, c], keras.layers.LSTM(3)(first, initial_state=[h, c]))


def shared(keras: Any) -> Any:
    dense = keras.layers.Dense(3)
    return chain(lambda make: make.LSTM(3), lambda make: dense, lambda make: dense)(keras)


def nested(keras: Any) -> Any:
    layers = keras.layers
    inner = keras.Sequential([layers.Input(SHAPE), layers.LSTM(3)])
    return keras.Sequential([layers.Input(SHAPE), inner, layers.Dense(2)])


def subclass(keras: Any) -> Any:
    own = type("Mine", (keras.Model,), {})
    first = keras.layers.Input(SHAPE)
    return own(first, keras.layers.LSTM(3)(first))


def state_of(keras: Any) -> Any:
    first = keras.layers.Input(SHAPE)
    return keras.Model(first, keras.layers.Dense(2)(keras.layers.LSTM(3, return_state=True)(first)[1]))


def adapted(keras: Any) -> Any:
    normalise = keras.layers.Normalization()
    normalise.adapt(np.random.default_rng(0).normal(3, 5, (20, *SHAPE)).astype(np.float32))
    return chain(lambda make: normalise, lambda make: make.LSTM(3))(keras)


def frozen_half(keras: Any) -> Any:
    model = chain(lambda make: make.Bidirectional(make.LSTM(3)))(keras)
    model.layers[1].forward_layer.trainable = False  # in an .h5 its arrays come last then
    return model


def quantised(keras: Any) -> Any:
    model = chain(lambda make: make.LSTM(3), lambda make: make.Dense(2))(keras)
    model.quantize("int8")
    return model


def with_lora(keras: Any) -> Any:
    model = chain(lambda make: make.LSTM(3), lambda make: make.Dense(2))(keras)
    model.layers[-1].enable_lora(1)
    model.layers[-1].lora_kernel_b.assign(np.ones((1, 2), np.float32))
    return model


def in_policy(lstm: str, dense: str) -> Make:
    plain = {"recurrent_initializer": "glorot_uniform"}  # the default one does not work in bfloat16
    return chain(lambda make: make.LSTM(3, dtype=lstm, **plain), lambda make: make.Dense(2, dtype=dense))


# what computes as Keras says
READ: dict[str, Make] = {
    "dropouts": chain(
        lambda make: make.LSTM(3, dropout=0.3, recurrent_dropout=0.2, unroll=True, unit_forget_bias=False),
        lambda make: make.Dropout(0.5, noise_shape=None, seed=1),
    ),
    "regularised": chain(
        lambda make: make.LSTM(3, kernel_regularizer="l2", activity_regularizer="l1", bias_constraint="non_neg"),
        lambda make: make.Dense(2, kernel_constraint="max_norm", bias_initializer="ones"),
    ),
    "called with defaults": called(training=False, mask=None),
    "inputs in a list": with_ends(lambda x: [x], lambda hidden, last: [last]),
    "inputs in a dict": with_ends(lambda x: {"x": x}, lambda hidden, last: {"y": last}),
    "output from the middle": with_ends(lambda x: x, lambda hidden, last: hidden),
    "own backward layer": chain(
        lambda make: make.Bidirectional(
            make.LSTM(3), backward_layer=make.LSTM(3, go_backwards=True, use_bias=False, name="left")
        )
    ),
    "sequences both ways": chain(lambda make: make.Bidirectional(make.LSTM(3, return_sequences=True))),
    "half frozen": frozen_half,
    "adapted": adapted,
    "tiny variance": chain(
        lambda make: make.Normalization(mean=[0.5, -0.5], variance=[1e-4, 1.0]), lambda make: make.LSTM(3)
    ),
    "no variance": chain(
        lambda make: make.Normalization(mean=[0.5, 0.5], variance=[0.0, 1e-15]), lambda make: make.LSTM(3)
    ),
    "normalised as one": chain(
        lambda make: make.Normalization(axis=None, mean=2.0, variance=9.0), lambda make: make.LSTM(3)
    ),
    "rescaled by arrays": chain(
        lambda make: make.Rescaling(np.array([1.0, 2.0]), np.array([[0.5, 1.0]])), lambda make: make.LSTM(3)
    ),
    "flattened vector": chain(
        lambda make: make.LSTM(3), lambda make: make.Flatten("channels_first"), lambda make: make.Dense(2)
    ),
    "flattened one feature": chain(
        lambda make: make.LSTM(1, return_sequences=True), lambda make: make.Flatten("channels_first")
    ),
    "shared": shared,
    "nested": nested,
    "float64": in_policy("float64", "float64"),
}
# as Keras says, but for its rounding to fewer bits: within this
ROUNDED: dict[str, Make] = {
    "float16": in_policy("float16", "float16"),
    "bfloat16": in_policy("bfloat16", "bfloat16"),
    "mixed float16": in_policy("mixed_float16", "float32"),
    "mixed bfloat16": in_policy("float32", "mixed_bfloat16"),
    "within": chain(
        lambda make: make.Bidirectional(make.LSTM(3, dtype="bfloat16", recurrent_initializer="glorot_uniform"))
    ),
}

CONSTANT = np.ones((1, 3), np.float32)
MASK = np.array([[True, True, True, False, False, False]])
# what is refused, by a sentence of this kind
REFUSED: dict[str, tuple[Make, str]] = {
    "training": (called(training=True), r"\(LSTM\): in its call: training=True .* without training="),
    "constant mask": (called(mask=MASK), r"\(LSTM\): in its call: mask=.* without mask="),
    "constant mask both ways": (
        chain(lambda make: lambda x: make.Bidirectional(make.LSTM(3))(x, mask=MASK)),
        r"\(Bidirectional\): in its call: mask=",
    ),
    "constant state": (called(initial_state=[CONSTANT] * 2), r"in its call: initial_state=\[an array, an array\]"),
    "constant states both ways": (
        chain(lambda make: lambda x: make.Bidirectional(make.LSTM(3))(x, initial_state=[CONSTANT] * 4)),
        r"\(Bidirectional\): in its call: initial_state=",
    ),
    "states given": (states_given, r"in its call: initial_state=|reads 3 layers; supported: one"),
    "state shown": (state_of, "its output 1 is read or put out, a state; supported: the first one"),
    "masking": (chain(lambda make: make.Masking(), lambda make: make.LSTM(3)), r"\(Masking\): .*without Masking"),
    "own function": (own_function, "activation='own>tanh' is not supported"),
    "own Dense": (own_class("Dense", True, units=3), r"registered as 'own>Dense'|\(own>Dense\): this kind"),
    "own Flatten": (own_class("Flatten", True), r"registered as 'own>Flatten'|\(own>Flatten\): this kind"),
    "own Dropout": (own_class("Dropout", True, rate=0.1), r"registered as 'own>Dropout'|\(own>Dropout\): this kind"),
    "own Normalization": (
        own_class("Normalization", True, mean=1.0, variance=4.0),
        r"registered as 'own>Normalization'|\(own>Normalization\): this kind",
    ),
    "own LSTM": (own_class("LSTM", True, units=3), r"registered as 'own>LSTM'|\(own>LSTM\): this kind"),
    "own LSTM within": (
        lambda keras: chain(
            lambda make: make.Bidirectional(
                keras.utils.register_keras_serializable("own")(type("LSTM", (make.LSTM,), {}))(3)
            )
        )(keras),
        r"its layer: is a class of your own, registered as 'own>LSTM'|of a own>LSTM is not",
    ),
    "channels first": (
        chain(lambda make: make.LSTM(3, return_sequences=True), lambda make: make.Flatten("channels_first")),
        "data_format='channels_first' is not supported",
    ),
    "states as inputs": (states_given, "initial_state=|reads 3 layers; supported: one"),
    "subclass": (subclass, "a Mine model is not supported"),
    "quantised": (quantised, r"\(Dense\): (dtype='int8'|quantization_config=).*before .*model.quantize"),
    "both outputs": (
        lambda keras: (lambda x: keras.Model(x, keras.layers.Bidirectional(keras.layers.LSTM(3), merge_mode=None)(x)))(
            keras.layers.Input(SHAPE)
        ),
        "merge_mode=None",
    ),
    "forward half turned round": (
        chain(
            lambda make: make.Bidirectional(
                make.LSTM(3, go_backwards=True, return_sequences=True),
                backward_layer=make.LSTM(3, return_sequences=True),
            )
        ),
        "its first layer must have go_backwards=False",
    ),
    "halves of other sizes": (
        chain(lambda make: make.Bidirectional(make.LSTM(3), backward_layer=make.LSTM(4, go_backwards=True))),
        "its layers must have the same cell, units",
    ),
    "inverted": (
        chain(
            lambda make: make.Normalization(mean=1.0, variance=4.0, invert=True),
            lambda make: make.LSTM(3),
        ),
        "invert=True is not supported",
    ),
    "normalised by step": (
        chain(
            lambda make: make.Normalization(axis=1, mean=np.arange(6.0), variance=np.ones(6)), lambda make: make.LSTM(3)
        ),
        "axis=.*1.* is not supported",
    ),
    "rescaled by step": (
        chain(lambda make: make.Rescaling(np.arange(1.0, 7.0)[:, None]), lambda make: make.LSTM(3)),
        "must have one value or one per feature",
    ),
    "whole numbers": (
        lambda keras: (lambda x: keras.Model(x, keras.layers.LSTM(3)(keras.layers.Rescaling(0.5)(x))))(
            keras.layers.Input(SHAPE, dtype="int32")
        ),
        r"\(InputLayer\): dtype=int32 is supported of an input that an Embedding reads; make it float32",
    ),
    "an operation": (
        chain(lambda make: lambda x: x / 2.0, lambda make: make.LSTM(3)),
        "this kind of layer is not supported",
    ),
    "time distributed LSTM": (
        lambda keras: (lambda x: keras.Model(x, keras.layers.TimeDistributed(keras.layers.LSTM(3))(x)))(
            keras.layers.Input((4, *SHAPE))
        ),
        r"of a LSTM is not supported; supported: TimeDistributed\(Dense, ",
    ),
}


def save(keras: Any, make: Make, folder: Path) -> tuple[Any, list[Path]]:
    """Make a model and save it in both forms."""
    keras.utils.set_random_seed(3)
    model, paths = make(keras), [folder / "m.keras", folder / "m.h5"]
    for path in paths:
        model.save(path)
    return model, paths


def difference(model: Any, network: Network, scale: float = 2.0) -> float:
    """How far the reference is from Keras at most."""
    x = np.random.default_rng(4).normal(0, scale, (20, *network.input.shape)).astype(np.float32)
    given: Any = {"x": x} if isinstance(getattr(model, "_inputs_struct", None), dict) else x
    due = model.predict(given, verbose=0)
    due = next(iter(due.values())) if isinstance(due, dict) else due[0] if isinstance(due, list) else due
    return float(np.abs(reference.run(network, x) - np.asarray(due, np.float32)).max())


@pytest.mark.parametrize("case", READ)
def test_what_is_read_computes_what_keras_computes(keras: Any, case: str, tmp_path: Path) -> None:
    model, paths = save(keras, READ[case], tmp_path)
    for path in paths:
        network = readers.read(path)
        assert difference(model, network) < 3e-6
        assert bool(network.notes) == (case in ("float64", "shared"))


@pytest.mark.parametrize("case", ROUNDED)
def test_fewer_bits_are_read_and_told(keras: Any, case: str, tmp_path: Path) -> None:
    model, paths = save(keras, ROUNDED[case], tmp_path)
    for path in paths:
        network = readers.read(path)
        assert difference(model, network, 1.0) < 0.03
        assert re.search(r"Keras computes '.*' in (mixed_)?b?float16", network.notes[0])


# what Keras 2 does not make, and so never was in a file of its
NOT_OF_KERAS_2 = {
    "constant state": (ValueError, "Expected a symbolic tensor"),
    "constant states both ways": (ValueError, "Expected a symbolic tensor"),
    "quantised": (AttributeError, "has no attribute 'quantize'"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_supported_is_refused_by_its_name(keras: Any, case: str, tmp_path: Path) -> None:
    make, sentence = REFUSED[case]
    if keras.__version__.startswith("2.") and case in NOT_OF_KERAS_2:
        fault, said = NOT_OF_KERAS_2[case]
        with pytest.raises(fault, match=said):
            make(keras)
        return
    for path in save(keras, make, tmp_path)[1]:
        with pytest.raises(UserError, match=sentence) as error:
            readers.read(path)
        assert str(error.value).startswith(str(path))
        assert str(error.value).isprintable()


@pytest.mark.parametrize("name", ["Dense", "Flatten", "LSTM", "Normalization"])
def test_a_class_that_is_not_registered(keras: Any, name: str, tmp_path: Path) -> None:
    """A .keras tells it by its module. An .h5 does not: it reads, as Keras reads it, as Keras's own class."""
    settings = {"Dense": {"units": 3}, "LSTM": {"units": 3}, "Normalization": {"mean": 1.0, "variance": 4.0}}
    archive, legacy = save(keras, own_class(name, False, **settings.get(name, {})), tmp_path)[1]
    with pytest.raises(UserError, match=f"is a class of your own, registered as '{name}'"):
        readers.read(archive)
    readers.read(legacy)


def test_merged_lora(keras: Any, tmp_path: Path) -> None:
    """Keras 3 adds its two small matrices to the kernel of a .keras; in an .h5 they lie beside it, and are refused."""
    if keras.__version__.startswith("2."):
        assert not hasattr(keras.layers.Dense, "enable_lora")
        return
    model, (archive, legacy) = save(keras, with_lora, tmp_path)
    assert difference(model, readers.read(archive)) < 3e-6
    with pytest.raises(UserError, match=r"\(Dense\): has 4 weight arrays in the file, of which 2 are known"):
        readers.read(legacy)
