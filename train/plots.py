# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The pictures that go with a trained model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from model.errors import UserError

INK, GREY, ACCENT, MUTED = "#1b1f24", "#8a929b", "#d1495b", "#e3e6e9"


@dataclass(frozen=True)
class Example:
    """One forecast in real units."""

    title: str
    past: npt.NDArray[Any]  # (T,)
    future: npt.NDArray[Any]  # (steps,)
    forecast: npt.NDArray[Any]  # (steps,)


def forecasts(file: Path, title: str, unit: str, examples: Sequence[Example]) -> None:
    """A grid of forecasts against what came, with persistence for comparison."""
    figure, axes = _canvas(title, rows=(len(examples) + 1) // 2, columns=2)
    for axis, example in zip(axes.flat, examples, strict=False):
        steps_in, steps_out = len(example.past), len(example.future)
        ahead = np.arange(0, steps_out + 1)  # 0 is now: the last value that is known
        now = example.past[-1]
        axis.axvline(0, color=MUTED, linewidth=1.5)
        axis.plot(np.arange(1 - steps_in, 1), example.past, color=INK, linewidth=1.6, label="past")
        dots = (0, (1, 1.2))
        axis.plot(ahead, [now, *example.future], color=INK, linewidth=1.6, linestyle=dots, label="truth")
        axis.plot(ahead, np.full(steps_out + 1, now), color=GREY, linewidth=1.3, label="persistence")
        axis.plot(ahead, [now, *example.forecast], color=ACCENT, linewidth=2.0, label="forecast")
        axis.set_title(example.title, fontsize=10, color=INK, loc="left")
        axis.set_xlim(1 - steps_in, steps_out)
        axis.set_xticks(range(-24, steps_out + 1, 8))
        axis.grid(axis="y", color=MUTED, linewidth=0.8)
    for axis in axes[-1, :]:
        axis.set_xlabel("hours from now")
    for axis in axes[:, 0]:
        axis.set_ylabel(unit)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False, fontsize=10)
    _save(figure, file)


def confusion(file: Path, title: str, labels: Sequence[str], counts: npt.NDArray[Any]) -> None:
    """A confusion matrix: counts[i, j] windows of class i that were called j, shaded by share of the row."""
    figure, axes = _canvas(title, rows=1, columns=1, size=(6.4, 6.0))
    axis = axes[0, 0]
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axis.imshow(share, cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(counts):
        colour = "white" if share[row, column] > 0.6 else (INK if count else MUTED)
        axis.text(column, row, str(count), ha="center", va="center", fontsize=10, color=colour)
    axis.set_xticks(range(len(labels)), labels)
    axis.set_yticks(range(len(labels)), labels)
    axis.tick_params(length=0)
    axis.set_xlabel("called")
    axis.set_ylabel("is")
    _save(figure, file)


def spread(file: Path, title: str, quantity: str, groups: Mapping[str, npt.NDArray[Any]], threshold: float) -> None:
    """How a quantity spreads in each group: middle half and 5 to 95 of 100, with a threshold."""
    figure, axes = _canvas(title, rows=1, columns=1, size=(7.2, 3.6))
    axis = axes[0, 0]
    for row, values in enumerate(groups.values()):
        low, first, middle, third, high = np.quantile(values, (0.05, 0.25, 0.5, 0.75, 0.95))
        axis.plot([low, high], [row, row], color=GREY, linewidth=1.6)
        axis.plot([first, third], [row, row], color=INK, linewidth=7, solid_capstyle="butt")
        axis.plot([middle], [row], color="white", marker="|", markersize=8)
    axis.axvline(threshold, color=ACCENT, linewidth=1.4)
    axis.set_yticks(range(len(groups)), list(groups))
    axis.invert_yaxis()
    axis.set_xscale("log")
    axis.set_xlabel(quantity)
    axis.grid(axis="x", color=MUTED, linewidth=0.8)
    _save(figure, file)


def _canvas(title: str, rows: int, columns: int, size: tuple[float, float] | None = None) -> tuple[Any, Any]:
    """A figure and its axes (rows, columns), drawn without a display."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        raise UserError(
            "training draws with matplotlib, which is not installed: train with ./scons train, which installs it"
        ) from None
    figure = Figure(figsize=size or (10.0, 3.2 * rows), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title, fontsize=12, color=INK)
    axes = figure.subplots(rows, columns, squeeze=False)
    for axis in axes.flat:
        axis.spines[:].set_visible(False)
        axis.tick_params(colors=INK, labelsize=9)
    return figure, axes


def _save(figure: Any, file: Path) -> None:
    # Without this the picture would name the version of matplotlib.
    figure.savefig(file, metadata={"Software": None})
