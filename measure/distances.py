# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""How far the device's outputs are from the reference, from the model as it was trained, and from the truth."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from measure import anomalies
from model import samples
from model.ends import Ends
from model.metadata import Metadata
from model.signal import Array, Signal
from model.tolerance import Tolerance


def against_reference(outputs: Array, expected: Array, allowed: Tolerance) -> dict[str, Any]:
    """How many values differ by more than the network's tolerance, by how much at most, and which is the first."""
    tolerance = allowed.of(expected)
    difference = np.abs(outputs.astype(np.float64) - expected)
    wrong = ~(difference <= tolerance)  # a NaN is a mismatch
    largest = None if np.isnan(difference).any() else float(difference.max())
    first = None
    if wrong.any():
        at = tuple(int(i) for i in np.argwhere(wrong)[0])
        first = {"sample": at[0], "element": at[1:], "device": str(outputs[at]), "reference": str(expected[at])}
    return {
        "mismatches": int(wrong.sum()),
        "values": outputs.size,
        "max_abs": largest,
        "tolerance": tolerance,
        "first": first,
    }


def to_real(stored: Array, signal: dict[str, Any]) -> Array:
    """Outputs as real numbers; where there are several outputs, each element has its own scale."""
    return np.asarray((stored.astype(np.float64) - np.array(signal["zero_point"])) * np.array(signal["scale"]))


def distance(a: Array, b: Array) -> dict[str, float]:
    """Mean and largest absolute difference of real values."""
    difference = np.abs(a.astype(np.float64) - b)
    return {"mae": float(difference.mean()), "max_abs": float(difference.max())}


def as_trained(card: dict[str, Any]) -> tuple[Ends, Ends]:
    """Inputs and outputs of the model as its file has them: real values, unless it came quantised."""
    kept = ("shape", "dtype", "scale", "zero_point") if card["came_quantised"] else ("shape",)

    def signal(told: dict[str, Any]) -> Signal:
        made = Signal(**{key: told[key] for key in kept})
        return replace(made, shape=tuple(made.shape))

    inputs, outputs = (Ends(tuple(map(signal, card[ends]))) for ends in ("inputs", "outputs"))
    return inputs, outputs


def against_targets(
    real: Array, ideal: Array, samples_path: Path, card: dict[str, Any], told: Metadata
) -> dict[str, Any] | None:
    """How good the outputs are, the device's and the trained model's: accuracy for labels, else the mean error.

    Of the labels of an autoencoder it is how well its error tells them apart.
    """
    source, output = as_trained(card)
    data = samples.load(samples_path, source, output)
    targets = data.targets
    if targets is None:
        return None
    labelled = targets.dtype == np.int64
    if labelled and samples.gives_back(source, output):
        given = source.to_real(data.inputs) if data.stored else data.inputs
        areas = [anomalies.roc_auc(anomalies.errors(given, outputs), targets) for outputs in (real, ideal)]
        return None if None in areas else {"measure": "roc_auc", "device": areas[0], "float": areas[1], "unit": None}
    if labelled:
        right = [float((scores.reshape(len(scores), -1).argmax(axis=1) == targets).mean()) for scores in (real, ideal)]
        return {"measure": "accuracy", "device": right[0], "float": right[1], "unit": None}
    errors = [abs(told.output[0]) * distance(outputs, targets)["mae"] for outputs in (real, ideal)]
    return {"measure": "mae", "device": errors[0], "float": errors[1], "unit": told.unit or None}


def errors(
    samples_path: Path, card: dict[str, Any], outputs: Array, expected: Array, ideal: Array, told: Metadata
) -> dict[str, Any]:
    """How far the outputs are from the reference, the float model and the targets."""
    real = to_real(outputs, card["output"])
    return {
        "reference": against_reference(outputs, expected, Tolerance(**card["tolerance"])),
        "float": distance(real, ideal),
        "targets": against_targets(real, ideal, samples_path, card, told),
    }
