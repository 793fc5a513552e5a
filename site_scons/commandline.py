# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The options of the command line: what they mean, their defaults, and a sentence for every mistake."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from measure.target import Target, did_you_mean, load_target, target_names
from model.errors import UserError

MODELS = Path("models")  # shipped: models/<name>/<name>.keras
MODEL_ENDINGS = (".keras", ".h5", ".hdf5")
SAMPLE_ENDINGS = (".npz", ".csv")
QUANTISATIONS = ("float32", "dynamic", "int8", "int16x8")

# option: (default, help)
OPTIONS = {
    "target": ("cortex-m4", "core to build for: a name, a list (a,b) or all"),
    "model": ("forecast", "a shipped model's name or the path of a trained model"),
    "samples": ("", "windows to calibrate on and compare; default: the .npz or .csv beside the model"),
    "quant": ("int8", " | ".join(QUANTISATIONS)),
    "kernels": ("", "kernel set, a list or all; default: the best of the target"),
    "state": ("window", "window: a whole window a call; stream: one time step a call"),
    "timeout": ("300", "seconds a run under QEMU may take"),
    "verbose": ("0", "1 shows every command in full"),
}

ALIASES = {
    "report": "build what is asked for and print its table",
    "test": "run the tests",
    "test-all": "run the tests with the longest sweeps",
    "train": "train the shipped models again",
}

EXAMPLES = (
    ("scons target=cortex-m4", "the shipped forecast model on a Cortex-M4"),
    ("scons target=cortex-m4 model=forecast-window quant=float32", "another model, not quantised"),
    ("scons target=cortex-m4 model=my.keras samples=my.npz", "your own model"),
    ("scons report state=stream", "time step by time step, and the table again"),
)


@dataclass(frozen=True)
class Model:
    """A trained model to build: ``stem`` names its folder in build/."""

    stem: str
    path: Path
    samples: Path


@dataclass(frozen=True)
class Options:
    """What the user asked for, checked."""

    targets: tuple[Target, ...]
    model: Model
    quantisations: tuple[str, ...]
    kernels: str  # empty: each target's best
    state: str
    timeout: int
    verbose: bool


def shipped_models(root: Path) -> list[str]:
    """Names of the models that come with the project."""
    return sorted(folder.name for folder in (root / MODELS).glob("*") if _beside(folder / folder.name, MODEL_ENDINGS))


def _beside(stem: Path, endings: tuple[str, ...]) -> Path | None:
    candidates = (stem.with_name(stem.name + ending) for ending in endings)
    return next((path for path in candidates if path.is_file()), None)


def _model(value: str, samples: str, root: Path) -> Model:
    path: Path | None = Path(value)
    if path is not None and path.name == value and path.suffix not in MODEL_ENDINGS:
        path = _beside(root / MODELS / value / value, MODEL_ENDINGS)
        if path is None:
            raise UserError(f"model={value}: no shipped model of this name{did_you_mean(value, shipped_models(root))}")
        path = path.relative_to(root)
    assert path is not None
    if not (root / path).is_file():
        raise UserError(f"model={value}: no such file; give the path of a trained model ({', '.join(MODEL_ENDINGS)})")
    beside = _beside(root / path.with_suffix(""), SAMPLE_ENDINGS)
    if not samples and beside is None:
        raise UserError(f"model={value}: there is no {path.stem}.npz beside it; give samples= windows to run it on")
    chosen = Path(samples) if samples else Path(os.path.relpath(beside or "", root))
    if not (root / chosen).is_file():
        raise UserError(f"samples={samples}: no such file; give an .npz with 'inputs' (N, steps, features), or a .csv")
    return Model(path.stem, path, chosen)


def _choices(option: str, value: str, known: Sequence[str]) -> tuple[str, ...]:
    """The names in a comma-separated option; ``all`` stands for every one."""
    names = tuple(known) if value == "all" else tuple(dict.fromkeys(name for name in value.split(",") if name))
    for name in names:
        if name not in known:
            raise UserError(f"{option}={name}: unknown{did_you_mean(name, known)}")
    if not names:
        raise UserError(f"{option}= is empty; give one of {', '.join(known)}")
    return names


def _seconds(option: str, value: str) -> int:
    if not value.isdigit() or int(value) == 0:
        raise UserError(f"{option}={value}: give a number of seconds above 0")
    return int(value)


def read(arguments: Mapping[str, str], root: Path) -> Options:
    """Check the name=value arguments. Raises ``UserError``."""
    for name in arguments:
        if name not in OPTIONS:
            raise UserError(f"unknown option '{name}='{did_you_mean(name, OPTIONS)}")
    given = {name: arguments.get(name, default) for name, (default, _) in OPTIONS.items()}
    targets = tuple(load_target(name) for name in _choices("target", given["target"], target_names()))
    kernel_sets = sorted({name for target in targets for name in target.kernels})
    if given["kernels"]:
        _choices("kernels", given["kernels"], kernel_sets)
    return Options(
        targets=targets,
        model=_model(given["model"], given["samples"], root),
        quantisations=_choices("quant", given["quant"], QUANTISATIONS),
        kernels=given["kernels"],
        state=_choices("state", given["state"], ("window", "stream"))[0],
        timeout=_seconds("timeout", given["timeout"]),
        verbose=given["verbose"] not in ("", "0", "no"),
    )


def kernel_sets(options: Options, target: Target) -> tuple[str, ...]:
    """The kernel sets to build for one target."""
    return _choices("kernels", options.kernels, target.kernels) if options.kernels else target.kernels[:1]


def missing_tools(target: Target) -> list[str]:
    """Programs of a target that are not on PATH."""
    return [name for name in (f"{target.gcc.prefix}gcc", target.qemu.program) if shutil.which(name) is None]


def require_tools(target: Target) -> None:
    """Raise ``UserError`` when a target's compiler or emulator is not there."""
    missing = missing_tools(target)
    if missing:
        packages = " ".join((*target.gcc.packages, target.qemu.package))
        raise UserError(
            f"target={target.name} needs {' and '.join(missing)}, not found in PATH={os.environ.get('PATH', '')}; "
            f"install with: sudo apt-get install {packages}"
        )


def help_text(root: Path) -> str:
    """What ``scons -h`` prints."""

    def rows(pairs: Sequence[tuple[str, str]], width: int) -> str:
        return "\n".join(f"  {left:<{width}}  {right}" for left, right in pairs)

    availability = []
    for name in target_names():
        target = load_target(name)
        missing = missing_tools(target)
        state = f"missing: {', '.join(missing)}" if missing else "ready"
        availability.append((name, f"{target.description} [{', '.join(target.kernels)}] - {state}"))
    options = [(f"{name}=", f"{text}{f' [{default}]' if default else ''}") for name, (default, text) in OPTIONS.items()]
    return "\n\n".join(
        (
            "From a trained LSTM to measured firmware: scons [target=NAME] [OPTION=VALUE ...] [ALIAS]",
            "Examples:\n" + rows(EXAMPLES, max(len(left) for left, _ in EXAMPLES)),
            "Targets:\n" + rows(availability, 14),
            "Shipped models:\n  " + ", ".join(shipped_models(root)),
            "Options:\n" + rows(options, 9),
            "Aliases:\n" + rows(list(ALIASES.items()), 9),
            "Results lie in build/<target>/<model>/<quant>-<kernels>/. SCons's own options: scons -H",
        )
    ) + "\n"
