# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""How far the reference is from Keras on the models of a folder: ``python -m tests.survey_against_keras DIR``.

Each model is read here and run by the Keras that its file names, 2 or 3, in float32 on random inputs. A model further
than 1e-5 of its largest output from Keras fails the command.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from model import readers, reference
from model.errors import UserError
from model.network import Network, check_ends
from model.signal import Array

ROOT = Path(__file__).parents[1]
ENDINGS = (".keras", ".h5", ".hdf5")
TOLERANCE = 1e-5  # of the largest output
WINDOWS = 8


@dataclass(frozen=True)
class Compared:
    """How a model came out."""

    path: Path
    says: str  # what Keras answered
    error: float | None  # of the largest output; None where there is nothing to compare

    @property
    def wrong(self) -> bool:
        """Whether it is too far off, or not comparable at all."""
        return self.error is not None and not self.error <= TOLERANCE


class Worker:
    """One Keras in a process of its own, started anew after a model that ended it."""

    def __init__(self, name: str) -> None:
        self.command = [sys.executable, "-m", "tests.oracle.keras_outputs", name]
        self.process: subprocess.Popen[str] | None = None

    def ask(self, *words: Path) -> str:
        """What it says of one model."""
        if self.process is None or self.process.poll() is not None:
            pipe = subprocess.PIPE
            self.process = subprocess.Popen(
                self.command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True
            )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print("\t".join(map(str, words)), file=self.process.stdin, flush=True)
        for line in self.process.stdout:
            if line.startswith("\t"):
                return line.strip()
        self.process.wait()
        return f"ended with {self.process.returncode}"


def version(path: Path) -> str:
    """The version of Keras that a file says it is of."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            return str(json.loads(archive.read("metadata.json"))["keras_version"])
    with h5py.File(path) as file:
        said = file.attrs.get("keras_version", "2")
        return said.decode() if isinstance(said, bytes) else str(said)


def portable(path: Path, folder: Path) -> Path:
    r"""The file or, of an archive with ``layers\lstm`` for ``layers/lstm``, which Keras reads on Windows, a copy."""
    if not zipfile.is_zipfile(path):
        return path.absolute()
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    buffer, names = io.BytesIO(), list[str]()
    with h5py.File(io.BytesIO(members["model.weights.h5"])) as old, h5py.File(buffer, "w") as new:
        old.visit(names.append)
        for name in names:
            if isinstance(old[name], h5py.Group):  # Keras looks for empty ones too
                new.require_group(name.replace("\\", "/"))
            else:
                new[name.replace("\\", "/")] = np.asarray(old[name])
    if not any("\\" in name for name in names):
        return path.absolute()
    with zipfile.ZipFile(folder / "copy.keras", "w") as archive:
        for name, data in {**members, "model.weights.h5": buffer.getvalue()}.items():
            archive.writestr(name, data)
    return folder / "copy.keras"


def inputs_of(network: Network) -> list[Array]:
    """Random windows for every input."""
    random = np.random.default_rng(1)
    return [random.normal(0, 1, (WINDOWS, *each.shape)).astype(np.float32) for each in network.inputs]


def compared(path: Path, workers: dict[str, Worker], folder: Path) -> Compared | None:
    """One model; None if it is not read."""
    try:
        network = readers.read(path)
        check_ends(network)
        inputs = inputs_of(network)
        ours = network.made.parts(reference.run(network, network.given.packed(inputs)))
    except UserError:
        return None
    given, due = folder / "inputs.npz", folder / "outputs.npz"
    np.savez(given, **{f"x{number}": each for number, each in enumerate(inputs)})  # type: ignore[arg-type]
    says = workers["2" if version(path).startswith("2") else "3"].ask(portable(path, folder), given, due)
    if says != "said":
        return Compared(path, says, None)
    with np.load(due) as arrays:
        theirs = [arrays[f"y{number}"] for number in range(len(arrays.files))]
    errors = [
        np.abs(y[: len(z)].astype(np.float64) - z).max() / np.abs(z).max() for y, z in zip(ours, theirs, strict=True)
    ]
    return Compared(path, says, float(max(errors)))


def everything(folder: Path) -> Iterator[Compared]:
    """Every model below a folder that is read."""
    workers = {"2": Worker("tf_keras"), "3": Worker("keras")}
    with tempfile.TemporaryDirectory() as temporary:
        for path in sorted(path for path in folder.rglob("*") if path.suffix.lower() in ENDINGS):
            found = compared(path, workers, Path(temporary))
            if found:
                yield found


def main() -> None:
    """Command line."""
    folder = Path(sys.argv[1])
    found = []
    for each in everything(folder):
        found.append(each)
        error = "-" if each.error is None else f"{each.error:.1e}"
        print(f"{error:>8}{' WRONG' if each.wrong else ''}  {each.path.relative_to(folder)}  {each.says}", flush=True)
    agree = [each for each in found if each.error is not None and not each.wrong]
    silent = [each for each in found if each.error is None]
    print(
        f"\n{len(agree)} of {len(found)} agree within {TOLERANCE} of their largest output; Keras runs {len(silent)} not"
    )
    sys.exit(any(each.wrong for each in found))


if __name__ == "__main__":
    main()
