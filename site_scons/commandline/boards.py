# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""gdb=: the board that firmware is run on."""

from __future__ import annotations

from collections.abc import Sequence

from measure.run import server
from model.errors import UserError
from target.description import Target


def read(given: str, targets: Sequence[Target], looking: bool) -> str:
    """The server's address, checked; ``looking``: nothing is going to run. Raises ``UserError``."""
    if not given:
        return ""
    address = server.address(given)
    if len(targets) > 1:
        several = ", ".join(target.name for target in targets[:4])
        raise UserError(f"gdb={given} is one board, and there are several targets ({several}): give that of the board")
    if any(target.arch == "host" for target in targets):
        raise UserError(f"gdb={given}: target=host runs on this machine; give the target= that the board has")
    if not looking:
        server.find_gdb()
    return address
