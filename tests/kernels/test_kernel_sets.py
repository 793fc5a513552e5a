# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Every kernel set that is not plain C, on a core of its own: random networks give the reference's bits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from kernels import OPTIMIZE, all_sets
from kernels.cmsis_nn import library as cmsis_nn
from model import emit, formats, planner, quantise, readers, reference
from model.functions import named as function_of
from model.layers.base import Layer, Place
from model.layers.convert import Convert
from model.layers.dense import Dense
from model.layers.gru import Gru
from model.layers.lstm import Lstm
from model.network import Network, chained
from model.signal import Array, Signal, Weights
from tests.probe import ASSEMBLED, CORES, FLOATS, ROOT
from tests.support import networks
from tests.support.device import Device
from tests.support.differences import assert_bits, assert_equal
from tests.support.networks import Chain, Spec, Word

ARM = ("cortex-m0", "cortex-m4", "cortex-m55")  # the library's three kinds of code
COUNT = 3
MakeDevice = Callable[[str, str], Device]


@pytest.fixture(scope="module")
def device(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> MakeDevice:
    """One for each core and kernel set."""
    made: dict[tuple[str, str], Device] = {}

    def make(target: str, kernels: str) -> Device:
        prefix = ""
        if kernels == "cmsis_nn":  # a real one that is given, else what stands in for it
            prefix = str(request.config.getoption("--cmsis-nn") or request.getfixturevalue("cmsis_stand_in"))
            if not any(Path(prefix).glob(f"{target}/{cmsis_nn.LIBRARY}")):
                pytest.skip(f"no CMSIS-NN for {target}: {prefix}/{target}/{cmsis_nn.LIBRARY}")
        key = (target, kernels)
        if key not in made:
            made[key] = Device(CORES[target], kernels, tmp_path_factory.mktemp("device"), prefix)
        return made[key]

    return make


def check(device: Device, network: Network, inputs: Array, optimize: str) -> None:
    """As windows from reset, and as those of one stream."""
    noted = partial(device.noted, optimize=optimize)
    outputs, _ = device.run(network, inputs, "window", optimize)
    assert_equal(network, outputs, reference.run(network, inputs), inputs, noted)
    if not planner.make(network, stream=True).streamable:
        outputs, _ = device.run(network, inputs, "stream", optimize, goes_on=True)
        assert_equal(network, outputs, reference.run(network, inputs, goes_on=True), inputs, noted)


def test_every_kernel_set_is_tried() -> None:
    assert set(ASSEMBLED) == {path.parent.name for path in (ROOT / "kernels").glob("*/dense_s8.inc")}
    assert {*ASSEMBLED, "vfp", "helium_f32", "c", "cmsis_nn"} == set(all_sets())
    assert FLOATS


@pytest.mark.parametrize("kernels", ["c", *ASSEMBLED])
@pytest.mark.parametrize("model", ["both_then_alike.keras", "tied.safetensors"])
def test_layers_called_alike_have_their_own_constants(device: MakeDevice, model: str, kernels: str) -> None:
    path = ROOT / "tests/model/data" / model
    network = quantise.calibrated(readers.read(path), path.with_suffix(".npz"), "int8")
    inputs = reference.stored_inputs(network, np.load(path.with_suffix(".npz"))["inputs"])
    check(device(ASSEMBLED.get(kernels, "cortex-m4"), kernels), network, inputs, "balanced")


@pytest.mark.parametrize("assembly", ASSEMBLED)
@given(networks.specs(integer=True), st.sampled_from(OPTIMIZE))
@settings(max_examples=4, phases=(Phase.generate,))
def test_assembly_on_random_networks(device: MakeDevice, assembly: str, spec: Spec, optimize: str) -> None:
    one = device(ASSEMBLED[assembly], assembly)
    check(one, networks.build(spec), networks.inputs_of(spec, COUNT), optimize)


# what each set has kernels of its own for
INTEGERS = [
    (assembly, quantisation)
    for assembly in ASSEMBLED
    for quantisation, suffix in formats.suffixes().items()
    if all_sets()[assembly].covers_format(suffix) and formats.named(quantisation).integer
]
OWN = [("c", quantisation) for quantisation in formats.names()] + INTEGERS
OWN += [(kernels, "float32") for kernels in ("vfp", "helium_f32", "rvv")]
OWN += [(kernels, "dynamic") for kernels in ("vfp", "helium_f32", "rvv")]
OWN += [("cmsis_nn", "int8"), ("cmsis_nn", "int16x8")]
CORE_OF = {**{kernels: core for core, kernels in FLOATS.items()}, **ASSEMBLED}  # others run on any


def on_random_chains(one: Device, quantisation: str, count: int) -> None:
    """Networks of any layers, at any level."""

    @given(networks.chains(quantisation), st.sampled_from(OPTIMIZE))
    @settings(max_examples=count, phases=(Phase.generate,))
    def sweep(chain: Chain, optimize: str) -> None:
        network = networks.build_chain(chain)
        check(one, network, networks.chain_inputs(network, COUNT, chain.extreme, chain.seed), optimize)

    sweep()


@pytest.mark.parametrize(("assembly", "quantisation"), INTEGERS)
def test_assembly_on_random_chains(device: MakeDevice, assembly: str, quantisation: str) -> None:
    on_random_chains(device(ASSEMBLED[assembly], assembly), quantisation, 4)


@pytest.mark.parametrize("target", FLOATS)
@given(networks.specs(integer=False).map(networks.build) | networks.chains("float32").map(networks.build_chain))
@settings(max_examples=6, phases=(Phase.generate,))
def test_floats_in_assembly_are_those_of_c(device: MakeDevice, target: str, network: Network) -> None:
    """To the last bit: the same operations in the same order."""
    same_as_c(device, target, network)


WITH_GRUS = [core for core, kernels in FLOATS.items() if "gru.f32" in all_sets()[kernels].covers]


@pytest.mark.parametrize("target", WITH_GRUS)
@pytest.mark.parametrize(("features", "units"), [(1, 1), (3, 8), (9, 5), (17, 16), (2, 33)])
def test_grus_of_floats_in_assembly_are_those_of_c(device: MakeDevice, target: str, features: int, units: int) -> None:
    """Of gates beyond what their activations tell apart, too."""
    random, source = np.random.default_rng(units), Signal((4, features))

    def normal(*shape: int, by: float = 1.0) -> Array:
        return random.normal(0, by, shape).astype(np.float32)

    for by in (0.5, 60.0):
        kernel, recurrent = Weights(normal(3, units, features, by=by)), Weights(normal(3, units, units, by=0.5))
        out = Signal((4, units))
        gru = Gru("gru", kernel, recurrent, normal(3, units), normal(units), True, True, False, out)
        network = chained("net", "made by a test", "0" * 64, "float32", source, (gru,))
        same_as_c(device, target, network)
        assert "gru_f32_step" in emit.generate(network, FLOATS[target], "window", "balanced")["net_kernels.S"]


@pytest.mark.parametrize(
    "target", [core for core, kernels in FLOATS.items() if "lstm_functions.f32" in all_sets()[kernels].covers]
)
@pytest.mark.parametrize("function", ["relu", "softsign"])
@pytest.mark.parametrize(("features", "units"), [(1, 1), (3, 8), (9, 5), (17, 16), (2, 33)])
def test_gates_of_other_lstms_in_assembly_are_those_of_c(
    device: MakeDevice, target: str, function: str, features: int, units: int
) -> None:
    random, source = np.random.default_rng(units), Signal((4, features))
    kernel, recurrent = (
        Weights(random.normal(0, 0.5, (4, units, each)).astype(np.float32)) for each in (features, units)
    )
    bias = random.normal(0, 1, (4, units)).astype(np.float32)
    lstm = Lstm("lstm", kernel, recurrent, bias, True, False, 0.0, Signal((4, units)), activation=function_of(function))
    network = chained("net", "made by a test", "0" * 64, "float32", source, (lstm,))
    same_as_c(device, target, network)
    assert "gates_f32" in emit.generate(network, FLOATS[target], "window", "balanced")["net_kernels.S"]


@pytest.mark.parametrize(
    "target", [core for core, kernels in FLOATS.items() if all_sets()[kernels].covers_format("dyn")]
)
@given(networks.specs(integer=False), st.integers(0, 1))
@settings(max_examples=6, phases=(Phase.generate,))
def test_vectors_quantised_in_assembly_are_those_of_c(device: MakeDevice, target: str, spec: Spec, once: int) -> None:
    """Of one step, too, else seldom drawn."""
    network = networks.build(replace(spec, steps=1 if once else spec.steps))
    usual = np.random.default_rng(spec.seed).normal(0, 1, (COUNT, *network.input.shape)).astype(np.float32)
    same_as_c(device, target, quantise.quantise(network, usual, "dynamic"))


def same_as_c(device: MakeDevice, target: str, network: Network) -> None:
    """As windows, and as those of one stream."""
    inputs = networks.chain_inputs(network, COUNT, False, 1)
    for state in ("window", "stream"):
        if state == "stream" and planner.make(network, stream=True).streamable:
            continue
        ours, _ = device(target, FLOATS[target]).run(network, inputs, state, goes_on=True)
        expected, _ = device(target, "c").run(network, inputs, state, goes_on=True)
        assert_bits(network, ours, expected)


def shared_by_two(
    device: MakeDevice,
    network: Network,
    core: str = "cortex-m4",
    kernels: str = "vfp,armv7em",
    optimize: str = "balanced",
) -> str:
    """The assembly of a network (4, 3) that two sets run without a note, and with the bits of set c."""
    inputs = np.random.default_rng(6).normal(0, 1, (20, 4, 3)).astype(np.float32)
    ours, notes = device(core, kernels).run(network, inputs, "window", optimize)
    expected, _ = device(core, "c").run(network, inputs, "window", optimize)
    assert notes == []
    assert_bits(network, ours, expected)
    return emit.generate(network, kernels, "window", optimize)["net_kernels.S"]


def test_sets_share_a_model(device: MakeDevice) -> None:
    """Each layer runs on the first set of the list that has kernels for it, in one file of assembly."""
    lstm, _ = _calm_layers()
    kernel = Weights(np.arange(-10, 10, dtype=np.int8).reshape(4, 5), np.full(4, 0.01, np.float32))
    between, out = Signal((5,), "int8", 2.0**-7, 3), Signal((4,), "int8", 2.0**-8, 0)
    dense = Dense("dense", kernel, np.arange(4, dtype=np.int32), "linear", out, formats.named("int8"))
    layers = (lstm, Convert("between", between), dense)
    network = chained("net", "made by a test", "0" * 64, "float32", Signal((4, 3)), layers)
    text = shared_by_two(device, network)
    included = [
        "vfp/vfp_f32.inc",
        "lstm_f32_step net_L0_lstm_step",
        "armv7em/dense_s8.inc",
        "dense_s8_run net_L2_dense",
    ]
    places = [text.index(words) for words in included]
    assert places == sorted(places)
    assert text.count("#include") == 4  # of lstmcu_version.h by the file and by a set


@pytest.mark.parametrize("optimize", OPTIMIZE)
@pytest.mark.parametrize(
    ("core", "kernels"), [("cortex-m4", "vfp,armv7em"), ("cortex-m55", "helium_f32,helium"), ("rv64gcv", "rvv")]
)
def test_sets_share_macros(device: MakeDevice, core: str, kernels: str, optimize: str) -> None:
    """One format's macros, of a set or of two, serve another's, too, in one file."""
    lstm = _calm_layers()[0].quantised(Place(0), Signal((4, 3)), {}, formats.named("dynamic"))
    between, out = Signal((5,), "int16", 2.0**-15), Signal((9,), "int16", 2.0**-14)
    kernel = Weights(np.arange(-20, 25, dtype=np.int8).reshape(9, 5), np.full(9, 0.01, np.float32))
    dense = Dense("dense", kernel, np.arange(9, dtype=np.int64), "linear", out, formats.named("int16x8"))
    network = chained(
        "net", "made by a test", "0" * 64, "float32", Signal((4, 3)), (lstm, Convert("c", between), dense)
    )
    text = shared_by_two(device, network, core, kernels, optimize)
    assert text.index("lstm_dyn_step net_L0_lstm_step") < text.index("dense_s16_run net_L2_dense")


STREAMS: dict[str, tuple[tuple[int, int], tuple[Word, ...]]] = {
    "one step": ((1, 3), (("lstm", 5, False, False), ("dense", 3, "linear"))),
    "an output at every step": ((3, 2), (("lstm", 4, True, False), ("lstm", 5, True, False), ("dense", 3, "linear"))),
    "an output at the window's end": ((3, 2), (("lstm", 5, True, False), ("reshape", (15,)), ("dense", 3, "linear"))),
}


def test_every_set_streams() -> None:
    assert {kernels for kernels, _ in OWN} == set(all_sets())


@pytest.mark.parametrize("structure", STREAMS)
@pytest.mark.parametrize(("kernels", "quantisation"), OWN)
def test_a_stream_goes_on_across_windows(device: MakeDevice, kernels: str, quantisation: str, structure: str) -> None:
    """Each set runs all LSTMs itself, and the state that a window leaves matters to the next one."""
    shape, words = STREAMS[structure]
    trained = networks.build_chain(Chain("float32", shape, words, seed=3))
    real = np.random.default_rng(4).normal(0, 1, (8, *shape)).astype(np.float32)
    network = quantise.quantise(trained, real, quantisation, goes_on=True)
    inputs = reference.stored_inputs(network, real)
    expected = reference.run(network, inputs, goes_on=True)
    assert (expected != reference.run(network, inputs)).any(axis=-1)[1:].all()
    one = device(CORE_OF.get(kernels, "cortex-m4"), kernels)
    outputs, notes = one.run(network, inputs, "stream", goes_on=True)
    assert_equal(network, outputs, expected, inputs, one.noted)
    assert [note for note in notes if "layer 'lstm" in note or kernels != "cmsis_nn"] == []


@pytest.mark.long
@pytest.mark.parametrize(("assembly", "quantisation"), INTEGERS)
def test_assembly_on_many_random_chains(device: MakeDevice, assembly: str, quantisation: str) -> None:
    on_random_chains(device(ASSEMBLED[assembly], assembly), quantisation, 60)


@pytest.mark.parametrize("target", ARM)
@pytest.mark.parametrize("quantisation", ["int8", "int16x8"])
def test_cmsis_nn_on_random_networks(device: MakeDevice, target: str, quantisation: str) -> None:
    one = device(target, "cmsis_nn")

    @given(networks.chains(quantisation))
    @settings(max_examples=8, phases=(Phase.generate,))
    def sweep(chain: Chain) -> None:
        network = networks.build_chain(chain)
        check(one, network, networks.chain_inputs(network, COUNT, chain.extreme, chain.seed), "balanced")

    sweep()


def _calm_layers() -> tuple[Layer, ...]:
    random = np.random.default_rng(2)

    def weights(*shape: int) -> Weights:
        return Weights(random.uniform(-0.5, 0.5, shape).astype(np.float32))

    bias = np.zeros((4, 5), np.float32)
    lstm = Lstm("lstm", weights(4, 5, 3), weights(4, 5, 5), bias, False, False, 0.0, Signal((5,)))
    return lstm, Dense("dense", weights(4, 5), np.zeros(4, np.float32), "linear", Signal((4,)))


@pytest.mark.parametrize("target", ARM)
@pytest.mark.parametrize("stream", [False, True])
def test_cmsis_nn_runs_a_usual_network_itself(device: MakeDevice, target: str, stream: bool) -> None:
    """Else the sweep above could pass on the fallback alone."""
    calm = chained("net", "made by a test", "0" * 64, "float32", Signal((4, 3)), _calm_layers())
    random = np.random.default_rng(3)
    network = quantise.quantise(calm, random.normal(0, 1, (32, 4, 3)).astype(np.float32), "int8")
    inputs = random.integers(-128, 128, (COUNT, 4, 3)).astype(np.int8)
    one = device(target, "cmsis_nn")
    outputs, notes = one.run(network, inputs, "stream" if stream else "window")
    assert notes == []
    assert_equal(network, outputs, reference.run(network, inputs), inputs, one.noted)
