# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""``scons convert``: .tflite files of a trained model, by TensorFlow."""

from __future__ import annotations

from made import Made

HELP = "make .tflite files of a Keras or PyTorch model: float, dynamic range and int8"
PACKAGES = "full"
BUILDS = False


def make(made: Made) -> None:
    """Every model that is asked for."""
    for model in dict.fromkeys(case.model for case in made.options.cases):
        words = [f"--samples={model.samples}", f"--out=build/convert/{model.stem}"]
        words += ["--timeout", str(made.options.timeout)]
        made.env.Goal("convert", "train.convert", made.env.FileAt(model.path), *words)
