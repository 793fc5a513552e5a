# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What a failing test says: where a kernel or a network first goes wrong, and the line that runs this alone."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

import numpy as np
import pytest

from measure.checks import difference
from model import formats, planner, reference, trace
from model.network import Network
from model.signal import Array
from model.trace import Key
from tests.support.networks import INTEGERS

SHOWN = 10  # layers of a firmware that go wrong


class Named(Protocol):
    """A layer that a firmware tries: its name in the firmware, and what it is."""

    @property
    def name(self) -> str: ...

    @property
    def about(self) -> str: ...


Layer = TypeVar("Layer", bound=Named)


class _Asked:
    """The command line's --case=, which tests/conftest.py reads; empty: all."""

    case = ""


def ask(case: str) -> None:
    """Try the layers of this name alone, from now on."""
    _Asked.case = case


def chosen(cases: Sequence[Layer]) -> list[Layer]:
    """The layers that are to be tried."""
    found = [case for case in cases if _Asked.case in ("", case.name)]
    assert found, f"--case: there is no {_Asked.case} here, only {', '.join(case.name for case in cases)}"
    return found


def this_test() -> str:
    """The command that runs the test that is running."""
    name = os.environ["PYTEST_CURRENT_TEST"].rpartition(" (")[0]
    return f".venv/bin/python -m pytest '{name}'"


def nothing_said(where: str, cases: Sequence[Named], said: str) -> None:
    """Fail with what a firmware of these layers said, if anything: lines that begin with a layer's name."""
    if not said:
        return
    about = {case.name: case.about for case in cases}
    lines = said.splitlines()
    names = list(dict.fromkeys(line.partition(":")[0] for line in lines))
    text = [f"{where}: {len(names)} of {len(chosen(cases))} layers go wrong"]
    for name in names[:SHOWN]:
        text.append(f"  {name} ({about.get(name, 'no layer of this test')})")
        text += [f"    {line.partition(': ')[2]}" for line in lines if line.startswith(f"{name}: ")]
    text += [f"  and {', '.join(names[SHOWN:])}"] if names[SHOWN:] else []
    pytest.fail("\n".join([*text, f"{names[0]} alone: {this_test()} --case={names[0]}"]), pytrace=False)


# ---- networks ----

Noted = Callable[[Network, Array], dict[Key, Array]]  # runs a network once more, noting every intermediate value


def tolerance(network: Network, expected: Array) -> float:
    """What the generated code may differ by: nothing in integers, a conversion to float at the end aside.

    In floats, single precision, a few hundred operations deep; where vectors are quantised on the way, as stated.
    """
    relative = {"float32": 2e-5, "dynamic": formats.named("dynamic").tolerance}.get(network.quantisation, 0.0)
    if network.quantisation in INTEGERS and network.output.dtype == "float32":
        return 1e-6 * float(np.abs(expected).max())
    return relative * max(1.0, float(np.abs(expected).max()))


def assert_equal(
    network: Network, actual: Array, expected: Array, inputs: Array | None = None, noted: Noted | None = None
) -> None:
    """No differing bit for integers; close for floats. ``noted`` finds the layer that is wrong, by ``inputs``."""
    __tracebackhide__ = True
    assert actual.shape == expected.shape
    off = np.abs(actual.astype(np.float64) - expected.astype(np.float64))
    wrong = ~((off <= tolerance(network, expected)) | (actual == expected))  # NaN is wrong, equal infinities are not
    if wrong.any():
        layer = first_layer(network, inputs, noted(network, inputs)) if noted and inputs is not None else ""
        raise AssertionError(_told(network, actual, expected, wrong, layer))


def assert_bits(network: Network, actual: Array, expected: Array) -> None:
    """The same bits in floats, too; but what is not a number has a sign by chance, as libraries pass one on."""
    __tracebackhide__ = True
    assert actual.dtype == expected.dtype
    wrong = actual.view(f"u{actual.itemsize}") != expected.view(f"u{expected.itemsize}")
    wrong &= ~(np.isnan(actual) & np.isnan(expected))
    if wrong.any():
        raise AssertionError(_told(network, actual, expected, wrong, ""))


def _told(network: Network, actual: Array, expected: Array, wrong: Array, layer: str) -> str:
    """Of outputs (N, ..., O): the network, the first that is wrong, the layer, and how to see it again."""
    at = tuple(int(k) for k in np.argwhere(wrong)[0])
    names = ("window", "step", "unit") if wrong.ndim == 3 else ("window", *["axis"] * (wrong.ndim - 2), "unit")
    where = ", ".join(f"{name} {k}" for name, k in zip(names, at, strict=True))
    values = f"got {actual[at]!s}, wanted {expected[at]!s}"
    shapes = " -> ".join(f"{layer.name} {layer.output.shape}" for layer in network.layers)
    lines = [
        f"{network.quantisation}: input {network.input.shape} -> {shapes}",
        f"output, {where}: {values}; {int(wrong.sum())} of {wrong.size} differ",
        *([layer] if layer else []),
        f"again: {this_test()}",
    ]
    return "\n".join(lines)


def first_layer(network: Network, inputs: Array, device: dict[Key, Array]) -> str:
    """Where a run of windows from reset first leaves the reference, as ``scons compare`` says it."""
    expected = trace.Recorder()
    reference.run(network, inputs, expected.observe)
    order = trace.order_of_computation(planner.make(network, stream=False))
    table = difference.rows(network, device, expected.values, {})
    if not any(row.mismatches for row in table):
        return "As windows from reset, with every value noted down, nothing differs."
    return difference.verdict(table, order)
