# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Models as JSON, weights and all, as those who make guitar amplifiers keep them: RTNeural, AIDA-X, GuitarML, NAM.

One ending, several formats: what stands in the file tells them apart. They run without end, a step a call, but for
SmartAmpPro's, which are of windows.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from model.kinds import Kind

if TYPE_CHECKING:
    from model.network import Network


def _begins(beginning: bytes) -> bool:
    """An object, of which everything can be one."""
    return beginning.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n").startswith(b"{")


def _look(path: Path) -> None:
    from model.readers.weights_json.document import load
    from model.readers.weights_json.told import told

    told(load(path), path.stem)


def _read(path: Path, name: str, sha256: str) -> Network:
    from model.readers.weights_json.network import read

    return read(path, name, sha256)


def _state(path: Path) -> str:
    """What a file is built for unless asked."""
    from model.errors import UserError
    from model.readers.weights_json.document import load
    from model.readers.weights_json.told import SMARTAMP, told

    try:
        return "window" if told(load(path), path.stem) == SMARTAMP else "stream"
    except UserError:
        return "stream"  # reading it says what is wrong with it


KIND = Kind(name="weights_json", endings=(".json", ".nam"), begins=_begins, read=_read, look=_look, state=_state)
