# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""From a trained file to C text, and to what the device must answer.

    samples = env.RandomSamples("build/models/forecast", model)                   # for a quantised file without any
    network = env.Network("build/models/forecast/int8", model, "int8")          # network.npz
    expected = env.Expected("build/models/forecast/int8", network, model)       # inputs, expected, float .npy
    c, header, bench, *assembly, card = env.ModelSource(folder, network, "c", "window", "forecast", "balanced")
"""

from __future__ import annotations

from pathlib import Path

from SCons.Script import Environment, Glob

TEMPLATES = Path(__file__).resolve().parents[2] / "model/templates"


def _random_samples(env: Environment, folder: str, model) -> list:
    words = ["$SOURCE", "--out", "$TARGET"]
    return env.PythonProgram("model.random_samples", [f"{folder}/random.npz"], [str(model.path)], *words, tag="SAMPLES")


def _layer_list(model) -> list[str]:
    """What a model is read from besides its own file: the layers of a .safetensors."""
    return [str(model.path.with_suffix(".toml"))] if model.path.suffix.lower() == ".safetensors" else []


def _network(env: Environment, folder: str, model, quantisation: str) -> list:
    words = ["$SOURCE", "--samples", "${SOURCES[1]}", "--quant", quantisation, "--out", "$TARGET"]
    sources = [str(model.path), str(model.samples), *_layer_list(model)]
    return env.PythonProgram("model.prepare", [f"{folder}/network.npz"], sources, *words, tag="QUANT")


def _expected(env: Environment, folder: str, network: list, model) -> list:
    words = ["$SOURCE", "--model", "${SOURCES[1]}", "--samples", "${SOURCES[2]}", "--out", "${TARGET.dir}"]
    targets = [f"{folder}/{name}" for name in ("inputs.npy", "expected.npy", "float.npy", "saturation.json")]
    sources = [*network, str(model.path), str(model.samples), *_layer_list(model)]
    return env.PythonProgram("model.expect", targets, sources, *words, tag="REF")[:3]


def _model_source(
    env: Environment, folder: str, network: list, kernels: str, state: str, name: str, optimize: str, trace=False
) -> list:
    words = ["$SOURCE", "--name", name, "--kernels", kernels, "--optimize", optimize, "--state", state]
    words += ["--out", "${TARGET.dir}", *(["--trace"] if trace else [])]
    assembly = [f"{name}_kernels.S"] if kernels.startswith("asm-") else []
    names = (f"{name}.c", f"{name}.h", f"{name}_bench.h", *assembly, "model.json")
    targets = [f"{folder}/{file}" for file in names]
    nodes = env.PythonProgram("model.generate", targets, network, *words, tag="GEN")
    env.Depends(nodes, Glob(f"{TEMPLATES}/*.jinja"))
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
