# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Train a classifier: which of seven exercises does a watch see in four seconds of motion?

python -m train.exercises --out models/exercises
"""

from __future__ import annotations

from typing import Any

from model.errors import run_main
from train import classification, sources, watch
from train.backend import Fitting
from train.classification import Design
from train.watch import CHANNELS, LABELS, STEPS
from train.windows import Parts, Windows

COPIES = 3  # of every training window, each turned at random
DEGREES = 30.0  # by at most so much


def prepare() -> Parts:
    """The three parts cut into windows, in g and rad/s."""
    parts = watch.split(watch.load())
    return Parts(watch.windows(parts.training), watch.windows(parts.validation), watch.windows(parts.test))


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
        name="exercises",
    )


def turned(training: Windows, fitting: Fitting) -> Windows:
    return watch.with_turned(training, COPIES, DEGREES, fitting.seed)


DESIGN = Design(
    name="exercises",
    labels=LABELS,
    network=network_for,
    parts=prepare,
    varied=turned,
    fitting=Fitting(
        seed=1,
        epochs=60,
        batch_size=128,
        learning_rate=3e-3,
        loss="sparse_categorical_crossentropy",
        metrics=("accuracy",),
        patience=6,
    ),
    samples=500,
    calibration=250,
    about={"channels": list(CHANNELS), "unit": "g (ax, ay, az), rad/s (wx, wy, wz)"},
    data={
        **sources.provenance(watch.SOURCE),
        "rate_hz": watch.RATE,
        "preparation": f"{watch.PREPARATION}; windows of {STEPS} steps, {watch.HOP} apart",
        "subjects": {
            "validation": list(watch.VALIDATION_SUBJECTS),
            "test": list(watch.TEST_SUBJECTS),
        },
    },
    notice=lambda: sources.notice(watch.SOURCE) or b"",
    title="windows of two people it never saw",
    varying={"turned_copies": COPIES, "turned_degrees": DEGREES},
)


def main() -> None:
    classification.run(
        DESIGN, "Train a classifier: which of seven exercises does a watch see in four seconds of motion?"
    )


if __name__ == "__main__":
    run_main(main)
