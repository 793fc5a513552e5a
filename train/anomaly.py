# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Train an autoencoder that knows one exercise, arms raised sideways: what it cannot give back is something else.

The other exercises are the anomalies, one of which, arms raised to the front, looks much the same on a wrist.

python -m train.anomaly --out models/anomaly
"""

from __future__ import annotations

import argparse
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from measure import anomalies
from model.errors import run_main
from train import backend, delivery, novelty, plots, sources, watch
from train.backend import Fitting
from train.watch import CHANNELS, LABELS
from train.windows import Parts, Windows

NAME = "anomaly"
KNOWN = LABELS.index("ABD")
STEPS = 32  # of a window, 2.6 s
HOP = 4  # steps from one window to the next of the same series
UNITS = 12  # of the vector that the whole window is squeezed into
COPIES = 2  # of every training window, each turned at random
DEGREES = 20.0  # by at most so much
SAMPLES = 84  # test windows kept for comparison, of the known exercise and of the others each
CALIBRATION = 70  # training windows of all exercises kept to find the ranges of the activations
ALARMS = 0.05  # of the known windows of the validation part lie above the threshold

FITTING = Fitting(
    seed=1, epochs=40, batch_size=64, learning_rate=5e-3, loss="mean_squared_error", patience=9
)  # fmt: skip

RIVALS: dict[str, novelty.Score] = {
    "mean_window": novelty.mean_window,
    "stillness": novelty.stillness,
    "principal_components": novelty.principal(UNITS),
    "means_and_deviations": novelty.summary,
}


@dataclass(frozen=True)
class Scores:
    """Of the whole test part."""

    errors: npt.NDArray[np.float64]  # (N,) of the network, squared
    strange: npt.NDArray[np.int32]  # (N,) 1: another exercise
    threshold: float  # of the error

    def roc_auc(self) -> float:
        return novelty.roc_auc(self.errors, self.strange)

    def above(self, strange: int) -> float:
        """Share of such windows that lie above the threshold."""
        return round(float((self.errors[self.strange == strange] > self.threshold).mean()), 4)


def prepare() -> Parts:
    """Windows of all exercises, in g and rad/s."""
    recordings = watch.split(watch.load())
    parts = recordings.training, recordings.validation, recordings.test
    return Parts(*(watch.windows(part, STEPS, HOP) for part in parts))


def known(windows: Windows) -> Windows:
    """Those of the exercise that is learned."""
    own = windows.labels == KNOWN
    return Windows(windows.inputs[own], windows.labels[own])


def strange(windows: Windows) -> npt.NDArray[np.int32]:
    """(N,): 1 for another exercise."""
    return np.asarray(windows.labels != KNOWN, np.int32)


def network_for(keras: Any) -> Any:
    """The untrained network. It takes and gives raw readings."""
    layers = keras.layers
    return keras.Sequential(
        [
            layers.Input((STEPS, len(CHANNELS)), name="input"),
            layers.LSTM(UNITS, name="encoder"),
            layers.RepeatVector(STEPS, name="repeat"),
            layers.LSTM(UNITS, return_sequences=True, name="decoder"),
            layers.TimeDistributed(layers.Dense(len(CHANNELS), name="dense"), name="output"),
        ],
        name=NAME,
    )


def learned(data: Parts, fitting: Fitting) -> Windows:
    """What it learns from: the known exercise, as watches see it that sit askew."""
    return watch.with_turned(known(data.training), COPIES, DEGREES, fitting.seed)


def fit(data: Parts, fitting: Fitting = FITTING) -> tuple[Any, int]:
    """Return the trained network, uncompiled, and the number of epochs it took."""
    keras = backend.start(fitting.seed)
    network = network_for(keras)

    def describe(logs: dict[str, float]) -> str:
        return f"error {logs['loss']:.3f} in training, {logs['val_loss']:.3f} in validation"

    training, validation = learned(data, fitting).inputs, known(data.validation).inputs
    epochs = backend.fit(keras, network, fitting, (training, training), (validation, validation), describe)
    trained = network_for(keras)
    trained.set_weights(network.get_weights())
    return trained, epochs


def judge(network: Any, data: Parts) -> Scores:
    """Of the network; its threshold knows the validation part only."""
    validation, test = known(data.validation).inputs, data.test.inputs
    usual = anomalies.errors(validation, backend.predict(network, validation))
    return Scores(
        anomalies.errors(test, backend.predict(network, test)),
        strange(data.test),
        round(float(np.quantile(usual, 1 - ALARMS)), 4),
    )


def rivals(data: Parts, fitting: Fitting) -> dict[str, dict[str, float]]:
    """ROC AUC over the test part of what needs no network, learned from the very same windows."""
    training, test = learned(data, fitting).inputs.astype(np.float64), data.test.inputs.astype(np.float64)
    truth = strange(data.test)
    return {name: {"roc_auc": novelty.roc_auc(score(training, test), truth)} for name, score in RIVALS.items()}


def print_scores(scores: Scores, others: dict[str, dict[str, float]]) -> None:
    print(f"\n  {'test part':24s} {'ROC AUC':>8s}")
    for name, score in {**others, NAME: {"roc_auc": scores.roc_auc()}}.items():
        print(f"  {name.replace('_', ' '):24s} {score['roc_auc']:8.3f}")
    print(
        f"  above a threshold of {scores.threshold:.3f}: {scores.above(1):.1%} of other exercises, "
        f"{scores.above(0):.1%} of the known one\n",
        flush=True,
    )


def keep(test: Windows) -> npt.NDArray[np.intp]:
    """Indices of the samples: as many windows of the known exercise as of all others."""
    found = [np.flatnonzero(strange(test) == which) for which in (0, 1)]
    return np.sort(np.concatenate([each[delivery.evenly_spaced(SAMPLES, len(each))] for each in found]))


def told(data: Parts, scores: Scores, kept: npt.NDArray[Any], fitting: Fitting, epochs: int) -> dict[str, Any]:
    """What the metadata tell, of the windows of the test and of the samples, which are those ``kept``."""
    return {
        "name": NAME,
        "task": "anomaly",
        "labels": [LABELS[KNOWN], "another exercise"],
        "channels": list(CHANNELS),
        "unit": "g (ax, ay, az), rad/s (wx, wy, wz)",
        "scaling": {"input": {"scale": 1.0, "offset": 0.0}, "output": {"scale": 1.0, "offset": 0.0}},
        "data": {
            **sources.provenance(watch.SOURCE),
            "rate_hz": watch.RATE,
            "preparation": f"{watch.PREPARATION}; windows of {STEPS} steps, {HOP} apart",
            "subjects": {"validation": list(watch.VALIDATION_SUBJECTS), "test": list(watch.TEST_SUBJECTS)},
        },
        "training": {
            "command": f"python -m train.{NAME} --out models/{NAME}",
            "versions": backend.versions(),
            **asdict(fitting),
            "turned_copies": COPIES,
            "turned_degrees": DEGREES,
            "epochs": epochs,
        },
        "metrics": {
            "test": {
                "windows": len(data.test),
                "known": int((scores.strange == 0).sum()),
                **rivals(data, fitting),
                "roc_auc": scores.roc_auc(),
                "threshold": scores.threshold,
                "found": scores.above(1),
                "false_alarms": scores.above(0),
            },
            "samples": {
                "windows": len(kept),
                "roc_auc": novelty.roc_auc(scores.errors[kept], scores.strange[kept]),
            },
        },
    }


def train(out: Path, fitting: Fitting = FITTING) -> None:
    """Train the network and write its files into ``out``."""
    with delivery.all_or_nothing(out) as folder:
        data = prepare()
        print(f"training {NAME}: {len(known(data.training))} windows, validation {len(known(data.validation))}")
        trained, epochs = fit(data, fitting)
        archive = folder / f"{NAME}.keras"
        delivery.save_network(trained, archive)

        # Everything that follows is told of the file, not of the network in memory.
        scores = judge(backend.start(fitting.seed).saving.load_model(archive), data)
        print_scores(scores, rivals(data, fitting))

        kept = keep(data.test)
        delivery.save_samples(
            folder / f"{NAME}.npz",
            inputs=data.test.inputs[kept],
            targets=scores.strange[kept],
            calibration=data.training.inputs[delivery.evenly_spaced(CALIBRATION, len(data.training))],
        )
        # The samples are readings of that package, so its licence goes with them.
        (folder / f"{NAME}-data-licence.txt").write_bytes(sources.notice(watch.SOURCE) or b"")
        plots.spread(
            folder / f"{NAME}.png",
            f"{NAME}: what is lost of windows of two people it never saw, with the threshold",
            "mean squared error",
            {label: scores.errors[data.test.labels == number] for number, label in enumerate(LABELS)},
            scores.threshold,
        )
        delivery.save_metadata(folder / f"{NAME}.json", told(data, scores, kept, fitting, epochs))
    print(f"  written: {out}/{NAME}.keras, .npz, .json, .png", flush=True)


def main() -> None:
    description = "Train an autoencoder that knows one exercise: what it cannot give back is something else."
    parser = argparse.ArgumentParser(prog=f"python -m train.{NAME}", description=description)
    parser.add_argument("--out", type=Path, required=True, help="folder for the files")
    train(parser.parse_args().out)


if __name__ == "__main__":
    run_main(main)
