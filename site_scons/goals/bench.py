# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""``scons bench``: this project against its peers, on the networks that they were measured on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from commandline.models import Model, quantisations, state_of
from commandline.names import choices
from commandline.reading import Options
from made import Made
from SCons.Environment import Environment
from SCons.Node.FS import File

from model.formats import REAL

HELP = "this project against its peers on their shapes: ratios, flash, RAM, stack (build/bench/)"
PACKAGES = "plots"
IMPLIES = {"model": "all", "quant": "all", "kernels": "all", "optimize": "all"}

PEERS = "measure/cost/bench/peers/peers.csv"
MODELS = Path("build/bench/models")


def cases(given: Mapping[str, str]) -> Iterator[tuple[Model, str, str]]:
    """The networks of the bench, whose files the build makes; the one of a single step also as a stream."""
    from measure.cost.bench.shapes import SHAPES  # slow to import, hence only here

    for name in choices("model", given["model"], tuple(SHAPES)):
        model = Model(name, MODELS / f"{name}.safetensors", MODELS / f"{name}.npz", REAL)
        for quantisation in quantisations(given["quant"], model):
            for state in ("window", "stream") if name == "S0" else (state_of(given["state"], model),):
                yield model, quantisation, state


def before(env: Environment, options: Options) -> None:
    """The networks' files, with random weights and samples."""
    for path in dict.fromkeys(case.model.path for case in options.cases):
        targets = [env.FileAt(path.with_suffix(kind)) for kind in (".safetensors", ".toml", ".npz")]
        if not targets[0].has_builder():  # bench and bench-docs at once
            words = [path.stem, "--out", targets[0].dir]
            env.PythonProgram("measure.cost.bench.shapes", targets, [], *words, tag="SHAPE")


@cache
def ratios(made: Made) -> list[File]:
    """bench.json, .txt, .md and .png."""
    env, peers, folder = made.env, made.env.FileAt(PEERS), made.env.FolderAt("build/bench")
    targets = [folder.File(f"bench.{ending}") for ending in ("json", "txt", "md", "png")]
    words = ["--out", folder, "--peers", peers, *made.reports]
    return env.PythonProgram("measure.cost.bench.ratios", targets, [peers, *made.reports], *words, tag="BENCH")


def make(made: Made) -> None:
    """In build/bench."""
    made.env.Alias("bench", ratios(made))
