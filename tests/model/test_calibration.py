# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Calibration that shows little, nothing or too much: the reference's bits on the device, or one sentence."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest

from model import limits, quantise, readers, reference
from model.errors import UserError
from model.samples import Samples
from model.signal import Array, to_real
from tests.support.host import Host

MODEL = Path(__file__).parent / "data/samples/m.keras"
UNIT: Array = np.random.default_rng(0).uniform(-1, 1, (5, 8, 2)).astype(np.float32)
OUTLIER = UNIT.copy()
OUTLIER[1, 2, 0] = 1e30
CALIBRATION = {
    "constant": np.full_like(UNIT, 3.7),
    "below zero": np.full_like(UNIT, -3.7),
    "one window": UNIT[:1],
    "zeros": np.zeros_like(UNIT),
    "an outlier": OUTLIER,
    **{f"1e{power}": UNIT * np.float32(10.0**power) for power in (-44, -40, -38, -37, -36, -30, -10, 3, 6, 10, 30, 38)},
}
REFUSED = {"an outlier", "1e6", "1e10", "1e30", "1e38"}  # TFLite's arithmetic, too, has no place for such steps
SENTENCE = r"((too coarse for|more than 2\^30 times) that of its output|overflow 32 bits); scale its values"


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Host:
    return Host.prepare(tmp_path_factory.mktemp("host"))


@pytest.mark.parametrize("quantisation", ["int8", "int16x8"])
@pytest.mark.parametrize("name", CALIBRATION)
def test_calibration_of_any_range(host: Host, name: str, quantisation: str) -> None:
    trained, calibration = readers.read(MODEL), CALIBRATION[name]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        network = quantise.quantise(trained, calibration, quantisation)
        if name in REFUSED:
            with pytest.raises(UserError, match=SENTENCE):
                limits.check(network)
            return
        limits.check(network)
        given = np.concatenate([calibration, UNIT, -calibration])  # the last may leave the range: saturates
        inputs = reference.stored_inputs(network, given)
        expected = reference.run(network, inputs)
    np.testing.assert_array_equal(host.run(network, inputs).run, expected)
    if np.abs(calibration).max() < 100:
        ideal = reference.run(trained, calibration)
        assert np.abs(to_real(expected[: len(calibration)], network.output) - ideal).max() < 0.05


@pytest.mark.parametrize("name", ["inputs", "calibration"])
def test_more_windows_than_the_reference_holds(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    trained = readers.read(MODEL)
    units = next(layer.output.size for layer in trained.layers)
    monkeypatch.setattr(quantise, "WORK", 5 * 8 * units + 1)
    few, many = UNIT, np.concatenate([UNIT, UNIT[:1]])
    quantise.check_amount(MODEL, trained, Samples(few, False, None, few))
    data = Samples(many, False, None, few) if name == "inputs" else Samples(few, False, None, many)
    with pytest.raises(UserError, match=f"'{name}' has 6 windows; of a model of this size at most 5 are run"):
        quantise.check_amount(MODEL, trained, data)
