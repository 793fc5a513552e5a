# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""A network saved and loaded is the same network, to the last bit and type."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model import store
from model.formats.int8 import FORMAT as INT8
from model.functions import named
from model.layers.activation import Activation
from model.layers.bidirectional import Bidirectional
from model.layers.convert import Convert
from model.layers.gru import Gru
from model.layers.lstm import Lstm
from model.layers.normalise import Normalise
from model.network import chained
from model.signal import Signal
from tests.support import networks
from tests.support.networks import Chain, Spec


def assert_same(a: Any, b: Any) -> None:
    assert type(a) is type(b)
    if isinstance(a, np.ndarray):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)
    elif dataclasses.is_dataclass(a):
        for field in dataclasses.fields(a):
            assert_same(getattr(a, field.name), getattr(b, field.name))
    elif isinstance(a, tuple):
        assert len(a) == len(b)
        for one, other in zip(a, b, strict=True):
            assert_same(one, other)
    else:
        assert a == b


@given(st.booleans().flatmap(lambda integer: networks.specs(integer=integer)))
@settings(max_examples=30)
def test_every_network_comes_back(tmp_path_factory: pytest.TempPathFactory, spec: Spec) -> None:
    folder = tmp_path_factory.mktemp("store")
    network = networks.build(spec)
    store.save(network, folder / "a.npz")
    again = store.load(folder / "a.npz")
    assert_same(network, again)
    store.save(again, folder / "b.npz")
    assert (folder / "a.npz").read_bytes() == (folder / "b.npz").read_bytes()
    assert sorted(path.name for path in folder.iterdir()) == ["a.npz", "b.npz"]


@pytest.mark.parametrize("quantisation", ["float32", "int8"])
def test_every_cell_comes_back(tmp_path: Path, quantisation: str) -> None:
    words = (("gru", 3, True, False), ("gru_before", 2, True, True), ("both_rnn", 2, True), ("halves", "multiply"))
    network = networks.build_chain(Chain(quantisation, (4, 3), words, seed=2))
    layers = list(network.layers)
    assert isinstance(layers[0], Gru)
    layers[0] = dataclasses.replace(layers[0], activation=named("bent_relu", math.inf, 0.1, 0.0))
    store.save(network.but(layers=layers), tmp_path / "a.npz")
    assert_same(network.but(layers=layers), store.load(tmp_path / "a.npz"))


def test_every_kind_of_layer_comes_back(tmp_path: Path) -> None:
    spec = Spec(3, 2, (4, 4), True, False, (), (False, True), True, False, True, 3)
    forward, backward = networks.build(spec).layers
    assert isinstance(forward, Lstm)
    assert isinstance(backward, Lstm)
    ones = np.ones(2, np.float32)
    layers = (
        Normalise("n", ones, ones * 2, Signal((3, 2))),
        Bidirectional("both", forward, backward, Signal((3, 8), "int8", 0.5, 3)),
        Activation("a", "softmax", Signal((3, 8), "int8", 2.0**-8, -128), INT8),
        Convert("c", Signal((3, 8), "int16", 2.0**-15)),
    )
    network = chained("n", "m.keras", "ab", "int8", Signal((3, 2)), layers, ("a note with \u00fcmlaut",))
    store.save(network, tmp_path / "n.npz")
    assert_same(network, store.load(tmp_path / "n.npz"))


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = Spec(1, 1, (1,), False, False, (), (False,), False, False, False, 0)
    path = tmp_path / "n.npz"
    store.save(networks.build(spec), path)
    before = path.read_bytes()

    def full_disc(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full_disc)
    with pytest.raises(OSError, match="No space left"):
        store.save(networks.build(dataclasses.replace(spec, seed=1)), path)
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["n.npz"]
