# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Line charts as SVG. Colours come from the page's style sheet: a series is drawn in the class it is given."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from model.escape import markup

# of the drawing; about a pixel each on a phone, so that its text can be read there
WIDTH, HEIGHT = 340, 216
LEFT, RIGHT, TOP, BOTTOM = 42, 10, 10, 34
TICKS = 5


@dataclass(frozen=True)
class Series:
    """Points joined by a line: ``style`` is a class of the style sheet."""

    name: str
    style: str
    x: Sequence[float]
    y: Sequence[float]


@dataclass(frozen=True)
class Band:
    """The area between two lines of the same ``x``."""

    name: str
    style: str
    x: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]


def ticks(low: float, high: float, most: int = TICKS) -> list[float]:
    """Round numbers within [low, high]: 1, 2 or 5 times a power of ten apart."""
    span = high - low
    power = 10.0 ** math.floor(math.log10(span / most))
    step = next(factor * power for factor in (1, 2, 5, 10) if span / (factor * power) <= most)
    first = math.ceil(low / step - 1e-9)
    return [index * step for index in range(first, math.floor(high / step + 1e-9) + 1)]


def label(value: float, step: float) -> str:
    """As many digits as tell ticks ``step`` apart."""
    return f"{value:,.{max(0, -math.floor(math.log10(step) + 1e-9))}f}".replace("-", "\N{MINUS SIGN}")


def _range(values: Sequence[float], from_zero: bool) -> tuple[float, float]:
    low, high = min(values), max(values)
    margin = 0.06 * (high - low) or 0.06 * abs(high) or 1.0
    return (0.0 if from_zero else low - margin), high + margin


def lines(
    title: str, x_name: str, series: Sequence[Series], bands: Sequence[Band] = (), *, from_zero: bool = False,
    now: float | None = None,
) -> Markup:  # fmt: skip
    """A chart; ``now`` is an x where a vertical line is drawn. ``title`` is for those who cannot see it."""
    xs = [x for one in series for x in one.x] + [x for band in bands for x in band.x]
    ys = [y for one in series for y in one.y] + [y for band in bands for y in (*band.low, *band.high)]
    (x_low, x_high), (y_low, y_high) = (min(xs), max(xs)), _range(ys, from_zero)
    x_span = (x_high - x_low) or 1.0

    def at(x: float, y: float) -> str:
        across = LEFT + (x - x_low) / x_span * (WIDTH - LEFT - RIGHT)
        up = TOP + (y_high - y) / (y_high - y_low) * (HEIGHT - TOP - BOTTOM)
        return f"{across:.1f},{up:.1f}"

    parts = [f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{markup(title)}">']
    marks = ticks(y_low, y_high)
    for mark in marks:
        y = at(x_low, mark).split(",")[1]
        told = label(mark, marks[1] - marks[0] if len(marks) > 1 else 1.0)
        parts.append(f'<path class="rule" d="M{LEFT},{y}H{WIDTH - RIGHT}"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{float(y) + 3.5:.1f}" text-anchor="end">{told}</text>')
    for mark in ticks(x_low, x_low + x_span, 8):
        if mark == round(mark):
            x = at(mark, y_low).split(",")[0]
            told = label(mark, 1.0)
            parts.append(f'<text x="{x}" y="{HEIGHT - BOTTOM + 14}" text-anchor="middle">{told}</text>')
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(f'<text class="axis" x="{middle:g}" y="{HEIGHT - 5}" text-anchor="middle">{markup(x_name)}</text>')
    for band in bands:
        there = [at(x, y) for x, y in zip(band.x, band.high, strict=True)]
        back = [at(x, y) for x, y in zip(band.x, band.low, strict=True)][::-1]
        parts.append(f'<path class="band {band.style}" d="M{" ".join(there + back)}Z"/>')
    if now is not None:
        x = at(now, y_low).split(",")[0]
        parts.append(f'<path class="now" d="M{x},{TOP}V{HEIGHT - BOTTOM}"/>')
    for one in series:
        points = " ".join(at(x, y) for x, y in zip(one.x, one.y, strict=True))
        parts.append(f'<polyline class="line {one.style}" points="{points}"/>')
    return Markup("".join(parts) + "</svg>")
