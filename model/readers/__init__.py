# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Readers, each turning a trained file into a ``Network`` without TensorFlow: a module, or a package, a kind of file.

Its ``KIND`` (see ``model.kinds``) says what such a file is called, how it begins and what reads it. It is found by
looking: nothing else names it.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from model import kinds
from model.errors import UserError, printable
from model.names import c_identifier

if TYPE_CHECKING:
    from model.network import Network


def read(path: Path) -> Network:
    """Read a trained model by the reader of its kind; raises ``UserError`` for any reason not to."""
    from model.fold import folded  # slow to import, hence only here
    from model.shown import told_apart

    kind = kinds.check(path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    try:
        return told_apart(folded(kind.read(path, c_identifier(path.stem), digest)))
    except UserError as error:
        raise type(error)(printable(str(error))) from None
