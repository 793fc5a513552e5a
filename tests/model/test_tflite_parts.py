# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Steps of cells in integers whose operators stand by themselves: tflite-micro's bits, call after call."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from model import planner, reference
from model.errors import UserError
from model.network import Network
from model.readers.tflite import KIND
from model.signal import Array, Signal
from tests.oracle import steps_in_parts as parts
from tests.oracle.flatbuffer import File, pack
from tests.oracle.interpreters import Micro
from tests.support.host import Host

CALLS = 60
CASES = [*((cell, dtype, False) for cell in parts.MADE for dtype in ("int8", "int16")), ("lstm", "int8", True)]
# which output is the next value of which input
STATES = {"lstm": {1: 2, 2: 0}, "gru": {1: 1}, "rnn": {1: 1}}


def read(tmp_path: Path, data: bytes) -> Network:
    path = tmp_path / "model.tflite"
    path.write_bytes(data)
    return KIND.read(path, "model", "")


def handed_on(values: Array, before: Signal, after: Signal) -> Array:
    """A state in the scale in which it is read."""
    if after.real:
        return values
    real = (values.astype(np.float64) - before.zero_point) * before.scale
    return np.clip(np.rint(real / after.scale) + after.zero_point, after.low, after.high).astype(after.dtype)


def stored(signal: Signal, seed: int) -> Array:
    rng = np.random.default_rng(seed)
    if signal.real:
        return rng.normal(0, 1, (CALLS, signal.size)).astype(np.float32)
    any_values = rng.integers(signal.low, signal.high + 1, (CALLS, signal.size))
    usual = np.clip(
        np.rint(rng.normal(0, 1, any_values.shape) / signal.scale) + signal.zero_point, signal.low, signal.high
    )
    return np.where(np.arange(CALLS)[:, np.newaxis] % 3, usual, any_values).astype(signal.dtype)


@pytest.mark.parametrize(("cell", "dtype", "edges"), CASES)
def test_the_bits_of_tflite_micro_call_after_call(
    cell: str, dtype: str, edges: bool, tmp_path: Path, host: Host
) -> None:
    """The state is handed on as tflite-micro's user does."""
    for seed in range(3):
        data = parts.made(cell, dtype, seed, edges)
        network, micro = read(tmp_path, data), Micro(data)
        assert network.quantisation == {"int8": "int8", "int16": "int16x8"}[dtype]
        given, made, states = network.inputs, network.made.signals, STATES[cell]
        kept = {n: np.full(given[n].size, given[n].zero_point, given[n].dtype) for n in states}
        calls, due = [], []
        for x in stored(given[0], seed):
            inputs = [x, *(kept[n] for n in sorted(kept))]
            outputs = micro(inputs, len(made))
            kept = {n: handed_on(outputs[at], made[at], given[n]) for n, at in states.items()}
            calls.append(np.concatenate(inputs))
            due.append(np.concatenate(outputs))
        packed = np.array(calls).reshape(CALLS, *network.given.shape)
        ours = reference.run(network, packed)
        np.testing.assert_array_equal(ours.reshape(CALLS, -1), np.array(due))
        assert np.median([len(np.unique(column)) for column in np.array(due).T]) > 3
        if seed == 0:
            np.testing.assert_array_equal(host.run(network, packed).run, ours)


@pytest.mark.parametrize("cell", parts.MADE)
def test_it_tells_its_states(cell: str, tmp_path: Path) -> None:
    """Where it is known that they are; of a SimpleRNN x and state are computed alike."""
    (note,) = read(tmp_path, parts.made(cell, "int8")).notes
    assert "each operator is computed as tflite-micro does, bit for bit" in note
    (with_edges,) = read(tmp_path, parts.made(cell, "int8", edges=True)).notes
    assert with_edges == note
    told = {int(a): int(b) for a, b in re.findall(r"input (\d+) and output (\d+)", note)}
    assert told == ({} if cell == "rnn" else STATES[cell])


def test_it_is_no_stream(tmp_path: Path) -> None:
    assert planner.make(read(tmp_path, parts.made("gru", "int8")), stream=True).streamable


def alone(step: parts.Step) -> bytes:
    """A network that keeps nothing."""
    return step.packed(step.function("TANH", step.dense(step.given(parts.FEATURES, 3, 1), parts.OUTPUTS)))


def several(step: parts.Step) -> bytes:
    """Two steps of one cell."""
    x, h = step.given(parts.FEATURES, 3, 1), step.given(parts.UNITS, 4)
    kernel = step.dense(x, parts.UNITS)
    one = step.two("ADD", kernel, step.dense(h, parts.UNITS), 4)
    other = step.two("ADD", kernel, step.dense(one, parts.UNITS), 4)
    _, first, second = (each for each in step.file.operators if each.code == "FULLY_CONNECTED")
    second.inputs = [second.inputs[0], *first.inputs[1:]]
    return step.packed(step.dense(other, parts.OUTPUTS), other)


def split(change: Callable[[File], None]) -> Callable[[parts.Step], bytes]:
    """A GRU with one of its splits changed."""

    def made(step: parts.Step) -> bytes:
        parts.gru(step)
        change(step.file)
        return pack(step.file, step.inputs, step.outputs)

    return made


def _scale(file: File) -> None:
    number = next(each for each in file.operators if each.code == "SPLIT").outputs[1]
    file.tensors[number].scale = np.float32([0.5])


def _axis(file: File) -> None:
    number = next(each for each in file.operators if each.code == "SPLIT").inputs[0]
    file.tensors[number].data = np.int32(0).tobytes()


def _sizes(file: File) -> None:
    number = next(each for each in file.operators if each.code == "SPLIT_V").inputs[1]
    file.tensors[number].data = np.int32([4, 6, -1]).tobytes()


REFUSED: dict[str, tuple[Callable[[parts.Step], bytes], str]] = {
    "no state": (alone, "holds no LSTM, GRU or SimpleRNN"),
    "two steps": (
        several,
        "operators of 2 steps read one matrix, tensor .*: of a cell in parts in integers one step",
    ),
    "scale": (split(_scale), r"\(SPLIT\): a part has another scale, type or size than what it splits"),
    "axis": (split(_axis), r"\(SPLIT\): it does not split a vector, or its steps, into equal parts"),
    "sizes": (split(_sizes), r"\(SPLIT_V\): it does not split a vector, or its steps, into equal parts"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name: str, tmp_path: Path) -> None:
    make, sentence = REFUSED[name]
    with pytest.raises(UserError, match=sentence):
        read(tmp_path, make(parts.Step("int8", np.random.default_rng(0))))
