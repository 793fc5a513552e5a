# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""cache=: what was built is found again, and only what holders of the key have put there, whoever writes to it."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from model.errors import UserError
from tests.support.checkout import Checkout, Shared
from tests.support.host import ROOT

REQUEST = ("target=cortex-m4", "model=forecast-window", "quant=int8", "kernels=c")
KEY = bytes(range(32))


@pytest.fixture(scope="module")
def checked() -> Iterator[Any]:
    """The module of the build."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "site_scons"))
        import checked_cache

        yield checked_cache
        sys.modules.pop("checked_cache")


@pytest.fixture
def cache(checked: Any, tmp_path: Path) -> Any:
    """A cache with a key, empty."""
    own = type("Own", (checked.CheckedCache,), {"key": KEY})
    return own(str(tmp_path / "cache"))


def node(path: Path, signature: str) -> Any:
    """What the cache asks of SCons's nodes."""
    return SimpleNamespace(
        get_internal_path=lambda: str(path), get_cachedir_bsig=lambda: signature, nocache=False, build=print
    )


A, B = "a" * 64, "b" * 64


def put(cache: Any, folder: Path, signature: str, data: bytes, mode: int = 0o644) -> Path:
    """Push a file; where its entry is."""
    made = folder / "made"
    made.write_bytes(data)
    made.chmod(mode)
    cache.push(node(made, signature))
    return Path(cache.cachepath(node(made, signature))[1])


def got(cache: Any, folder: Path, signature: str) -> bytes | None:
    file = folder / "got"
    file.write_bytes(b"old")
    return file.read_bytes() if cache.retrieve(node(file, signature)) else None


@pytest.mark.parametrize("data", [b"", b"x", bytes(100_000)])
@pytest.mark.parametrize("mode", [0o644, 0o755])
def test_what_is_put_is_got(data: bytes, mode: int, cache: Any, tmp_path: Path) -> None:
    entry = put(cache, tmp_path, A, data, mode)
    entry.chmod(0o7777)  # its own mode means nothing
    assert got(cache, tmp_path, A) == data
    assert (tmp_path / "got").stat().st_mode & 0o7777 == mode
    assert got(cache, tmp_path, B) is None
    assert (tmp_path / "got").read_bytes() == b"old"


def forged(how: str, entry: Path, other: Any, folder: Path) -> None:
    """Do to an entry what somebody can who writes to the folder, and has a key of his own."""
    good = entry.read_bytes()
    changed = {
        "flipped": bytes([good[0] ^ 1]) + good[1:],
        "executable": good[:-33] + b"\1" + good[-32:],
        "cut": good[:-1],
        "longer": good + b"x",
        "empty": b"",
        "only a code": good[-32:],
        "zeros": bytes(len(good)),
    }
    if how in changed:
        entry.write_bytes(changed[how])
        return
    entry.unlink()
    if how == "another key":
        put(other, folder, A, b"content")
    elif how == "another name":
        entry.write_bytes(put(other, folder, B, b"content").read_bytes())
    elif how == "fifo":
        os.mkfifo(entry)
    elif how == "folder":
        entry.mkdir()
    elif how == "huge":
        with entry.open("wb") as file:
            file.truncate(3 << 30)
    elif how == "endless":
        entry.symlink_to("/dev/zero")
    else:
        assert how == "link"
        (folder / "aside").write_bytes(good)
        entry.symlink_to(folder / "aside")


KINDS = (
    "flipped", "executable", "cut", "longer", "empty", "only a code", "zeros", "another key", "another name", "fifo",
    "folder", "huge", "endless", "link",
)  # fmt: skip


@pytest.mark.parametrize("how", KINDS)
def test_what_others_put_there_is_absent(how: str, cache: Any, tmp_path: Path) -> None:
    other = type("Other", (type(cache),), {"key": KEY if how == "another name" else KEY[::-1]})(cache.path)
    entry = put(cache, tmp_path, A, b"content")
    forged(how, entry, other, tmp_path)
    before = entry.lstat()
    assert got(cache, tmp_path, A) is None
    assert cache.get_cachedir_csig(node(entry, A)) is None
    assert entry.lstat().st_ino == before.st_ino  # and is left there
    if how != "folder":  # for which a warning
        put(cache, tmp_path, A, b"content")
        assert got(cache, tmp_path, A) == b"content"
        assert not entry.is_symlink()


def test_without_a_key_nothing_is_trusted(checked: Any, cache: Any, tmp_path: Path) -> None:
    put(type("Empty", (type(cache),), {"key": b""})(cache.path), tmp_path, A, b"content")
    with pytest.raises(TypeError):
        got(checked.CheckedCache(cache.path), tmp_path, A)


def test_settings_of_the_folder_mean_nothing(cache: Any, tmp_path: Path) -> None:
    os.mkfifo(cache_folder := tmp_path / "config")
    again = type(cache)(str(tmp_path))
    assert again.config == cache.config
    cache_folder.unlink()


def test_a_folder_that_takes_nothing_is_a_warning(cache: Any, tmp_path: Path, capsys: Any) -> None:
    Path(cache.path).write_text("no folder")
    put(cache, tmp_path, A, b"content")
    put(cache, tmp_path, B, b"content")
    assert capsys.readouterr().err.count("lstmcu: warning: cannot keep what is built in cache=") == 1
    assert got(cache, tmp_path, A) is None


# ---- the key -----------------------------------------------------------------------------------------------


def test_the_own_key_is_made_once(checked: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    key = checked.read_key("")
    assert len(key) == 32
    assert checked.read_key("") == key
    file = tmp_path / "config/lstmcu/cache.key"
    assert (file.read_bytes(), file.stat().st_mode & 0o7777) == (key, 0o600)
    assert [path.name for path in file.parent.iterdir()] == ["cache.key"]
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "another"))
    assert checked.read_key("") != key
    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert len(checked.read_key("")) == 32
    assert (tmp_path / "home/.config/lstmcu/cache.key").is_file()


@pytest.mark.parametrize(
    ("own", "mode", "data", "sentence"),
    [
        (True, 0o640, KEY, "is open to others; chmod 600 it"),
        (True, 0o604, KEY, "is open to others"),
        (True, 0o600, KEY[:31], "has 31 bytes, fewer than 32; delete it"),
        (False, 0o640, KEY, ""),
        (False, 0o660, KEY, "is open to others; chmod u=rw,g=r,o= it"),
        (False, 0o644, KEY, "is open to others"),
        (False, 0o600, b"", "has 0 bytes, fewer than 32; make one: "),
    ],
)
def test_keys_that_others_have(
    own: bool, mode: int, data: bytes, sentence: str, checked: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    file = tmp_path / "lstmcu/cache.key"
    file.parent.mkdir()
    file.write_bytes(data)
    file.chmod(mode)
    path = "" if own else str(file)
    if sentence:
        with pytest.raises(UserError) as caught:
            checked.read_key(path)
        assert f"cache=: its key {file} {sentence}" in str(caught.value)
    else:
        assert checked.read_key(path) == data


def test_what_is_no_key(checked: Any, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo", 0o600)
    for name in ("nothing", "fifo", "."):
        with pytest.raises(UserError, match="cache=: its key"):
            checked.read_key(str(tmp_path / name))


# ---- the build ---------------------------------------------------------------------------------------------


def contents(checkout: Checkout) -> dict[str, bytes]:
    return {path: (checkout.root / path).read_bytes() for path in checkout.files() if path.startswith("build")}


@pytest.fixture(scope="module")
def kept(built: Shared, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Checkout]:
    """A cache, and the checkout that filled it."""
    folder = tmp_path_factory.mktemp("kept")
    checkout = built.copy(folder / "one", *REQUEST)
    shutil.rmtree(checkout.root / "build")
    checkout.build(*REQUEST, f"cache={folder / 'cache'}")
    return folder / "cache", checkout


def test_another_checkout_finds_all_in_the_cache(kept: tuple[Path, Checkout], tmp_path: Path) -> None:
    cache, one = kept
    other = Checkout.copy(tmp_path / "a further one")
    done = other.build(*REQUEST, f"cache={cache}")
    assert done.rules == set(), done.out
    assert done.out.count("Retrieved `") > 20
    assert contents(other) == contents(one)
    assert other.build(*REQUEST).rules == set()


def test_damaged_entries_are_built_and_put_right(kept: tuple[Path, Checkout], tmp_path: Path) -> None:
    cache, one = kept
    own = tmp_path / "cache"
    shutil.copytree(cache, own)
    objects = [path for path in own.glob("??/*") if path.read_bytes().startswith(b"\x7fELF")]
    assert len(objects) > 15
    for number, path in enumerate(objects):
        data = path.read_bytes()
        path.write_bytes((data[:-40] + bytes([data[-40] ^ 1]) + data[-39:], data[: len(data) // 2], b"")[number % 3])
    other = Checkout.copy(tmp_path / "other")
    done = other.build(*REQUEST, f"cache={own}")
    assert {rule.split()[0] for rule in done.rules} == {"CC", "LINK", "HOSTCC"}
    assert contents(other) == contents(one)
    shutil.rmtree(other.root / "build")
    assert other.build(*REQUEST, f"cache={own}").rules == set()


def test_only_holders_of_the_key_share(
    kept: tuple[Path, Checkout], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another user builds all, from the first user's entries or none; with one key for both the second finds all."""
    cache, one = kept
    own, key = tmp_path / "cache", tmp_path / "key"
    shutil.copytree(cache, own)
    key.write_bytes(KEY)
    key.chmod(0o600)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "first"))
    first = Checkout.copy(tmp_path / "checkout")
    assert "Retrieved `" not in first.build(*REQUEST, f"cache={own}", f"cache_key={key}").out
    assert contents(first) == contents(one)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "second"))
    shutil.rmtree(first.root / "build")
    assert first.build(*REQUEST, f"cache={own}", f"cache_key={key}").rules == set()
    key.chmod(0o644)
    assert "is open to others" in first.scons(*REQUEST, f"cache={own}", f"cache_key={key}").sentence
    assert "cache_key=k: it is the key to a cache=" in first.scons(*REQUEST, "cache_key=k").sentence
    assert not (tmp_path / "second").exists()
