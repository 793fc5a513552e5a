# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The shipped models on the target, built as a user builds them: right, exact, and honestly reported."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from measure.run import qemu
from model import readers, reference
from model.network import Network
from model.quantise import calibrated
from model.signal import Array, to_real, to_stored
from target.description import load_target
from tests.support.checkout import Shared
from tests.support.host import ROOT

MODELS = ("forecast", "forecast-window")
CASES = [(m, q, s) for m in MODELS for q in ("int8", "float32") for s in ("window", "stream")]
TOLERANCE = 1e-5  # of float32 outputs, which lie within -1 .. 2: stated in the report


@dataclass(frozen=True)
class Built:
    """One shipped model in one form."""

    folder: Path
    name: str
    model: Path
    quantisation: str
    state: str

    @property
    def report(self) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads((self.folder / "report.json").read_text())
        return loaded

    @property
    def network(self) -> Network:
        return calibrated(readers.read(self.model), self.model.with_suffix(".npz"), self.quantisation, self.state)

    @property
    def goes_on(self) -> bool:
        """Its samples are the steps of one stream."""
        return self.state == "stream" and self.name == "forecast_window"

    def array(self, name: str) -> Array:
        loaded: Array = np.load(self.folder / f"{name}.npy")
        return loaded


@pytest.fixture(scope="module")
def shipped(built: Shared) -> Callable[[str, str, str], Built]:
    """``shipped(model, quantisation, state)``, built when first asked for."""

    def build(model: str, quantisation: str, state: str) -> Built:
        words = ("target=cortex-m4", f"model={model}", "kernels=c", "quant=int8,float32", f"state={state}")
        checkout = built(*words)
        variant = f"{quantisation}-c" + ("-stream" if state == "stream" else "")
        folder = checkout.root / "build/cortex-m4" / model / variant
        return Built(folder, model.replace("-", "_"), ROOT / f"models/{model}/{model}.keras", quantisation, state)

    return build


@pytest.mark.parametrize(("model", "quantisation", "state"), CASES)
def test_every_output_is_the_references(
    shipped: Callable[..., Built], model: str, quantisation: str, state: str
) -> None:
    one = shipped(model, quantisation, state)
    real = np.load(one.model.with_suffix(".npz"))["inputs"]
    network = one.network
    expected = reference.run(network, to_stored(real, network.input), goes_on=one.goes_on)
    outputs = one.array("outputs")
    assert len(outputs) >= 500
    assert outputs.dtype == np.dtype(quantisation)
    assert outputs.shape == (len(real), 16)
    np.testing.assert_array_equal(one.array("expected"), expected)
    if quantisation == "int8":
        np.testing.assert_array_equal(outputs, expected)
    else:
        np.testing.assert_allclose(outputs, expected, rtol=0, atol=TOLERANCE * max(1, np.abs(expected).max()))
    assert len(np.unique(outputs, axis=0)) > 0.9 * len(outputs)  # the device saw every sample, not one again and again


@pytest.mark.parametrize(("model", "quantisation", "state"), CASES)
def test_the_report_says_what_the_files_say(
    shipped: Callable[..., Built], model: str, quantisation: str, state: str
) -> None:
    one = shipped(model, quantisation, state)
    report, outputs, network = one.report, one.array("outputs"), one.network
    assert report["target"] == "cortex-m4"
    assert report["quantisation"] == quantisation
    assert report["kernels"] == "c"
    assert report["state"] == state
    assert report["function"] == f"{one.name}_{'step' if state == 'stream' else 'run'}"
    assert report["model"]["sha256"] == hashlib.sha256(one.model.read_bytes()).hexdigest()
    assert "arm-none-eabi-gcc" in report["compiler"]["version"]
    assert "-mcpu=cortex-m4" in report["compiler"]["flags"]
    assert report["samples"] == len(outputs)
    assert report["error"]["reference"]["mismatches"] == 0
    if quantisation == "float32":
        assert report["error"]["reference"]["tolerance"] <= 2 * TOLERANCE
    trained = readers.read(one.model)
    given = np.load(one.model.with_suffix(".npz"))
    real = to_real(outputs, network.output) if quantisation == "int8" else outputs.astype(np.float64)
    difference = np.abs(real - reference.run(trained, given["inputs"], goes_on=one.goes_on))
    assert report["error"]["float"]["mae"] == pytest.approx(difference.mean(), rel=1e-3, abs=1e-9)
    assert report["error"]["float"]["max_abs"] == pytest.approx(difference.max(), rel=1e-3, abs=1e-6)
    degrees = json.loads(one.model.with_suffix(".json").read_text())["scaling"]["output"]["scale"]
    targets = report["error"]["targets"]
    assert (targets["measure"], targets["unit"]) == ("mae", "\u00b0C")
    assert targets["device"] == pytest.approx(degrees * np.abs(real - given["targets"]).mean(), rel=1e-4)


@pytest.mark.parametrize(("model", "quantisation", "state"), CASES)
def test_sizes_are_those_of_the_elf(shipped: Callable[..., Built], model: str, quantisation: str, state: str) -> None:
    one = shipped(model, quantisation, state)
    report = one.report
    flash, ram = report["flash"], report["ram"]
    assert flash["total"] == flash["code"] + flash["tables"] + flash["weights"]
    assert ram["total"] == ram["state"] + ram["scratch"]
    bench = dict(line.split("=") for line in (one.folder / "bench.txt").read_text().splitlines())
    assert ram["total"] == int(bench["state_bytes"])
    assert 0 < report["stack"]["measured"] == int(bench["stack_bytes"]) <= report["stack"]["bound"] < 1024
    dense = 16 * 32 + 16
    gates = 4 if model == "forecast" or state == "stream" else 3
    features = 1 if model == "forecast" else 32
    lstm = gates * 32 * features + gates * 32 + (4 * 32 * 32 if gates == 4 else 0)
    if quantisation == "float32":
        bare = 4 * (lstm + dense)
    else:
        biases = gates * 32 * (2 if gates == 4 else 1)  # of the input and of the hidden state
        bare = lstm - gates * 32 + 4 * biases + 16 * 32 + 16 * 4 + 16 * 8  # the scale of an output is eight bytes
    assert bare <= flash["weights"] <= bare + 200  # the layers' structs


@pytest.mark.parametrize("quantisation", ["int8", "float32"])
def test_a_single_step_from_reset_carries_no_recurrent_weights(
    shipped: Callable[..., Built], quantisation: str
) -> None:
    window, stream = (shipped("forecast-window", quantisation, state).report for state in ("window", "stream"))
    assert window["flash"]["weights"] < 0.6 * stream["flash"]["weights"]
    assert window["instructions"] < stream["instructions"]


@pytest.mark.parametrize(("model", "quantisation", "state"), CASES)
def test_what_was_measured_is_exact_and_what_was_not_is_null(
    shipped: Callable[..., Built], model: str, quantisation: str, state: str
) -> None:
    report = shipped(model, quantisation, state).report
    assert isinstance(report["instructions"], int)
    macs = 32 * 4 * (32 + 1) * 32 if model == "forecast" else 32 * 4 * (32 + 32)
    macs += 16 * 32
    assert report["model"]["macs"] == macs
    calls = 32 if model == "forecast" and state == "stream" else 1
    needed = macs * (0.6 if model == "forecast-window" and state == "window" else 1) / 2
    assert report["instructions"] * calls > needed / 2  # at the very least one instruction for several products
    assert report["cycles"] is None or set(report["cycles"]) >= {"low", "nominal", "high", "evidence", "source"}
    functions = {row["name"]: row for row in report["functions"]}
    assert report["function"] in functions
    average = sum(row["instructions"] for row in functions.values())
    assert report["instructions_least"] <= average <= report["instructions"]


def test_a_second_run_counts_the_same(shipped: Callable[..., Built]) -> None:
    one = shipped("forecast-window", "int8", "window")
    root = one.folder.parents[3]
    again = qemu.run(
        load_target("cortex-m4"),
        one.folder / f"{one.name}.elf",
        np.load(root / "build/models/forecast-window/int8/inputs.npy"),
        output_dtype="int8",
        output_shape=(16,),
        function=one.report["function"],
        profiler=root / "build/profiler/profiler.so",
        timeout=120,
    )
    assert again.profile_text == (one.folder / "profile.txt").read_text()
    assert again.bench == (one.folder / "bench.txt").read_text()
    np.testing.assert_array_equal(again.outputs, one.array("outputs"))


def test_the_table_shows_the_reports(built: Shared, tmp_path: Path) -> None:
    words = ("target=cortex-m4", "model=forecast-window", "kernels=c", "quant=int8,float32", "state=window")
    checkout = built.copy(tmp_path / "checkout", *words)
    again = checkout.scons("report", "model=forecast-window", "kernels=c", "quant=int8,float32")
    assert again.code == 0, again.err
    for quantisation, agreement in (("int8", "exact"), ("float32", "within")):
        folder = checkout.root / f"build/cortex-m4/forecast-window/{quantisation}-c"
        report = json.loads((folder / "report.json").read_text())
        row = next(line for line in again.out.splitlines() if line.split()[:3:2] == ["cortex-m4", quantisation])
        assert f"{report['instructions']:,}" in row.split()
        assert f"{report['flash']['weights']:,}" in row.split()
        assert agreement in row


@pytest.mark.parametrize(("model", "measure"), [("speakers", "accuracy"), ("anomaly", "roc_auc")])
def test_a_convolution_with_a_gru_and_an_autoencoder(
    shipped: Callable[[str, str, str], Built], model: str, measure: str
) -> None:
    one = shipped(model, "int8", "window")
    network, given = one.network, np.load(one.model.with_suffix(".npz"))
    outputs = one.array("outputs")
    expected = reference.run(network, reference.stored_inputs(network, given["inputs"]))
    np.testing.assert_array_equal(outputs, expected)
    real, targets = to_real(outputs, network.output), given["targets"]
    if measure == "accuracy":
        figure = (real.argmax(axis=1) == targets).mean()
    else:
        error = ((given["inputs"] - real) ** 2).mean(axis=(1, 2))
        figure = (error[targets == 1][:, None] > error[targets == 0]).mean()
    said = one.report["error"]["targets"]
    assert said["measure"] == measure
    assert said["device"] == pytest.approx(figure, abs=1e-4)
    assert said["device"] == pytest.approx(said["float"], abs=0.02)
