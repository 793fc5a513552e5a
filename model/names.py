# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Names of models in C."""

from __future__ import annotations

import re


def c_identifier(stem: str) -> str:
    """A model's C name from its file's stem: ``forecast-window`` gives ``forecast_window``."""
    name = re.sub(r"\W", "_", stem, flags=re.ASCII).strip("_").lower() or "model"
    return f"m_{name}" if name[0].isdigit() else name
