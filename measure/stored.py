# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Reports as they lie in report.json: what they are called, and their texts such that they can be shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from model import escape

Report = dict[str, Any]


def key(path: Path) -> str:
    """``cortex-m4/forecast/int8-asm``: what the build of a report.json is called, its folder below build/."""
    return "/".join(path.absolute().parts[-4:-1])


def load(path: Path) -> Report:
    """A report.json, its texts such that they can be shown."""
    return dict(escape.document(json.loads(path.read_text(encoding="utf-8"))))


def title(report: Report) -> str:
    """``cortex-m0 forecast int8 c``."""
    return f"{report['target']} {report['model']['name']} {report['quantisation']} {kernels(report)}"


def kernels(report: Report) -> str:
    """``asm``, ``asm speed``: the kernel set, and what it is optimised for unless that is the default."""
    chosen = report["optimize"]
    return str(report["kernels"]) + ("" if chosen == "balanced" else f" {chosen}")
