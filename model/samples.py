# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Samples for calibration and comparison: .npz (inputs, optional targets and calibration) or .csv (a window a row)."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from model.errors import UserError
from model.network import Array, Signal


@dataclass(frozen=True, eq=False)
class Samples:
    """Windows to run and to calibrate on."""

    inputs: Array  # (N, T, F), real values or the model's own input type
    targets: Array | None  # (N, ...) what the model should have said, or None
    calibration: Array  # (M, T, F); the inputs themselves where the file gives none


def _check(array: Array, what: str, signal: Signal, path: Path) -> Array:
    if array.dtype.kind not in "fiu":
        raise UserError(f"{path}: {what} holds {array.dtype}, not numbers")
    if array.shape[1:] != signal.shape:
        wanted = ", ".join(str(n) for n in signal.shape)
        raise UserError(f"{path}: {what} has shape {array.shape}; the model's input asks for (N, {wanted})")
    if len(array) == 0:
        raise UserError(f"{path}: {what} holds no samples")
    bad = ~np.isfinite(array)
    if bad.any():
        first = int(np.argwhere(bad)[0][0])
        raise UserError(f"{path}: {what} has {int(bad.sum())} values that are NaN or infinite, first in sample {first}")
    return array


def _load_npz(path: Path) -> dict[str, Array]:
    with np.load(path, allow_pickle=False) as archive:
        return {key: archive[key] for key in archive.files}


def _load_csv(path: Path, signal: Signal) -> dict[str, Array]:
    rows = np.loadtxt(path, delimiter=",", ndmin=2, dtype=np.float32)
    if rows.shape[1] != signal.size:
        raise UserError(f"{path}: a row has {rows.shape[1]} values; a window of the model has {signal.size}")
    return {"inputs": rows.reshape(-1, *signal.shape)}


def load(path: Path, signal: Signal) -> Samples:
    """Load and check the samples of a model whose input is ``signal``."""
    if not path.is_file():
        raise UserError(f"{path}: no such samples file; give samples= an .npz with 'inputs' (N, steps, features)")
    try:
        arrays = _load_csv(path, signal) if path.suffix == ".csv" else _load_npz(path)
    except UserError:
        raise
    except (ValueError, OSError, EOFError, KeyError, zipfile.BadZipFile) as error:
        raise UserError(f"{path}: cannot be read as samples: {error}") from None
    if "inputs" not in arrays:
        held = ", ".join(arrays) or "nothing"
        raise UserError(f"{path}: holds no array named 'inputs' (N, steps, features); it holds {held}")
    inputs = _check(arrays["inputs"], "'inputs'", signal, path)
    calibration = _check(arrays.get("calibration", inputs), "'calibration'", signal, path)
    targets = arrays.get("targets")
    if targets is not None and len(targets) != len(inputs):
        raise UserError(f"{path}: 'targets' has {len(targets)} rows, 'inputs' has {len(inputs)}")
    return Samples(inputs, targets, calibration)
