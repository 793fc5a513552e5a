# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Train every shipped model again, into models/: ``python -m train``."""

from __future__ import annotations

import subprocess
import sys

COMMANDS = (
    ("train.forecast", "--model", "forecast", "--out", "models/forecast"),
    ("train.forecast", "--model", "forecast-window", "--out", "models/forecast-window"),
    ("train.exercises", "--out", "models/exercises"),
    ("train.speakers", "--out", "models/speakers"),
    ("train.anomaly", "--out", "models/anomaly"),
)


def main() -> None:
    """Each in a process of its own: TensorFlow's random state is global."""
    for module, *arguments in COMMANDS:
        done = subprocess.run([sys.executable, "-m", module, *arguments], check=False)
        if done.returncode:
            sys.exit(done.returncode)


if __name__ == "__main__":
    main()
