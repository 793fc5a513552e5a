# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Samples for calibration and comparison: .npz (inputs, optional targets and calibration), .npy or .csv (inputs).

They are real values, whatever their dtype, and become float32. Only where the model's file itself came quantised is an
array of exactly the dtype of its input (output, for targets) taken for stored values.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from model import arrays, sample_file, tables
from model.errors import UserError, printable
from model.signal import Array, Signal, to_real

# arrays of an .npz, and what else such arrays are called
NAMES = {
    "inputs": ("input", "x", "x_test", "x_val", "data", "samples", "features", "windows"),
    "targets": ("target", "y", "y_test", "y_val", "outputs", "output", "labels", "classes"),
    "calibration": ("calibrate", "x_train", "representative", "training"),
}


@dataclass(frozen=True, eq=False)
class Samples:
    """Windows to run and to calibrate on."""

    inputs: Array  # (N, T, F): real values, float32; or stored values in the type of a quantised file's input
    stored: bool  # which of them
    targets: Array | None  # what the model should have said: (N, ...) real values, float32; or (N,) classes, int64
    calibration: Array  # (M, T, F), as inputs are; the inputs themselves where the file gives none


@dataclass(frozen=True)
class _Fit:
    """What samples must be to fit a model."""

    path: Path
    source: Signal  # the model's input, as its file has it
    output: Signal

    @property
    def classes(self) -> int:
        """How many classes the output scores; 0 if it is no vector."""
        sizes = _without_ones(self.output.shape)
        return sizes[0] if len(sizes) == 1 else 0

    def stored(self) -> dict[str, str]:
        """Names of arrays to the dtype that means stored values; empty for a model of real values."""
        signals = {"inputs": self.source, "calibration": self.source, "targets": self.output}
        return {name: signal.dtype for name, signal in signals.items() if not signal.real}

    def check(self, name: str, shape: tuple[int, ...]) -> None:
        """Raise ``UserError`` unless an array of this name may have this shape."""
        signal = self.output if name == "targets" else self.source
        labels = name == "targets" and self.classes and len(shape) and shape[1:] in ((), (1,))
        if not _fits(shape, signal.shape) and not labels:
            wanted = f"the model's {'output' if name == 'targets' else 'input'} asks for {_windows(signal.shape)}"
            wanted += " or classes (N,)" if name == "targets" and self.classes else ""
            raise UserError(f"{self.path}: '{name}' has shape {shape}; {wanted}{_advice(shape, signal.shape)}")
        if shape[0] == 0:
            raise UserError(f"{self.path}: '{name}' holds no samples")

    def known(self, names: list[str]) -> None:
        """Raise ``UserError`` unless the file's arrays are those of samples, each once."""
        for name in names:
            if name not in NAMES:
                raise UserError(f"{self.path}: holds an array '{name}', which samples do not have{_meant(name, names)}")
            if names.count(name) > 1:
                raise UserError(f"{self.path}: holds '{name}' {names.count(name)} times; write it once, with np.savez")
        if "inputs" not in names:
            held = ", ".join(names) or "nothing"
            raise UserError(f"{self.path}: holds no array named 'inputs' (N, steps, features); it holds {held}")

    def targets(self, given: Array) -> Array:
        """Targets (N, ...) as real values like the output, or (N,) classes."""
        if _fits(given.shape, self.output.shape):
            shaped = given.reshape(-1, *self.output.shape)
            stored = given.dtype == self.stored().get("targets")
            return to_real(shaped, self.output).astype(np.float32) if stored else shaped.astype(np.float32)
        labels = given.reshape(-1).astype(np.float64)
        wrong = (labels != np.rint(labels)) | (labels < 0) | (labels >= self.classes)
        if wrong.any():
            first = int(np.argmax(wrong))
            raise UserError(
                f"{self.path}: 'targets' has one number a window, which is its class, and {labels[first]:g} in row "
                f"{first} is none of 0 to {self.classes - 1}; else give {_windows(self.output.shape)}"
            )
        return labels.astype(np.int64)


def _without_ones(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(n for n in shape if n != 1)


def _fits(shape: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    """Whether (N, ...) is windows of the wanted shape; axes of one may be left out, all of them."""
    return len(shape) > 0 and shape[1:] in (wanted, _without_ones(wanted))


def _windows(shape: tuple[int, ...]) -> str:
    return f"({', '.join(map(str, ('N', *shape)))})"


def _advice(shape: tuple[int, ...], wanted: tuple[int, ...]) -> str:
    if shape == wanted:
        return "; if this is one window, give x[None]"
    if shape[1:] == wanted[::-1]:
        return "; if steps and features are swapped, give x.swapaxes(1, 2)"
    if len(shape) == 2 and shape[1] == np.prod(wanted):
        return f"; if each row is a window, step by step, give x.reshape{(-1, *wanted)}"
    return ""


def _meant(name: str, names: list[str]) -> str:
    missing = [known for known in NAMES if known not in names]
    near = [known for known in missing if name.lower() in NAMES[known] or name.lower() == known]
    near += difflib.get_close_matches(name.lower(), missing, n=1)
    return f"; did you mean '{near[0]}'?" if near else f"; give {', '.join(NAMES)} alone"


def _read(fit: _Fit) -> dict[str, Array]:
    path, ending = fit.path, fit.path.suffix.lower()
    if ending == ".npz":
        return arrays.read_npz(path, fit.known, fit.check, fit.stored())
    if ending == ".npy":
        return {"inputs": arrays.read_npy(path, "inputs", fit.check, fit.stored())}
    size, shape = fit.source.size, fit.source.shape
    window = f"{size} ({' steps of '.join(map(str, shape))})" if len(shape) == 2 else str(size)
    return {"inputs": tables.read(path, size, window)}


def load(path: Path, source: Signal, output: Signal) -> Samples:
    """Load and check the samples of a model whose file has the input ``source`` and this output."""
    sample_file.check(path, str(path))
    fit = _Fit(path, source, output)
    try:
        held = _read(fit)
        inputs = held["inputs"].reshape(-1, *source.shape)
        calibration = held.get("calibration", inputs).reshape(-1, *source.shape)
        targets = fit.targets(held["targets"]) if "targets" in held else None
    except UserError as error:
        raise UserError(printable(str(error))) from None
    except OSError as error:
        raise UserError(f"{path}: cannot be read as samples: {error.strerror}") from None
    if targets is not None and len(targets) != len(inputs):
        raise UserError(f"{path}: 'targets' has {len(targets)} rows, 'inputs' has {len(inputs)}")
    return Samples(inputs, inputs.dtype != np.float32, targets, calibration)
