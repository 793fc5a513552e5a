# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Cells that TensorFlow's converter takes apart, in loops and unrolled: LiteRT's numbers, or a refusal by name."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from model import reference
from model.errors import UserError
from model.network import Network
from model.quantise import quantise
from model.readers.tflite import KIND
from model.signal import Array, to_real
from tests.oracle import twin
from tests.oracle.interpreters import run_litert, run_litert_on
from tests.oracle.models import dense, lstm
from tests.oracle.twin import CONSTANT, Apart
from tests.support.host import Host

WINDOWS = 8
SHAPE = (7, 3)

Layer = tuple[str, dict[str, Any]]


def gru(units: int, sequences: bool = False, **settings: Any) -> Layer:
    return "GRU", {"units": units, "return_sequences": sequences, **settings}


def rnn(units: int, sequences: bool = False, **settings: Any) -> Layer:
    return "SimpleRNN", {"units": units, "return_sequences": sequences, **settings}


def both(layer: Layer) -> Layer:
    return "Bidirectional", {"layer": layer}


# name: (layers, the kinds that are read)
LOOPS: dict[str, tuple[tuple[Layer, ...], list[str]]] = {
    "lstm": ((lstm(5), dense(2)), ["lstm", "dense"]),
    "stacked": ((lstm(5, True, activation="relu"), gru(4), dense(2)), ["lstm", "gru", "dense"]),
    "both": ((both(lstm(4, True)), both(gru(3)), dense(2)), ["bidirectional", "bidirectional", "dense"]),
    "backwards": ((gru(4, True, reset_after=False, go_backwards=True), rnn(3, True)), ["gru", "simple_rnn"]),
    "straight": (
        (lstm(4, True, recurrent_activation="hard_sigmoid", use_bias=False), rnn(3, activation="relu")),
        ["lstm", "simple_rnn"],
    ),
}
FUNCTIONS = (("selu", "mish", "softsign"), ("silu", "softplus", "elu"), ("hard_sigmoid", "leaky_relu", "linear"))
UNROLLED: dict[str, tuple[tuple[Layer, ...], list[str]]] = {
    "lstm": ((lstm(5, True, unroll=True), lstm(4, unroll=True), dense(2)), ["lstm", "lstm", "dense"]),
    "gru": ((gru(5, True, unroll=True), gru(4, reset_after=False, unroll=True)), ["gru", "gru"]),
    "rnn": ((rnn(5, unroll=True, go_backwards=True), dense(2)), ["simple_rnn", "dense"]),
    "both": ((both(lstm(4, True, unroll=True, activation="relu")), dense(2)), ["bidirectional", "dense"]),
}
LIBRARIES = ("keras", "tf_keras")
# what is converted by which of both: a conversion takes a second or two
LOOPED = (*((name, "keras") for name in LOOPS), *((name, "tf_keras") for name in ("stacked", "both", "straight")))
LISTS = (("stacked", "keras"), ("both", "tf_keras"))
COPIED = (("lstm", "keras"), ("lstm", "tf_keras"), ("gru", "tf_keras"), ("rnn", "keras"), ("both", "keras"))
WIDE = (
    lstm(32, True),
    gru(32, True),
    rnn(32, activation="relu"),
    dense(2),
)


def loop(name: str, library: str, **settings: Any) -> Apart:
    return Apart(f"loop-{name}", SHAPE, LOOPS[name][0], library=library, **settings)


def unrolled(name: str, library: str, **settings: Any) -> Apart:
    return Apart(f"unrolled-{name}", SHAPE, UNROLLED[name][0], library=library, **settings)


def with_functions(names: tuple[str, ...]) -> Apart:
    layers = tuple(lstm(4, True, activation=name, recurrent_activation="sigmoid") for name in names)
    return Apart(f"loop-{'-'.join(names)}", SHAPE, layers)


def step(kind: Callable[..., Layer], library: str, unroll: bool = True) -> Apart:
    """One step whose state comes in and goes out, as it is put on a device by hand: a copy of the cell, or a loop."""
    behind = (dense(2), ("Reshape", {"target_shape": (1, 2)}), ("Activation", {"activation": "tanh"}))
    layers = (kind(5, return_state=True, unroll=unroll), *behind)  # of a vector, a sequence again
    return Apart(f"step-{layers[0][0]}", (1, 3), layers, library=library, states=True)


def block(kind: Callable[..., Layer], library: str) -> Apart:
    """Several steps in a loop, the same; a GRU's state is the network's output, too."""
    layers = (kind(4, kind is not gru, return_state=True),)
    return Apart(f"block-{layers[0][0]}", SHAPE, layers, library=library, states=True)


def started(kind: Callable[..., Layer], library: str, *layers: Layer) -> Apart:
    """A loop that starts from constants."""
    made = (kind(5, True, activation="elu"), *layers)
    return Apart(f"started-{made[0][0]}", SHAPE, made, library=library, states=CONSTANT)


def of_8_bits(library: str, unroll: bool) -> Apart:
    layers = tuple((kind, {**settings, "unroll": unroll}) for kind, settings in WIDE[:-1])
    return Apart(f"dynamic-{unroll}", (6, 8), (*layers, WIDE[-1]), "dynamic", library=library)


DYNAMIC = (of_8_bits("keras", False), of_8_bits("tf_keras", True))
NORMS = Apart(
    "norms",
    SHAPE,
    (("LayerNormalization", {}), lstm(4, True), ("LayerNormalization", {"epsilon": 0.1}), gru(3), dense(2)),
)
HEADS = ("softplus", "selu", "mish", "softsign", "swish")  # functions behind a Dense, in parts
TABLES = tuple(
    Apart("table", (7,), (("Embedding", {"input_dim": 20, "output_dim": 5}), gru(4), dense(2)), library=library)
    for library in LIBRARIES
)
HEADED = Apart("headed", SHAPE, (rnn(4), *(dense(4, name) for name in HEADS)))
MIXED = Apart("dynamic-mixed", (6, 2), (lstm(32), dense(2)), "dynamic")
STEPS = (
    step(lstm, "tf_keras"),
    step(gru, "keras"),
    step(lstm, "keras", unroll=False),
    block(lstm, "keras"),
    block(gru, "tf_keras"),
)
ALIKE = Apart("step-alike", (1, 5), (lstm(5, return_state=True, unroll=True),), library="tf_keras", states=True)
STARTED = (started(lstm, "keras", gru(3), dense(2)), started(gru, "tf_keras"), started(rnn, "keras"))
ALL = (
    *DYNAMIC,
    MIXED,
    NORMS,
    *TABLES,
    HEADED,
    *(loop(*each) for each in LOOPED),
    *(loop(*each, open_batch=True) for each in LISTS),
    *(unrolled(*each) for each in COPIED),
    unrolled("lstm", "tf_keras", open_batch=True),
    *map(with_functions, FUNCTIONS),
    *STEPS,
    ALIKE,
    *STARTED,
)


@pytest.fixture(scope="module", autouse=True)
def _converted() -> None:
    twin.prepare(list(ALL))


def read(made: Apart) -> Network:
    return KIND.read(made.path, "model", "")


def kinds(network: Network) -> list[str]:
    return [layer.kind for layer in network.layers]


def windows(network: Network, count: int = WINDOWS) -> Array:
    return np.random.default_rng(3).normal(0, 1, (count, *network.input.shape)).astype(np.float32)


def close(ours: Array, theirs: Array) -> None:
    theirs = theirs.reshape(ours.shape)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-5 * max(1.0, np.abs(theirs).max()))


@pytest.mark.parametrize(("name", "library"), LOOPED)
def test_loops(host: Host, name: str, library: str) -> None:
    """Keras 2 makes one of all but a usual LSTM, which it fuses."""
    network = read(loop(name, library))
    assert kinds(network) == LOOPS[name][1]
    given = windows(network)
    ours = reference.run(network, given)
    close(ours, run_litert(loop(name, library).path.read_bytes(), given))
    close(host.run(network, given).run, ours)


@pytest.mark.parametrize(("name", "library"), LISTS)
def test_lists_of_tensorflows_own(name: str, library: str) -> None:
    """With an open batch: no interpreter here has their operators, but the weights are those of the closed one."""
    network, closed = read(loop(name, library, open_batch=True)), loop(name, library)
    assert kinds(network) == LOOPS[name][1]
    given = windows(network)
    close(reference.run(network, given), run_litert(closed.path.read_bytes(), given))


@pytest.mark.parametrize(("name", "library"), COPIED)
def test_unrolled(name: str, library: str) -> None:
    network = read(unrolled(name, library))
    assert kinds(network) == UNROLLED[name][1]
    given = windows(network)
    close(reference.run(network, given), run_litert(unrolled(name, library).path.read_bytes(), given))


def test_unrolled_with_an_open_batch() -> None:
    network = read(unrolled("lstm", "tf_keras", open_batch=True))
    given = windows(network)
    close(reference.run(network, given), run_litert(unrolled("lstm", "tf_keras").path.read_bytes(), given))


@pytest.mark.parametrize("names", FUNCTIONS, ids="-".join)
def test_functions(names: tuple[str, ...]) -> None:
    """Each is found again, however the converter writes it."""
    network = read(with_functions(names))
    cells: tuple[Any, ...] = network.layers
    found = [layer.activation.name for layer in cells]
    assert found == [{"hard_sigmoid": "hard_sigmoid_keras3"}.get(name, name) for name in names]
    given = windows(network)
    close(reference.run(network, given), run_litert(with_functions(names).path.read_bytes(), given))


def states(network: Network) -> dict[int, int]:
    """The outputs of the file that are the next values of inputs, by these."""
    (note,) = network.notes
    return {int(a): int(b) for a, b in re.findall(r"input (\d+) and output (\d+)", note)}


@pytest.mark.parametrize("made", STEPS, ids=str)
def test_a_state_that_comes_in_and_goes_out(host: Host, made: Apart) -> None:
    """A stream goes on as LiteRT does when it is given its last state again."""
    network = read(made)
    assert len(network.inputs) == len(network.outputs) == 1
    assert len(states(network)) == 1 + (made.layers[0][0] == "LSTM")
    given = windows(network, 20)
    theirs = run_litert_on(made.path.read_bytes(), given, states(network))
    ours = reference.run(network, given, goes_on=True)
    close(ours, theirs)
    if network.steps == 1:
        on_device = host.run(network, given, "stream").going_on
        assert on_device is not None
        close(on_device.outputs, theirs)


def test_which_of_two_inputs_of_one_size_is_the_state_is_not_guessed() -> None:
    with pytest.raises(UserError, match=r"two inputs alike, and either may be the hidden state .*; give the \.keras"):
        read(ALIKE)


@pytest.mark.parametrize("made", STARTED, ids=str)
def test_a_loop_that_starts_from_constants(host: Host, made: Apart) -> None:
    network = read(made)
    cells: tuple[Any, ...] = network.layers
    assert cells[0].start.shape == (1 + (cells[0].kind == "lstm"), 5)
    assert np.abs(cells[0].start).min() > 0
    given = windows(network)
    ours = reference.run(network, given)
    close(ours, run_litert(made.path.read_bytes(), given))
    close(host.run(network, given).run, ours)


@pytest.mark.parametrize("made", DYNAMIC, ids=str)
def test_dynamic_range(host: Host, made: Apart) -> None:
    """Weights of 8 bits stay as they are, each row with its scale where the file has one."""
    network = read(made)
    assert (network.quantisation, network.came_quantised) == ("dynamic", True)
    assert [layer.kind for layer in network.layers] == ["lstm", "gru", "simple_rnn", "dense"]
    given = windows(network)
    ours = reference.run(network, given)
    theirs = run_litert(made.path.read_bytes(), given).reshape(ours.shape)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=network.format.tolerance)
    np.testing.assert_allclose(host.run(network, given).run, ours, rtol=0, atol=network.format.tolerance)


def test_a_cell_that_is_of_8_bits_in_part() -> None:
    """The converter leaves matrices under 1024 elements alone; the others are read as the numbers they are."""
    network = read(MIXED)
    assert [layer.kind for layer in network.layers] == ["lstm", "dense"]
    assert any("some are int8 and some float32" in note for note in network.notes)
    given = windows(network)
    ours = reference.run(network, given)
    np.testing.assert_allclose(ours, run_litert(MIXED.path.read_bytes(), given).reshape(ours.shape), rtol=0, atol=2e-2)


@pytest.mark.parametrize("made", TABLES, ids=lambda made: made.library)
def test_a_table_that_is_read_by_ids(made: Apart) -> None:
    """They come in as float, and are made whole numbers before."""
    network = read(made)
    assert (kinds(network), network.ids(0)) == (["embedding", "gru", "dense"], 20)
    ids = np.random.default_rng(3).integers(0, 20, (WINDOWS, 7)).astype(np.float32)
    close(reference.run(network, ids[..., np.newaxis]), run_litert(made.path.read_bytes(), ids))


def test_functions_outside_of_cells() -> None:
    network = read(HEADED)
    heads: tuple[Any, ...] = network.layers
    found = [layer.function for layer in heads if layer.kind == "activation"]
    assert found == [*HEADS[:-1], "silu"]
    given = windows(network)
    close(reference.run(network, given), run_litert(HEADED.path.read_bytes(), given))


def test_layer_normalisation() -> None:
    """Written as means, a root and products, some of them with the factors of the features."""
    network = read(NORMS)
    assert kinds(network) == ["layer_norm", "lstm", "layer_norm", "gru", "dense"]
    norms: tuple[Any, ...] = network.layers
    np.testing.assert_allclose([norms[0].epsilon, norms[2].epsilon], [1e-3, 0.1], rtol=1e-6)
    given = windows(network)
    close(reference.run(network, given), run_litert(NORMS.path.read_bytes(), given))


@pytest.mark.parametrize("quantisation", ["dynamic", "int8", "int16x8"])
@pytest.mark.parametrize("made", [loop("stacked", "keras"), unrolled("lstm", "tf_keras")], ids=str)
def test_quantised_here(host: Host, made: Apart, quantisation: str) -> None:
    """A file that came as floats is quantised like any other."""
    assert KIND.came_as(made.path) == "float32"
    trained = read(made)
    given = windows(trained, 40)
    network = quantise(trained, given, quantisation)
    inputs = reference.stored_inputs(network, given)
    ours = reference.run(network, inputs)
    np.testing.assert_allclose(host.run(network, inputs).run, ours, rtol=0, atol=network.format.tolerance)
    error = np.abs(to_real(ours, network.output) - reference.run(trained, given))
    assert error.max() < 0.2 * np.abs(reference.run(trained, given)).max()
