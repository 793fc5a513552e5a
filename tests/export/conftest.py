# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the tests of export: they build in a checkout of their own."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.support.checkout import Checkout, build_once


@pytest.fixture(scope="session")
def built(shared_folder: Path) -> Callable[..., Checkout]:
    """``built("export", ..., "dest=DIR")``: the checkout these tests share, after SCons was asked for this."""
    return partial(build_once, shared_folder / "exported")
