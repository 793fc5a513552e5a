# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The energy of a call: modelled cycles times what the user says a cycle takes. Nothing of it is measured."""

from __future__ import annotations

import argparse
from typing import Any

from measure.cost.timing import Cycles

DAY = 86400  # s


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Those that ``of`` reads."""
    parser.add_argument("--charge", type=float, default=0.0, metavar="COULOMB", help="of a cycle; 0: not known")
    parser.add_argument("--voltage", type=float, default=0.0, metavar="VOLT")
    parser.add_argument("--battery", type=float, default=0.0, metavar="COULOMB", help="0: none")


def of(cycles: Cycles | None, arguments: argparse.Namespace, period: float) -> dict[str, Any] | None:
    """Microjoules of a call, and the days in which calls alone, every ``period`` (s; 0: not known), empty a battery."""
    if cycles is None or not arguments.charge:
        return None
    spent = {name: getattr(cycles, name) * arguments.charge for name in ("low", "nominal", "high")}  # C
    each = {name: round(1e6 * charge * arguments.voltage, 6) for name, charge in spent.items()}
    known = arguments.battery and period
    return {
        "charge": arguments.charge,
        "voltage": arguments.voltage,
        "microjoules": each,
        "battery": arguments.battery or None,
        "period": period or None,
        "days": round(arguments.battery / spent["nominal"] * period / DAY, 3) if known else None,
        "evidence": cycles.evidence,
    }
