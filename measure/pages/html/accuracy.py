# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""How good the outputs are: charts over the horizon, windows against the truth, classes taken for others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from markupsafe import Markup

from measure.pages.html.charts import Band, Series, lines
from measure.pages.html.outputs import Group, confusion, flat, windows
from measure.pages.html.view import Bar, percent, quality, real
from measure.pages.text import agreement
from measure.stored import kernels

STATES = {"window": "", "stream": " (stream)"}
NAMES = {
    0.1: "Among the best tenth of windows", 0.5: "The median window", 0.8: "Among the worst fifth",
    0.95: "Among the worst twentieth",
}  # fmt: skip


@dataclass(frozen=True)
class Chart:
    """A drawing with its heading, what its lines are (name, style), and a sentence."""

    title: str
    drawing: Markup
    keys: tuple[tuple[str, str], ...]
    said: str = ""


def _steps(values: Any) -> list[float]:
    return [float(step) for step in range(1, len(values) + 1)]


def _chart(
    title: str, x_name: str, series: Sequence[Series], bands: Sequence[Band] = (), said: str = "", **options: Any
) -> Chart:
    keys = (*((one.name, one.style) for one in series), *((band.name, "band") for band in bands))
    return Chart(title, lines(title, x_name, series, bands, **options), keys, said)


def _over_horizon(group: Group) -> Chart:
    assert group.targets is not None
    truth, steps = flat(group.targets), _steps(flat(group.device)[0])
    device, ideal = (np.abs(flat(values) - truth) for values in (group.device, group.ideal))
    low, high = np.quantile(device, (0.1, 0.9), axis=0)
    series = [
        Series("trained model", "ideal", steps, list(ideal.mean(axis=0))),
        Series("device", "device", steps, list(device.mean(axis=0))),
    ]
    if group.history is not None:
        last = np.abs(group.history[:, -1:] - truth).mean(axis=0)
        series.insert(0, Series("last value repeated", "naive", steps, list(last)))
    band = Band("device, 8 of 10 windows", "device", steps, list(low), list(high))
    unit = f", {group.unit}" if group.unit else ""
    return _chart(f"Mean error over the horizon{unit}", "steps ahead", series, [band], from_zero=True)


def _distance(group: Group) -> Chart | None:
    """Device from trained model by output; None for a single output."""
    gap = np.abs(flat(group.device) - flat(group.ideal))
    if gap.shape[1] < 2 or group.labelled:
        return None
    steps = _steps(gap[0])
    series = [
        Series("largest", "naive", steps, list(gap.max(axis=0))),
        Series("mean", "device", steps, list(gap.mean(axis=0))),
    ]
    unit = f", {group.unit}" if group.unit else ""
    where = "steps ahead" if group.history is not None else "output"
    return _chart(f"Device from trained model{unit}", where, series, from_zero=True)


def _window(group: Group, quantile: float, index: int) -> Chart:
    assert group.targets is not None
    truth, device, ideal = (flat(values)[index] for values in (group.targets, group.device, group.ideal))
    steps = _steps(truth)
    error = float(np.abs(device - truth).mean())
    series = [Series("trained model", "ideal", steps, list(ideal)), Series("device", "device", steps, list(device))]
    now = None
    if group.history is None:
        series.insert(0, Series("truth", "truth", steps, list(truth)))
    else:
        past = list(group.history[index])
        before = [float(step) for step in range(1 - len(past), 1)]
        series.insert(0, Series("truth", "truth", [*before, *steps], [*past, *truth]))
        now = 0.0
    said = f"Window {index}: mean error {real(error, group.unit)}."
    unit = f", {group.unit}" if group.unit else ""
    return _chart(f"{NAMES[quantile]}{unit}", "output" if now is None else "steps from now", series, said=said, now=now)


def charts(group: Group) -> list[Chart]:
    """All of a group that there can be."""
    made = []
    several = flat(group.device).shape[1] > 1
    if group.targets is not None and not group.labelled and several:
        made.append(_over_horizon(group))
    distance = _distance(group)
    made += [distance] if distance else []
    if group.targets is not None and not group.labelled and several:
        made += [_window(group, quantile, index) for quantile, index in windows(group)]
    return made


def _classes(group: Group) -> dict[str, Any] | None:
    """Windows of each class by what they were taken for, and how often that was right."""
    if not group.labelled:
        return None
    counted = confusion(group)
    names = [group.names[i] if i < len(group.names) else str(i) for i in range(len(counted))]
    whole = np.maximum(counted.sum(axis=1), 1)
    rows = [
        {"name": names[i], "cells": [
            {"count": int(count), "share": float(count / whole[i]), "right": i == j} for j, count in enumerate(line)
        ]}
        for i, line in enumerate(counted)
    ]  # fmt: skip
    right = [float(counted[i, i] / whole[i]) for i in range(len(counted))]
    made = [
        Bar(name, percent(share), 100 * share, "device", f"{int(counted[i].sum()):,} windows")
        for i, (name, share) in enumerate(zip(names, right, strict=True))
    ]
    same = float((flat(group.device).argmax(axis=1) == flat(group.ideal).argmax(axis=1)).mean())
    return {"names": names, "rows": rows, "recall": made, "same": percent(same)}


def view(group: Group) -> dict[str, Any]:
    """Everything in the section of one group."""
    report = group.report
    error = report["error"]
    gap = np.abs(flat(group.device) - flat(group.ideal))
    unit = group.unit
    figures = [(quality(report)[0], quality(report)[1])] if error["targets"] else []
    figures += [
        (real(float(gap.mean()), unit), "mean distance from the trained model"),
        (real(float(gap.max()), unit), "largest distance"),
        (agreement(report), "against the reference"),
    ]
    names = [f"{build.report['target']} {kernels(build.report)}" for build in group.builds]
    return {
        "title": f"{report['model']['name']} · {report['quantisation']}{STATES[report['state']]}",
        "builds": ", ".join(names),
        "same": len(names) > 1,
        "samples": report["samples"],
        "figures": figures,
        "charts": charts(group),
        "classes": _classes(group),
        "bad": bool(error["reference"]["mismatches"]),
    }
