# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""ccache=: objects are found again, by other checkouts and through Redis by other machines, and are the same."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.checkout import Checkout, Shared

MODEL = ("model=forecast-window", "quant=int8")
REQUEST = ("target=cortex-m4", *MODEL)
BOTH = ("target=cortex-m4,rv32imc", *MODEL)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture(scope="module")
def redis() -> Iterator[str]:
    """A server that keeps nothing on disk; its address."""
    port = free_port()
    words = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    server = subprocess.Popen(["redis-server", *words], stdout=subprocess.DEVNULL)
    for _ in range(100):
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.1)
    yield f"redis://127.0.0.1:{port}"
    server.terminate()
    server.wait()


@pytest.fixture
def local(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Chooses ccache's own folder for what follows."""

    def choose(name: str) -> Path:
        monkeypatch.setenv("CCACHE_DIR", str(tmp_path / name))
        return tmp_path / name

    for name in [name for name in os.environ if name.startswith("CCACHE_")]:
        monkeypatch.delenv(name)
    return choose


def counts(folder: Path) -> dict[str, int]:
    """ccache's statistics."""
    words = ["ccache", "--dir", str(folder), "--print-stats"]
    text = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    return {name: int(value) for name, value in re.findall(r"^(\w+)\t(\d+)$", text, re.MULTILINE)}


def hits(folder: Path) -> int:
    found = counts(folder)
    return found["direct_cache_hit"] + found["preprocessed_cache_hit"]


def products(checkout: Checkout) -> dict[str, bytes]:
    paths = (path for path in checkout.files() if path.startswith("build/"))
    return {path: (checkout.root / path).read_bytes() for path in paths if path.endswith((".o", ".elf", ".json"))}


def again(checkout: Checkout, *words: str) -> dict[str, bytes]:
    """Build what the targets need from the start, models and references apart."""
    for target in words[0].partition("=")[2].split(","):
        shutil.rmtree(checkout.root / "build" / target)
    checkout.build(*words)
    return products(checkout)


def test_another_machine_finds_objects_in_redis(
    built: Shared, redis: str, local: Callable[[str], Path], tmp_path: Path
) -> None:
    """Another checkout, in another folder, with nothing in its own ccache; and all are what gcc alone makes."""
    plain = Checkout.copy(tmp_path / "plain")
    plain.build(*BOTH)
    without = products(plain)
    here = built.copy(tmp_path / "here", *BOTH)
    there = here.copy_to(tmp_path / "dort drüben $x ${HOME}")

    first = local("first")
    with_ccache = again(here, *BOTH, f"ccache={redis}")
    compiled = counts(first)
    assert compiled["cache_miss"] > 35
    assert hits(first) == 0
    assert compiled["remote_storage_error"] == 0

    second = local("second")
    elsewhere = again(there, *BOTH, f"ccache={redis}")
    found = counts(second)
    assert (found["cache_miss"], hits(second)) == (0, compiled["cache_miss"])
    assert found["remote_storage_hit"] > 0
    names = [name for name in with_ccache if name in without]
    assert len([name for name in names if name.endswith(".S.o")]) >= 1
    for name in names:
        assert with_ccache[name] == elsewhere[name] == without[name], name

    for name in ("kernels/armv7em/lstm_s8.inc", "firmware/runtime/cell.h"):
        path = there.root / name
        path.write_text("#error seen\n" + path.read_text())  # ccache, too, must see what is included
        assert "#error seen" in there.scons(*REQUEST, f"ccache={redis}", "kernels=all").err
        path.write_text(path.read_text().partition("\n")[2])


def test_a_server_that_is_not_there_breaks_nothing(built: Shared, local: Callable[[str], Path], tmp_path: Path) -> None:
    checkout = built.copy(tmp_path / "checkout", *REQUEST)
    folder = local("cache")
    made = again(checkout, *REQUEST, f"ccache=redis://127.0.0.1:{free_port()}")
    found = counts(folder)
    assert found["remote_storage_error"] > 0
    assert found["cache_miss"] > 15
    without = products(built(*REQUEST))
    assert {name for name in made if name in without and made[name] != without[name]} == set()


def test_on_one_machine_and_without_recompiling(built: Shared, local: Callable[[str], Path], tmp_path: Path) -> None:
    """ccache=1 asks for nothing but itself, and is no reason to build again."""
    checkout = built.copy(tmp_path / "checkout", *REQUEST)
    folder = local("cache")
    assert "CC" not in "".join(checkout.build(*REQUEST, "ccache=1").rules)
    again(checkout, *REQUEST, "ccache=1")
    assert hits(folder) == 0
    again(checkout, *REQUEST, "ccache=1")
    assert hits(folder) == counts(folder)["cache_miss"] > 15


@pytest.mark.parametrize("value", ["yes", "localhost:6379", "redis:"])
def test_what_ccache_takes(built: Shared, value: str) -> None:
    assert f"ccache={value}: give 1, or the address" in built(*REQUEST).scons(f"ccache={value}").sentence


@pytest.mark.parametrize(
    "value",
    [
        "redis://cache:6379",
        "redis://me@cache",
        "http://10.0.0.1/x",
        "https://cache|layout=bazel",
        "redis://127.evil.org",
    ],
)
def test_storage_of_others_asks_for_a_password(built: Shared, value: str) -> None:
    sentence = built(*REQUEST).scons("-n", f"ccache={value}").sentence
    assert "it has no password, so whoever reaches " in sentence
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CCACHE_REMOTE_STORAGE", value)
        assert built(*REQUEST).scons("-n", "ccache=1").sentence == sentence


def test_a_password_is_not_repeated(built: Shared) -> None:
    sentence = built(*REQUEST).scons("-n", "ccache=redis://me:secret@cache:port").sentence
    assert sentence.startswith("ccache=redis://...@cache:port: ")
    assert "secret" not in sentence


@pytest.mark.parametrize("value", ["redis://:secret@cache:6379", "redis://localhost", "http://[::1]:80", "file:///mnt"])
def test_storage_that_is_taken(built: Shared, value: str) -> None:
    assert built(*REQUEST).scons("-n", *REQUEST, f"ccache={value}").code == 0


def test_what_runs_here_is_not_fetched(built: Shared, local: Callable[[str], Path], tmp_path: Path) -> None:
    """The host's firmware and the profiler are compiled without ccache."""
    checkout = Checkout.copy(tmp_path / "checkout")
    folder = local("cache")
    checkout.build("target=host", *MODEL, "ccache=1")
    checkout.build("build/profiler", "target=host", *MODEL, "ccache=1")
    assert not folder.exists() or counts(folder)["cache_miss"] + hits(folder) == 0


def test_a_missing_ccache_is_one_sentence(built: Shared, tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    for folder in reversed(os.get_exec_path()):
        for file in Path(folder).glob("*") if Path(folder).is_dir() else ():
            if file.name != "ccache" and not (tools / file.name).exists():
                (tools / file.name).symlink_to(file)
    sentence = built(*REQUEST).scons(*REQUEST, "ccache=1", path=str(tools)).sentence
    assert sentence.startswith("ccache= needs ccache, not found in PATH=")
    assert sentence.endswith("sudo apt-get install ccache")
