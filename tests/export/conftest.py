# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the tests of export: they build in a checkout of their own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.checkout import Checkout, alone


@pytest.fixture(scope="session")
def built(shared_folder: Path) -> Callable[..., Checkout]:
    """``built("export", ..., "dest=DIR")``: the checkout these tests share, after SCons was asked for this."""

    def build(*words: str) -> Checkout:
        folder = shared_folder / "exported"
        with alone(folder):
            root = folder / "checkout"
            checkout = Checkout(root) if root.exists() else Checkout.copy(root)
            done = folder / "_".join(word.replace("/", "-") for word in words)
            if not done.exists():
                checkout.build(*words)
                done.touch()
        return checkout

    return build
