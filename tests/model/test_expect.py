# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""From a model and its samples to what the device must answer, as the build runs the steps."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from model import expect, formats, quantise, read, readers, reference, samples, store
from model.layers.convert import Convert
from model.signal import Array, Signal, to_real, to_stored
from tests.oracle import models, tflite_writer

DATA = Path(__file__).parent / "data/samples"
MODEL = DATA / "m.keras"  # (8, 2) to (3,)
FILES = ("inputs.npy", "expected.npy", "float.npy", "saturation.json")


def run(main: Callable[[], None], *words: str | Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["step", *map(str, words)])
        main()


def expected(folder: Path, samples: Path, quantisation: str, model: Path = MODEL) -> dict[str, bytes]:
    """What the steps write."""
    folder.mkdir(exist_ok=True)
    trained, network = folder / "trained.npz", folder / "network.npz"
    run(read.main, model, "--out", trained)
    run(quantise.main, trained, "--samples", samples, "--quant", quantisation, "--out", network)
    run(expect.main, network, "--trained", trained, "--samples", samples, "--out", folder)
    return {name: (folder / name).read_bytes() for name in (*FILES, "network.npz")}


@pytest.mark.parametrize("quantisation", formats.names())
@pytest.mark.parametrize("name", ["i8", "i16"])
def test_the_type_of_real_values_changes_no_bit(tmp_path: Path, name: str, quantisation: str) -> None:
    """Whole numbers were once taken for stored values of an int8 or int16 network."""
    wanted = expected(tmp_path / "f4", DATA / f"{name}f.npz", quantisation)
    assert expected(tmp_path / "own", DATA / f"{name}.npz", quantisation) == wanted
    inputs: Array = np.load(DATA / f"{name}.npz")["inputs"]
    for other in (">i4", "f8"):
        np.save(tmp_path / "s.npy", np.asfortranarray(inputs.astype(other)))
        assert expected(tmp_path / "other", tmp_path / "s.npy", quantisation) == wanted
    network = store.load(tmp_path / "f4/network.npz")
    assert not network.came_quantised
    stored = np.load(tmp_path / "f4/inputs.npy")
    real = to_real(stored, network.input)
    assert np.abs(real - inputs).max() <= 0.50001 * network.input.scale * (network.input.dtype != "float32")
    ideal = reference.run(readers.read(MODEL), inputs.astype(np.float32))
    np.testing.assert_array_equal(np.load(tmp_path / "f4/float.npy"), ideal)
    assert not json.loads((tmp_path / "f4/saturation.json").read_text()) or quantisation in ("int8", "int16x8")


@pytest.mark.parametrize("quantisation", ["int8", "int16x8"])
@pytest.mark.parametrize("name", ["odd", "dense_first", "real_output"])
def test_a_quantised_file_takes_its_own_type_as_it_is_and_real_values_quantised(
    tmp_path: Path, name: str, quantisation: str
) -> None:
    network = models.random_network(name, quantisation)
    model = tmp_path / "m.tflite"
    model.write_bytes(tflite_writer.write(network))
    stored = models.stored_inputs(network.input, 60)
    real = to_real(stored, network.input)
    outputs = reference.run(network, stored)
    wanted = {}
    for kind, inputs in (("stored", stored), ("real", real), ("other", real.astype("f4"))):
        np.savez(tmp_path / f"{kind}.npz", inputs=inputs, targets=outputs)
        wanted[kind] = expected(tmp_path / kind, tmp_path / f"{kind}.npz", quantisation, model)
        np.testing.assert_array_equal(np.load(tmp_path / kind / "inputs.npy"), stored)
        np.testing.assert_array_equal(np.load(tmp_path / kind / "expected.npy"), outputs)
        ideal = np.load(tmp_path / kind / "float.npy")
        trained = readers.read(model)
        assert trained.came_quantised
        targets = samples.load(tmp_path / f"{kind}.npz", trained.given, trained.made).targets
        assert targets is not None
        np.testing.assert_array_equal(targets, ideal)
    assert wanted["stored"] == wanted["real"] == wanted["other"]
    whole = np.arange(-6, 6).repeat(network.input.size).reshape(12, *network.input.shape)  # of another type: real
    np.savez(tmp_path / "whole.npz", inputs=whole.astype("int32"))
    expected(tmp_path / "whole", tmp_path / "whole.npz", quantisation, model)
    np.testing.assert_array_equal(np.load(tmp_path / "whole/inputs.npy"), to_stored(whole, network.input))


@pytest.mark.parametrize("quantisation", ["int8", "int16x8"])
def test_a_quantised_file_with_real_input_takes_real_values_of_any_type(tmp_path: Path, quantisation: str) -> None:
    inner = models.random_network("odd", quantisation)
    first = Signal(inner.input.shape)
    network = inner.but(input=first, layers=(Convert("quantise", inner.input), *inner.layers))
    model = tmp_path / "m.tflite"
    model.write_bytes(tflite_writer.write(network))
    whole = np.random.default_rng(0).integers(-3, 4, (6, *first.shape))
    found = []
    for dtype in ("int8", "int16", "float32"):
        np.savez(tmp_path / "s.npz", inputs=whole.astype(dtype))
        found.append(expected(tmp_path / dtype, tmp_path / "s.npz", quantisation, model))
        np.testing.assert_array_equal(np.load(tmp_path / dtype / "inputs.npy"), whole.astype(np.float32))
    assert found[0] == found[1] == found[2]
