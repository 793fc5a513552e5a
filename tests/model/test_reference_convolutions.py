# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Convolutions and pools in front of an LSTM against tflite-micro: no differing value, of the converter's files and of
random networks that no converter would make."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from model import limits, reference
from model.errors import UserError
from model.network import Network
from model.readers.tflite import KIND
from tests.oracle import models, twin
from tests.oracle.interpreters import run_litert, run_micro
from tests.oracle.models import dense, lstm
from tests.oracle.tflite_writer import write
from tests.oracle.twin import Twin
from tests.support import convolutions, networks
from tests.support.host import Host

INPUTS = 200


def conv(**settings: Any) -> tuple[str, dict[str, Any]]:
    return "Conv1D", {"filters": 5, "kernel_size": 3, **settings}


NORMAL, RELU = ("BatchNormalization", {}), ("ReLU", {})
# layers between an input (12, 4) and what stands at the end: an LSTM where there is none among them
CASES: dict[str, tuple[tuple[str, dict[str, Any]], ...]] = {
    "valid": (conv(),),
    "same-relu": (conv(kernel_size=4, strides=2, padding="same", activation="relu"),),
    "causal": (conv(padding="causal"),),
    "dilated": (conv(padding="causal", dilation_rate=2), conv(padding="same", dilation_rate=3)),
    "groups": (conv(filters=6, groups=2),),
    "normalised": (conv(use_bias=False), NORMAL, RELU),
    "depthwise": (("DepthwiseConv1D", {"kernel_size": 3, "depth_multiplier": 2}),),
    "separable": (("SeparableConv1D", {"filters": 3, "kernel_size": 3, "padding": "same"}), NORMAL, RELU),
    "pools": (conv(), ("MaxPooling1D", {"pool_size": 2}), ("AveragePooling1D", {"pool_size": 2})),
    "pool-same": (("MaxPooling1D", {"pool_size": 5, "strides": 3, "padding": "same"}),),
    "mean": (conv(activation="relu"), lstm(4, True), ("GlobalAveragePooling1D", {}), dense(3)),
    "largest": (lstm(4, True), ("GlobalMaxPooling1D", {}), dense(3)),
    "padded": (("ZeroPadding1D", {"padding": (2, 1)}), conv(activation="tanh")),
    "cropped": (conv(), ("LeakyReLU", {}), ("Cropping1D", {"cropping": (1, 2)})),
    "normalised-first": (NORMAL, lstm(4, True), NORMAL, lstm(3), dense(3)),
    "elu": (conv(), ("ELU", {}), lstm(4, True), lstm(3), dense(3)),
    "one-step": (conv(kernel_size=1), conv(kernel_size=2)),
}


def twin_of(case: str, mode: str = "int8") -> Twin:
    layers = CASES[case]
    last = () if any(kind == "LSTM" for kind, _ in layers) else (lstm(4), dense(3))
    return Twin(f"conv-{case}", (12, 4), (*layers, *last), mode)


@pytest.fixture(scope="module")
def converted() -> None:
    twin.prepare([twin_of(case, mode) for case in CASES for mode in ("int8", "float32")])


@pytest.mark.usefixtures("converted")
@pytest.mark.parametrize("quantisation", ["int8", "int16x8"])
@pytest.mark.parametrize("case", CASES)
def test_a_model_of_the_converter(host: Host, tmp_path: Path, case: str, quantisation: str) -> None:
    """int8 as it is; int16x8 requantised, as the converter refuses it for a fused LSTM."""
    path = twin_of(case).path
    network, data = KIND.read(path, "model", ""), path.read_bytes()
    if quantisation == "int16x8":
        data = write(models.requantised(network))
        (tmp_path / "m.tflite").write_bytes(data)
        network = KIND.read(tmp_path / "m.tflite", "model", "")
    inputs = models.stored_inputs(network.input, INPUTS, 1)
    ours = reference.run(network, inputs)
    if quantisation == "int16x8" and any(layer.kind == "global_max_pool" for layer in network.layers):
        with pytest.raises(RuntimeError, match="Interpreter invocation failed"):  # it has no REDUCE_MAX of int16
            run_micro(data, inputs)
    else:
        np.testing.assert_array_equal(ours, run_micro(data, inputs).reshape(ours.shape))
    np.testing.assert_array_equal(host.run(network, inputs[:30]).run, ours[:30])
    assert len(np.unique(ours)) > 60


@pytest.mark.usefixtures("converted")
@pytest.mark.parametrize("case", CASES)
def test_a_real_valued_model_of_the_converter(case: str) -> None:
    made = twin_of(case, "float32")
    network, inputs = KIND.read(made.path, "model", ""), twin.calibration(made, 20)
    ours = reference.run(network, inputs)
    np.testing.assert_allclose(ours, run_litert(made.path.read_bytes(), inputs).reshape(ours.shape), atol=3e-6)


def test_a_model_with_weights_of_8_bits() -> None:
    """Close to LiteRT, which quantises the whole input at once."""
    wide = (conv(filters=40, kernel_size=8, padding="causal"), ("DepthwiseConv1D", {"kernel_size": 3}), lstm(24))
    made = Twin("conv-dynamic", (12, 4), (*wide, dense(3)), "dynamic")
    twin.prepare([made])
    network, inputs = KIND.read(made.path, "model", ""), twin.calibration(made, 20)
    ours = reference.run(network, inputs)
    theirs = run_litert(made.path.read_bytes(), inputs).reshape(ours.shape)
    assert any("each window is quantised by itself" in note for note in network.notes)
    assert np.abs(ours - theirs).mean() < 0.02 * np.abs(theirs).max()


def writable(network: Network) -> bool:
    """Whether there are operators for it that tflite-micro runs, and numbers that fit."""
    kinds = {layer.kind for layer in network.layers}
    try:
        limits.check(network)
    except UserError:
        return False
    return network.input.dtype != "int16" or "global_max_pool" not in kinds


@pytest.mark.parametrize("quantisation", ["int8", "int16x8"])
@given(data=st.data())
@settings(max_examples=40)
def test_random_chains(quantisation: str, data: st.DataObject) -> None:
    chain = data.draw(convolutions.chains(quantisation))
    network = convolutions.build(chain)
    assume(writable(network))
    inputs = networks.chain_inputs(network, 8, chain.extreme, chain.seed)
    ours = reference.run(network, inputs)
    np.testing.assert_array_equal(ours, run_micro(write(network), inputs).reshape(ours.shape))
