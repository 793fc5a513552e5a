# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Fixtures of all tests."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings

from kernels.cmsis_nn import library as cmsis_nn
from tests.probe import CORES, ROOT
from tests.support import differences, stand_in
from tests.support.checkout import Shared, alone
from tests.support.host import Host

# A shell ignores Ctrl-C for what it runs in the background, and so would every build that a test interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)

# The same examples every time: a change that breaks a test is the change that was made. The sweeps marked
# `long` look further, at other examples each time.
_ANY_TIME = {"deadline": None, "suppress_health_check": list(HealthCheck), "print_blob": True}
settings.register_profile("same", derandomize=True, database=None, **_ANY_TIME)
settings.register_profile("unshrunk", settings.get_profile("same"), phases=(Phase.explicit, Phase.generate))
settings.register_profile("sweep", max_examples=150, **_ANY_TIME)
settings.load_profile("same")


def pytest_addoption(parser: pytest.Parser) -> None:
    """What a machine may have and others not; what a failing test says to run it alone."""
    parser.addoption("--cmsis-nn", default="", metavar="PREFIX", help="a built CMSIS-NN, by target's name inside")
    parser.addoption("--case", default="", metavar="NAME", help="of a firmware of many layers, the one to try")


def pytest_configure(config: pytest.Config) -> None:
    """Before any test."""
    differences.ask(config.getoption("--case"))


@pytest.fixture(scope="session", autouse=True)
def _own_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Nothing is read from, or written to, the settings of whoever runs the tests: cache= keeps its key there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CCACHE_DIR", str(ROOT / "build/ccache"))
        patch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("config")))
        yield


@pytest.fixture(scope="session")
def host(tmp_path_factory: pytest.TempPathFactory) -> Host:
    """Runtime and kernels compiled for the host, in a folder of this process's own."""
    return Host.prepare(tmp_path_factory.mktemp("host"))


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of this test run share."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session")
def built(shared_folder: Path) -> Shared:
    """``built("quant=int8", ...)``: the checkout all processes share, after SCons was asked for this."""
    return Shared(shared_folder / "built")


@pytest.fixture(scope="session")
def cmsis_stand_in(shared_folder: Path) -> Path:
    """A prefix with a stand-in for CMSIS-NN for every core that has the kernel set."""
    prefix = shared_folder / "cmsis-nn"
    with alone(shared_folder / "cmsis-nn-lock"):
        if not prefix.exists():
            stand_in.build(prefix, [core for core in CORES.values() if "cmsis_nn" in core.kernels])
    assert list(prefix.glob(f"*/{cmsis_nn.LIBRARY}"))
    return prefix
