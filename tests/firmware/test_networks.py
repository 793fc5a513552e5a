# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Generated C against the reference: every structure, wild numbers, all ways to call it, under the sanitizers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

from model import plan, reference
from model.errors import UserError
from model.network import Array, Network
from model.prepare import prepare
from tests.support import networks
from tests.support.host import ROOT, Host, Result, Steps
from tests.support.networks import Spec

COUNT = 6  # windows a network


def float_tolerance(expected: Array) -> float:
    """What the generated float code may differ by: single precision, a few hundred operations deep."""
    return 2e-5 * max(1.0, float(np.abs(expected).max()))


def assert_equal(actual: Array, expected: Array) -> None:
    """No differing bit for integers; close for floats."""
    if expected.dtype.kind == "f":
        np.testing.assert_allclose(actual, expected, rtol=0, atol=float_tolerance(expected))
    else:
        np.testing.assert_array_equal(actual, expected)


def assert_steps(steps: Steps, network: Network, expected: Array) -> None:
    """Streaming gives the window's outputs at the steps where a whole window would have them."""
    windows, count = steps.ready.shape
    if len(network.output.shape) == 2:  # one output vector a step
        assert steps.ready.all()
        assert_equal(steps.outputs, expected)
    elif plan_counts_steps(network):  # flattened: ready with the last step only
        assert steps.ready.tolist() == [[t == count - 1 for t in range(count)]] * windows
        assert_equal(steps.outputs[:, -1], expected)
    else:  # last hidden state: an output at every step, that of the window so far
        assert steps.ready.all()
        assert_equal(steps.outputs[:, -1], expected)


def plan_counts_steps(network: Network) -> bool:
    return any(field.role == "sums" for field in plan.make(network, stream=True).fields)


def check(host: Host, spec: Spec, state: str = "window") -> Result:
    network, inputs = networks.build(spec), networks.inputs_of(spec, COUNT)
    expected = reference.run(network, inputs)
    result = host.run(network, inputs, state)
    assert_equal(result.run, expected)
    if result.steps is not None and result.taking_turns is not None:
        assert_steps(result.steps, network, expected)
        np.testing.assert_array_equal(result.steps.ready, result.taking_turns.ready)
        np.testing.assert_array_equal(result.steps.outputs, result.taking_turns.outputs)
    return result


def test_the_random_networks_are_not_saturated() -> None:
    """Else equal outputs would prove little: most values of most networks lie inside the range, and differ."""
    inside, different = [], []
    for seed in range(40):
        spec = Spec(4, 3, (5, 3), False, False, ((4, "linear"),), (False, True), True, False, False, seed)
        outputs = reference.run(networks.build(spec), networks.inputs_of(spec, 20))
        inside.append(float(((outputs > -128) & (outputs < 127)).mean()))
        different.append(len(np.unique(outputs)))
    assert np.median(inside) > 0.5
    assert np.median(different) > 15


@given(networks.specs(integer=True))
@settings(max_examples=45)
def test_integer_networks_give_the_references_bits(host: Host, spec: Spec) -> None:
    check(host, spec)


@given(networks.specs(integer=False))
@settings(max_examples=25)
def test_real_valued_networks_are_within_single_precision(host: Host, spec: Spec) -> None:
    check(host, spec)


@given(networks.specs(integer=True))
@settings(max_examples=25)
def test_streaming_code_gives_the_same_bits_where_it_exists(host: Host, spec: Spec) -> None:
    backwards_in_one_step_is_forwards = any(spec.backwards) and spec.steps > 1
    result = check(host, replace(spec, backwards=(False,) * len(spec.units)), "stream")
    assert result.steps is not None
    if backwards_in_one_step_is_forwards:
        with pytest.raises(UserError, match=r"cannot run as state=stream: layer 'lstm\d' reads"):
            check(host, spec, "stream")


@pytest.mark.parametrize("state", ["window", "stream"])
@pytest.mark.parametrize("integer", [True, False])
@pytest.mark.parametrize("steps", [1, 5])
def test_the_state_holds_nothing_but_what_is_stated(host: Host, integer: bool, steps: int, state: str) -> None:
    spec = Spec(steps, 3, (4,), False, False, ((2, "linear"),), (False,), integer, False, False, 1)
    result = check(host, spec, state)
    hidden, cell = (4, 2 * 4) if integer else (4 * 4, 4 * 4)
    next_hidden = hidden
    kept_by_one_step_from_reset = hidden  # a step's output on its way to the Dense
    one_step = steps == 1 and state == "window"
    assert result.state_bytes == (kept_by_one_step_from_reset if one_step else hidden + cell + next_hidden)


@pytest.mark.parametrize("integer", [True, False])
def test_streaming_goes_on_from_window_to_window(host: Host, integer: bool) -> None:
    """Without a reset the hidden state goes on, as in one long window; each window's sums start afresh."""
    spec = Spec(4, 2, (5, 3), True, True, ((4, "relu"), (2, "linear")), (False, False), integer, False, False, 15)
    network, inputs = networks.build(spec), networks.inputs_of(spec, COUNT)
    result = host.run(network, inputs, "stream")
    assert result.going_on is not None
    assert result.going_on.ready.tolist() == [[False, False, False, True]] * COUNT

    steps = COUNT * spec.steps
    lstms = tuple(replace(x, output=replace(x.output, shape=(steps, x.units))) for x in network.layers[:2])
    recurrent = replace(network, input=replace(network.input, shape=(steps, 2)), layers=lstms)
    hidden = reference.run(recurrent, inputs.reshape(1, steps, 2)).reshape(COUNT, spec.steps * 3)
    rest = replace(network, input=network.layers[2].output, layers=network.layers[3:])
    assert_equal(result.going_on.outputs[:, -1], reference.run(rest, hidden))
    assert (result.going_on.outputs[1:, -1] != result.run[1:]).any()


@pytest.mark.parametrize("state", ["window", "stream"])
@pytest.mark.parametrize("quantisation", ["int8", "float32"])
@pytest.mark.parametrize("model", ["forecast", "forecast-window"])
def test_the_bench_runs_the_shipped_models_on_the_host(host: Host, model: str, quantisation: str, state: str) -> None:
    folder = ROOT / "models" / model
    network = prepare(folder / f"{model}.keras", folder / f"{model}.npz", quantisation)
    inputs = reference.to_stored(np.load(folder / f"{model}.npz")["inputs"][:20], network.input)
    outputs, figures = host.bench(network, inputs, state)
    assert_equal(outputs, reference.run(network, inputs))
    assert figures["samples"] == 20
    assert figures["state_bytes"] == host.run(network, inputs, state).state_bytes


@given(networks.specs(integer=True))
@settings(settings.get_profile("sweep"))
@pytest.mark.long
def test_many_more_integer_networks(host: Host, spec: Spec) -> None:
    check(host, spec)


@given(networks.specs(integer=False))
@settings(settings.get_profile("sweep"))
@pytest.mark.long
def test_many_more_real_valued_networks(host: Host, spec: Spec) -> None:
    check(host, spec)
