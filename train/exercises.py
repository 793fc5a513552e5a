# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Train a classifier: which of seven exercises does a watch see in four seconds of motion?

python -m train.exercises --out models/exercises
"""

from __future__ import annotations

import argparse
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from model.errors import run_main
from train import backend, delivery, plots, sources, watch
from train.backend import Fitting
from train.watch import CHANNELS, LABELS, STEPS, Windows

NAME = "exercises"
SAMPLES = 500  # test windows kept for comparison
CALIBRATION = 250  # training windows kept to find the ranges of the activations
COPIES = 3  # of every training window, each turned at random
DEGREES = 30.0  # by at most so much

FITTING = Fitting(
    seed=1,
    epochs=60,
    batch_size=128,
    learning_rate=3e-3,
    loss="sparse_categorical_crossentropy",
    metrics=("accuracy",),
    patience=6,
)


@dataclass(frozen=True)
class Data:
    """The three parts cut into windows, in g and rad/s."""

    training: Windows
    validation: Windows
    test: Windows


def prepare() -> Data:
    parts = watch.split(watch.load())
    return Data(watch.windows(parts.training), watch.windows(parts.validation), watch.windows(parts.test))


def network_for(keras: Any) -> Any:
    """The untrained network. It takes raw readings: the first layer standardises every channel."""
    layers = keras.layers
    return keras.Sequential(
        [
            layers.Input((STEPS, len(CHANNELS)), name="input"),
            layers.Normalization(name="normalization"),
            layers.LSTM(32, name="lstm"),
            layers.Dropout(0.5, name="dropout"),
            layers.Dense(len(LABELS), activation="softmax", name="output"),
        ],
        name=NAME,
    )


def fit(data: Data, fitting: Fitting = FITTING) -> tuple[Any, int]:
    """Return the trained network, uncompiled, and the number of epochs it took."""
    keras = backend.start(fitting.seed)
    network = network_for(keras)
    network.get_layer("normalization").adapt(data.training.inputs)  # mean and variance of the training part

    def describe(logs: dict[str, float]) -> str:
        training, validation = logs["accuracy"], logs["val_accuracy"]
        return f"accuracy {training:6.1%} in training, {validation:6.1%} in validation"

    training = watch.with_turned(data.training, COPIES, DEGREES, fitting.seed)
    epochs = backend.fit(
        keras,
        network,
        fitting,
        (training.inputs, training.labels),
        (data.validation.inputs, data.validation.labels),
        describe,
    )
    trained = network_for(keras)
    trained.set_weights(network.get_weights())
    trained.get_layer("normalization").finalize_state()  # it standardises by a copy of its weights
    return trained, epochs


def confusion(predicted: npt.NDArray[Any], truth: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """(labels, labels): how many windows of each label (row) were called what (column)."""
    counts = np.zeros((len(LABELS), len(LABELS)), dtype=np.int64)
    np.add.at(counts, (truth, predicted), 1)
    return counts


def accuracy(counts: npt.NDArray[np.int64]) -> float:
    return round(float(np.trace(counts) / counts.sum()), 4)


def print_scores(counts: npt.NDArray[np.int64]) -> None:
    print(f"\n  {'test part':10s} {'windows':>8s} {'recognised':>11s}")
    for label, row, right in zip(LABELS, counts, np.diag(counts), strict=True):
        print(f"  {label:10s} {row.sum():8d} {right / row.sum():11.1%}")
    # Chance, for comparison: always the commonest label.
    print(f"  {'chance':10s} {counts.sum():8d} {counts.sum(axis=1).max() / counts.sum():11.1%}")
    print(f"  {NAME:10s} {counts.sum():8d} {accuracy(counts):11.1%}\n", flush=True)


def told(
    data: Data, predicted: npt.NDArray[Any], kept: npt.NDArray[Any], fitting: Fitting, epochs: int
) -> dict[str, Any]:
    """What the metadata tell, of the windows of the test and of the samples, which are those ``kept``."""
    counts = confusion(predicted, data.test.labels)
    return {
        "name": NAME,
        "task": "classification",
        "labels": list(LABELS),
        "channels": list(CHANNELS),
        "unit": "g (ax, ay, az), rad/s (wx, wy, wz)",
        "scaling": {"input": {"scale": 1.0, "offset": 0.0}, "output": {"scale": 1.0, "offset": 0.0}},
        "data": {
            **sources.provenance(watch.SOURCE),
            "rate_hz": watch.RATE,
            "preparation": (
                f"mean of {watch.AVERAGED} readings in units of 1/1024; "
                f"left arm mirrored (ax, wy, wz negated); "
                f"windows of {STEPS} steps, {watch.HOP} apart"
            ),
            "subjects": {
                "validation": list(watch.VALIDATION_SUBJECTS),
                "test": list(watch.TEST_SUBJECTS),
            },
        },
        "training": {
            "command": f"python -m train.exercises --out models/{NAME}",
            "versions": backend.versions(),
            **asdict(fitting),
            "turned_copies": COPIES,
            "turned_degrees": DEGREES,
            "epochs": epochs,
        },
        "metrics": {
            "test": {
                "windows": len(data.test),
                "accuracy": accuracy(counts),
                "confusion": counts.tolist(),
            },
            "samples": {
                "windows": len(kept),
                "accuracy": accuracy(confusion(predicted[kept], data.test.labels[kept])),
            },
        },
    }


def train(out: Path, fitting: Fitting = FITTING) -> None:
    """Train the network and write its files into ``out``."""
    with delivery.all_or_nothing(out) as folder:
        data = prepare()
        print(f"training {NAME}: {len(data.training)} windows, validation {len(data.validation)}")
        trained, epochs = fit(data, fitting)
        archive = folder / f"{NAME}.keras"
        delivery.save_network(trained, archive)

        # Everything that follows is told of the file, not of the network in memory.
        network = backend.start(fitting.seed).saving.load_model(archive)
        predicted = backend.predict(network, data.test.inputs).argmax(axis=1)
        counts = confusion(predicted, data.test.labels)
        print_scores(counts)

        kept = delivery.evenly_spaced(SAMPLES, len(data.test))
        delivery.save_samples(
            folder / f"{NAME}.npz",
            inputs=data.test.inputs[kept],
            targets=data.test.labels[kept],
            calibration=data.training.inputs[delivery.evenly_spaced(CALIBRATION, len(data.training))],
        )
        # The samples are readings of that package, so its licence goes with them.
        (folder / f"{NAME}-data-licence.txt").write_bytes(sources.notice(watch.SOURCE) or b"")
        plots.confusion(
            folder / f"{NAME}.png",
            f"{NAME}: {accuracy(counts):.1%} of {len(data.test)} windows of two people it never saw",
            LABELS,
            counts,
        )
        delivery.save_metadata(
            folder / f"{NAME}.json",
            told(data, predicted, kept, fitting, epochs),
        )
    print(f"  written: {out}/{NAME}.keras, .npz, .json, .png", flush=True)


def main() -> None:
    description = "Train a classifier: which of seven exercises does a watch see in four seconds of motion?"
    parser = argparse.ArgumentParser(prog="python -m train.exercises", description=description)
    parser.add_argument("--out", type=Path, required=True, help="folder for the files")
    train(parser.parse_args().out)


if __name__ == "__main__":
    run_main(main)
