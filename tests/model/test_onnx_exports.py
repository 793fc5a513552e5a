# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Models of PyTorch, exported by both of its exporters (tests/torch_exports.py): as onnxruntime computes them."""

from __future__ import annotations

import json

import numpy as np
import pytest

from model import emit, formats, kinds, limits, quantise, readers, reference
from model.errors import UserError
from model.layers.bidirectional import Bidirectional
from model.layers.recurrent import Recurrent
from tests.probe import CORES
from tests.support import onnx_files
from tests.support.device import Device
from tests.support.host import Host
from tests.support.onnx_files import DATA, EVERY, compared, fed, going_on, samples, session

UNROLLED = "dynamo_one_rnn_start"
STATES = {"lstm_states": ("h", "c"), "gru_states": ("h",), "rnn_states": ("h",), "odd_states": ("s",)}
STEPS = ("step_", "steps_", "bare_", "joined_", "odd_")  # single ones, in the names of files
OPEN = ("dynamo_open", "dynamo_open_states", "ts_open", "ts_open_states")  # the number of steps, too
NEEDS_STEPS = "ts_open_both"
LOADED = tuple(name for name in EVERY if name not in (UNROLLED, NEEDS_STEPS, *OPEN))
TOLERANCE = 1e-5


def states_of(name: str) -> tuple[str, ...]:
    return next((states for end, states in STATES.items() if name.endswith(end)), ())


def dropped_of(name: str) -> int:
    """How many of its outputs are states: they are the last."""
    return 2 if name.endswith("zeros") else len(states_of(name)) - ("bare" in name)


@pytest.mark.parametrize("name", LOADED)
def test_what_onnxruntime_computes(name: str) -> None:
    _, error = compared(DATA / f"{name}.onnx", states_of(name), dropped_of(name))
    assert error < TOLERANCE


def test_inputs_and_outputs_keep_their_names() -> None:
    network = readers.read(DATA / "ts_lstm_states.onnx")
    assert network.input_names == ("x",)
    assert len(network.output_names) == 1
    ids = readers.read(DATA / "dynamo_ids.onnx")
    assert (ids.input_names, ids.output_names) == (("ids",), ("linear", "linear_1"))
    card = json.loads(emit.generate(ids, "c", "window")["model.json"])
    assert (card["input_names"], card["output_names"]) == (["ids"], ["linear", "linear_1"])


def test_there_are_files_of_both_exporters() -> None:
    assert sum(name.startswith("ts_") for name in EVERY) > 30
    assert sum(name.startswith("dynamo_") for name in EVERY) > 20


def test_an_rnn_taken_apart_that_does_not_start_from_zeros_is_refused_with_the_way_out() -> None:
    """The other exporter's file is among those that are read."""
    with pytest.raises(UserError, match=r"holds no LSTM, GRU or RNN.*starts from zeros.*dynamo=False"):
        readers.read(DATA / f"{UNROLLED}.onnx")
    assert "ts_rnn_start" in LOADED


@pytest.mark.parametrize("cell", ["gru_both_last", "lstm_both_hidden"])
@pytest.mark.parametrize("exporter", ["ts", "dynamo"])
def test_the_last_output_of_both_directions_is_not_the_last_hidden_states(cell: str, exporter: str) -> None:
    """Of out[:, -1] the backward half has seen one step only."""
    (path,) = (DATA / f"{name}.onnx" for name in EVERY if name in (f"{exporter}_{cell}", f"{exporter}_one_{cell}"))
    network, error = compared(path)
    assert error < TOLERANCE
    last = next(layer for layer in reversed(network.layers) if isinstance(layer, Bidirectional))
    assert last.backward.return_sequences == (cell == "gru_both_last")


@pytest.mark.parametrize("name", [name for name in LOADED if "_one_steps_first_last" in name or "no_bias" in name])
def test_the_last_step_alone_is_kept(name: str) -> None:
    cells = [layer for layer in readers.read(DATA / f"{name}.onnx").layers if isinstance(layer, Recurrent)]
    assert not cells[-1].return_sequences


@pytest.mark.parametrize("name", [name for name in LOADED if states_of(name)])
def test_states_pass_from_one_call_to_the_next(host: Host, name: str) -> None:
    """onnxruntime is handed its states back; the device keeps them."""
    path, states = DATA / f"{name}.onnx", states_of(name)
    network = readers.read(path)
    assert len(network.inputs) == len(network.outputs) == 1
    assert sum("are the state" in note for note in network.notes) == len(states)
    shape = [1 if isinstance(length, str) else length for length in session(path).get_inputs()[0].shape]
    count = 40 if len(shape) == 2 else 4
    windows = np.random.default_rng(3).normal(0, 1, (count, *shape)).astype(np.float32)
    result = host.run(network, windows.reshape(count, *network.inputs[0].shape), "stream")
    assert result.going_on is not None
    due = going_on(path, network, windows)
    np.testing.assert_allclose(result.going_on.outputs[:, -1].reshape(due.shape), due, rtol=0, atol=TOLERANCE)


def test_a_single_step_is_a_stream() -> None:
    """Of both exporters, one cell and two, alone and with layers around it."""
    names = [name for name in LOADED if any(each in name for each in STEPS) and states_of(name)]
    assert len(names) == 24
    for name in names:
        path = DATA / f"{name}.onnx"
        assert kinds.check(path).state(path) == "stream"
        assert sum(isinstance(layer, Recurrent) for layer in readers.read(path).layers) == 1 + (
            "steps_" in name or "odd_" in name
        )


@pytest.mark.parametrize("name", OPEN)
def test_an_open_number_of_steps_is_a_stream(host: Host, name: str) -> None:
    """After each step the device gives what onnxruntime gives of all steps up to it."""
    path = DATA / f"{name}.onnx"
    network, runs = readers.read(path), session(path)
    assert network.endless
    assert kinds.check(path).state(path) == "stream"
    steps = np.random.default_rng(4).normal(0, 1, (1, 6, 3)).astype(np.float32)
    given = {each.name: np.zeros((2, 1, 4), np.float32) for each in runs.get_inputs()[1:]}
    due = [runs.run(None, {"x": steps[:, : count + 1], **given})[0][0] for count in range(6)]
    result = host.run(network, steps[0][:, np.newaxis], "stream")
    assert result.going_on is not None
    np.testing.assert_allclose(result.going_on.outputs[:, -1], due, rtol=0, atol=TOLERANCE)


def test_what_needs_the_number_of_steps_is_refused_where_it_is_open() -> None:
    with pytest.raises(
        UserError, match=r"leaves the number of its steps open, but layer 'bidirectional' reads the window from both"
    ):
        readers.read(DATA / f"{NEEDS_STEPS}.onnx")
    assert kinds.check(DATA / f"{NEEDS_STEPS}.onnx").state(DATA / f"{NEEDS_STEPS}.onnx") == "window"


@pytest.mark.parametrize("name", [name for name in LOADED if "convolved" in name or "branches" in name])
@pytest.mark.parametrize("quantisation", formats.names())
def test_every_format_on_the_host(host: Host, name: str, quantisation: str) -> None:
    path = DATA / f"{name}.onnx"
    trained = readers.read(path)
    real = np.random.default_rng(1).normal(0, 1, (6, *trained.given.shape)).astype(np.float32)
    network = quantise.quantise(trained, real, quantisation)
    limits.check(network)
    inputs = reference.stored_inputs(network, real)
    expected = reference.run(network, inputs)
    tolerance = network.format.tolerance * max(1.0, float(np.abs(expected).max()))
    np.testing.assert_allclose(host.run(network, inputs).run, expected, rtol=0, atol=tolerance)
    far = np.abs(network.made.to_real(expected) - reference.run(trained, real)).max()
    assert far < {"float32": 1e-6, "int8": 0.15}.get(quantisation, 0.02)


def test_on_a_core(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What Cortex-M4 computes in float32 is what onnxruntime does."""
    device = Device(CORES["cortex-m4"], "vfp,armv7em,c", tmp_path_factory.mktemp("device"))
    for name in ("ts_lstm1_both_batch_first_hidden", "dynamo_gru2_one_batch_first_every", "ts_rnn_relu"):
        path = DATA / f"{name}.onnx"
        network, given = readers.read(path), fed(path)
        inputs = samples(path, given, network)
        outputs, _ = device.run(network, inputs, "window")
        due = [onnx_files.by_rows(each, len(inputs)) for each in session(path).run(None, given)]
        np.testing.assert_allclose(outputs.reshape(len(inputs), -1), np.hstack(due), rtol=0, atol=TOLERANCE)
        assert emit.generate(network, "c", "window")


def test_single_steps_on_a_core(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Step after step, as onnxruntime is handed its states back."""
    device = Device(CORES["cortex-m4"], "vfp,armv7em,c", tmp_path_factory.mktemp("device"))
    for name in ("ts_step_lstm_states", "dynamo_one_bare_gru_states", "dynamo_steps_rnn_states"):
        path = DATA / f"{name}.onnx"
        windows = np.random.default_rng(5).normal(0, 1, (20, 1, 3)).astype(np.float32)
        network = readers.read(path)
        outputs, _ = device.run(network, windows, "stream")
        due = going_on(path, network, windows)
        np.testing.assert_allclose(outputs.reshape(due.shape), due, rtol=0, atol=TOLERANCE)
