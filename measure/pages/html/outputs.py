# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What the builds computed, in the units of the world, against the trained model and the truth."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from measure import stored
from measure.distances import as_trained, to_real
from model import metadata, samples
from model.signal import Array

Report = dict[str, Any]
QUANTILES = (0.1, 0.5, 0.8, 0.95)  # of the windows by their error: those that are drawn


@dataclass(frozen=True, eq=False)
class Build:
    """One report.json and what lies beside it."""

    key: str  # cortex-m4/forecast/int8-asm
    report: Report
    profile: dict[str, Any] | None  # by phase and function, or None
    card: dict[str, Any]  # model.json
    outputs: Path
    samples: Path
    ideal: Path  # float.npy: what the trained model says


@dataclass(frozen=True, eq=False)
class Group:
    """Builds of one model that computed the very same; all arrays in the units of the world."""

    builds: tuple[Build, ...]
    unit: str
    names: tuple[str, ...]  # of the channels or classes; empty if nobody told
    device: Array  # (N, ...)
    ideal: Array  # (N, ...)
    targets: Array | None  # like device, or (N,) labels
    history: Array | None  # (N, T) of the forecast series, up to where the outputs go on

    @property
    def report(self) -> Report:
        """Of the first build; what is read here is the same in all."""
        return self.builds[0].report

    @property
    def labelled(self) -> bool:
        """Whether the outputs are scores of classes."""
        return self.targets is not None and self.targets.ndim == 1 and self.device.ndim > 1


def load(report: Path, samples_path: Path, ideal: Path) -> Build:
    """A build; profile.json is read where there is one."""
    profile = _document(report.with_name("profile.json"))
    return Build(
        key=stored.key(report),
        report=stored.load(report),
        profile=profile if "phases" in profile else None,
        card=_document(report.with_name("model.json")),
        outputs=report.with_name("outputs.npy"),
        samples=samples_path,
        ideal=ideal,
    )


def _document(path: Path) -> dict[str, Any]:
    return stored.load(path) if path.is_file() else {}


def groups(builds: Sequence[Build]) -> list[Group]:
    """Those that ran, sorted by what they computed, in the order they are asked for."""
    found: dict[tuple[str, ...], list[Build]] = {}
    for build in builds:
        if build.report["error"]:
            digest = hashlib.sha256(build.outputs.read_bytes()).hexdigest()
            report = build.report
            key = (report["model"]["name"], report["quantisation"], report["state"], str(build.samples), digest)
            found.setdefault(key, []).append(build)
    return [_group(tuple(same)) for same in found.values()]


def _group(builds: tuple[Build, ...]) -> Group:
    first = builds[0]
    told = metadata.read(first.samples)
    device, ideal = to_real(np.load(first.outputs), first.card["output"]), np.load(first.ideal)
    source, output = as_trained(first.card)
    data = samples.load(first.samples, source, output)
    targets = data.targets
    if targets is not None and targets.dtype == np.int64 and samples.gives_back(source, output):
        return Group(builds, told.unit, (), device, ideal, None, None)
    if targets is not None and targets.dtype == np.int64:
        return Group(builds, "", told.labels, device, ideal, targets, None)
    scale, offset = told.output

    def world(values: Array) -> Array:
        return np.asarray(scale * values.astype(np.float64) + offset)

    history = None
    if told.task == "forecast" and told.input == told.output and 1 in source.shape:
        real = source.to_real(data.inputs) if data.stored else data.inputs
        history = world(real).reshape(len(real), -1)
    return Group(
        builds, told.unit, (), world(device), world(ideal),
        None if targets is None else world(targets), history,
    )  # fmt: skip


def flat(values: Array) -> Array:
    """(N, elements)."""
    return values.reshape(len(values), -1)


def windows(group: Group) -> list[tuple[float, int]]:
    """Windows to draw: a quantile of the mean error, and the window that has it."""
    assert group.targets is not None
    errors = np.abs(flat(group.device) - flat(group.targets)).mean(axis=1)
    order = np.argsort(errors, kind="stable")
    return [(quantile, int(order[round(quantile * (len(order) - 1))])) for quantile in QUANTILES]


def confusion(group: Group) -> Array:
    """(classes, classes): windows of each true class (row) by what the device took them for."""
    assert group.targets is not None
    scores = flat(group.device)
    classes = max(scores.shape[1], int(group.targets.max()) + 1)
    counted = np.zeros((classes, classes), np.int64)
    np.add.at(counted, (group.targets.astype(np.int64), scores.argmax(axis=1)), 1)
    return counted
