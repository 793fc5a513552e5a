# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Train a classifier, a convolution and a GRU: which of nine men says two vowels?

python -m train.speakers --out models/speakers
"""

from __future__ import annotations

from typing import Any

from model.errors import run_main
from train import classification, sources, vowels
from train.backend import Fitting
from train.classification import Design
from train.vowels import FEATURES, LABELS, STEPS
from train.windows import Windows

COPIES = 7  # of every training utterance, each with noise
NOISE = 0.5  # of its channel's deviation


def network_for(keras: Any) -> Any:
    """The untrained network: 24 steps, convolved to 11 that overlap by one."""
    layers = keras.layers
    return keras.Sequential(
        [
            layers.Input((STEPS, FEATURES), name="input"),
            layers.Normalization(name="normalization"),
            layers.Conv1D(16, 3, strides=2, activation="relu", name="convolution"),
            layers.Dropout(0.15, name="dropout"),
            layers.GRU(16, name="gru"),
            layers.Dropout(0.3, name="dropout_2"),
            layers.Dense(len(LABELS), activation="softmax", name="output"),
        ],
        name="speakers",
    )


def noisy(training: Windows, fitting: Fitting) -> Windows:
    return vowels.with_noise(training, COPIES, NOISE, fitting.seed)


DESIGN = Design(
    name="speakers",
    labels=LABELS,
    network=network_for,
    parts=vowels.load,
    varied=noisy,
    fitting=Fitting(
        seed=1,
        epochs=60,
        batch_size=64,
        learning_rate=5e-3,
        loss="sparse_categorical_crossentropy",
        metrics=("accuracy",),
        patience=12,
    ),
    samples=185,
    calibration=54,
    about={"channels": [f"c{number}" for number in range(1, FEATURES + 1)], "unit": "LPC cepstrum coefficients"},
    data={
        **sources.provenance(vowels.TRAINING),
        "test_file": vowels.TEST.file,
        "test_sha256": vowels.TEST.sha256,
        "preparation": f"each utterance stretched to {STEPS} steps, in units of 1/64",
        "validation": f"the last {vowels.VALIDATION} of {vowels.UTTERANCES} utterances of each speaker",
    },
    notice=lambda: vowels.NOTICE.encode(),
    title="utterances",
    varying={"noisy_copies": COPIES, "noise": NOISE},
)


def main() -> None:
    classification.run(DESIGN, "Train a classifier, a convolution and a GRU: which of nine men says two vowels?")


if __name__ == "__main__":
    run_main(main)
