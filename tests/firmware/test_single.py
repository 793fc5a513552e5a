# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What cores without an FPU compute floats with, on the host: the bits of its FPU, and those of the oracle."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from model.signal import Array
from tests.oracle import single
from tests.support.host import FIRMWARE, INCLUDES, WARNINGS, compile_c

EACH = """
#include "float_math.h"
#include "single.h"
void each(int kind, const float *a, const float *b, float *made, int count);
void each(int kind, const float *a, const float *b, float *made, int count)
{
    for (int k = 0; k < count; ++k) {
        made[k] = kind == 0 ? lstmcu_product_f32(a[k], b[k])
                : kind == 1 ? lstmcu_sum_f32(a[k], b[k]) : lstmcu_decay(a[k]);
    }
}
"""
KINDS = ("product", "sum", "decay")
MANY = 400_000
Each = Callable[[str, Array, Array], Array]


@pytest.fixture(scope="module", params=["-DLSTMCU_OWN_FLOATS", "-D__ARM_ARCH_6M__"], ids=["64 bits", "32 bits"])
def each(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Each:
    """The functions on arrays; with products of 64 bits, and as ARMv6-M has them."""
    folder: Path = tmp_path_factory.mktemp("single")
    (folder / "each.c").write_text(EACH)
    trap = "-fsanitize-undefined-trap-on-error"  # no library for it in this process
    mode = ["-std=c99", "-O2", "-fPIC", "-shared", "-ffp-contract=off", "-fsanitize=undefined", trap]
    own = ["-DLSTMCU_NO_FPU", request.param]
    sources = [folder / "each.c", FIRMWARE / "runtime/single.c", FIRMWARE / "runtime/float_math.c"]
    compile_c(*mode, *WARNINGS, *INCLUDES, *own, *sources, "-o", folder / "each.so")
    called = ctypes.CDLL(str(folder / "each.so")).each

    def run(kind: str, a: Array, b: Array) -> Array:
        made = np.empty(len(a), np.float32)
        called(KINDS.index(kind), *(ctypes.c_void_p(each.ctypes.data) for each in (a, b, made)), len(a))
        return made

    return run


def pairs() -> tuple[Array, Array]:
    """Any bits; numbers of like size, of neighbouring ones, of few bits, at the ends of exponents; special ones."""
    random = np.random.default_rng(3)
    bits = random.integers(0, 1 << 32, (2, MANY)).astype(np.uint32)
    near = random.integers(1, 255, MANY) + np.stack([np.zeros(MANY, np.int64), random.integers(-27, 28, MANY)])
    near = np.clip(near, 0, 255).astype(np.uint32)
    alike = bits & np.uint32(0x807FFFFF) | near << 23
    few = alike & random.choice(np.array([0xFF800000, 0xFFC00000, 0xFF800001, 0xFFFF0000], np.uint32), (2, MANY))
    all_but_few = alike | random.choice(np.array([0x7FFFFF, 0x7FFFFE, 0x7FFF], np.uint32), (2, MANY))
    beside = np.stack([alike[0], alike[0] ^ np.uint32(1 << 31)])
    beside[1] += random.integers(-3, 4, MANY).astype(np.int32).view(np.uint32)
    special = np.array([0, 1 << 31, 1, 0x7FFFFF, 0x800000, 0x7F7FFFFF, 0x7F800000, 0xFF800000, 0x7FC00001], np.uint32)
    those = np.stack(np.meshgrid(special, np.concatenate([special, few[0, :500]]))).reshape(2, -1)
    a, b = np.concatenate([bits, alike, few, all_but_few, beside, those, those[::-1]], axis=1).view(np.float32)
    return np.ascontiguousarray(a), np.ascontiguousarray(b)


def assert_same(made: Array, expected: Array, *inputs: Array) -> None:
    same = (made.view(np.uint32) == expected.view(np.uint32)) | (np.isnan(made) & np.isnan(expected))
    wrong = np.flatnonzero(~same)[:5]
    assert same.all(), [(*(each[wrong] for each in inputs), made[wrong], expected[wrong])]


@pytest.mark.inputs(2_000_000)
@pytest.mark.parametrize("kind", ["product", "sum"])
def test_sums_and_products_are_those_of_an_fpu(each: Each, kind: str) -> None:
    a, b = pairs()
    with np.errstate(all="ignore"):
        expected = a * b if kind == "product" else a + b
    assert_same(each(kind, a, b), expected, a, b)


def test_decay_in_integers_is_the_oracle_s_and_near(each: Each) -> None:
    """Over all of its range, beyond it, and of what is no number."""
    random = np.random.default_rng(4)
    special = np.array([0, -0.0, 29, -29, 30, -30, np.inf, -np.inf, np.nan, 1e-40, 3e38, -3e38], np.float32)
    beside = np.nextafter(np.float32([29, -29]), np.float32(0))
    x = np.concatenate([
        np.linspace(-31, 31, MANY), random.normal(0, 1, MANY) * 10.0 ** random.integers(-9, 2, MANY), special, beside,
    ]).astype(np.float32)  # fmt: skip
    made = each("decay", x, x)
    assert_same(made, single.decay_in_integers(x), x)
    inside = np.abs(x) <= 29
    exact = np.exp(-x[inside].astype(np.float64))
    assert np.abs(made[inside] / exact - 1).max() < 7e-8
    assert np.isnan(made[np.isnan(x)]).all()
