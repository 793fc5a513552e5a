# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Kinds of trained files: what each reader says of its own, and what is told of a file that none of them reads.

A file is told by its name and first bytes, before anything else is asked of the user.
"""

from __future__ import annotations

import pkgutil
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from model.errors import UserError, printable
from model.formats import REAL

if TYPE_CHECKING:
    from model.network import Network

READERS = Path(__file__).parent / "readers"
BEGINNING = 64  # bytes of a file that a kind is told by
ZIP = b"PK\x03\x04"


@dataclass(frozen=True)
class Kind:
    """One kind of trained file: the ``KIND`` of a module or package in model/readers/.

    Every command line imports that module: what is slow to import is imported by the functions that need it.
    """

    name: str
    endings: tuple[str, ...]  # of file names; the first is what a file of another ending should be renamed to
    begins: Callable[[bytes], bool]  # whether a file may be of it, by its first BEGINNING bytes
    read: Callable[[Path, str, str], Network]  # of path, name in C and SHA-256; raises ``UserError``
    companions: tuple[str, ...] = ()  # endings of the files that lie beside it under its name and are read with it
    look: Callable[[Path], None] | None = None  # at all of a file that begins so; raises ``UserError`` without its name
    state: Callable[[Path], str] = lambda path: "window"  # what a file is built for unless asked
    quantised: Callable[[Path], str] | None = None  # tells the quantisation a file came in; None: none ever did

    def came_as(self, path: Path) -> str:
        """The quantisation of a file; REAL for one that can still be quantised. Raises ``UserError``."""
        try:
            return self.quantised(path) if self.quantised else REAL
        except UserError as error:
            raise UserError(printable(str(error))) from None


@cache
def known() -> tuple[Kind, ...]:
    """Every kind that is read, found by looking."""
    names = sorted(module.name for module in pkgutil.iter_modules([str(READERS)]))
    return tuple(import_module(f"model.readers.{name}").KIND for name in names)


@cache
def endings() -> dict[str, Kind]:
    """Every ending of a file that is read."""
    return {ending: kind for kind in known() for ending in kind.endings}


def companions(path: Path) -> tuple[Path, ...]:
    """The files that a trained file is read with, by its name."""
    kind = endings().get(path.suffix.lower())
    return tuple(path.with_suffix(ending) for ending in kind.companions) if kind else ()


_TORCH = (
    "is PyTorch's own format, which needs PyTorch to be read: export the model by "
    "torch.onnx.export(model.eval(), (sample,), '{stem}.onnx', dynamo=False), or save its weights by "
    "safetensors.torch.save_file(model.state_dict(), '{stem}.safetensors') and list the layers in {stem}.toml "
    "(docs/your-model.md)"
)
_EXPORTED = (
    "is a program of torch.export, which is not read: export the same model by "
    "torch.onnx.export(model.eval(), (sample,), '{stem}.onnx', dynamo=False)"
)
_SAVED = (
    "is a part of TensorFlow's SavedModel: load its folder with Keras 2 and save it as one file: "
    "tf_keras.models.load_model(folder).save('{stem}.keras')"
)
_CHECKPOINT = "holds weights only: build the model in Keras, load them and save it whole: model.save('{stem}.keras')"
_YAML = "is text, and a trained model is not: save it whole, with its weights: model.save('{stem}.keras')"
_PICKLE = "is pickled Python, which is never read: save the model whole: model.save('{stem}.keras')"
# endings that models come with elsewhere: what they are, and the way to one that is read
OTHERS = {
    **dict.fromkeys((".pt", ".pth", ".ckpt", ".bin"), _TORCH),
    ".pt2": _EXPORTED,
    ".pb": _SAVED,
    **dict.fromkeys((".index", ".data-00000-of-00001"), _CHECKPOINT),
    **dict.fromkeys((".yaml", ".yml"), _YAML),
    **dict.fromkeys((".pkl", ".pickle", ".joblib"), _PICKLE),
}


# ends of the names of files in an archive: what it is
ARCHIVES = {"data.pkl": ".pth", "models/model.json": ".pt2", "serialized_exported_program.json": ".pt2"}


def _archived(path: Path) -> str:
    """What an archive is by the names in it, if it is one of ``ARCHIVES``."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError):
        return ""
    return next((is_a for end, is_a in ARCHIVES.items() if any(name.endswith(end) for name in names)), "")


def _other(path: Path, beginning: bytes) -> str:
    """The ending, of ``OTHERS``, of a file that is of another kind by its contents, whatever its name; else nothing."""
    if beginning.startswith(b"\x80") and beginning[1:2] in b"\2\3\4\5":
        return ".pkl"
    return _archived(path) if beginning.startswith(ZIP) else ""


def _folder(path: Path) -> str:
    """What is wrong with a folder, and the way out."""
    if (path / "saved_model.pb").is_file():
        return _SAVED.replace("a part of TensorFlow's", "TensorFlow's").format(stem=path.stem)
    if (path / "config.json").is_file() and (path / "model.weights.h5").is_file():
        return "is an unpacked .keras file: zip the files in it, without their folder, as one .keras file"
    return "is a folder: give the path of a trained model's file"


def is_named_as_model(path: Path) -> bool:
    """Whether a name's ending is one that trained models have, here or elsewhere."""
    return path.suffix.lower() in (*endings(), *OTHERS)


def _complaint(path: Path) -> str:
    """Why a file cannot be a model that is read, and the way out; empty if it can. May raise it, too."""
    ending, supported = path.suffix.lower(), ", ".join(endings())
    if path.is_dir():
        return f"{_folder(path)}; supported: {supported}"
    if not path.is_file():
        return f"no such model file; give model= the path of a trained model ({supported})"
    with path.open("rb") as file:
        beginning = file.read(BEGINNING)
    other = _other(path, beginning)
    held = [] if other else [kind for kind in known() if kind.begins(beginning)]
    named = endings().get(ending)
    whole = named if named in held or not held else held[0]
    if whole and whole.look and not other:
        whole.look(path)
    if named and (named in held or not (held or other)):
        return ""
    if held:
        due = held[0].endings[0]
        return f"is by its contents a {due} file, not '{ending}': rename it to {path.stem}{due}"
    told = OTHERS.get(ending, OTHERS.get(other))
    return told.format(stem=path.stem) if told else f"unknown kind of model file '{ending}'; supported: {supported}"


def check(path: Path, called: str = "") -> Kind:
    """The kind of a model file; raises ``UserError``, where the file is ``called`` so, for one that is not read."""
    try:
        complaint = _complaint(path)
    except UserError as error:
        raise type(error)(printable(f"{called or path}: {error}")) from None
    except OSError as error:
        complaint = f"cannot be read: {error.strerror}"
    if complaint:
        raise UserError(f"{called or path}: {complaint}")
    return endings()[path.suffix.lower()]


def is_model(path: Path) -> bool:
    """Whether a file is one that is read, as far as can be told without reading it whole."""
    try:
        check(path)
    except UserError:
        return False
    return True
