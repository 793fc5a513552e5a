# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""From a trained file to C text, and to what the device must answer.

samples = env.RandomSamples("build/models/forecast", model)                   # for a quantised file without any
network = env.Network("build/models/forecast/int8", model, "int8", "window")  # network.npz
expected = env.Expected("build/models/forecast/int8", network, model, "window")  # inputs, expected, float .npy
c, header, bench, *assembly, card = env.ModelSource(folder, network, ("armv7em", "c"), "window", "forecast", "balanced")
"""

from __future__ import annotations

from pathlib import Path

from SCons.Script import Environment

ROOT = Path(__file__).resolve().parents[2]


def _random_samples(env: Environment, folder: str, model) -> list:
    trained, made = env.FileAt(model.path), env.FileAt(f"{folder}/random.npz")
    return env.PythonProgram("model.random_samples", [made], [trained], trained, "--out", made, tag="SAMPLES")


def _layer_list(env: Environment, trained) -> list:
    """What a model is read from besides its own file: the layers of a .safetensors."""
    path = Path(trained.abspath)
    return [env.FileAt(path.with_suffix(".toml"))] if path.suffix.lower() == ".safetensors" else []


def _network(env: Environment, folder: str, model, quantisation: str, state: str) -> list:
    trained, samples, made = env.FileAt(model.path), env.FileAt(model.samples), env.FileAt(f"{folder}/network.npz")
    words = [trained, "--samples", samples, "--quant", quantisation, "--state", state, "--out", made]
    sources = [trained, samples, *_layer_list(env, trained)]
    return env.PythonProgram("model.prepare", [made], sources, *words, tag="QUANT")


def _expected(env: Environment, folder: str, network: list, model, state: str) -> list:
    trained, samples, made = env.FileAt(model.path), env.FileAt(model.samples), env.FolderAt(folder)
    words = [*network, "--model", trained, "--samples", samples, "--state", state, "--out", made]
    targets = [made.File(name) for name in ("inputs.npy", "expected.npy", "float.npy", "saturation.json")]
    sources = [*network, trained, samples, *_layer_list(env, trained)]
    return env.PythonProgram("model.expect", targets, sources, *words, tag="REF")[:3]


def _model_source(
    env: Environment, folder: str, network: list, kernels: tuple[str, ...], state: str, name: str, optimize: str,
    trace=False,
) -> list:  # fmt: skip
    made, listed = env.FolderAt(folder), ",".join(kernels)
    words = [*network, "--name", name, "--kernels", listed, "--optimize", optimize, "--state", state, "--out", made]
    assembly = [f"{name}_kernels.S"] if any(env["KERNEL_SETS"][each]["word"] == "asm" for each in kernels) else []
    names = (f"{name}.c", f"{name}.h", f"{name}_bench.h", *assembly, "model.json")
    targets = [made.File(file) for file in names]
    words += ["--trace"] if trace else []
    layouts = tuple(f"kernels.{each}.layout" for each in kernels)
    nodes = env.PythonProgram("model.generate", targets, network, *words, tag="GEN", loads=layouts)
    read = [*ROOT.glob("model/templates/*.jinja"), *ROOT.glob("kernels/*/set.toml")]
    env.Depends(nodes, [env.FileAt(path) for path in sorted(read)])
    return nodes


def generate(env: Environment) -> None:
    """Add ``RandomSamples``, ``Network``, ``Expected`` and ``ModelSource`` to ``env``."""
    env.AddMethod(_random_samples, "RandomSamples")
    env.AddMethod(_network, "Network")
    env.AddMethod(_expected, "Expected")
    env.AddMethod(_model_source, "ModelSource")


def exists(env: Environment) -> bool:
    """Always there."""
    return True
