# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Samples for calibration and comparison: .npz (inputs, optional targets and calibration), .npy, .csv or .wav (inputs).

They are real values, whatever their dtype, and become float32. Only where the model's file itself came quantised is an
array of exactly the dtype of its input (output, for targets) taken for stored values.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from model import arrays, sample_file, tables, wav
from model.ends import Ends
from model.errors import UserError, printable
from model.signal import Array

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
    # What the model should have said: (N, ...) real values, float32; or (N,) classes, int64. Of an autoencoder they are
    # 0, what it was trained on, and 1, an anomaly.
    targets: Array | None
    calibration: Array  # (M, T, F), as inputs are; the inputs themselves where the file gives none


@dataclass(frozen=True)
class _Fit:
    """What samples must be to fit a model."""

    path: Path
    source: Ends  # the model's inputs, as its file has them
    output: Ends

    @property
    def classes(self) -> int:
        """How many classes the output scores: of a vector as many as it has, of the input given back two; else 0."""
        sizes = _without_ones(self.output.shape)
        vector = len(sizes) == len(self.output.signals) == 1
        return sizes[0] if vector else 2 * gives_back(self.source, self.output)

    def named(self, name: str) -> list[str]:
        """The arrays of every input: ``inputs``, ``inputs_1`` and so on."""
        return [f"{name}_{number}" if number else name for number in range(len(self.source.signals))]

    @property
    def names(self) -> dict[str, tuple[str, ...]]:
        """All arrays there may be, and what else they are called."""
        more = [each for name in ("inputs", "calibration") for each in self.named(name)[1:]]
        return {**NAMES, **dict.fromkeys(more, ())}

    def stored(self) -> dict[str, str]:
        """Names of arrays to the dtype that means stored values; empty for a model of real values."""
        signals = {"targets": self.output.signals[0]}
        for name in ("inputs", "calibration"):
            signals |= dict(zip(self.named(name), self.source.signals, strict=True))
        return {name: signal.dtype for name, signal in signals.items() if not signal.real}

    def shape(self, name: str) -> tuple[int, ...]:
        """What a sample of this array must be."""
        if name == "targets":
            return self.output.shape
        number = name.rpartition("_")[2]
        return self.source.signals[int(number) if number.isdigit() else 0].shape

    def check(self, name: str, shape: tuple[int, ...]) -> None:
        """Raise ``UserError`` unless an array of this name may have this shape."""
        due = self.shape(name)
        labels = name == "targets" and self.classes and len(shape) and shape[1:] in ((), (1,))
        if not _fits(shape, due) and not labels:
            wanted = f"the model's {'output' if name == 'targets' else 'input'} asks for {_windows(due)}"
            wanted += " or classes (N,)" if name == "targets" and self.classes else ""
            raise UserError(f"{self.path}: '{name}' has shape {shape}; {wanted}{_advice(shape, due)}")
        if shape[0] == 0:
            raise UserError(f"{self.path}: '{name}' holds no samples")

    def known(self, names: list[str]) -> None:
        """Raise ``UserError`` unless the file's arrays are those of samples, each once."""
        for name in names:
            if name not in self.names:
                meant = _meant(name, names, self.names)
                raise UserError(f"{self.path}: holds an array '{name}', which samples do not have{meant}")
            if names.count(name) > 1:
                raise UserError(f"{self.path}: holds '{name}' {names.count(name)} times; write it once, with np.savez")
        if "inputs" not in names:
            held = ", ".join(names) or "nothing"
            raise UserError(f"{self.path}: holds no array named 'inputs' (N, steps, features); it holds {held}")
        self.complete(names)

    def complete(self, names: list[str]) -> None:
        """Raise ``UserError`` unless there are arrays of all inputs."""
        due = [each for name in ("inputs", "calibration") if name in names for each in self.named(name)]
        for missing in (name for name in due if name not in names):
            shapes = " and ".join(_windows(each.shape) for each in self.source.signals)
            raise UserError(f"{self.path}: holds no array named '{missing}'; the model has inputs of {shapes}")

    def targets(self, given: Array) -> Array:
        """Targets (N, ...) as real values like the output, or (N,) classes."""
        if _fits(given.shape, self.output.shape):
            shaped = given.reshape(-1, *self.output.shape)
            stored = given.dtype == self.stored().get("targets")
            return self.output.to_real(shaped).astype(np.float32) if stored else shaped.astype(np.float32)
        labels = given.reshape(-1).astype(np.float64)
        wrong = (labels != np.rint(labels)) | (labels < 0) | (labels >= self.classes)
        if wrong.any():
            first = int(np.argmax(wrong))
            raise UserError(
                f"{self.path}: 'targets' has one number a window, which is its class, and {labels[first]:g} in row "
                f"{first} is none of 0 to {self.classes - 1}; else give {_windows(self.output.shape)}"
            )
        return labels.astype(np.int64)


def gives_back(source: Ends, output: Ends) -> bool:
    """Whether a model's output is its input again, as an autoencoder's is: one sequence of the same shape."""
    return source.shape == output.shape and len(_without_ones(output.shape)) > 1


def _without_ones(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(n for n in shape if n != 1)


def _fits(shape: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    """Whether (N, ...) is windows of the wanted shape; axes of one may be left out, all or that of the steps."""
    step = wanted[1:] if wanted[:1] == (1,) else wanted
    return len(shape) > 0 and shape[1:] in (wanted, step, _without_ones(wanted))


def _windows(shape: tuple[int, ...]) -> str:
    return f"({', '.join(map(str, ('N', *shape)))})"


def _advice(shape: tuple[int, ...], wanted: tuple[int, ...]) -> str:
    if shape == wanted:
        return "; if this is one window, give x[None]"
    if shape[1:] == wanted[::-1]:
        return "; if steps and features are swapped, give x.swapaxes(1, 2)"
    if len(shape) == 2 and shape[1] == np.prod(wanted):
        return f"; if each row is a window, step by step, give x.reshape{(-1, *wanted)}"
    if wanted[0] == 1 and shape[-1:] == wanted[-1:] and len(shape) > 2:
        return f"; the model takes single steps, one after another: if these are such, give x.reshape{(-1, *wanted)}"
    if len(_without_ones(shape)) == 1 and len(wanted) == 2 and wanted[1] == 1 and len(shape) < 3:
        view = f"numpy.lib.stride_tricks.sliding_window_view(x.ravel(), {wanted[0]})"
        return f"; if this is one long signal, give windows: {view}"
    return ""


def _meant(name: str, names: list[str], all_names: dict[str, tuple[str, ...]]) -> str:
    missing = [known for known in all_names if known not in names]
    near = [known for known in missing if name.lower() in all_names[known] or name.lower() == known]
    near += difflib.get_close_matches(name.lower(), missing, n=1)
    return f"; did you mean '{near[0]}'?" if near else f"; give {', '.join(all_names)} alone"


def _audio(path: Path) -> Array:
    """The frames of a .wav (N, channels), float32, within 1."""
    frames = wav.read(path, arrays.ELEMENTS)
    whole = np.zeros((len(frames.data) // frames.width, 4), np.uint8)  # of 32 bits, the lowest first
    whole[:, 4 - frames.width :] = np.frombuffer(frames.data, np.uint8).reshape(-1, frames.width)
    return (whole.view("<i4").reshape(-1, frames.channels) / 2.0**31).astype(np.float32)


def _read(fit: _Fit) -> dict[str, Array]:
    path, ending = fit.path, fit.path.suffix.lower()
    if ending == ".npz":
        return arrays.read_npz(path, fit.known, fit.check, fit.stored())
    if ending == ".npy" and len(fit.source.signals) == 1:
        return {"inputs": arrays.read_npy(path, "inputs", fit.check, fit.stored())}
    if len(fit.source.signals) > 1:
        arrays_due = ", ".join(fit.named("inputs"))
        raise UserError(f"{path}: a {ending} has one array; the model has several inputs: give an .npz of {arrays_due}")
    if ending == wav.ENDING:
        frames = _audio(path)
        fit.check("inputs", frames.shape)
        return {"inputs": frames}
    size, shape = fit.source.signals[0].size, fit.source.shape
    window = f"{size} ({' steps of '.join(map(str, shape))})" if len(shape) == 2 else str(size)
    return {"inputs": tables.read(path, size, window)}


def _packed(fit: _Fit, held: dict[str, Array], name: str) -> Array:
    """The samples of all inputs; raises ``UserError`` where one has more than another."""
    parts = [held[each].reshape(-1, *fit.shape(each)) for each in fit.named(name)]
    for each, part in zip(fit.named(name), parts, strict=True):
        if len(part) != len(parts[0]):
            raise UserError(f"{fit.path}: '{each}' has {len(part)} rows, '{name}' has {len(parts[0])}")
    return fit.source.packed(parts)


def load(path: Path, source: Ends, output: Ends) -> Samples:
    """Load and check the samples of a model whose file has these inputs and outputs."""
    sample_file.check(path, str(path))
    fit = _Fit(path, source, output)
    try:
        held = _read(fit)
        inputs = _packed(fit, held, "inputs")
        calibration = _packed(fit, held, "calibration") if "calibration" in held else inputs
        targets = fit.targets(held["targets"]) if "targets" in held else None
    except UserError as error:
        raise UserError(printable(str(error))) from None
    except OSError as error:
        raise UserError(f"{path}: cannot be read as samples: {error.strerror}") from None
    if targets is not None and len(targets) != len(inputs):
        raise UserError(f"{path}: 'targets' has {len(targets)} rows, 'inputs' has {len(inputs)}")
    return Samples(inputs, inputs.dtype != np.float32, targets, calibration)
