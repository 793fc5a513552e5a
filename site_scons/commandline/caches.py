# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""cache= and ccache=: whose work a build may take."""

from __future__ import annotations

import os
import re
import shutil
import urllib.parse
from collections.abc import Mapping
from pathlib import Path

from model.errors import UserError


def cache_key(given: Mapping[str, str]) -> str:
    if given["cache_key"] and not given["cache"]:
        raise UserError(f"cache_key={given['cache_key']}: it is the key to a cache=, and none is given")
    return given["cache_key"]


def ccache(value: str, building: bool) -> str:
    """Of ccache=: empty, 1 or an address; ccache must be there."""
    if value in ("", "0", "no"):
        return ""
    for address in [value] if value != "1" else os.environ.get("CCACHE_REMOTE_STORAGE", "").split():
        _check_address(address)
    if building and shutil.which("ccache") is None:
        path = os.environ.get("PATH", "")
        raise UserError(f"ccache= needs ccache, not found in PATH={path}; sudo apt-get install ccache")
    return value


def _check_address(value: str) -> None:
    """Who writes to remote storage decides what others link: over the network it must ask for a password.

    A password that was given is not repeated."""
    shown = re.sub(r"//[^/@]*@", "//...@", value)
    wanted = re.fullmatch(r"[a-z+]+://\S+", value)
    try:
        address = urllib.parse.urlsplit(value.partition("|")[0])  # behind a bar: ccache's settings for it
        host = address.hostname or ""
        address.port  # noqa: B018 (raises)
    except ValueError:
        wanted = None
    if not wanted:
        raise UserError(f"ccache={shown}: give 1, or the address of its remote storage, as redis://:password@host:port")
    here = host in ("", "localhost", "::1") or re.fullmatch(r"127(\.\d+){3}", host)
    if not here and not address.password:
        raise UserError(
            f"ccache={shown}: it has no password, so whoever reaches {host} decides what you link; "
            f"let the server ask for one and say {address.scheme}://:password@{address.netloc}"
        )


def environment(given: Mapping[str, str], root: Path, ccache: str) -> dict[str, str]:
    """The variables that steps of the build see: a few of the user's and, with ccache=, all that ccache reads.

    Checkouts find each other's objects, since ccache takes paths below ``root`` as relative ones, and so do
    machines, since a compiler is told by its contents, not by its date.
    """
    names = [name for name in given if name in ("PATH", "HOME", "LANG", "TMPDIR")]
    utf8 = {"PYTHONUTF8": "1"}  # of texts that name no encoding, whatever the user's language
    if not ccache:
        return {**utf8, **{name: given[name] for name in names}}
    # ccache takes $x in a setting for a variable, which it replaces once
    own = {**utf8, "CCACHE_BASEDIR": "$LSTMCU_ROOT", "LSTMCU_ROOT": str(root), "CCACHE_COMPILERCHECK": "content"}
    own |= {"CCACHE_REMOTE_STORAGE": ccache} if ccache != "1" else {}
    names += [name for name in given if name.startswith(("CCACHE_", "XDG_"))]
    return {**own, **{name: given[name] for name in names if name != "CCACHE_REMOTE_STORAGE" or ccache == "1"}}
