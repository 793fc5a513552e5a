# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What kind of file a trained model is, told by its name and first bytes, before anything else is asked of the user."""

from __future__ import annotations

import zipfile
from pathlib import Path

from model.errors import UserError

# ending: what a file of that name holds
ENDINGS = {
    ".keras": "keras",
    ".h5": "keras",
    ".hdf5": "keras",
    ".tflite": "tflite",
    ".safetensors": "safetensors",
}
HDF5, ZIP = b"\x89HDF\r\n\x1a\n", b"PK\x03\x04"
OWN_ENDING = {"keras": ".keras", "tflite": ".tflite", "safetensors": ".safetensors"}

_TORCH = (
    "is PyTorch's own format, which needs PyTorch to be read: save its weights by "
    "safetensors.torch.save_file(model.state_dict(), '{stem}.safetensors') and list the layers in {stem}.toml "
    "(docs/your-model.md)"
)
_ONNX = (
    "is ONNX, which is not read: give the Keras model it was made from, or PyTorch's weights as {stem}.safetensors "
    "with a {stem}.toml (docs/your-model.md)"
)
_SAVED = (
    "is a part of TensorFlow's SavedModel: load its folder with Keras 2 and save it as one file: "
    "tf_keras.models.load_model(folder).save('{stem}.keras')"
)
_CHECKPOINT = "holds weights only: build the model in Keras, load them and save it whole: model.save('{stem}.keras')"
_JSON = "is text, and a trained model is not: save it whole, with its weights: model.save('{stem}.keras')"
_PICKLE = "is pickled Python, which is never read: save the model whole: model.save('{stem}.keras')"
# endings that models come with elsewhere: what they are, and the way to one that is read
OTHERS = {
    **dict.fromkeys((".pt", ".pth", ".ckpt", ".bin"), _TORCH),
    ".onnx": _ONNX,
    ".pb": _SAVED,
    **dict.fromkeys((".index", ".data-00000-of-00001"), _CHECKPOINT),
    **dict.fromkeys((".json", ".yaml", ".yml"), _JSON),
    **dict.fromkeys((".pkl", ".pickle", ".joblib"), _PICKLE),
}


def _is_safetensors(beginning: bytes) -> bool:
    return int.from_bytes(beginning[:8], "little") < 1 << 32 and beginning[8:9] == b"{"


def _contents(path: Path) -> str:
    """What a file holds: a value of ``ENDINGS``, the ending of another kind, or nothing if it is not known."""
    with path.open("rb") as file:
        beginning = file.read(64)
    if beginning.startswith(HDF5):
        return "keras"
    if beginning[4:8] == b"TFL3":
        return "tflite"
    if beginning.startswith(ZIP):
        try:
            with zipfile.ZipFile(path) as archive:
                torch = any(name.endswith("data.pkl") for name in archive.namelist())
        except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError):
            torch = False
        return ".pth" if torch else "keras"
    if beginning.startswith(b"\x80") and beginning[1:2] in b"\2\3\4\5":
        return ".pkl"
    return "safetensors" if _is_safetensors(beginning) else ""


def _folder(path: Path) -> str:
    """What is wrong with a folder, and the way out."""
    if (path / "saved_model.pb").is_file():
        return _SAVED.replace("a part of TensorFlow's", "TensorFlow's").format(stem=path.stem)
    if (path / "config.json").is_file() and (path / "model.weights.h5").is_file():
        return "is an unpacked .keras file: zip the files in it, without their folder, as one .keras file"
    return "is a folder: give the path of a trained model's file"


def is_named_as_model(path: Path) -> bool:
    """Whether a name's ending is one that trained models have, here or elsewhere."""
    return path.suffix.lower() in ENDINGS or path.suffix.lower() in OTHERS


def _complaint(path: Path) -> str:
    """Why a file cannot be a model that is read, and the way out; empty if it can."""
    ending, known = path.suffix.lower(), ", ".join(ENDINGS)
    if path.is_dir():
        return f"{_folder(path)}; supported: {known}"
    if not path.is_file():
        return f"no such model file; give model= the path of a trained model ({known})"
    held = _contents(path)
    if ending in ENDINGS and held in ("", ENDINGS[ending]):
        return ""
    if held in OWN_ENDING:
        due = OWN_ENDING[held]
        return f"is by its contents a {due} file, not '{ending}': rename it to {path.stem}{due}"
    other = OTHERS.get(ending, OTHERS.get(held))
    return other.format(stem=path.stem) if other else f"unknown kind of model file '{ending}'; supported: {known}"


def check(path: Path, called: str = "") -> str:
    """The kind of a model file, a value of ``ENDINGS``; raises ``UserError``, where the file is ``called`` so, for one
    that lstmcu does not read."""
    try:
        complaint = _complaint(path)
    except OSError as error:
        complaint = f"cannot be read: {error.strerror}"
    if complaint:
        raise UserError(f"{called or path}: {complaint}")
    return ENDINGS[path.suffix.lower()]
