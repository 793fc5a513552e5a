# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
from typing import Any

class UserError(Exception): ...

class BuildError(Exception):
    def __init__(self, *, errstr: str, status: int, action: Any, command: list[str]) -> None: ...
