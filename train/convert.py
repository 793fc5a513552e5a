# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Convert a trained model to TensorFlow Lite three ways: float, dynamic range and full int8.

``python -m train.convert MODEL --samples SAMPLES --out DIRECTORY`` writes <name>_float.tflite, <name>_dynamic.tflite,
<name>_int8.tflite and conversion.json, all or none; of cells that TensorFlow Lite has no operator of, no int8 one. The
model is read without TensorFlow; a Keras 2 twin with its weights and a batch of 1 is what the converter gets, since
only from that it makes fused LSTMs. Each conversion and each run is a process of its own: the converter is known to
take its process down.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from model import kinds, process, readers, reference, samples, store
from model.errors import UserError, run_main
from model.files import npy_bytes, write_atomically
from model.network import Network
from model.readers.keras import KIND as KERAS
from model.readers.tflite import KIND as TFLITE
from model.readers.tflite import file as tflite_file
from model.signal import Array, to_real, to_stored
from train import keras_twin
from train.delivery import all_or_nothing

ROOT = Path(__file__).parents[1]
REAL_MODES = ("float", "dynamic")  # those of every cell
MODES = (*REAL_MODES, "int8")
WINDOWS = 500  # samples the conversions are compared on, at most


@dataclass(frozen=True)
class Row:
    """What became of one conversion."""

    file: str
    bytes: int
    quantisation: str  # what it is by its weights; the converter leaves matrices under 1024 elements float in dynamic
    operators: dict[str, int]  # name: how many
    max_error: float  # against the trained model's outputs, over all samples
    mean_error: float
    interpreter: str  # that computed them
    max_difference: float  # between lstmcu's reader with its reference and that interpreter
    differing: int  # values of `values` in which they differ at all
    values: int


@dataclass(frozen=True)
class Summary:
    """What conversion.json says."""

    model: str  # file name
    sha256: str  # of it
    windows: int  # that were compared
    files: list[Row]


def run_step(what: str, command: list[str], timeout: float) -> None:
    """Run one step in a process of its own; its death becomes a ``UserError`` that starts with ``what``."""
    try:
        done = process.run(command, ROOT, timeout)
    except process.HangError:
        raise UserError(
            f"{what} did not end within {timeout:g} s and was stopped; raise timeout= if it may be slow"
        ) from None
    if done.returncode == 0:
        return
    if done.returncode < 0:  # what it logged before says nothing about the cause
        raise UserError(
            f"{what} took its whole process down ({signal.Signals(-done.returncode).name}), a fault of TensorFlow's "
            "converter or interpreter; build from the trained model itself, which needs no conversion"
        )
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    last = lines[-1] if lines else "it printed nothing"
    raise UserError(f"{what} failed: {last.removeprefix('lstmcu: error: ')[:500]}")


class Conversion:
    """One model on its way: its files in a temporary folder, its steps as processes."""

    def __init__(self, model: Path, folder: Path, timeout: float) -> None:
        self.model, self.folder, self.timeout = model, folder, timeout

    def step(self, doing: str, *words: str | Path) -> None:
        """Run a step of ``train.conversion`` and say how long it took."""
        print(f"  {doing} ...", end="", flush=True)
        started = time.monotonic()
        command = [sys.executable, "-m", "train.conversion"]
        command += [str(word.resolve()) if isinstance(word, Path) else word for word in words]
        try:
            run_step(f"{self.model}: {doing}", command, self.timeout)
        except UserError:
            print(" failed", flush=True)
            raise
        print(f" {time.monotonic() - started:.0f} s", flush=True)

    def array(self, name: str, values: Array) -> Path:
        """A file with these values, for a step to read."""
        write_atomically(self.folder / name, npy_bytes(np.ascontiguousarray(values)))
        return self.folder / name

    def run(self, file: Path, interpreter: str, inputs: Array) -> Array:
        """What an interpreter computes."""
        outputs = self.folder / "outputs.npy"
        name = {"micro": "tflite-micro", "litert": "LiteRT"}[interpreter]
        self.step(f"running {file.name} with {name}", "run", file, interpreter, self.array("run.npy", inputs), outputs)
        return np.asarray(np.load(outputs))


def trained_outputs(conversion: Conversion, network: Network, windows: Array) -> Array:
    """What the trained model answers: by Keras where the file is Keras's, else by the reference in double precision."""
    if kinds.check(conversion.model) != KERAS:
        return reference.run(network, windows).astype(np.float64)
    outputs = conversion.folder / "trained.npy"
    inputs = conversion.array("inputs.npy", windows)
    conversion.step("asking Keras for the trained model's outputs", "predict", conversion.model, inputs, outputs)
    return np.asarray(np.load(outputs), np.float64)


def compare(conversion: Conversion, file: Path, windows: Array, trained: Array) -> Row:
    """Read a conversion with lstmcu's own reader and compare: reader, interpreter, trained model."""
    network = readers.read(file)
    inputs = to_stored(windows, network.input)
    interpreter = "micro" if network.format.integer else "litert"  # tflite-micro runs no dynamic LSTM
    answers = conversion.run(file, interpreter, inputs)
    ours = reference.run(network, inputs).reshape(answers.shape).astype(np.float64)
    difference = np.abs(ours - answers)
    error = np.abs(to_real(answers, network.output).reshape(trained.shape) - trained)
    return Row(
        file=file.name,
        bytes=file.stat().st_size,
        quantisation=network.quantisation,
        operators=dict(Counter(tflite_file.operator_names(file.read_bytes()))),
        max_error=float(error.max()),
        mean_error=float(error.mean()),
        interpreter="tflite-micro" if interpreter == "micro" else "LiteRT",
        max_difference=float(difference.max()),
        differing=int((difference > 0).sum()),
        values=answers.size,
    )


def table(summary: Summary) -> str:
    """The summary as text."""
    width = max(len(row.file) for row in summary.files)
    lines = [f"{'file':{width}}  {'bytes':>8}  {'weights':8}  {'max error':>10}  {'mean error':>10}  read by lstmcu"]
    for row in summary.files:
        ours = f"at most {row.max_difference:.1e} from {row.interpreter}"
        if row.interpreter == "tflite-micro":
            ours = f"{row.differing} of {row.values} values differ from {row.interpreter}"
        cells = f"{row.file:{width}}  {row.bytes:8}  {row.quantisation:8}"
        lines.append(f"{cells}  {row.max_error:10.6f}  {row.mean_error:10.6f}  {ours}")
    for row in summary.files:
        operators = ", ".join(f"{count} {name}" for name, count in row.operators.items())
        lines.append(f"{row.file:{width}}  {operators}")
    lines.append(f"errors: against the outputs of {summary.model}, over {summary.windows} windows")
    return "\n".join(lines)


def modes(network: Network) -> tuple[str, ...]:
    """What can be made of a network; says what cannot."""
    loop = keras_twin.loop(network)
    if loop is None:
        return MODES
    why = f"TensorFlow's converter makes a loop of layer '{loop.name}', and dies of one in integers"
    print(f"  int8 is left out: {why}; build with quant=int8 from the trained model itself", flush=True)
    return REAL_MODES


def convert(model: Path, samples_path: Path, out: Path, timeout: float) -> Summary:
    """Make, check and deliver the three files. Raises ``UserError``."""
    network = readers.read(model)
    if network.came_quantised or kinds.check(model) == TFLITE:
        raise UserError(f"{model}: is converted already; give model= the trained Keras or PyTorch file")
    if network.endless:
        raise UserError(f"{model}: its steps have no end, and a .tflite has windows; build it as it is")
    keras_twin.check(network)
    data = samples.load(samples_path, network.given, network.made)
    windows, calibration = data.inputs[:WINDOWS], data.calibration[:WINDOWS]
    print(f"converting {model} ({len(calibration)} windows to calibrate, {len(windows)} to compare):", flush=True)
    with all_or_nothing(out) as delivery, tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        conversion = Conversion(model, folder, timeout)
        trained = trained_outputs(conversion, network, windows)
        store.save(network, folder / "network.npz")
        conversion.step("building its twin", "export", folder / "network.npz", folder / "saved")
        calibrating = conversion.array("calibration.npy", calibration)
        rows = []
        for mode in modes(network):
            file = delivery / f"{model.stem}_{mode}.tflite"
            conversion.step(f"converting to {mode}", mode, folder / "saved", calibrating, file)
            rows.append(compare(conversion, file, windows, trained))
        summary = Summary(model.name, network.sha256, len(windows), rows)
        (delivery / "conversion.json").write_text(json.dumps(asdict(summary), indent=2) + "\n", encoding="utf-8")
    return summary


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m train.convert", description="Convert a trained model to .tflite.")
    parser.add_argument("model", type=Path)
    parser.add_argument("--samples", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--timeout", type=float, default=300, help="seconds a step may take")
    arguments = parser.parse_args()
    summary = convert(arguments.model, arguments.samples, arguments.out, arguments.timeout)
    print(f"\n{table(summary)}\nwritten: {arguments.out}/")


if __name__ == "__main__":
    run_main(main)
