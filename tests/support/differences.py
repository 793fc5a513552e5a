# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What a failing test says: where a kernel or a network first goes wrong, and the line that runs this alone."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Protocol, TypeVar

import pytest

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
