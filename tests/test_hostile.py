# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The table of what is tried on hostile input is that of the tests there are."""

from __future__ import annotations

import subprocess
import sys

from tests.support.host import ROOT


def test_the_table_is_current() -> None:
    command = [sys.executable, "-m", "tests.hostile", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
