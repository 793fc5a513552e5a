# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""A kernel that goes wrong is told by layer, quantity, step, unit and both values; the line it gives runs it alone."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.kernels.test_armv7em import KERNELS
from tests.style import ROOT
from tests.support import differences
from tests.support.checkout import Checkout
from tests.support.layer_cases import Case, dense_case, lstm_case

SEED, UNITS = 11, 5


def lstm(name: str) -> Case:
    """Of three steps."""
    return lstm_case(KERNELS.name, name, np.random.default_rng(SEED), (3, 4, UNITS), 0, "balanced", False)


def dense(name: str) -> Case:
    """In two parts."""
    return dense_case(KERNELS.name, name, np.random.default_rng(SEED), (2, 1, 7, UNITS), 0, "balanced")


# what is compared: its array in the firmware, and the step and unit where another value is wanted than the kernel gives
PLANTED: dict[str, tuple[Callable[[str], Case], str, int, int]] = {
    "hidden": (lstm, "h", 2, 3),
    "cell": (lstm, "c", 1, 4),
    "sums": (dense, "a", 1, 2),
    "output": (dense, "y", 0, 1),
}


@pytest.mark.parametrize("quantity", PLANTED)
def test_layer_step_unit_and_both_values_are_told(tmp_path: Path, quantity: str) -> None:
    make, which, step, unit = PLANTED[quantity]
    case, told, arrays = make("planted"), "", []
    for array in case.data:
        values = np.array(array.values)
        if array.name == f"planted_{which}":
            at = unit + (step * UNITS if make is lstm else 0)
            given = int(values[at])
            values[at] += 1 if given < 127 else -1
            told = f"{quantity}, step {step}, unit {unit}: got {given}, wanted {values[at]}; 1 of {UNITS} differ"
        arrays.append(replace(array, values=values))
    with pytest.raises(pytest.fail.Exception) as caught:
        KERNELS.check(tmp_path, [make("sound"), replace(case, data=tuple(arrays))], "balanced")
    first, layer, line, alone = str(caught.value).splitlines()
    assert first == f"{KERNELS.name} on cortex-m4, balanced, gcc: 1 of 2 layers go wrong"
    assert layer.endswith(f"; seed {SEED})")
    assert line.strip() == told
    assert alone == f"planted alone: {differences.this_test()} --case=planted"


# ---- in a copy of the project with a wrong kernel, as somebody sees it who is writing one ----

HIDDEN = "    strb r5, [r11, lr]\n    .endm\n"  # a hidden state is stored
SUM = "    return lstmcu_saturate16(lstmcu_requantise(dot_s8(row, x, count, bias), scale));\n"
WRONG = {
    "kernels/armv7em/lstm_s8.inc": (HIDDEN, "    eor r5, r5, #1\n" + HIDDEN),
    "kernels/c/products.h": (SUM, SUM.replace(", scale)", ", scale) ^ 1")),
}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy with its tests, where a kernel is wrong."""
    root = Checkout.copy(tmp_path_factory.mktemp("wrong") / "copy").root
    shutil.copytree(ROOT / "tests", root / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", root)
    (root / ".venv").symlink_to(sys.prefix)
    for name, (old, new) in WRONG.items():
        text = (root / name).read_text()
        assert old in text
        (root / name).write_text(text.replace(old, new))
    return root


def failed(root: Path, command: list[str]) -> str:
    """What a test says that fails."""
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout


def test_the_line_that_is_told_shows_the_same_failure(copy: Path) -> None:
    test = "tests/kernels/test_every_set.py::test_layers_of_all_kinds_give_the_reference_s_bits[balanced-armv7em]"
    said = failed(copy, [".venv/bin/python", "-m", "pytest", test])
    found = re.search(r"^  (\w+) \((.*)\)\n    (.*)\n(?s:.*)^(\w+) alone: (.*)$", said, re.MULTILINE)
    assert found, said
    name, about, difference, again, line = found.groups()
    assert name == again
    assert re.fullmatch(r"LSTM, \d+ features, \d+ units; seed \[1, 1\]", about)
    assert re.fullmatch(r"hidden, step \d, unit \d+: got -?\d+, wanted -?\d+; \d+ of \d+ differ", difference)
    alone = failed(copy, shlex.split(line))
    assert "1 of 1 layers go wrong" in alone
    assert f"  {name} ({about})\n    {difference}\n" in alone


UNSHRUNK = "--hypothesis-profile=unshrunk"  # the first that fails, whatever its size
VALUES = r"device -?\d+, reference -?\d+\."
# a test of random networks, and which value it says to go wrong first: assembly shows no gates
NETWORKS = {
    "tests/kernels/test_kernel_sets.py::test_assembly_on_random_networks[armv7em]": "(hidden|gate [ifco])",
    "tests/firmware/test_networks.py::test_integer_networks_give_the_references_bits": "gate [ifco]",
}


@pytest.mark.parametrize("test", NETWORKS)
def test_of_a_network_the_layer_is_told_and_how_to_make_it_again(copy: Path, test: str) -> None:
    said = failed(copy, [".venv/bin/python", "-m", "pytest", test, UNSHRUNK])
    where = r"sample \d+, step \d+, unit \d+"
    first = re.search(rf"First difference: layer lstm\d, {NETWORKS[test]}, {where}: {VALUES}", said)
    assert first, said
    assert re.search(r"int8: input \(.*\) -> lstm0 \(", said)
    assert re.search(r"output, window \d+, .*unit \d+: got -?\d+, wanted -?\d+; \d+ of \d+ differ", said)
    assert "seed=" in said
    assert "@reproduce_failure(" in said
    again = re.search(r"again: (.*)$", said, re.MULTILINE)
    assert again
    assert first[0] in failed(copy, [*shlex.split(again[1]), UNSHRUNK])


def test_the_page_shows_a_real_failure(copy: Path) -> None:
    """CONTRIBUTING.md tells how to read it."""
    test = "tests/kernels/test_every_set.py::test_sums_of_raw_units[size-armv7em]"
    said = failed(copy, [".venv/bin/python", "-m", "pytest", test, "--case=raw_2"])
    (shown,) = re.findall(r"^```text\n(.*?)^```$", (ROOT / "CONTRIBUTING.md").read_text(), re.MULTILINE | re.DOTALL)
    assert shown in said


def test_a_layer_that_is_not_there_is_refused(copy: Path) -> None:
    test = "tests/kernels/test_every_set.py::test_sums_of_raw_units[size-armv7em]"
    said = failed(copy, [".venv/bin/python", "-m", "pytest", test, "--case=layer5"])
    assert "--case: there is no layer5 here, only raw_1, raw_2" in said
