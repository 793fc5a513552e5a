# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Nine men saying two Japanese vowels, /ae/: twelve LPC cepstrum coefficients a step, utterances stretched to windows.

640 utterances of 7 to 29 steps, divided by those who recorded them: 30 a speaker to learn from, the others to judge by.
The study: Kudo, Toyama, Shimbo, Multidimensional Curve Classification Using Passing-Through Regions, 1999.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from train.sources import Source, locate
from train.windows import Parts, Windows

Array = npt.NDArray[np.float64]

RESOLUTION = 1 / 64  # of a coefficient: below a hundredth of the range of all

STEPS = 24  # of a window
FEATURES = 12  # coefficients
LABELS = tuple(f"S{number}" for number in range(1, 10))  # the men

UTTERANCES = 30  # of each speaker in the training file, one speaker after the other
VALIDATION = 6  # of these, the last: they are not learned from

TRAINING = Source(
    package="aeon",
    version="1.6.0",
    file="aeon/datasets/data/JapaneseVowels/JapaneseVowels_TRAIN.ts",
    sha256="68a430eabd919cc77f40b1f5f3bc0dcafacc1486bca9260785aeb7d262cc78cd",
    licence="CC-BY-4.0",
)
TEST = replace(
    TRAINING,
    file="aeon/datasets/data/JapaneseVowels/JapaneseVowels_TEST.ts",
    sha256="b3d41d6a0ca3bcad3afb9ca7d4365382aa51341e2e58bae2a574babdda5b9462",
)

NOTICE = """The samples are made of the data set Japanese Vowels by M. Kudo, J. Toyama and M. Shimbo,
UCI Machine Learning Repository, https://doi.org/10.24432/C5NS47, under the licence
Creative Commons Attribution 4.0 International, https://creativecommons.org/licenses/by/4.0/.

Changed: every utterance is stretched to 24 steps by straight lines between its own, and rounded to 1/64.
"""


def load() -> Parts:
    """Read all utterances. UserError if the data package is missing."""
    learned, test = read(locate(TRAINING)), read(locate(TEST))
    last = np.arange(len(learned)) % UTTERANCES >= UTTERANCES - VALIDATION
    return Parts(
        training=Windows(learned.inputs[~last], learned.labels[~last]),
        validation=Windows(learned.inputs[last], learned.labels[last]),
        test=test,
    )


def read(file: Path) -> Windows:
    """The utterances of a .ts file: a line each, the coefficients one after the other, then the speaker, from 1."""
    inputs, labels = [], []
    text = file.read_text(encoding="utf-8")
    for line in text[text.index("@data") :].split()[1:]:
        *coefficients, speaker = line.split(":")
        inputs.append(stretched(np.array([row.split(",") for row in coefficients], np.float64).T))
        labels.append(int(speaker) - 1)
    return Windows(np.array(inputs, np.float32), np.array(labels, np.int32))


def stretched(utterance: Array) -> Array:
    """(steps, FEATURES) as (STEPS, FEATURES), in units of RESOLUTION: straight lines between the steps."""
    own = np.arange(len(utterance))
    at = np.linspace(0, len(utterance) - 1, STEPS)
    values = np.stack([np.interp(at, own, coefficient) for coefficient in utterance.T], axis=1)
    return np.round(values / RESOLUTION) * RESOLUTION


def with_noise(windows: Windows, copies: int, share: float, seed: int) -> Windows:
    """Add ``copies`` of every window, each with noise of ``share`` of its channel's deviation in every value.

    So few utterances can be learned by heart: the noise takes away what only one of them shows.
    """
    generator = np.random.default_rng(seed)
    deviation = share * windows.inputs.std(axis=(0, 1))
    noisy = [
        (windows.inputs + deviation * generator.normal(size=windows.inputs.shape)).astype(np.float32)
        for _ in range(copies)
    ]
    return Windows(np.concatenate([windows.inputs, *noisy]), np.tile(windows.labels, copies + 1))
