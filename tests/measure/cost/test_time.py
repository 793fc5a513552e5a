# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Milliseconds at the user's clock, shares of a sampling period and wait states, from command line to table."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from measure import report
from measure.cost.timing import Cycles
from measure.pages.text import spent
from tests.support.checkout import Shared

MODELLED = Cycles(500_000, 640_000, 960_000, "documented", "a manual", ("zero wait states",))


def test_cycles_become_time() -> None:
    time = report.time_of(MODELLED, 64e6, 0.1)
    assert time is not None
    assert time["milliseconds"] == {"low": 7.8125, "nominal": 10.0, "high": 15.0}
    assert (time["share"], time["period"], time["evidence"]) == (0.1, 0.1, "documented")
    without = report.time_of(MODELLED, 64e6, 0)
    assert without is not None
    assert (without["share"], without["period"]) == (None, None)
    assert report.time_of(MODELLED, 0, 0.1) is None
    assert report.time_of(None, 64e6, 0.1) is None


@pytest.mark.parametrize(("seconds", "text"), [
    (3600, "3,600 s"), (1.5, "1.5 s"), (0.08, "80 ms"), (0.0103, "10.3 ms"), (47e-6, "47 us"),
])  # fmt: skip
def test_a_time_has_three_digits(seconds: float, text: str) -> None:
    named: dict[str, Any] = {"target": "m", "model": {"name": "n"}, "quantisation": "int8", "kernels": "c"}
    time = report.time_of(MODELLED, 64e6, seconds)
    said = spent({**named, "optimize": "balanced", "time": time})
    assert said.startswith("m n int8 c at 64 MHz: 10 ms a call, 7.81 ms to 15 ms (cycles documented)")
    assert said.endswith(f"of the sampling period of {text}")


def test_the_samples_say_their_rate(built: Shared, tmp_path: Path) -> None:
    """exercises is sampled at 12.5 Hz, a forecast is of hours."""
    words = ("target=cortex-m4", "model=exercises,forecast", "quant=int8", "kernels=c")
    checkout = built.copy(tmp_path / "checkout", *words)
    text = checkout.build("report", "clock=64MHz", *words).out
    assert re.search(r"cortex-m4 exercises int8 \w+ at 64 MHz: \S+ ms a call.*\(cycles documented\).* of 80 ms", text)
    for model in ("exercises", "forecast"):
        said = json.loads((checkout.root / f"build/cortex-m4/{model}/int8-c/report.json").read_text())
        assert said["time"]["clock"] == 64e6
        assert said["time"]["milliseconds"]["nominal"] == pytest.approx(said["cycles"]["nominal"] / 64e3)
        assert said["time"]["period"] == {"exercises": 0.08, "forecast": None}[model]


def test_slow_flash_costs_cycles_and_is_told(built: Shared, tmp_path: Path) -> None:
    request = ("target=cortex-m0", "model=forecast-window", "quant=int8", "kernels=c")
    checkout = built.copy(tmp_path / "checkout", *request)

    def cycles(*words: str) -> dict[str, Any]:
        done = checkout.build("report", *request, *words)
        assert "RUN" not in {rule.split()[0] for rule in done.rules}  # the same profile
        path = checkout.root / "build/cortex-m0/forecast-window/int8-c/report.json"
        found = json.loads(path.read_text())["cycles"]
        assert f"{found['nominal']:,}" in done.out
        return dict(found)

    fast, one, three = cycles(), cycles("flash_wait=1"), cycles("flash_wait=3")
    wide, ram = cycles("flash_wait=3", "flash_width=128"), cycles("flash_wait=3", "code_in=ram")
    assert three["high"] - fast["high"] == pytest.approx(3 * (one["high"] - fast["high"]), abs=2)
    assert one["high"] > 1.3 * fast["high"]
    assert three["high"] > 1.1 * wide["high"] > 1.1 * ram["high"] > 1.1 * fast["high"]
    for slow in (one, three, wide, ram):
        assert slow["low"] == fast["low"], "without a wait"
        assert slow["evidence"] == "interval"
    assert "from none to 3 wait states for each 32-bit line, code and constants in flash" in three["assumptions"]
    assert "from none to 3 wait states for each 128-bit line, code and constants in flash" in wide["assumptions"]
    assert "zero wait states" in fast["assumptions"]


def test_energy_is_arithmetic_on_what_the_user_says(built: Shared, tmp_path: Path) -> None:
    request = ("target=cortex-m4", "model=forecast-window", "quant=int8", "kernels=c")
    checkout = built.copy(tmp_path / "checkout", *request)
    text = checkout.build("report", *request, "current=35µA/MHz", "voltage=3.0", "battery=220mAh", "period=100ms").out
    said = json.loads((checkout.root / "build/cortex-m4/forecast-window/int8-c/report.json").read_text())
    nominal, found = said["cycles"]["nominal"], said["energy"]
    microjoules = nominal * 35e-12 * 3 * 1e6
    assert found["microjoules"]["nominal"] == pytest.approx(microjoules, rel=1e-4)
    assert found["days"] == pytest.approx(0.220 * 3600 / (nominal * 35e-12) * 0.1 / 86400, rel=1e-3)
    assert f"by the figures given (105 pJ a cycle): {microjoules:.3g} uJ a call (cycles documented)" in text
    assert f"empties 220 mAh in {found['days']:,.3g} days, if nothing else took any" in text


def test_an_interval_is_told_as_one(built: Shared, tmp_path: Path) -> None:
    request = ("target=cortex-m4", "model=forecast-window", "quant=int8", "kernels=c")
    slow = (*request, "flash_wait=5", "flash_width=128", "clock=64MHz", "period=10ms")
    text = built.copy(tmp_path / "checkout", *request).build("report", *slow).out
    assert re.search(r" [\d,]+ to [\d,]+ interval ", text)
    assert re.search(
        r"at 64 MHz: \S+ \w+ to \S+ \w+ a call \(cycles interval\); .* up to \S+% of the .* of 10 ms", text
    )
    assert "(interval): average call" in text
    assert "documented" not in text
