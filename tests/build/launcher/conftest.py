# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Checkouts with a launcher, set up and not."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.launcher import Checkout, Done, make_wheel, write_checkout


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("two wheels")
    return make_wheel(folder, "1.0"), make_wheel(folder, "2.0")


@pytest.fixture
def fresh(tmp_path: Path, wheels: tuple[Path, Path]) -> Checkout:
    """Nothing is set up."""
    return write_checkout(tmp_path, wheels[0])


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory, wheels: tuple[Path, Path]) -> tuple[Checkout, Done]:
    """A checkout that its first run has set up, and what that run said."""
    checkout = write_checkout(tmp_path_factory.mktemp("made"), wheels[0])
    return checkout, checkout.run("-h")


@pytest.fixture
def ready(tmp_path: Path, made: tuple[Checkout, Done]) -> Checkout:
    """.venv is set up for building; no system tool is there."""
    shutil.copytree(made[0].root, tmp_path / "check out", symlinks=True)
    (tmp_path / "bin").mkdir()
    return Checkout(tmp_path / "check out", tmp_path / "bin")


@pytest.fixture
def silent() -> Iterator[str]:
    """Address of a server that takes every call and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def apt(ready: Checkout) -> Callable[[str], list[str]]:
    """Puts an apt-get on PATH that runs ``script`` to install; afterwards, tells how it was called."""
    calls = ready.bin / "calls"

    def put(script: str) -> None:
        ready.add_tools("apt-get", script=f'echo "$@" >>"{calls}"\n[ "$1" = update ] && exit 100\n{script}')
        ready.add_tools("sudo", script='[ "$1" = -n ] && shift\nexec "$@"')

    def use(script: str) -> list[str]:
        if script:
            put(script)
        return calls.read_text().splitlines() if calls.exists() else []

    return use
