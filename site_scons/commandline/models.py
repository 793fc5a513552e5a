# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""model= and samples=: trained models to build, and what to run them on."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from commandline.names import check_stem, choices, listed
from commandline.words import QUANTISATIONS, STATES
from model import kinds, metadata, sample_file
from model.declaration import did_you_mean
from model.errors import UserError
from model.formats import DEFAULT, REAL
from model.names import c_identifier

MODELS = Path("models")  # shipped: models/<name>/<name>.keras


@dataclass(frozen=True)
class Model:
    """A trained model to build: ``stem`` names its folder in build/."""

    stem: str
    path: Path
    samples: Path | None  # None: a quantised model without samples, to be run on random ones
    quantisation: str  # what the file says; float32 for one that can still be quantised
    state: str = STATES[0]  # what is built unless asked

    @property
    def companions(self) -> tuple[Path, ...]:
        """Files beside it that it is read with."""
        return kinds.companions(self.path)


def shipped(root: Path) -> list[str]:
    """Names of the models that come with the project."""
    return sorted(folder.name for folder in (root / MODELS).glob("*") if _model_at(folder / folder.name))


def _beside(stem: Path, known: Iterable[str], fits: Callable[[Path], bool] = lambda path: True) -> Path | None:
    candidates = (stem.with_name(stem.name + ending) for ending in known)
    return next((path for path in candidates if path.is_file() and fits(path)), None)


def _model_at(stem: Path) -> Path | None:
    """A file that may be read as a model: a .json may also say what samples mean."""
    return _beside(stem, kinds.endings(), kinds.is_model)


def read(value: str, samples: str, root: Path) -> tuple[Model, ...]:
    """The models of model=, no two of one name in C."""
    names = shipped(root) if value == "all" else listed(value, root)
    found = tuple(model(name, samples, root) for name in names)
    if not found:
        raise UserError(f"model= is empty; give one of {', '.join(shipped(root))}, or a trained model's path")
    if samples and len(found) > 1:
        raise UserError(f"model={value}: one at a time, please: they share the samples= given")
    by_name: dict[str, Model] = {}
    for each in found:
        name = c_identifier(each.stem)
        if name in by_name:
            both = f"{by_name[name].path} and {each.path} are both '{name}' in C"
            raise UserError(f"model={value}: {both}; build one at a time, or rename one")
        by_name[name] = each
    return found


def model(value: str, samples: str, root: Path) -> Model:
    """One of them: a shipped model's name, or a path."""
    path = Path(value)
    if path.name == value and path.suffix.lower() not in kinds.endings():
        found = _model_at(root / MODELS / value / value)
        if found is None and not kinds.is_named_as_model(path) and not (root / path).exists():
            raise UserError(f"model={value}: no shipped model of this name{did_you_mean(value, shipped(root))}")
        path = found.relative_to(root) if found else path
    check_stem("model", path)
    kind = kinds.check(root / path, f"model={value}")
    beside = _beside(root / path.with_suffix(""), sample_file.ENDINGS)
    came_as = kind.came_as(root / path)
    if not samples and beside is None:
        if came_as != REAL:
            return Model(path.stem, path, None, came_as, kind.state(root / path))
        raise UserError(f"model={value}: there is no {path.stem}.npz beside it; give samples= windows to run it on")
    chosen = Path(samples) if samples else Path(os.path.relpath(beside or "", root))
    sample_file.check(root / chosen, f"samples={chosen}")
    metadata.read(root / chosen)
    return Model(path.stem, path, chosen, came_as, kind.state(root / path))


def quantisations(wanted: str, model: Model) -> tuple[str, ...]:
    """What to quantise a model to: as asked, else as its file is, else int8."""
    own = DEFAULT if model.quantisation == REAL else model.quantisation
    return choices("quant", wanted or own, QUANTISATIONS)


def state_of(wanted: str, model: Model) -> str:
    """How its steps run: as asked, else as its kind of file is meant to."""
    return choices("state", wanted or model.state, STATES)[0]
