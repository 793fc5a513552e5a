# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""SCons's folder of built files, cache=, of which only what was put there by one who has the key is used.

    CheckedCache.key = read_key("")
    env = Environment(CACHEDIR_CLASS=CheckedCache)

An entry is the file, then a byte that says whether it may be executed, then the HMAC-SHA256 of all that and of the
entry's name, by a key that others do not have. An entry that does not bear it, damaged, cut short, forged, or put under
another's name, counts as absent: the file is built and takes its place. An entry is read once, and what was read is
what is checked and used. Nothing else in the folder is looked at: no link is followed, no setting read.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import secrets
import stat
import sys
import tempfile
from pathlib import Path
from typing import BinaryIO

import SCons.Action
import SCons.CacheDir
import SCons.Util
from SCons.Node.FS import File

from model.errors import UserError

MAC = hashlib.sha256().digest_size
KEY = 32  # bytes at least
LIMIT = 1 << 30  # bytes of an entry: nothing that is built comes near


def read_key(path: str) -> bytes:
    """The key in a file; without one, in the user's own, which is made when there is none. Raises ``UserError``."""
    own = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "lstmcu" / "cache.key"
    file = Path(path) if path else own
    try:
        if not path and not file.exists():
            _make_key(file)
        with _open(file) as stream:
            told, key = os.fstat(stream.fileno()), stream.read(1 << 16)
    except OSError as error:
        raise UserError(f"cache=: its key {file} cannot be read: {error.strerror}; {_way_out(path)}") from None
    closed = stat.S_IRWXO | stat.S_IWGRP | (0 if path else stat.S_IRGRP)
    if not stat.S_ISREG(told.st_mode) or told.st_mode & closed or (not path and told.st_uid != os.geteuid()):
        mode = "u=rw,g=r,o=" if path else "600"
        raise UserError(f"cache=: its key {file} is open to others; chmod {mode} it, or make a new one")
    if len(key) < KEY:
        raise UserError(f"cache=: its key {file} has {len(key)} bytes, fewer than {KEY}; {_way_out(path)}")
    return key


def _open(path: str | Path, more: int = 0) -> BinaryIO:
    """Open to read; a pipe is not waited for."""
    return os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | more), "rb")


def _way_out(path: str) -> str:
    """What to do about a key's file that is of no use."""
    return f"make one: (umask 077; head -c {KEY} /dev/urandom >FILE)" if path else "delete it, or give cache_key=FILE"


def _make_key(file: Path) -> None:
    """Write a random key; should another build do so at the same time, one of the two stands."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=file.parent) as made:  # its mode is 0600
        made.write(secrets.token_bytes(KEY))
        made.flush()
        with contextlib.suppress(FileExistsError):
            os.link(made.name, file)


class CheckedCache(SCons.CacheDir.CacheDir):
    """Entries that only holders of the key can make."""

    key: bytes | None = None  # without one nothing is read or written

    def _readconfig(self, path: str) -> None:
        """Settings of the folder's own are not asked for."""
        self.config = {"prefix_len": SCons.CacheDir.CACHE_PREFIX_LEN}

    def get_cachedir_csig(self, node: File) -> str | None:
        """Of what the node's entry holds."""
        _, path = self.cachepath(node)
        found = self._read(path) if path else None
        return SCons.Util.hash_signature(found[0]) if found else None

    def retrieve(self, node: File) -> bool:
        """Write the node's file if its entry is one of ours."""
        _, path = self.cachepath(node)
        if not path:
            return False
        self.requests += 1
        found = self._read(path)
        if found is None:
            return False
        self.hits += 1
        target = Path(node.get_internal_path())
        if SCons.Action.execute_actions:
            data, executable = found
            target.unlink(missing_ok=True)
            target.write_bytes(data)
            target.chmod(0o755 if executable else 0o644)
        if SCons.CacheDir.cache_show:
            node.build(presub=0, execute=0)  # prints the command
        elif SCons.Action.print_actions:
            print(f"Retrieved `{target}' from cache")
        return True

    def push(self, node: File) -> None:
        """Put the node's file in the place of whatever is under its name. That it cannot be done is no failure."""
        folder, path = self.cachepath(node)
        if not folder or not path or self.is_readonly() or node.nocache or self._read(path) is not None:
            return
        source = Path(node.get_internal_path())
        try:
            content = source.read_bytes() + bytes([os.access(source, os.X_OK)])
            Path(folder).mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=folder, delete=False) as made:
                try:
                    made.write(content + self._mac(path, content))
                    os.fchmod(made.fileno(), 0o644)
                    made.close()
                    Path(made.name).replace(path)
                except OSError:
                    Path(made.name).unlink(missing_ok=True)
                    raise
        except OSError as error:
            self._warn(error)

    def _read(self, path: str) -> tuple[bytes, bool] | None:
        """What was put there by a holder of the key, and whether it may be executed; None if this is something else."""
        try:
            with _open(path, os.O_NOFOLLOW) as stream:
                told = os.fstat(stream.fileno())
                whole = stream.read(LIMIT) if stat.S_ISREG(told.st_mode) and told.st_size <= LIMIT else b""
        except OSError:
            return None
        content, mac = whole[:-MAC], whole[-MAC:]
        return (content[:-1], content[-1] == 1) if hmac.compare_digest(mac, self._mac(path, content)) else None

    def _mac(self, path: str, content: bytes) -> bytes:
        if self.key is None:
            raise TypeError("the cache is used before its key is read")
        name = os.path.basename(path).encode()  # noqa: PTH119
        return hmac.digest(self.key, b"lstmcu cache entry\0" + name + b"\0" + content, "sha256")

    def _warn(self, error: OSError, told: list[None] = []) -> None:  # noqa: B006 (of all instances)
        if not told:
            told.append(None)
            text = f"cannot keep what is built in cache={self.path}: {error.strerror}"
            print(f"lstmcu: warning: {text}", file=sys.stderr)
