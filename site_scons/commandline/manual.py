# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What ``scons -h`` prints."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import goals

from commandline.models import shipped
from commandline.targets import missing_tools
from commandline.words import OPTIONS
from target.description import load_target, target_names

EXAMPLES = (
    ("scons target=cortex-m4", "the shipped forecast model on a Cortex-M4"),
    ("scons target=cortex-m4 model=forecast-window quant=float32", "another model, not quantised"),
    ("scons target=cortex-m4 model=my.keras samples=my.npz", "your own model"),
    ("scons target=all model=all quant=all", "every target, shipped model and quantisation, in one table"),
    ("scons target=cortex-m55 compiler=clang", "another compiler"),
    ("scons toolchain=my.toml", "your own target"),
    ("scons toolchain=my.toml gdb=localhost:3333", "your own board, through its GDB server"),
    ("scons export target=cortex-m4 model=forecast dest=out", "the C of a measured model, for your own build"),
    ("scons profile target=cortex-m4", "where the time goes"),
    ("scons target=cortex-m4 clock=64MHz flash_wait=2", "how long it takes at this clock, from slow flash"),
    ("scons report state=stream", "time step by time step, and the table again"),
)


def help_text(root: Path) -> str:
    """What ``scons -h`` prints."""

    def rows(pairs: Sequence[tuple[str, str]], width: int) -> str:
        return "\n".join(f"  {left:<{width}}  {right}" for left, right in pairs)

    availability = []
    for name in target_names():
        target = load_target(name)
        missing = missing_tools(target)
        state = f"missing: {', '.join(missing)}" if missing else "ready"
        availability.append((name, f"{target.description} [{', '.join(target.words)}] - {state}"))
    options = [(f"{name}=", f"{text}{f' [{default}]' if default else ''}") for name, (default, text) in OPTIONS.items()]
    return (
        "\n\n".join(
            (
                "From a trained recurrent network to measured firmware: scons [target=NAME] [OPTION=VALUE ...] [GOAL]",
                "Examples:\n" + rows(EXAMPLES, max(len(left) for left, _ in EXAMPLES)),
                "Targets:\n" + rows(availability, 14),
                "Shipped models:\n  " + ", ".join(shipped(root)),
                "Options:\n" + rows(options, 10),
                "Goals:\n" + rows([(name, goals.read(name).help) for name in goals.names()], 11),
                "A file may be called anything; one with commas in its name is taken for a file before a list.",
                "Results lie in build/<target>/<model>/<quant>-<kernels>/. SCons's own options: scons -H",
            )
        )
        + "\n"
    )
