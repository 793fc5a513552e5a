# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Keras 2 and 3 models: .keras archives (config.json and model.weights.h5) and whole-model .h5 files.

Nothing is unpickled and no code from the file is run.
"""

from __future__ import annotations

import json
import math
import zipfile
import zlib
from collections import Counter
from pathlib import Path
from typing import Any

from model.errors import NoModelError, UserError
from model.formats import REAL
from model.kinds import ZIP
from model.network import Network, Node
from model.readers.keras import HDF5, hdf5
from model.readers.keras.checks import check, described, is_model, layers_of, leaves
from model.readers.keras.graph import Step, draw
from model.readers.keras.hdf5 import Contents
from model.readers.keras.ids import as_sequence, check_reads
from model.readers.keras.layers import LAYERS
from model.readers.keras.settings import FLOATS, Config, inner_layers, policy_name
from model.readers.keras.source import Source
from model.readers.keras.weights import ArraysOf, has_weights, of_archive, of_legacy
from model.signal import Signal

METADATA = "metadata.json"  # of an archive
MEMBER_LIMIT = 256 << 20  # bytes: no model for a microcontroller comes near, a zip bomb does
ELEMENT_LIMIT = 1 << 24  # elements of a signal


def _member(archive: zipfile.ZipFile, name: str, path: Path) -> bytes:
    try:
        info = archive.getinfo(name)
    except KeyError:
        raise UserError(f"{path}: is not a Keras archive: it holds no {name}") from None
    if info.file_size > MEMBER_LIMIT:
        raise UserError(f"{path}: {name} claims {info.file_size} bytes; no more than {MEMBER_LIMIT} are read")
    return archive.read(info)


def _shape(spec: Config) -> Any:
    """The shape that an InputLayer, or the first layer of a model, says it is given; None if it says none."""
    settings = spec["config"]
    if is_model(spec):
        built = settings.get("build_input_shape") if isinstance(settings, dict) else None
        return _shape(layers_of(spec)[0]) or built
    return settings.get("batch_shape") or settings.get("batch_input_shape")


def _input_signal(shape: Any, path: Path) -> Signal:
    if not shape or any(n is None for n in shape[1:]):
        sizes = [str(n) if n else "32" for n in (shape or (None, None, 1))[1:]]
        raise UserError(
            f"{path}: the input shape is {shape}; steps and features must be fixed: "
            f"fixed = keras.models.clone_model(model, keras.Input(({', '.join(sizes)},))), with the sizes you want; "
            "fixed.set_weights(model.get_weights()); save that"
        )
    return Signal(tuple(int(n) for n in shape[1:]))


def _check(signal: Signal, where: str) -> None:
    """Refuse a signal without elements, or with more than any device holds."""
    if min(signal.shape, default=0) < 1 or math.prod(signal.shape) > ELEMENT_LIMIT:
        raise UserError(f"{where}: has shape {signal.shape}; supported: 1 to {ELEMENT_LIMIT} elements")


def _precision(layers: list[Config]) -> tuple[str, ...]:
    """A note where Keras computes in another type than float32."""
    parts = [part for layer in layers for part in (layer, *inner_layers(layer).values())]
    policies = [(part["config"].get("name"), policy_name(part["config"].get("dtype"))) for part in parts]
    told = [f"'{name}' in {policy}" for name, policy in policies if policy in FLOATS and policy != REAL]
    if not told:
        return ()
    return (
        f"Keras computes {', '.join(told)}; here weights and values are real numbers, so that outputs differ from "
        "Keras's by its rounding",
    )


def _stateful(chain: list[Config]) -> tuple[str, ...]:
    """A note where Keras lets a window go on from the state that the one before left."""
    parts = [part["config"] for layer in chain for part in (layer, *inner_layers(layer).values())]
    told = [f"'{part.get('name')}'" for part in parts if part.get("stateful")]
    if not told:
        return ()
    return (
        f"{', '.join(dict.fromkeys(told))}: stateful in Keras; here every window starts from zeros, and with "
        "state=stream the state goes on until a reset",
    )


def _version(config: Config) -> int:
    """The first number of the version of Keras that wrote a file; 0 if it does not say."""
    first = str(config.get("keras_version", "")).partition(".")[0]
    return int(first) if first.isdecimal() else 0


def _repeated(steps: tuple[Step, ...]) -> tuple[str, ...]:
    """A note of the layers that are called several times."""
    calls = Counter(id(step.spec) for step in steps)
    several = {id(step.spec): step.spec for step in steps if calls[id(step.spec)] > 1 and has_weights(step.spec)}
    return tuple(
        f"{described(spec)} is called {calls[number]} times, and its weights stand in flash as often"
        for number, spec in several.items()
    )


def _joined(network: Network) -> Network:
    """The network with one layer for two that are one together, the second being the only reader of the first."""
    index = 0
    while index < len(network.nodes):
        reads, layer = network.nodes[index].reads, network.layers[index]
        before = network.writer(reads[0]) if len(reads) == 1 else None
        alone = before is not None and network.follower(before) == index
        joined = network.layers[before].joined(layer) if alone and before is not None else None
        if joined is None or before is None:
            index += 1
        else:
            network = network.with_layer(before, joined).without(index)
    return network


def _build(config: Config, weights: Contents, arrays_of: ArraysOf, path: Path, name: str, sha256: str) -> Network:
    check(config, path)
    drawn, arrays = draw(config, path), arrays_of(weights, config, path)
    first = _shape(config) if config["class_name"] == "Sequential" else None
    signals = [_input_signal(first or _shape(spec), path) for spec in drawn.inputs]
    for signal in signals:
        _check(signal, f"{path}: the input")
    check_reads(drawn, path)
    signals = [as_sequence(drawn, number, signal, path) for number, signal in enumerate(signals)]
    inputs, nodes = tuple(signals), list[Node]()
    numbers = list(range(len(inputs)))  # of the signals that the inputs and steps give
    for step in drawn.steps:
        where, reads = f"{path}: {described(step.spec)}", tuple(numbers[number] for number in step.reads)
        settings = step.spec["config"]
        one, *others = (signals[number] for number in reads)
        held, version = arrays.get(id(step.spec), ()), _version(config)
        source = Source(where, str(settings["name"]), settings, held, one, version, tuple(others))
        for layer in LAYERS[step.spec["class_name"]](source):
            nodes.append(Node(layer, reads))
            signals.append(layer.output)
            reads = (len(signals) - 1,)
        numbers.append(reads[0])
        _check(signals[reads[0]], where)
    outputs = tuple(numbers[number] for number in drawn.outputs)
    layers = list(leaves(config))
    notes = (*_precision(layers), *_stateful(layers), *_repeated(drawn.steps))
    return _joined(Network(name, path.name, sha256, REAL, inputs, tuple(nodes), outputs, notes))


DAMAGE = (
    OSError,
    LookupError,
    TypeError,
    ValueError,
    ArithmeticError,
    AttributeError,
    RuntimeError,
    MemoryError,
)


def _read_archive(path: Path, name: str, sha256: str) -> Network:
    """A .keras file: a zip of a configuration and weights."""
    try:
        with zipfile.ZipFile(path) as archive:
            config = json.loads(_member(archive, "config.json", path))
            weights = _member(archive, "model.weights.h5", path)
            if METADATA in archive.namelist():
                config["keras_version"] = json.loads(_member(archive, METADATA, path)).get("keras_version", "")
        return _build(config, hdf5.load(weights), of_archive, path, name, sha256)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise UserError(f"{path}: is not a Keras archive, or is truncated ({error}); save it again as .keras") from None
    except DAMAGE as error:
        raise UserError(f"{path}: the archive is damaged: {type(error).__name__} {error}; save it again") from None


def _read_h5(path: Path, name: str, sha256: str) -> Network:
    """An .h5 file: a whole model of Keras 2 or 3."""
    try:
        if path.stat().st_size > MEMBER_LIMIT:
            raise UserError(f"{path}: has {path.stat().st_size} bytes; no more than {MEMBER_LIMIT} are read")
        contents = hdf5.load(path.read_bytes())
        if "model_config" not in contents.texts:
            raise NoModelError(f"{path}: holds weights only; save the whole model: model.save('{path.stem}.keras')")
        config = json.loads(contents.texts["model_config"][0])
        config.setdefault("keras_version", *contents.texts.get("keras_version", [""])[:1])
        return _build(config, contents, of_legacy, path, name, sha256)
    except DAMAGE as error:
        what = f"{type(error).__name__} {error}"
        raise UserError(f"{path}: is not a Keras .h5 file, or is damaged: {what}; save it again") from None


def read(path: Path, name: str, sha256: str) -> Network:
    """Read a model of Keras 2 or 3; raises ``UserError`` naming file and layer for what cannot be read or is
    unsupported.

    What the file is decides, not its ending: Keras 2.11 and earlier wrote HDF5 into m.keras.
    """
    with path.open("rb") as file:
        beginning = file.read(8)
    by_name = path.suffix.lower() != ".keras" and not beginning.startswith(ZIP)
    is_h5 = by_name or beginning.startswith(HDF5)
    return (_read_h5 if is_h5 else _read_archive)(path, name, sha256)
