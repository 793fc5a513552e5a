# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Floats on the device, bit for bit: one result on all cores with a fused multiply-add, another without an FPU."""

from __future__ import annotations

import ctypes
import ctypes.util
import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from model import formats, quantise
from model.layers.dense import Dense
from model.layers.lstm import Lstm
from model.network import Network, chained
from model.signal import Array, Signal, Weights
from target.features import features
from tests.oracle import single
from tests.probe import CORES
from tests.support import networks
from tests.support.device import Device
from tests.support.differences import assert_bits
from tests.support.host import Host
from tests.support.networks import Chain, Word

FLAT: tuple[Word, ...] = (("lstm", 13, True, False), ("reshape", (39,)), ("dense", 7, "relu"))
DEEP: tuple[Word, ...] = (("lstm", 9, True, False), ("lstm", 35, False, False), ("dense", 6, "linear"))
ONCE: tuple[Word, ...] = (("lstm", 11, False, False), ("dense", 5, "relu"))
SHAPES: tuple[tuple[tuple[int, ...], tuple[Word, ...]], ...] = (((3, 5), FLAT), ((4, 22), DEEP), ((1, 47), ONCE))
# the core, its kernels, the compiler; vfp and c in the same order, clang's C by another way to the instruction
RUNS = [
    ("cortex-m4", "vfp", "gcc"), ("cortex-m7", "vfp", "clang"), ("cortex-m33", "vfp", "gcc"),
    ("cortex-m4", "c", "gcc"), ("cortex-m4", "c", "clang"), ("rv32imafc", "c", "gcc"), ("rv32imafc", "c", "clang"),
    ("rv32imafcv", "rvv", "gcc"), ("rv64gcv", "rvv", "clang"),
    ("cortex-m55", "helium_f32", "gcc"), ("cortex-m55", "helium_f32", "clang"), ("cortex-m55", "c", "gcc"),
    ("cortex-m0", "c", "gcc"), ("cortex-m3", "c", "gcc"), ("rv32imc", "c", "clang"),
]  # fmt: skip


def wild(network: Network, seed: int) -> Array:
    """Windows of usual numbers, of such that are beyond the functions' ends, of denormals; NaN, infinities."""
    random = np.random.default_rng(seed)
    inputs = random.normal(0, 1, (12, *network.input.shape)) * 10.0 ** random.integers(-3, 4, (12, 1, 1))
    inputs[-4:-1, 0, 0] = np.inf, -np.inf, np.nan
    inputs[-1] *= 1e-41
    return inputs.astype(np.float32)


def cases() -> list[tuple[Network, Array]]:
    """Odd sizes, sequences, a Dense in parts, single steps; cells that are clamped and such that are not."""
    made = []
    for seed, (shape, words) in enumerate(SHAPES):
        for clip in (False, True):
            network = networks.build_chain(Chain("float32", shape, words, clip=clip, seed=seed))
            made.append((network, wild(network, seed)))
            if clip != bool(seed % 2):
                usual = np.random.default_rng(seed).normal(0, 1, (4, *shape)).astype(np.float32)
                made.append((quantise.quantise(network, usual, "dynamic"), wild(network, seed)))
    return [*made, (rounding(), ends()), between()]


def between() -> tuple[Network, Array]:
    """A step whose gates are in the middle between two multiples of ln 2, as e^-x rounds them: n becomes even."""
    middles = ((np.arange(-40, 41) + 0.5) * np.log(2)).astype(np.float32)
    near = [middles]
    for end in (-np.inf, np.inf):
        last = middles
        for _ in range(3):
            last = np.nextafter(last, np.float32(end))
            near.append(last)
    found = np.concatenate(near)
    found = found[np.abs(found * np.float32(-1.44269504)) % 1 == 0.5]
    assert len(found) > 80
    inputs = np.resize(found, (1, 1, -(-len(found) // 3) * 3))
    inputs[..., 2::3] /= 2  # a candidate is doubled
    units = inputs.size // 3
    kernel = np.zeros((4, units, inputs.size), np.float32)
    for nth, gate in enumerate((0, 3, 2)):
        kernel[gate, range(units), range(nth, inputs.size, 3)] = 1
    source, out = Signal((1, inputs.size)), Signal((units,))
    recurrent, bias = Weights(np.zeros((4, units, units), np.float32)), np.zeros((4, units), np.float32)
    lstm = Lstm("lstm", Weights(kernel), recurrent, bias, False, False, 0.0, out)
    return chained("net", "made by a test", "0" * 64, "float32", source, (lstm,)), inputs


def rounding() -> Network:
    """A Dense in ``dynamic`` that gives each element of a vector as it was quantised."""
    kernel = Weights(np.eye(11, dtype=np.int8), np.ones(11, np.float32))
    layer = Dense("dense", kernel, np.zeros(11, np.float32), "linear", Signal((11,)), formats.named("dynamic"))
    return chained("net", "made by a test", "0" * 64, "dynamic", Signal((11,)), (layer,))


def ends() -> Array:
    """Vectors with a step of 2^-7 and elements at and beside all halves of it; ranges of all sizes and of none."""
    halves = (np.arange(126, dtype=np.float32) + np.float32(0.5)).repeat(3)
    halves[0::3], halves[2::3] = np.nextafter(halves[0::3], 0), np.nextafter(halves[2::3], np.inf, dtype=np.float32)
    near = np.concatenate([halves, -halves]) / 128
    centred = np.zeros((84, 11), np.float32)  # zero point 0, where set c's way to round has one number more go up
    centred[:, 0], centred[:, 1], centred[:, 2:] = -1, 127 / 128, near.reshape(84, 9)
    random = np.random.default_rng(7)
    many = random.normal(0, 1, (60, 11)) * 10.0 ** random.integers(-44, 38, (60, 1))
    many[:20], many[20:30] = np.abs(many[:20]), -np.abs(many[20:30])
    least = np.finfo(np.float32).smallest_normal
    special = np.zeros((9, 11), np.float32)
    special[:, 3] = 0, -0.0, 255 * least, np.nextafter(255 * least, 0), 1e-45, 3.4e38, -3.4e38, np.inf, -np.nan
    special[5, 4], special[6, 10] = -1e30, 1e30
    wide = np.zeros((2, 11), np.float32)
    wide[:, 0], wide[:, 10] = -1.7e38, (1.69e38, 1.8e38)
    return np.concatenate([centred, centred / 4 + 0.25, many.astype(np.float32), special, wide])


def kind_of(target: str) -> single.Core:
    """All FPUs of these fuse."""
    return single.FUSED if features(CORES[target].isa) & {"fp", "f"} else single.NO_FPU


def test_both_kinds_of_cores_are_tried() -> None:
    assert {kind_of(target) for target, *_ in RUNS} == {single.FUSED, single.NO_FPU}
    for one, other in itertools.combinations((single.FUSED, single.APART, single.NO_FPU), 2):
        assert any((single.run(*case, one) != single.run(*case, other)).any() for case in cases())


@pytest.mark.parametrize(("target", "kernels", "chosen"), RUNS)
def test_a_device_computes_in_the_stated_order(tmp_path: Path, target: str, kernels: str, chosen: str) -> None:
    device = Device(CORES[target], kernels, tmp_path, chosen=chosen)
    for network, inputs in cases():
        outputs, _ = device.run(network, inputs, "window")
        assert_bits(network, outputs, single.run(network, inputs, kind_of(target)))


@pytest.mark.parametrize("vlen", [256, 1024])
def test_so_do_vectors_of_any_length(tmp_path: Path, vlen: int) -> None:
    qemu = CORES["rv64gcv"].qemu
    assert qemu is not None
    assert qemu.cpu is not None
    longer = replace(qemu, cpu=qemu.cpu.replace("vlen=128", f"vlen={vlen}"))
    device = Device(replace(CORES["rv64gcv"], qemu=longer), "rvv", tmp_path)
    for network, inputs in cases():
        outputs, _ = device.run(network, inputs, "window")
        assert_bits(network, outputs, single.run(network, inputs, single.FUSED))


def test_vectors_of_helium_take_numbers_below_the_normal_ones_for_0(tmp_path: Path) -> None:
    """All that differs there."""
    dense = Dense("dense", Weights(np.eye(4, dtype=np.float32)), np.zeros(4, np.float32), "linear", Signal((4,)))
    network = chained("net", "made by a test", "0" * 64, "float32", Signal((4,)), (dense,))
    least = np.finfo(np.float32).smallest_normal
    inputs = np.array([[1e-39, -1e-39, least, 1.0]], np.float32)
    for kernels, expected in (("helium_f32", [[0.0, 0.0, least, 1.0]]), ("c", inputs)):
        outputs, _ = Device(CORES["cortex-m55"], kernels, tmp_path).run(network, inputs, "window")
        np.testing.assert_array_equal(outputs, np.array(expected, np.float32))


def test_so_does_the_host(host: Host) -> None:
    for network, inputs in cases():
        assert_bits(network, host.run(network, inputs).run, single.run(network, inputs, single.APART))


def test_the_oracle_rounds_a_fused_sum_once() -> None:
    """Against the C library's: random numbers, and such whose two roundings would meet in a tie."""
    fmaf = ctypes.CDLL(ctypes.util.find_library("m")).fmaf
    fmaf.restype, fmaf.argtypes = ctypes.c_float, [ctypes.c_float] * 3
    random = np.random.default_rng(5)
    a, b, c = (random.normal(0, 1, 20_000) * 2.0 ** random.integers(-70, 60, 20_000) for _ in range(3))
    c[:5000] = -(a[:5000] * b[:5000]) * (1 + random.normal(0, 1e-7, 5000))
    a[5000:9000], b[5000:9000] = 1 + 2.0**-12 * (2 * random.integers(0, 400, (2, 4000)) + 1)
    c[5000:9000] = random.choice([-1, 1], 4000) * 2.0 ** random.integers(-80, -50, 4000)
    given = [each.astype(np.float32) for each in (a, b, c)]
    expected = np.array([fmaf(*map(float, each)) for each in zip(*given, strict=True)], np.float32)
    twice = (given[0].astype(np.float64) * given[1].astype(np.float64) + given[2]).astype(np.float32)
    with np.errstate(over="ignore"):
        assert (single.fused(*given) == expected).all()
        assert (twice != expected).any()
        assert (single.apart(*given) != expected).any()
