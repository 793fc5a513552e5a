# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Every file of tests is run: pytest by itself leaves out folders of certain names, ``build`` among them."""

from __future__ import annotations

import subprocess
from fnmatch import fnmatch
from pathlib import PurePath

import pytest

from tests.style import ROOT


def test_no_folder_of_tests_is_left_out(pytestconfig: pytest.Config) -> None:
    listed = subprocess.run(["git", "ls-files", "tests"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    folders = {part for line in listed.splitlines() for part in PurePath(line).parent.parts}
    assert "build" in folders
    left_out = pytestconfig.getini("norecursedirs")
    assert {folder for folder in folders if any(fnmatch(folder, pattern) for pattern in left_out)} == set()
