# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""``scons test``: the tests, but for the longest sweeps."""

from __future__ import annotations

from made import Made

HELP = "run the tests"
PACKAGES = "full"
TOOLS = {
    "c++": ["g++"],  # the generated C must compile as C++
    "clang-16": ["clang-16", "lld-16"],  # the other compiler of the targets
    "cppcheck": ["cppcheck"],
    "cmake": ["cmake", "make"],  # builds what is exported
    "verilator": ["verilator", "make"],
    "chromium": ["chromium"],  # shows the report page
    "ccache": ["ccache"],
    "redis-server": ["redis-server"],  # keeps ccache's objects
    "gdb-multiarch": ["gdb-multiarch"],
}
BUILDS = False
IMPLIES = {"target": "all"}


def make(made: Made) -> None:
    """On all processors."""
    made.env.Goal("test", *pytest(made), "-m", "not long")


def pytest(made: Made) -> tuple[str, ...]:
    """How the tests are run."""
    return ("pytest", "-n", "auto", f"--cmsis-nn={made.options.cmsis_nn}")
