# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the tests of export: they build in a checkout of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.checkout import Shared


@pytest.fixture(scope="session")
def built(shared_folder: Path) -> Shared:
    """``built("export", ..., "dest=DIR")``: the checkout these tests share, after SCons was asked for this."""
    return Shared(shared_folder / "exported")
