# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Shoulder exercises recorded by a smartwatch: six channels of motion, split by person, cut into windows.

140 series: each of 10 people did each of 7 exercises with either arm, about 20 repetitions at 50 Hz.
The study: Burns et al., https://arxiv.org/abs/1802.01489.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from train.sources import Source, locate
from train.windows import Windows

Array = npt.NDArray[np.float64]

RESOLUTION = 1 / 1024  # g or rad/s: finer than such a sensor's noise, and short in a binary fraction

STEPS = 50  # of a window
RATE = 12.5  # Hz, so that a window of 4 s holds about two repetitions
AVERAGED = 4  # readings of the watch, at 50 Hz, that make one step
HOP = 6  # steps from one window to the next of the same series

PREPARATION = f"mean of {AVERAGED} readings in units of 1/1024; left arm mirrored (ax, wy, wz negated)"

CHANNELS = ("ax", "ay", "az", "wx", "wy", "wz")  # acceleration, g, and rate of turn, rad/s
LABELS = ("PEN", "ABD", "FEL", "IR", "ER", "TRAP", "ROW")
# Pendulum, abduction, forward elevation, internal and external rotation, trapezius extension, upright row.

# Whole people, so that the test part tells how a stranger's movements are recognised.
VALIDATION_SUBJECTS = (7, 8)
TEST_SUBJECTS = (9, 10)

# The left arm moves as the mirror image of the right one. The watch's x axis runs along the arm, towards the
# hand on one and towards the elbow on the other, so the mirror turns round ax and, rotation being an axial
# vector, wy and wz. A watch knows which wrist it is set up for.
MIRROR = np.array([-1, 1, 1, 1, -1, -1], dtype=np.float64)  # (6,)

SOURCE = Source(
    package="seglearn",
    version="1.2.5",
    file="seglearn/data/watch_dataset.npy",
    sha256="eb122f23cdf06ef6bd6c6c5312958ec5cf9d038e2e6d457b8081662c75a42537",
    licence="BSD-3-Clause",
    notice="seglearn-1.2.5.dist-info/LICENSE",
)


@dataclass(frozen=True)
class Recording:
    """One person doing one exercise with one arm."""

    subject: int  # 1 … 10
    label: int  # index into LABELS
    values: Array  # (steps, 6) at RATE, mirrored to the right arm


@dataclass(frozen=True)
class Recordings:
    """By part; no person is in two."""

    training: list[Recording]
    validation: list[Recording]
    test: list[Recording]


def load() -> list[Recording]:
    """Read all recordings. UserError if the data package is missing."""
    # The file is a pickle, which could run code: locate has compared its hash with the one known to be safe.
    data = np.load(locate(SOURCE), allow_pickle=True).item()
    rows = zip(data["X"], data["y"], data["subject"], data["side"], strict=True)
    return [
        Recording(int(subject), int(label), downsample(values if right else values * MIRROR))
        for values, label, subject, right in rows
    ]


def downsample(values: Array) -> Array:
    """Average AVERAGED readings at a time, in units of RESOLUTION; a rest that fills no step is dropped."""
    steps = len(values) // AVERAGED
    mean: Array = values[: steps * AVERAGED].reshape(steps, AVERAGED, -1).mean(axis=1)
    return np.round(mean / RESOLUTION) * RESOLUTION


def split(recordings: list[Recording]) -> Recordings:
    """Divide by person."""
    held_out = VALIDATION_SUBJECTS + TEST_SUBJECTS
    return Recordings(
        training=[r for r in recordings if r.subject not in held_out],
        validation=[r for r in recordings if r.subject in VALIDATION_SUBJECTS],
        test=[r for r in recordings if r.subject in TEST_SUBJECTS],
    )


def windows(recordings: list[Recording], steps: int = STEPS, hop: int = HOP) -> Windows:
    """All windows of ``steps`` that lie whole inside a recording, ``hop`` steps apart."""
    inputs, labels = [], []
    for recording in recordings:
        for start in range(0, len(recording.values) - steps + 1, hop):
            inputs.append(recording.values[start : start + steps])
            labels.append(recording.label)
    return Windows(np.array(inputs, dtype=np.float32), np.array(labels, dtype=np.int32))


def with_turned(windows: Windows, copies: int, degrees: float, seed: int) -> Windows:
    """Add ``copies`` of every window, each as a watch would see it that sits up to ``degrees`` askew.

    No strap sits the same on two wrists: with few people in the data, this stands for more of them.
    """
    generator = np.random.default_rng(seed)
    motion = windows.inputs.reshape(*windows.inputs.shape[:2], 2, 3)  # acceleration and rate of turn, each x y z
    turned = [windows.inputs]
    for _ in range(copies):
        turn = rotations(generator, len(windows), degrees)
        askew = np.einsum("nij,ntvj->ntvi", turn, motion)
        turned.append(askew.reshape(windows.inputs.shape).astype(np.float32))
    return Windows(np.concatenate(turned), np.tile(windows.labels, copies + 1))


def rotations(generator: np.random.Generator, count: int, degrees: float) -> Array:
    """Random rotation matrices (count, 3, 3) about any axis, by angles even within +-degrees."""
    axis = generator.normal(size=(count, 3))
    axis /= np.linalg.norm(axis, axis=1, keepdims=True)
    angle = np.deg2rad(generator.uniform(-degrees, degrees, size=(count, 1, 1)))
    # Rodrigues: R = I + sin(angle) K + (1 - cos(angle)) K^2, where K v = axis x v.
    cross = np.cross(axis[:, None, :], np.eye(3)[None, :, :]).transpose(0, 2, 1)
    matrices: Array = np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * (cross @ cross)
    return matrices
