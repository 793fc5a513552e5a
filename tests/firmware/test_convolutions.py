# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Convolutions, pools, padding and cropping: generated C against the reference, as a window and step by step."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model import emit, formats, planner, quantise, reference
from model.emit.scratch import operations
from model.errors import UserError
from model.network import Network
from model.signal import Array, to_real
from model.trace import Recorder
from tests.probe import ASSEMBLED, CORES
from tests.support import convolutions, networks
from tests.support.compared import COUNT, plan_counts_steps
from tests.support.device import Device
from tests.support.differences import assert_bits, assert_equal
from tests.support.host import Host, Result, Steps
from tests.support.networks import Chain, Word


def assert_streamed(network: Network, steps: Steps, expected: Array) -> None:
    """The steps that are ready give the window's outputs one after the other, or the last of them its only one."""
    for ready, outputs, wanted in zip(steps.ready, steps.outputs, expected, strict=True):
        given, rows = outputs[ready], wanted.reshape(-1, outputs.shape[1])
        if plan_counts_steps(network):
            assert ready.tolist() == [False] * (len(ready) - 1) + [True]
        assert_equal(network, given[-1:] if len(rows) == 1 else given, rows)


def check_network(host: Host, network: Network, inputs: Array) -> Result:
    """As a window; and as a stream, where that is not refused."""
    expected = reference.run(network, inputs)
    result = host.run(network, inputs)
    assert_equal(network, result.run, expected, inputs, host.noted)
    reason = planner.make(network, stream=True).streamable
    if reason:
        with pytest.raises(UserError, match=re.escape(f"cannot run as state=stream: {reason}")):
            emit.generate(network, "c", "stream")
        return result
    streamed = host.run(network, inputs, "stream")
    # a recurrent layer's only step, from reset, leaves the forget gate out: of floats the last bit may be another
    once = any(op.once for op in operations(planner.make(network, stream=False)))
    (assert_equal if once else assert_bits)(network, streamed.run, result.run)
    assert streamed.steps is not None
    assert streamed.taking_turns is not None
    assert_streamed(network, streamed.steps, expected)
    assert_bits(network, streamed.taking_turns.outputs, streamed.steps.outputs)
    outputs, _ = host.bench(network, inputs, "stream")
    assert_equal(network, outputs, reference.run(network, inputs, goes_on=network.steps == 1))
    return streamed


def check(host: Host, chain: Chain) -> Result:
    network = convolutions.build(chain)
    return check_network(host, network, networks.chain_inputs(network, COUNT, chain.extreme, chain.seed))


def conv(
    outputs: int, length: int, stride: int = 1, dilation: int = 1, padding: str = "valid", groups: int = 1
) -> Word:
    return ("conv", outputs, length, stride, dilation, padding, groups, "linear")


LAST, SEQUENCE = ("lstm", 3, False, False), ("lstm", 3, True, False)
STRUCTURES: dict[str, tuple[tuple[int, int], tuple[Word, ...]]] = {
    "valid, LSTM": ((9, 3), (conv(4, 3), LAST, ("dense", 2, "linear"))),
    "causal, LSTM": ((9, 3), (conv(4, 3, padding="causal"), LAST)),
    "causal, dilated, twice": ((12, 2), (conv(3, 3, 1, 2, "causal"), conv(2, 2, 2, 3, "causal"), SEQUENCE)),
    "same": ((9, 3), (conv(4, 4, 2, 1, "same"), LAST)),
    "strides, pool, LSTM": ((20, 3), (conv(4, 3, 2), ("relu",), ("max", 2, 2, "valid"), LAST)),
    "depthwise, pointwise": ((9, 4), (conv(8, 3, groups=4), ("dense", 5, "relu"), LAST)),
    "groups of two": ((9, 4), (conv(6, 3, 2, 2, "causal", 2), LAST)),
    "average": ((9, 3), (("average", 3, 2, "valid"), LAST)),
    "mean of a convolution": ((11, 3), (conv(4, 3), ("global", "average"), ("dense", 2, "linear"))),
    "largest of an LSTM": ((7, 3), (SEQUENCE, ("global", "max"))),
    "zeros": ((6, 3), (("zeros", 2, 0), conv(3, 2), LAST)),
    "zeros at the end": ((6, 3), (("zeros", 0, 2), ("max", 2, 2, "same"), LAST)),
    "cropped": ((9, 3), (("crop", 2, 1), conv(3, 2), LAST)),
    "cropped out": ((9, 3), (SEQUENCE, ("crop", 1, 2))),
    "flattened": ((9, 3), (conv(4, 3), ("reshape", (28,)), ("dense", 3, "linear"))),
    "both ways": ((9, 3), (conv(4, 3, 2), ("both", 3, False))),
    "backwards": ((9, 3), (conv(4, 3, 2), ("lstm", 3, False, True))),
    "a convolution of an LSTM": ((9, 3), (SEQUENCE, conv(4, 3), ("tanh",))),
    "one step": ((1, 3), (conv(4, 3, padding="causal"), LAST)),
    "the largest of one step": ((1, 3), (conv(4, 3, padding="causal"), ("global", "max"))),
    "one step, flattened": ((1, 3), (conv(4, 3, padding="causal"), ("reshape", (4,)), ("dense", 2, "linear"))),
    "steps behind the only window": ((5, 3), (("dense", 6, "linear"), conv(4, 3, 3), LAST, ("dense", 2, "linear"))),
    "one window": ((5, 3), (conv(4, 5), LAST)),
    "a step by itself": ((5, 3), (conv(4, 1, 2), LAST)),
}  # fmt: skip


@pytest.mark.parametrize("quantisation", formats.names())
@pytest.mark.parametrize("structure", STRUCTURES)
def test_every_structure(host: Host, structure: str, quantisation: str) -> None:
    check(host, Chain(quantisation, *STRUCTURES[structure], seed=7))


@pytest.mark.parametrize("quantisation", formats.names())
@given(data=st.data())
@settings(max_examples=15)
def test_random_chains(host: Host, quantisation: str, data: st.DataObject) -> None:
    check(host, data.draw(convolutions.chains(quantisation)))


@pytest.mark.parametrize("state", ["window", "stream"])
@pytest.mark.parametrize("assembly", ASSEMBLED)
def test_a_convolution_runs_on_the_kernels_of_a_dense(tmp_path: Path, assembly: str, state: str) -> None:
    """In assembly, with nothing written for it."""
    network = convolutions.build(Chain("int8", *STRUCTURES["causal, LSTM"], seed=7))
    inputs = networks.chain_inputs(network, COUNT, False, 7)
    outputs, notes = Device(CORES[ASSEMBLED[assembly]], assembly, tmp_path).run(network, inputs, state)
    np.testing.assert_array_equal(outputs, reference.run(network, inputs))
    assert notes == []


def check_quantised(host: Host, chain: Chain, quantisation: str) -> float:
    """The quantiser's network of a real-valued one; returns its mean error to the range of the outputs."""
    network = convolutions.build(chain)
    real = networks.chain_inputs(network, 40, False, chain.seed)
    quantised = quantise.quantise(network, real, quantisation)
    inputs = reference.stored_inputs(quantised, real)
    check_network(host, quantised, inputs[:COUNT])
    ideal = reference.run(network, real)
    error = np.abs(to_real(reference.run(quantised, inputs), quantised.output) - ideal)
    return float(error.mean() / np.ptp(ideal))


@pytest.mark.parametrize(("quantisation", "bound"), [("dynamic", 0.05), ("int8", 0.08), ("int16x8", 0.03)])
def test_the_quantisers_networks_are_near_the_real_ones(host: Host, quantisation: str, bound: float) -> None:
    chains = [Chain("float32", *STRUCTURES[name], seed=3) for name in list(STRUCTURES)[::2]]
    errors = [check_quantised(host, chain, quantisation) for chain in chains]
    assert np.median(errors) < bound / 3
    assert max(errors) < bound


@pytest.mark.parametrize("quantisation", formats.names())
def test_memory_of_a_stream_does_not_grow_with_the_window(host: Host, quantisation: str) -> None:
    words = (conv(4, 3), ("max", 2, 2, "valid"), LAST, ("dense", 2, "linear"))
    sizes = set()
    for steps in (8, 200):
        network = convolutions.build(Chain(quantisation, (steps, 3), words, seed=1))
        inputs = networks.chain_inputs(network, 3, False, 1)
        result = host.run(network, inputs, "stream")
        assert_equal(network, result.run, reference.run(network, inputs))
        sizes.add(result.state_bytes)
    assert len(sizes) == 1


def test_flash_holds_nothing_of_layers_that_a_model_does_not_have(tmp_path: Path) -> None:
    device = Device(CORES["cortex-m4"], "c", tmp_path)
    symbols = {}
    for name, words in {"with": (conv(4, 3), ("max", 2, 2, "valid"), LAST), "without": (LAST,)}.items():
        network = convolutions.build(Chain("int8", (8, 3), words, seed=1))
        device.run(network, networks.chain_inputs(network, 2, False, 1), "stream")
        found = subprocess.run(["nm", tmp_path / "network.elf"], capture_output=True, text=True, check=True).stdout
        symbols[name] = set(re.findall(r"_(window_push|max_pool_s8|dense_s8_run)\b", found))
    assert symbols == {"with": {"window_push", "max_pool_s8", "dense_s8_run"}, "without": set()}


def test_zeros_of_padding_and_largest_values_meet_what_is_no_number(host: Host) -> None:
    network = convolutions.build(Chain("float32", (6, 2), (("max", 2, 2, "valid"),), seed=1))
    inputs = np.zeros((3, 6, 2), np.float32)
    inputs[0, 0], inputs[0, 3], inputs[1, 4], inputs[2, 5] = np.nan, np.nan, np.inf, -np.inf
    np.testing.assert_array_equal(host.run(network, inputs).run, reference.run(network, inputs))


@pytest.mark.parametrize("structure", ["same", "strides, pool, LSTM", "mean of a convolution", "both ways", "cropped"])
def test_a_trace_shows_every_window(host: Host, structure: str) -> None:
    """What compare tells of: each value that the device notes down is the reference's."""
    network = convolutions.build(Chain("int8", *STRUCTURES[structure], seed=7))
    inputs, seen = networks.chain_inputs(network, COUNT, False, 7), Recorder()
    reference.run(network, inputs, seen.observe)
    noted = host.noted(network, inputs)
    assert {place.index for place, _ in noted} >= {len(network.layers) - 1}
    for key, values in noted.items():
        np.testing.assert_array_equal(values, seen.values[key], err_msg=str(key))


@pytest.mark.parametrize("quantisation", formats.names())
@given(data=st.data())
@settings(settings.get_profile("sweep"))
@pytest.mark.long
def test_many_more_chains(host: Host, quantisation: str, data: st.DataObject) -> None:
    check(host, data.draw(convolutions.chains(quantisation)))
