# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Train a classifier, and write what it leaves behind; which one, a ``Design`` says."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from train import backend, classifiers, delivery, plots
from train.backend import Fitting
from train.windows import Parts, Windows


@dataclass(frozen=True)
class Design:
    """One classifier: its data, its network, and what the metadata tell of both."""

    name: str
    labels: tuple[str, ...]
    network: Callable[[Any], Any]  # keras module -> untrained network, whose first layer standardises every channel
    parts: Callable[[], Parts]
    varied: Callable[[Windows, Fitting], Windows]  # what is learned from, made of the training part
    fitting: Fitting
    samples: int  # test windows kept for comparison
    calibration: int  # training windows kept to find the ranges of the activations
    about: Mapping[str, Any]  # "channels" and "unit"
    data: Mapping[str, Any]  # where they come from, and how they are prepared
    notice: Callable[[], bytes]  # the licence that goes with the samples
    title: str  # of the picture, behind the share that is recognised
    varying: Mapping[str, Any]  # what the metadata tell of ``varied``


def fit(design: Design, data: Parts, fitting: Fitting) -> tuple[Any, int]:
    """Return the trained network, uncompiled, and the number of epochs it took."""
    keras = backend.start(fitting.seed)
    network = design.network(keras)
    network.get_layer("normalization").adapt(data.training.inputs)  # mean and variance of the training part

    def describe(logs: dict[str, float]) -> str:
        training, validation = logs["accuracy"], logs["val_accuracy"]
        return f"accuracy {training:6.1%} in training, {validation:6.1%} in validation"

    training = design.varied(data.training, fitting)
    epochs = backend.fit(
        keras,
        network,
        fitting,
        (training.inputs, training.labels),
        (data.validation.inputs, data.validation.labels),
        describe,
    )
    trained = design.network(keras)
    trained.set_weights(network.get_weights())
    trained.get_layer("normalization").finalize_state()  # it standardises by a copy of its weights
    return trained, epochs


def confusion(predicted: npt.NDArray[Any], truth: npt.NDArray[Any], classes: int) -> npt.NDArray[np.int64]:
    """(classes, classes): how many windows of each label (row) were called what (column)."""
    counts = np.zeros((classes, classes), dtype=np.int64)
    np.add.at(counts, (truth, predicted), 1)
    return counts


def accuracy(counts: npt.NDArray[np.int64]) -> float:
    return round(float(np.trace(counts) / counts.sum()), 4)


def rivals(data: Parts) -> dict[str, dict[str, float]]:
    """Accuracy on the test part of what needs no network."""
    return {
        name: {"accuracy": round(float((classify(data.training, data.test) == data.test.labels).mean()), 4)}
        for name, classify in classifiers.ALL.items()
    }


def print_scores(design: Design, counts: npt.NDArray[np.int64], others: Mapping[str, Mapping[str, float]]) -> None:
    print(f"\n  {'test part':20s} {'windows':>8s} {'recognised':>11s}")
    for label, row, right in zip(design.labels, counts, np.diag(counts), strict=True):
        print(f"  {label:20s} {row.sum():8d} {right / row.sum():11.1%}")
    for name, score in {**others, design.name: {"accuracy": accuracy(counts)}}.items():
        print(f"  {name.replace('_', ' '):20s} {counts.sum():8d} {score['accuracy']:11.1%}")
    print(flush=True)


def told(
    design: Design, data: Parts, predicted: npt.NDArray[Any], kept: npt.NDArray[Any], fitting: Fitting, epochs: int
) -> dict[str, Any]:
    """What the metadata tell, of the windows of the test and of the samples, which are those ``kept``."""
    counts = confusion(predicted, data.test.labels, len(design.labels))
    right = predicted[kept] == data.test.labels[kept]
    return {
        "name": design.name,
        "task": "classification",
        "labels": list(design.labels),
        **design.about,
        "scaling": {"input": {"scale": 1.0, "offset": 0.0}, "output": {"scale": 1.0, "offset": 0.0}},
        "data": dict(design.data),
        "training": {
            "command": f"python -m train.{design.name} --out models/{design.name}",
            "versions": backend.versions(),
            **asdict(fitting),
            **design.varying,
            "epochs": epochs,
        },
        "metrics": {
            "test": {
                "windows": len(data.test),
                **rivals(data),
                "accuracy": accuracy(counts),
                "confusion": counts.tolist(),
            },
            "samples": {
                "windows": len(kept),
                "accuracy": round(float(right.mean()), 4),
            },
        },
    }


def train(design: Design, out: Path, fitting: Fitting | None = None) -> None:
    """Train the network and write its files into ``out``."""
    name, fitting = design.name, fitting or design.fitting
    with delivery.all_or_nothing(out) as folder:
        data = design.parts()
        print(f"training {name}: {len(data.training)} windows, validation {len(data.validation)}")
        trained, epochs = fit(design, data, fitting)
        archive = folder / f"{name}.keras"
        delivery.save_network(trained, archive)

        # Everything that follows is told of the file, not of the network in memory.
        network = backend.start(fitting.seed).saving.load_model(archive)
        predicted = backend.predict(network, data.test.inputs).argmax(axis=1)
        counts = confusion(predicted, data.test.labels, len(design.labels))
        print_scores(design, counts, rivals(data))

        kept = delivery.evenly_spaced(design.samples, len(data.test))
        delivery.save_samples(
            folder / f"{name}.npz",
            inputs=data.test.inputs[kept],
            targets=data.test.labels[kept],
            calibration=data.training.inputs[delivery.evenly_spaced(design.calibration, len(data.training))],
        )
        # The samples are made of those data, so their licence goes with them.
        (folder / f"{name}-data-licence.txt").write_bytes(design.notice())
        title = f"{name}: {accuracy(counts):.1%} of {len(data.test)} {design.title}"
        plots.confusion(folder / f"{name}.png", title, design.labels, counts)
        delivery.save_metadata(folder / f"{name}.json", told(design, data, predicted, kept, fitting, epochs))
    print(f"  written: {out}/{name}.keras, .npz, .json, .png", flush=True)


def run(design: Design, description: str) -> None:
    """Command line of one of them."""
    parser = argparse.ArgumentParser(prog=f"python -m train.{design.name}", description=description)
    parser.add_argument("--out", type=Path, required=True, help="folder for the files")
    train(design, parser.parse_args().out)
