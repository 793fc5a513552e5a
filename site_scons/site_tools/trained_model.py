# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""From a trained file to C text, and to what the device must answer.

trained = env.Trained("build/models/my", "my.keras", [])  # trained.npz, in place of the user's file from here on
samples = env.RandomSamples("build/models/my", trained)   # for a quantised file without any
network = env.Network("build/models/my/int8", trained, samples, "int8", "window")  # network.npz
expected = env.Expected("build/models/my/int8", network, trained, samples, "window")  # inputs, expected, float .npy
c, header, bench, *assembly, card = env.ModelSource(folder, network, ("armv7em", "c"), "window", "forecast", "balanced")
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from SCons.Node.FS import File
from SCons.Script import Environment

ROOT = Path(__file__).resolve().parents[2]


def _trained(env: Environment, folder: str, path: Path | File, companions: Sequence[Path]) -> list[File]:
    """``companions``: what lies beside the file and is read with it; of one that is missing, the reader tells."""
    file, made = env.FileAt(path), env.FileAt(f"{folder}/trained.npz")
    if made.has_builder():  # for another quantisation
        return [made]
    beside = [node for node in map(env.FileAt, companions) if node.exists() or node.has_builder()]
    return env.PythonProgram("model.read", [made], [file, *beside], file, "--out", made, tag="READ")


def _random_samples(env: Environment, folder: str, trained: list[File]) -> list[File]:
    made = env.FileAt(f"{folder}/random.npz")
    if made.has_builder():
        return [made]
    return env.PythonProgram("model.random_samples", [made], trained, *trained, "--out", made, tag="SAMPLES")


def _network(
    env: Environment, folder: str, trained: list[File], samples: File, quantisation: str, state: str
) -> list[File]:
    made = env.FileAt(f"{folder}/network.npz")
    words = [*trained, "--samples", samples, "--quant", quantisation, "--state", state, "--out", made]
    return env.PythonProgram("model.quantise", [made], [*trained, samples], *words, tag="QUANT")


def _expected(
    env: Environment, folder: str, network: list[File], trained: list[File], samples: File, state: str
) -> list[File]:
    made = env.FolderAt(folder)
    words = [*network, "--trained", *trained, "--samples", samples, "--state", state, "--out", made]
    targets = [made.File(name) for name in ("inputs.npy", "expected.npy", "float.npy", "saturation.json")]
    return env.PythonProgram("model.expect", targets, [*network, *trained, samples], *words, tag="REF")[:3]


def _parts(kernels: str) -> list[Path]:
    """What a kernel set covers besides its set.toml."""
    return [path for path in sorted(ROOT.glob(f"kernels/{kernels}/*.toml")) if path.name != "set.toml"]


def _model_source(
    env: Environment, folder: str, network: list[File], kernels: tuple[str, ...], state: str, name: str, optimize: str,
    trace: bool = False,
) -> list[File]:  # fmt: skip
    made, listed = env.FolderAt(folder), ",".join(kernels)
    words = [*network, "--name", name, "--kernels", listed, "--optimize", optimize, "--state", state, "--out", made]
    assembly = [f"{name}_kernels.S"] if any(env["KERNEL_SETS"][each]["word"] == "asm" for each in kernels) else []
    names = (f"{name}.c", f"{name}.h", f"{name}_bench.h", *assembly, "model.json")
    targets = [made.File(file) for file in names]
    words += ["--trace"] if trace else []
    layouts = [f"kernels.{each}.layout" for each in kernels]
    layouts += [f"kernels.{path.parent.name}.{path.stem}" for each in kernels for path in _parts(each)]
    nodes = env.PythonProgram("model.emit", targets, network, *words, tag="GEN", loads=tuple(layouts))
    read = [*ROOT.glob("model/emit/templates/*.jinja"), *ROOT.glob("kernels/*/*.toml")]
    env.Depends(nodes, [env.FileAt(path) for path in sorted(read)])
    return nodes


def generate(env: Environment) -> None:
    """Add ``Trained``, ``RandomSamples``, ``Network``, ``Expected`` and ``ModelSource`` to ``env``."""
    env.AddMethod(_trained, "Trained")
    env.AddMethod(_random_samples, "RandomSamples")
    env.AddMethod(_network, "Network")
    env.AddMethod(_expected, "Expected")
    env.AddMethod(_model_source, "ModelSource")


def exists(env: Environment) -> bool:
    """Always there."""
    return True
