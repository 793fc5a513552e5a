# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Floats on the device: how near, and the way of what is no finite number through every layer, under the sanitizers.

NaN in, NaN out; an infinity acts as what it is the end of; nothing converts what no integer can hold.
"""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from model import reference
from model.formats import dynamic
from model.functions import FORMS, Function, sigmoid
from model.layers.convert import Convert
from model.network import Network
from model.signal import Array, Signal
from tests.probe import CORES
from tests.support import networks
from tests.support.compared import STRUCTURES, one_layer, plan_counts_steps
from tests.support.device import Device
from tests.support.host import INCLUDES, WARNINGS, Host, compile_c
from tests.support.networks import Chain

ROOT = Path(__file__).parents[1]
FLT_MAX = float(np.finfo(np.float32).max)
TINY = float(np.finfo(np.float32).tiny)
ODD = (np.nan, np.inf, -np.inf)


@pytest.fixture(scope="module")
def floats(host: Host) -> Path:
    """See tests/support/floats.c."""
    return host.program("floats", [ROOT / "support/floats.c"])


def run(program: Path, word: str, stdin: bytes) -> bytes:
    done = subprocess.run([program, word], input=stdin, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def results(program: Path, function: str, x: Array) -> Array:
    return np.frombuffer(run(program, function, x.astype(np.float32).tobytes()), np.float32)


SWEEP = np.concatenate([np.linspace(-100, 100, 200_001), np.geomspace(1e-30, 10, 2000), -np.geomspace(1e-30, 10, 2000)])


@pytest.mark.parametrize(("function", "exact"), [("sigmoid", sigmoid), ("tanh", np.tanh)])
def test_the_bounded_functions_are_as_near_as_they_say(floats: Path, function: str, exact: np.ufunc) -> None:
    x = SWEEP.astype(np.float32)
    assert np.abs(results(floats, function, x) - exact(x.astype(np.float64))).max() < 1.5e-7


def test_what_they_are_made_of_is_near_to_its_ends(floats: Path) -> None:
    """Relatively: a gate that is all but closed adds nothing, however long it is so."""
    x = np.linspace(-28.9, 28.9, 200_001).astype(np.float32)
    assert np.abs(results(floats, "decay", x) * np.exp(x.astype(np.float64)) - 1).max() < 1.3e-6
    assert (results(floats, "decay", np.array([29.1, 1e30])) == results(floats, "decay", np.array([29.0]))).all()


@pytest.mark.parametrize("words", [("-Ofast",), ("-O2", "-funsafe-math-optimizations")])
def test_they_stay_near_where_a_compiler_may_rearrange_sums(tmp_path: Path, words: tuple[str, ...]) -> None:
    """As in firmware whose own flags say so."""
    runtime = (ROOT.parent / "firmware/runtime" / f"{name}.c" for name in ("float_math", "functions_f32", "hybrid"))
    compile_c("-std=c99", *words, *WARNINGS, *INCLUDES, ROOT / "support/floats.c", *runtime, "-o", tmp_path / "fast")
    x = SWEEP.astype(np.float32)
    assert np.abs(results(tmp_path / "fast", "sigmoid", x) - sigmoid(x.astype(np.float64))).max() < 1.5e-7
    assert np.abs(results(tmp_path / "fast", "tanh", x) - np.tanh(x.astype(np.float64))).max() < 2e-7


def test_the_exponential_is_within_three_units_of_the_last_place(floats: Path) -> None:
    x = np.linspace(-86.9, 86.9, 200_001).astype(np.float32)
    exact = np.exp(x.astype(np.float64))
    assert np.abs(results(floats, "exp", x) / exact - 1).max() < 1.5 * 2.0**-23


# parameters as tests/support/floats.c has them
GIVEN = {"elu": (0.7,), "leaky_relu": (0.3,), "bent_relu": (5.0, 0.1, 1.0)}
OTHERS = [name for name in FORMS if name not in ("linear", "relu", "sigmoid", "tanh", "softmax")]


@pytest.mark.parametrize("name", OTHERS)
def test_the_other_functions_are_within_a_few_units_of_the_last_place(floats: Path, name: str) -> None:
    """Of the value, or of x where that is larger: gelu of much below 0 is a difference of its size."""
    x = SWEEP.astype(np.float32)
    exact = Function(name, GIVEN.get(name, ()))(x.astype(np.float64))
    x, exact = x[np.abs(exact) < FLT_MAX], exact[np.abs(exact) < FLT_MAX]
    error = np.abs(results(floats, name, x) - exact)
    assert (error <= 6 * 2.0**-24 * np.maximum(np.abs(exact), 1.0)).all(), error.max()


@pytest.mark.parametrize("name", [name for name in OTHERS if name != "softsign"])
def test_what_the_other_functions_come_near_and_what_is_no_number(floats: Path, name: str) -> None:
    x = np.array([np.nan, np.inf, -np.inf, FLT_MAX, -FLT_MAX, -0.0], np.float32)
    exact = Function(name, GIVEN.get(name, ()))(x.astype(np.float64))
    with np.errstate(over="ignore"):
        exact = exact.astype(np.float32)
    np.testing.assert_allclose(results(floats, name, x), exact, rtol=1e-6, atol=1e-37)


def test_expm1_keeps_what_is_small(floats: Path) -> None:
    x = SWEEP[np.abs(SWEEP) < 80].astype(np.float32)
    exact = np.expm1(x.astype(np.float64))
    assert (np.abs(results(floats, "expm1", x) - exact) <= 8 * 2.0**-24 * np.abs(exact)).all()


def test_the_ends_of_the_functions(floats: Path) -> None:
    x = np.array([np.nan, np.inf, -np.inf, FLT_MAX, -FLT_MAX, TINY, -0.0])
    np.testing.assert_allclose(results(floats, "sigmoid", x), [np.nan, 1, 0, 1, 0, 0.5, 0.5], atol=3e-13)
    np.testing.assert_allclose(results(floats, "tanh", x), [np.nan, 1, -1, 1, -1, 0, 0], atol=1e-37)
    assert np.isnan(results(floats, "exp", x)[0])


def random_vectors() -> list[Array]:
    """Of all sizes and ranges; ranges whose ends round otherwise; what is no number; what has almost no range."""
    random = np.random.default_rng(8)
    sizes = zip(random.normal(0, 2, 4000), random.uniform(-36, 36, 4000), random.integers(1, 40, 4000), strict=True)
    made = [random.normal(middle, 10**spread, count) for middle, spread, count in sizes]
    made += [np.abs(v) * sign for v in made[:400] for sign in (1, -1)]
    short = ([0.0], [-0.0, 0.0], [1e-40, -1e-41], [255 * TINY, 0], [254 * TINY, 0], [FLT_MAX, -FLT_MAX])
    made += [np.array(v) for v in (*short, [1.0, -1.0, 0.5], [FLT_MAX, FLT_MAX / 2], [-FLT_MAX, 1.0])]
    made += [np.where(np.arange(5) == k, odd, random.normal(0, 1, 5)) for k in range(5) for odd in ODD]
    return [v.astype(np.float32) for v in made]


def test_vectors_are_quantised_to_the_reference_s_bits(floats: Path) -> None:
    given = random_vectors()
    stdin = b"".join(np.int32(len(v)).tobytes() + v.tobytes() for v in given)
    got = run(floats, "vectors", stdin)
    expected = b""
    for v in given:
        stored, scale, zero_point = dynamic.quantise_vectors(v[None])
        bits = np.uint32(0x7FC00000) if np.isnan(scale[0, 0]) else scale.view(np.uint32)[0, 0]
        expected += bits.tobytes() + np.int32(zero_point[0, 0]).tobytes() + stored[0].astype(np.int8).tobytes()
    assert got == expected


def odd_inputs(network: Network, odd: tuple[float, ...]) -> Array:
    """Windows (N, ...): a plain one, then one of ``odd`` in the first, the last and a middle element in turn, each
    followed by a plain one.
    """
    size, random = network.input.size, np.random.default_rng(4)
    windows = random.normal(0, 1, (1 + 6 * len(odd), size)).astype(np.float32)
    for k in range(3 * len(odd)):
        windows[2 * k + 1, (0, size - 1, size // 2)[k % 3]] = odd[k // 3]
    return windows.reshape(-1, *network.input.shape)


def assert_same(actual: Array, expected: Array) -> None:
    """NaN and infinities at the same places; else within single precision, `dynamic`'s vectors on the way aside."""
    np.testing.assert_allclose(actual, expected, rtol=5e-3, atol=5e-3)


@pytest.mark.parametrize("quantisation", ["float32", "dynamic"])
@pytest.mark.parametrize("structure", STRUCTURES)
def test_what_is_no_number_stays_none_and_a_reset_forgets_it(host: Host, structure: str, quantisation: str) -> None:
    shape, words = STRUCTURES[structure]
    network = networks.build_chain(Chain(quantisation, shape, words, seed=7))
    inputs = odd_inputs(network, ODD)
    expected = reference.run(network, inputs)
    result = host.run(network, inputs)
    assert_same(result.run, expected)
    if result.steps is not None and plan_counts_steps(network):
        assert_same(result.steps.outputs[:, -1].reshape(expected.shape), expected)


@pytest.mark.parametrize("quantisation", ["float32", "dynamic"])
def test_the_state_after_it_is_none_until_a_reset(host: Host, quantisation: str) -> None:
    words = (("lstm", 5, True, False), ("lstm", 3, False, False), ("dense", 2, "relu"))
    network = networks.build_chain(Chain(quantisation, (4, 2), words, seed=3))
    inputs = odd_inputs(network, (np.nan,))
    result = host.run(network, inputs, "stream")
    assert result.going_on is not None
    outputs = result.going_on.outputs  # (N, T, O)
    assert np.isfinite(outputs[0]).all()
    assert np.isnan(outputs[1:]).all()


@pytest.mark.parametrize("quantisation", ["float32", "dynamic"])
@pytest.mark.parametrize("structure", STRUCTURES)
def test_the_largest_numbers_are_computed_with_without_harm(host: Host, structure: str, quantisation: str) -> None:
    """Their sums leave single precision: infinities, or none. What sanitizers would see is what counts."""
    shape, words = STRUCTURES[structure]
    network = networks.build_chain(Chain(quantisation, shape, words, seed=7))
    inputs = odd_inputs(network, (FLT_MAX, -FLT_MAX))
    plain = host.run(network, inputs).run[::2]
    assert_same(plain, reference.run(network, inputs)[::2])


@pytest.mark.parametrize("quantisation", networks.INTEGERS)
def test_integers_take_it_for_0_and_saturate_infinities(host: Host, quantisation: str) -> None:
    words = (("lstm", 5, True, False), ("lstm", 3, False, False), ("dense", 2, "linear"))
    network = networks.build_chain(Chain(quantisation, (4, 2), words, edges=True, seed=5))
    inputs = odd_inputs(network, (*ODD, FLT_MAX, -FLT_MAX))
    expected = reference.run(network, inputs)
    np.testing.assert_array_equal(host.run(network, inputs).run, expected)
    np.testing.assert_array_equal(reference.run(network, np.where(np.isnan(inputs), np.float32(0), inputs)), expected)
    bounded = np.clip(inputs, -1e30, 1e30)
    np.testing.assert_array_equal(reference.run(network, np.where(np.isnan(inputs), inputs, bounded)), expected)


@pytest.mark.parametrize(("dtype", "zero_point"), [("int8", -128), ("int8", 5), ("int8", 127), ("int16", 0)])
def test_halves_are_stored_away_from_zero(host: Host, dtype: str, zero_point: int) -> None:
    """In the network and by the header's function, which is what users call."""
    out = Signal((512,), dtype, 2.0**-4, zero_point)
    network = one_layer(Signal((512,)), Convert("convert", out), "int8" if dtype == "int8" else "int16x8")
    halves = ((np.arange(-256, 256) + 0.5) * out.scale).astype(np.float32)
    near = [np.nextafter(halves, np.float32(end)) for end in (-1e9, 1e9)]
    given = np.stack([halves, *near, np.resize(ODD, 512).astype(np.float32)])
    real = np.where(np.isnan(given), 0, given.astype(np.float64)) / out.scale
    expected = np.clip(np.copysign(np.floor(np.abs(real) + 0.5), real) + zero_point, out.low, out.high)
    np.testing.assert_array_equal(reference.run(network, given), expected)
    np.testing.assert_array_equal(host.run(network, given).run, expected)
    assert_header_stores(host, out, given, expected)


HEADER_PROGRAM = """
#include <stdio.h>
#include "stored.h"
int main(void)
{{
    float x;
    while (fread(&x, sizeof x, 1, stdin) == 1) {{
        const {ctype} y = stored_quantise(x);
        fwrite(&y, sizeof y, 1, stdout);
    }}
    return 0;
}}
"""


def assert_header_stores(host: Host, signal: Signal, given: Array, expected: Array) -> None:
    layer = Convert("rescale", replace(signal, shape=(1,)))
    quantisation = "int8" if signal.dtype == "int8" else "int16x8"
    network = replace(one_layer(replace(signal, shape=(1,)), layer, quantisation), name="stored")
    host.write(network)
    source = host.directory / "stored_main.c"
    source.write_text(HEADER_PROGRAM.format(ctype=f"{signal.dtype}_t"))
    program = host.program("stored_main", [source], f"-I{host.directory}")
    done = subprocess.run([program], input=given.tobytes(), capture_output=True, check=True)
    np.testing.assert_array_equal(np.frombuffer(done.stdout, signal.dtype).reshape(given.shape), expected)


FLOAT_CORES = [("cortex-m0", "c"), ("cortex-m4", "vfp"), ("cortex-m55", "helium_f32"), ("rv32imafc", "c")]


@pytest.mark.parametrize(("target", "kernels"), FLOAT_CORES)
def test_on_the_device(tmp_path: Path, target: str, kernels: str) -> None:
    """LSTM steps and single steps, clipped cells, Dense whole and in parts, relu."""
    device = Device(CORES[target], kernels, tmp_path)
    flat = (("lstm", 5, True, False), ("reshape", (20,)), ("dense", 3, "relu"))
    for shape, words in (((4, 3), flat), ((1, 6), (("lstm", 5, False, False), ("dense", 2, "linear"), ("softmax",)))):
        network = networks.build_chain(Chain("float32", shape, words, clip=True, seed=2))
        inputs = odd_inputs(network, ODD)
        outputs, _ = device.run(network, inputs, "window")
        assert_same(outputs, reference.run(network, inputs))
