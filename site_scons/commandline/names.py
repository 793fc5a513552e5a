# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Names and paths in options: what they may hold, and lists of them."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from model.declaration import did_you_mean
from model.errors import UserError

LONGEST_NAME = 200  # bytes of a model's or target's name: files of up to 255 are named after it
NOT_IN_NAMES = re.compile(  # what no page, table or comment could show on its line, and what is not UTF-8
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


def check_text(what: str, text: str) -> None:
    """Refuse what cannot stand in one line of text, as a path or as the value of an option."""
    found = NOT_IN_NAMES.search(text)
    if found:
        shown = ascii(text)[1:-1]
        raise UserError(f"{what}{shown}: the character {found[0]!a} cannot stand in a name; rename it")


def check_root(root: Path) -> None:
    """Refuse a checkout where no build can work."""
    check_text("the checkout's folder ", str(root))
    if os.pathsep in str(root):  # in PYTHONPATH, and Python makes no .venv there
        raise UserError(f"the checkout's folder {root}: no '{os.pathsep}' can stand in its path; move the checkout")


def check_stem(option: str, path: Path) -> None:
    """A file whose name, without its ending, names a folder in build/ and files in it."""
    if path.stem.strip(".") == "":
        raise UserError(f"{option}={path}: its name is nothing but dots; rename it")
    if len(os.fsencode(path.stem)) > LONGEST_NAME:
        length = len(os.fsencode(path.stem))
        raise UserError(f"{option}={path}: its name has {length} bytes, and {LONGEST_NAME} are supported; rename it")


def listed(value: str, root: Path) -> list[str]:
    """The paths in an option: one, commas and all, if there is such a file, else those between the commas."""
    if "," in value and os.path.isfile(root / value):  # noqa: PTH113 (Path.is_file raises)
        return [value]
    return list(dict.fromkeys(path for path in value.split(",") if path))


def choices(option: str, value: str, known: Sequence[str]) -> tuple[str, ...]:
    """The names in a comma-separated option; ``all`` stands for every one."""
    names = tuple(known) if value == "all" else tuple(dict.fromkeys(name for name in value.split(",") if name))
    for name in names:
        if name not in known:
            raise UserError(f"{option}={name}: unknown{did_you_mean(name, known)}")
    if not names:
        raise UserError(f"{option}= is empty; give one of {', '.join(known)}")
    return names
