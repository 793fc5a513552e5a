# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Activations inside cells: integers over all 65,536 inputs on the device, and how near they are to the real ones."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

import numpy as np
import pytest

from model.functions import FORMS, named
from model.layers import gate_functions
from model.layers.gate_functions import EVERY, GateFunction
from model.signal import Array
from model.spans import BeyondError
from tests.support.host import Host

NAMES = [name for name in FORMS if named(name).elementwise]
LOG2S = (-24, -15, -13, -12, -11, -9, -5, 0)


def held(gate: GateFunction) -> bool:
    try:
        gate.hold()
    except BeyondError:
        return False
    return True


CASES = [gate for name in NAMES for log2 in LOG2S if held(gate := gate_functions.of(named(name), log2))]


def on_the_device(host: Host, gates: Sequence[GateFunction]) -> Array:
    """(cases, 65536) results of the expressions that generated code has."""
    tables, loops = [], []
    for k, gate in enumerate(gates):
        if gate.table is not None:
            tables.append(f"static const int16_t table_{k}[513] = {{{', '.join(map(str, gate.table))}}};\n")
        loops.append(
            f"""    for (int32_t n = INT16_MIN; n <= INT16_MAX; ++n) {{
        const int16_t x = (int16_t)n;
        const int32_t y = {gate.in_c("x", f"table_{k}")};
        fwrite(&y, sizeof y, 1, stdout);
    }}
"""
        )
    source = host.directory / "gates.c"
    opening = '#include <stdio.h>\n#include "gate_functions.h"\n'
    source.write_text(f"{opening}{''.join(tables)}int main(void)\n{{\n{''.join(loops)}    return 0;\n}}\n")
    done = subprocess.run([host.program("gates", [source])], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return np.frombuffer(done.stdout, np.int32).reshape(len(gates), -1)


def test_every_function_gives_the_references_bits(host: Host) -> None:
    found = on_the_device(host, CASES)
    assert {gate.function.name for gate in CASES} == set(NAMES)
    for gate, values in zip(CASES, found, strict=True):
        assert (values == gate.at(EVERY)).all(), gate
        assert (np.abs(values + 0.5) <= 32767.5).all(), gate


@pytest.mark.parametrize("name", NAMES)
def test_a_function_is_near_the_real_one(name: str) -> None:
    """Where Q3.12 is its input, in units of its output: straight lines half a step or none, tables a few."""
    gate = gate_functions.of(named(name), -12)
    ends = np.array([-32768, 32767]) * 2.0**gate.out_log2
    error = np.abs(gate.at(EVERY) * 2.0**gate.out_log2 - np.clip(gate.function(EVERY * 2.0**-12), *ends))
    assert error.max() / 2.0**gate.out_log2 <= {"linear": 0, "relu": 0, "softsign": 0.5}.get(name, 3)


@pytest.mark.parametrize("name", ["linear", "relu", "hard_tanh"])
@pytest.mark.parametrize("log2", LOG2S)
def test_straight_lines_lose_nothing(name: str, log2: int) -> None:
    gate = gate_functions.of(named(name), log2)
    exact = gate.function(EVERY * 2.0**log2) / 2.0**gate.out_log2
    assert (gate.at(EVERY) == np.clip(exact, -32768, 32767)).all()


@pytest.mark.parametrize(
    "name", ["sigmoid", "tanh", "hard_sigmoid_keras2", "hard_sigmoid_keras3", "relu6", "hard_tanh"]
)
def test_what_is_flat_beyond_q3_12_has_it_as_input(name: str) -> None:
    assert gate_functions.input_log2(named(name), -3000.0, 3000.0) == -12
    assert gate_functions.input_log2(named(name), -1e-3, 1e-3) == -12


@pytest.mark.parametrize("name", ["linear", "relu", "softsign", "elu", "selu", "silu", "exponential"])
@pytest.mark.parametrize(("low", "high", "log2"), [(-3.0, 1.0, -13), (-8.0, 4.0, -12), (0.0, 8.01, -11), (0, 0, -24)])
def test_what_is_not_covers_what_was_seen(name: str, low: float, high: float, log2: int) -> None:
    assert gate_functions.input_log2(named(name), low, high) == log2


@pytest.mark.parametrize("gate", CASES, ids=str)
def test_a_span_holds_the_smallest_and_the_largest(gate: GateFunction) -> None:
    random = np.random.default_rng(1)
    low, high = np.sort(random.integers(-32768, 32768, (2, 2, 5)), axis=0)
    found = gate.span(low, high)
    for place in np.ndindex(low.shape):
        values = gate.at(np.arange(low[place], high[place] + 1))
        assert (found[0][place], found[1][place]) == (values.min(), values.max())


@pytest.mark.parametrize(
    ("function", "log2"),
    [("sigmoid", 3), ("tanh", -44), ("softsign", 1), ("exponential", -8), ("relu", 9), ("elu", -25)],
)
def test_what_the_devices_integers_cannot_hold_is_said(function: str, log2: int) -> None:
    gate = gate_functions.of(named(function), log2)
    with pytest.raises(BeyondError, match=f"its {function}"):
        gate.span(np.array([0]), np.array([1]))
