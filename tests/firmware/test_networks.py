# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Generated C against the reference: every structure, wild numbers, all ways to call it, under the sanitizers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model import formats, quantise, readers, reference
from model.errors import UserError
from model.network import goes_on
from model.quantise import calibrated
from model.signal import to_real, to_stored
from tests.support import networks
from tests.support.compared import (
    COUNT,
    STRUCTURES,
    check,
    check_chain,
    check_network,
)
from tests.support.differences import assert_equal
from tests.support.host import ROOT, Host
from tests.support.networks import Chain, Spec


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
@settings(max_examples=15)
def test_integer_networks_give_the_references_bits(host: Host, spec: Spec) -> None:
    check(host, spec)


@given(networks.specs(integer=False))
@settings(max_examples=10)
def test_real_valued_networks_are_within_single_precision(host: Host, spec: Spec) -> None:
    check(host, spec)


@given(networks.specs(integer=True))
@settings(max_examples=12)
def test_streaming_code_gives_the_same_bits_where_it_exists(host: Host, spec: Spec) -> None:
    backwards_in_one_step_is_forwards = any(spec.backwards) and spec.steps > 1
    result = check(host, replace(spec, backwards=(False,) * len(spec.units)), "stream")
    assert result.steps is not None
    if backwards_in_one_step_is_forwards:
        with pytest.raises(UserError, match=r"cannot run as state=stream: layer 'lstm\d' reads"):
            check(host, spec, "stream")


@pytest.mark.parametrize("quantisation", formats.names())
@pytest.mark.parametrize("structure", STRUCTURES)
def test_every_structure(host: Host, structure: str, quantisation: str) -> None:
    shape, words = STRUCTURES[structure]
    check_chain(host, Chain(quantisation, shape, words, edges=quantisation == "int8" and shape[0] % 2 == 0, seed=7))


@given(networks.chains("int8"))
@settings(max_examples=30)
def test_chains_of_any_layers_in_int8(host: Host, chain: Chain) -> None:
    check_chain(host, chain)


@given(networks.chains("int16x8"))
@settings(max_examples=30)
def test_chains_of_any_layers_in_int16x8(host: Host, chain: Chain) -> None:
    check_chain(host, chain)


@given(networks.chains("float32"))
@settings(max_examples=12)
def test_chains_of_any_layers_in_float32(host: Host, chain: Chain) -> None:
    check_chain(host, chain)


@given(networks.chains("dynamic"))
@settings(max_examples=20)
def test_chains_of_any_layers_with_int8_weights(host: Host, chain: Chain) -> None:
    check_chain(host, chain)


def normalised_first(chain: Chain) -> Chain:
    """What the quantiser takes: normalisation nowhere but at the start."""
    start = chain.words[:1] if chain.words[0] == ("normalise",) else ()
    rest = tuple(word for word in chain.words if word != ("normalise",))
    return replace(chain, words=(*start, *rest) if rest else (*start, ("relu",)), extreme=False)


def check_quantised(host: Host, chain: Chain, quantisation: str) -> None:
    """The quantiser's network of a random float one: reference and C agree within its ranges and beyond."""
    network = networks.build_chain(normalised_first(chain))
    real = networks.chain_inputs(network, COUNT, False, chain.seed)
    quantised = quantise.quantise(network, real[:-1], quantisation)
    real[-1] *= 10
    check_network(host, quantised, reference.stored_inputs(quantised, real))


@given(networks.chains("float32"), st.sampled_from(formats.names()[1:]))
@settings(max_examples=30)
def test_the_quantisers_networks(host: Host, chain: Chain, quantisation: str) -> None:
    check_quantised(host, chain, quantisation)


@pytest.mark.parametrize(("quantisation", "bound"), [("dynamic", 0.05), ("int8", 0.08), ("int16x8", 0.03)])
def test_the_quantisers_networks_are_near_the_real_ones(quantisation: str, bound: float) -> None:
    """The median over all structures of the mean error, relative to the range of the outputs."""
    errors = []
    for shape, words in STRUCTURES.values():
        network = networks.build_chain(Chain("float32", shape, words, seed=3))
        real = networks.chain_inputs(network, 50, False, 3)
        ideal = reference.run(network, real)
        quantised = quantise.quantise(network, real, quantisation)
        stored = reference.run(quantised, reference.stored_inputs(quantised, real))
        errors.append(np.abs(to_real(stored, quantised.output) - ideal).mean() / np.ptp(ideal))
    assert np.median(errors) < bound / 3
    assert max(errors) < bound


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


@pytest.mark.parametrize("dense", [(), ((2, "relu"),)])
@pytest.mark.parametrize("sequences", [True, False])
@pytest.mark.parametrize("steps", [1, 3])
def test_what_a_report_compares_of_a_stream(
    host: Host, steps: int, sequences: bool, dense: tuple[tuple[int, str], ...]
) -> None:
    """Every step's output where there is one a step; windows from reset, but for those of a single step."""
    spec = Spec(steps, 3, (4, 3), sequences, False, dense, (False, False), True, False, False, 5)
    network, inputs = networks.build(spec), networks.inputs_of(spec, COUNT)
    outputs, _ = host.bench(network, inputs, "stream")
    alone, on = reference.run(network, inputs), reference.run(network, inputs, goes_on=True)
    assert (alone[1:] != on[1:]).any()
    assert_equal(network, outputs, on if steps == 1 else alone, inputs, host.noted)


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
    recurrent = network.but(input=replace(network.input, shape=(steps, 2)), layers=lstms)
    hidden = reference.run(recurrent, inputs.reshape(1, steps, 2)).reshape(COUNT, spec.steps * 3)
    rest = network.but(input=network.layers[2].output, layers=network.layers[3:])
    expected = reference.run(rest, hidden)
    assert_equal(network, result.going_on.outputs[:, -1], expected)
    assert_equal(network, reference.run(network, inputs, goes_on=True), expected)
    assert (result.going_on.outputs[1:, -1] != result.run[1:]).any()


@pytest.mark.parametrize("state", ["window", "stream"])
@pytest.mark.parametrize("quantisation", ["int8", "float32"])
@pytest.mark.parametrize("model", ["forecast", "forecast-window"])
def test_the_bench_runs_the_shipped_models_on_the_host(host: Host, model: str, quantisation: str, state: str) -> None:
    folder = ROOT / "models" / model
    network = calibrated(readers.read(folder / f"{model}.keras"), folder / f"{model}.npz", quantisation)
    inputs = to_stored(np.load(folder / f"{model}.npz")["inputs"][:20], network.input)
    outputs, figures = host.bench(network, inputs, state)
    assert_equal(network, outputs, reference.run(network, inputs, goes_on=goes_on(network, state)))
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


@pytest.mark.parametrize("quantisation", formats.names())
@given(data=st.data())
@settings(settings.get_profile("sweep"))
@pytest.mark.long
def test_many_more_chains(host: Host, quantisation: str, data: st.DataObject) -> None:
    check_chain(host, data.draw(networks.chains(quantisation)))


@given(networks.chains("float32"), st.sampled_from(formats.names()))
@settings(settings.get_profile("sweep"))
@pytest.mark.long
def test_many_more_of_the_quantisers_networks(host: Host, chain: Chain, quantisation: str) -> None:
    check_quantised(host, chain, quantisation)
