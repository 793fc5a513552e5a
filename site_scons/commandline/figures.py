# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Options that are numbers: limits, seconds, clocks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from measure.checks import budget
from model.declaration import did_you_mean
from model.errors import UserError
from target.description import Target, target_names

CURRENTS = {"na/mhz": 1e-15, "ua/mhz": 1e-12, "ma/mhz": 1e-9}  # C a cycle
VOLTAGES = {"mv": 1e-3, "v": 1.0}
BATTERIES = {"mah": 3.6, "ah": 3600.0}  # C
WIDTHS = ("32", "64", "128")  # bits that flash reads at once
CLOCKS = {"hz": 1.0, "khz": 1e3, "mhz": 1e6, "ghz": 1e9}
TIMES = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0}


def limits(given: Mapping[str, str]) -> tuple[tuple[str, int], ...]:
    asked = ((name, value) for name, value in given.items() if name.endswith("_max") and value)
    return tuple((name.removesuffix("_max"), budget.amount(name, value)) for name, value in asked)


def budget_file(path: str, root: Path, targets: tuple[Target, ...]) -> str:
    """The path, once its file is read without a mistake."""
    if path:
        budget.read(root / path, [*target_names(), *(target.name for target in targets)])
    return path


def seconds(option: str, value: str) -> int:
    if not value.isdecimal() or int(value) == 0:  # not isdigit, which a superscript passes
        raise UserError(f"{option}={value}: give a number of seconds above 0")
    return int(value)


def quantity(option: str, value: str, units: Mapping[str, float]) -> float:
    """A number above 0 with one of the units, in the one that is 1; 0 when it is not given."""
    if not value:
        return 0.0
    found = re.fullmatch(r"(\d+(?:\.\d*)?)([a-z/]+)", value.lower().replace("µ", "u").replace("μ", "u"))
    factor = units.get(found[2]) if found else None
    if not found or factor is None or float(found[1]) == 0:
        raise UserError(f"{option}={value}: give a number above 0 with its unit ({', '.join(units)}), without a blank")
    return float(found[1]) * factor


def period(given: Mapping[str, str]) -> float:
    if given["period"] and not given["clock"] and not given["battery"]:
        raise UserError(f"period={given['period']}: say the core's clock= too, as in clock=64MHz")
    return quantity("period", given["period"], TIMES)


def energy(given: Mapping[str, str]) -> tuple[str, ...]:
    """Words of the program that reports."""
    for name, other, example in (
        ("current", "voltage", "3.0V"), ("voltage", "current", "35uA/MHz"), ("battery", "current", "35uA/MHz"),
    ):  # fmt: skip
        if given[name] and not given[other]:
            raise UserError(f"{name}={given[name]}: say {other}= too, as in {other}={example}")
    volts = given["voltage"] + ("V" if given["voltage"][-1:].isdecimal() else "")
    known = {
        "charge": quantity("current", given["current"], CURRENTS),
        "voltage": quantity("voltage", volts, VOLTAGES),
        "battery": quantity("battery", given["battery"], BATTERIES),
    }
    return tuple(word for name, value in known.items() if value for word in (f"--{name}", repr(value)))


def memory(given: Mapping[str, str]) -> tuple[str, ...]:
    """Words of the programs that model cycles."""
    wait, width, code_in = given["flash_wait"], given["flash_width"], given["code_in"]
    if not wait.isdecimal() or int(wait) > 100:
        raise UserError(f"flash_wait={wait}: give a whole number of wait states, 0 to 100")
    ahead = given["flash_prefetch"]
    for name, value, known in (
        ("flash_width", width, WIDTHS), ("flash_prefetch", ahead, ("0", "1")), ("code_in", code_in, ("flash", "ram")),
    ):  # fmt: skip
        if value and not int(wait):
            raise UserError(f"{name}={value}: say flash_wait= too, as in flash_wait=5")
        if value and value not in known:
            raise UserError(f"{name}={value}{did_you_mean(value, known)}")
    words = ["--flash-wait", str(int(wait))]
    words += ["--flash-width", width] if width else []
    words += ["--flash-prefetch"] if ahead == "1" else []
    return (*words, *(["--code-in", code_in] if code_in else []))
