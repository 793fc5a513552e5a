# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Model files damaged in every manner that comes to mind, one a seed, and a process that reads one after the other.

    python -m tests.support.mutations FOLDER KIND FIRST COUNT

prints two lines of JSON for each seed: that it begins, and what became of it. The process has limits and may die of
a file; whoever started it goes on at the next one.
"""

from __future__ import annotations

import copy
import json
import random
import resource
import signal
import sys
import zipfile
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import onnx

from model import emit, quantise, readers, reference
from model.errors import UserError
from model.network import Network, macs
from model.readers.keras import hdf5
from tests.oracle import models, tflite_writer, twin
from tests.oracle.changed import changed
from tests.oracle.flatbuffer import File, pack
from tests.oracle.twin import Apart
from tests.support import json_files, keras_files, safetensors_files
from tests.support.keras_files import archive, dense, input_layer, legacy, lstm

DATA = Path(__file__).parents[1] / "model" / "data"
SHIPPED = Path(__file__).parents[2] / "models"
MEMORY = 1 << 30  # bytes that the process may have
SECONDS = 10  # of processor time that reading one file may take

LAYERS = [
    input_layer(5, 3),
    lstm(3, 4, "first", return_sequences=True),
    lstm(4, 4, "second"),
    dense(4, 2, activation="softmax"),
]

# What stands in files that were damaged or made to do harm.
HOSTILE: list[Any] = [
    None, True, 0, 1, -1, 2, 3, 7, 255, 2**31 - 1, 2**31, 2**32, 2**62, 2**63, -(2**63), 10**40, 0.5, 1e300,
    float("nan"), float("inf"), "", "x", "LSTM", "tanh", "a/b", "../../x", "\0", "\ud800", "é\n\"*/", "9" * 5000, [],
    [[]], [0], [1, 2], [None, 5, 3], [2**31, 2**31], {}, {"class_name": "LSTM", "config": {}},
    {"config": {"config": {}}},
]  # fmt: skip

OPERATORS = ("LSTM", "GRU", "RNN", "Gemm", "Conv", "Reshape", "Split", "Loop", "Range", "Expand", "Tile", "x" * 500, "")


def damaged_bytes(rng: random.Random, data: bytes) -> bytes:
    """Cut, bits flipped, words set to extremes, parts moved, taken out or added."""
    bad = bytearray(data)
    kind = rng.randrange(7)
    for _ in range(rng.choice((1, 1, 2, 4, 16))):
        # headers are small and at the ends: places there are as likely as those within the weights
        reach = min(len(bad) - 1, rng.choice((64, 1000, len(bad))))
        at = rng.randrange(reach) if rng.random() < 0.8 else len(bad) - 1 - rng.randrange(reach)
        if kind == 0:
            bad[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            bad[at] = rng.choice((0, 1, 0x7F, 0x80, 0xFF))
        elif kind == 2:
            size = rng.choice((4, 8))
            value = rng.choice((0, 1, len(bad), rng.randrange(len(bad)), 2**31 - 1, 2**31, 2**40, 2**63, 2**64 - 1))
            bad[at - at % 4 : at - at % 4 + size] = (value % (1 << 8 * size)).to_bytes(size, "little")
        elif kind == 3:
            source = rng.randrange(len(bad))
            part = bad[source : source + rng.randrange(1, 200)]
            bad[at : at + len(part)] = part
        elif kind == 4 and len(bad) > 100:
            del bad[at : at + rng.randrange(1, 64)]
        elif kind == 5:
            bad[at:at] = rng.randbytes(rng.randrange(1, 64))
    return bytes(bad[: rng.randrange(len(bad))] if kind == 6 else bad)


def damaged_json(rng: random.Random, value: Any) -> Any:
    """A copy with a few of its values replaced, removed, doubled or swapped."""
    value = copy.deepcopy(value)
    for _ in range(rng.choice((1, 1, 2, 5))):
        places: list[tuple[Any, Any]] = []
        pending = [value]
        while pending:
            node = pending.pop()
            inner = list(node.items()) if isinstance(node, dict) else list(enumerate(node))
            places += [(node, key) for key, _ in inner]
            pending += [item for _, item in inner if isinstance(item, dict | list)]
        if not places:
            break
        node, key = rng.choice(places)
        action = rng.randrange(5)
        if action == 0:
            del node[key]
        elif action == 1:
            other, place = rng.choice(places)
            node[key] = copy.deepcopy(other[place])
        elif action == 2 and isinstance(node, list):
            node.insert(0, copy.deepcopy(node[key]))
        else:
            node[key] = copy.deepcopy(rng.choice(HOSTILE))
    return value


def _dumped(rng: random.Random, value: Any) -> bytes:
    text = json.dumps(value, ensure_ascii=True).encode()
    if rng.random() < 0.02:
        text = b"[" * 100_000
    return text


class Files:
    """Damaged files, made in one folder from sound ones."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        sequential = [[kind, dict(settings), arrays] for kind, settings, arrays in LAYERS]
        self.layers: list[Any] = sequential
        self.keras = [
            archive(folder / "a.keras", LAYERS).read_bytes(),
            archive(folder / "b.keras", LAYERS, "Functional").read_bytes(),
            *((SHIPPED / name / f"{name}.keras").read_bytes() for name in ("forecast", "exercises")),
        ]
        self.h5 = legacy(folder / "a.h5", LAYERS).read_bytes()
        self.weights = keras_files.weights_of(LAYERS)
        self.graphs = self._graphs(readers.read(folder / "a.keras"))
        self.tflite = [pack(*graph) for graph in self.graphs]
        numbers = np.random.default_rng(0)
        state = json_files.guitarml(numbers, units=3, layers=2)["state_dict"]
        tensors = {name: np.array(each, np.float32) for name, each in state.items()}
        self.untold = safetensors_files.write(folder / "a.safetensors", tensors).read_bytes()
        self.documents = [
            json_files.amplifier(numbers, 3, in_skip=1, in_gain=1.5, out_gain=-3, metadata={"samplerate": "48000"}),
            json_files.every_type(),
            json_files.guitarml(numbers, units=3),
            json_files.nam(numbers, units=3, layers=2, metadata={"name": "amp"}, sample_rate=48_000),
            json_files.guitarml(numbers, "GRU", inputs=2, units=3, layers=2),
        ]

    def _graphs(self, network: Network) -> list[tuple[File, list[int], list[int]]]:
        windows = np.random.default_rng(0).normal(0, 1, (20, *network.input.shape)).astype(np.float32)
        networks = [
            network,
            *(quantise.quantise(network, windows, mode) for mode in ("dynamic", "int8", "int16x8")),
            *(models.random_network(name, "int8") for name in ("both_ways", "stacked", "dense_first", "real_output")),
        ]
        graphs = []
        for each in networks:
            file = File()
            first = number = file.tensor(tflite_writer._tensor(each.input))
            for index, layer in enumerate(each.layers):
                number = tflite_writer._layer(file, layer, number, each.input_of(index))
            graphs.append((file, [first], [number]))
        return graphs

    def keras_bytes(self, rng: random.Random) -> Path:
        """A .keras whose zip archive is damaged."""
        return self._write("m.keras", damaged_bytes(rng, rng.choice(self.keras)))

    def keras_weights(self, rng: random.Random) -> Path:
        """A .keras whose weights file is damaged, or holds other arrays than the configuration asks for."""
        config = json.dumps(keras_files.config_of(LAYERS)).encode()
        if rng.random() < 0.8:
            weights = damaged_bytes(rng, self.weights)
        else:
            layers = copy.deepcopy(self.layers)
            arrays = rng.choice(layers[1:])[2]
            at = rng.randrange(len(arrays))
            arrays[at] = self._other_array(rng, arrays[at])
            weights = keras_files.weights_of([tuple(layer) for layer in layers])
        members = {"config.json": config, "model.weights.h5": weights}
        if rng.random() < 0.05:
            members.pop(rng.choice(list(members)))
        return keras_files.write_archive(self.folder / "m.keras", members)

    def keras_config(self, rng: random.Random) -> Path:
        """A .keras whose configuration says something else."""
        with zipfile.ZipFile(self.folder / rng.choice(("a.keras", "b.keras"))) as sound:
            config = damaged_json(rng, json.loads(sound.read("config.json")))
        members = {"config.json": _dumped(rng, config), "model.weights.h5": self.weights}
        return keras_files.write_archive(self.folder / "m.keras", members)

    def h5_bytes(self, rng: random.Random) -> Path:
        """A damaged .h5."""
        return self._write("m.h5", damaged_bytes(rng, self.h5))

    def h5_contents(self, rng: random.Random) -> Path:
        """A sound .h5 with another configuration, other arrays, or links that lead elsewhere."""
        path = self._write("m.h5", self.h5)
        with h5py.File(path, "r+") as file:
            kind = rng.randrange(6)
            group = file["model_weights/first"]
            name = "first/1:0"
            if kind == 0:
                config = damaged_json(rng, json.loads(file.attrs["model_config"]))
                file.attrs["model_config"] = _dumped(rng, config).decode()
            elif kind == 1:
                array = self._other_array(rng, np.asarray(group[name]))
                del group[name]
                group[name] = array
            elif kind == 2:
                links = [h5py.SoftLink("/"), h5py.SoftLink("/no/where"), h5py.ExternalLink(str(path), "/"), file, group]
                del group[name]
                group[name] = rng.choice(links)
            elif kind == 3:
                values = [["nothing"], [b"\xff\xfe"], [], "x", 5, [1.5], ["first/0:0"] * 3, "y" * 60000]
                group.attrs["weight_names"] = rng.choice(values)
            elif kind == 4:
                del group[name]
                group.create_dataset(name, (2**20, 2**20), "f4", chunks=(1024, 1024), compression="gzip")
            else:
                del file[rng.choice(["model_weights", "model_weights/first", f"model_weights/first/{name}"])]
        return path

    def tflite_bytes(self, rng: random.Random) -> Path:
        """A damaged .tflite."""
        return self._write("m.tflite", damaged_bytes(rng, rng.choice(self.tflite)))

    def tflite_graph(self, rng: random.Random) -> Path:
        """A well-formed .tflite of a graph that makes no sense: circles, missing buffers, hostile sizes and types."""
        file, inputs, outputs = copy.deepcopy(rng.choice(self.graphs))
        for _ in range(rng.choice((1, 1, 2, 4))):
            operator, tensor = rng.choice(file.operators), rng.choice(file.tensors)
            action = rng.randrange(10)
            if action == 0 and operator.inputs:
                operator.inputs[rng.randrange(len(operator.inputs))] = rng.randrange(-2, len(file.tensors) + 1)
            elif action == 1:
                operator.outputs = [rng.randrange(len(file.tensors)) for _ in range(rng.randrange(3))]
            elif action == 2:
                operator.code = rng.choice(file.operators).code
            elif action == 3:
                tensor.data = rng.choice(
                    (b"", tensor.data[: len(tensor.data) // 2], tensor.data * 2, b"\xff" * len(tensor.data))
                )
            elif action == 4:
                sizes = (0, 1, 2, 3, -1, 5, 2**16, 2**31 - 1, -(2**31))
                tensor.shape = tuple(rng.choice(sizes) for _ in range(rng.randrange(7)))
            elif action == 5:
                values = (0.0, -1.0, 1e-30, 1e30, 0.5, 2.0**-15, float("nan"), float("inf"))
                tensor.scale = np.array([rng.choice(values) for _ in range(rng.randrange(4))], np.float32)
            elif action == 6:
                tensor.zero_point = rng.choice((0, 1, -128, 127, 128, 2**31, 2**62, -(2**63)))
            elif action == 7:
                tensor.dtype, tensor.variable = (
                    rng.choice(("float32", "int32", "int64", "int8", "int16")),
                    rng.random() < 0.3,
                )
            elif action == 8:
                operator.inputs = operator.inputs[: rng.randrange(len(operator.inputs) + 1)]
            else:
                rng.choice((inputs, outputs))[:] = [rng.randrange(len(file.tensors)) for _ in range(rng.randrange(3))]
        return self._write("m.tflite", pack(file, inputs, outputs))

    @cached_property
    def taken_apart(self) -> list[bytes]:
        """Files with loops and unrolled cells, from TensorFlow's converter."""
        wide = ("LSTM", {"units": 4, "return_sequences": True}), ("GRU", {"units": 3}), ("Dense", {"units": 2})
        unrolled = tuple((kind, {**settings, "unroll": True}) for kind, settings in wide[:2])
        made = [
            Apart("damaged-loop", (5, 3), wide),
            Apart("damaged-list", (5, 3), wide, open_batch=True),
            Apart("damaged-unrolled", (5, 3), unrolled, library="tf_keras"),
        ]
        twin.prepare(list(made))
        return [each.path.read_bytes() for each in made]

    def tflite_cells(self, rng: random.Random) -> Path:
        """A damaged .tflite with cells taken apart, or a well-formed one of which a few things are others."""
        data = rng.choice(self.taken_apart)
        if rng.random() < 0.4:
            return self._write("m.tflite", damaged_bytes(rng, data))
        for _ in range(rng.choice((1, 2, 3))):
            data = changed(data, rng)
        return self._write("m.tflite", data)

    def torch_bytes(self, rng: random.Random) -> Path:
        """A damaged .safetensors, or a damaged .toml beside it."""
        name = rng.choice(("torch_both", "torch_every"))
        tensors, toml = ((DATA / f"{name}{ending}").read_bytes() for ending in (".safetensors", ".toml"))
        if rng.random() < 0.7:
            tensors = damaged_bytes(rng, tensors)
        else:
            toml = damaged_bytes(rng, toml)
        return self._torch(tensors, toml)

    def torch_header(self, rng: random.Random) -> Path:
        """A .safetensors whose header says something else."""
        name = rng.choice(("torch_both", "torch_every"))
        tensors, toml = ((DATA / f"{name}{ending}").read_bytes() for ending in (".safetensors", ".toml"))
        length = int.from_bytes(tensors[:8], "little")
        header = _dumped(rng, damaged_json(rng, json.loads(tensors[8 : 8 + length])))
        return self._torch(len(header).to_bytes(8, "little") + header + tensors[8 + length :], toml)

    def json_values(self, rng: random.Random) -> Path:
        """A .json of RTNeural or GuitarML that says something else."""
        return self._write("m.json", _dumped(rng, damaged_json(rng, rng.choice(self.documents))))

    def json_bytes(self, rng: random.Random) -> Path:
        """A damaged .json, or one whose keys stand there twice, or that is as deep or as long as can be."""
        text = json.dumps(rng.choice(self.documents)).encode()
        kind = rng.randrange(20)
        if kind == 0:
            text = text.replace(b'"weights"', b'"shape"') if b'"layers"' in text else text.replace(b"_hh_", b"_ih_")
        elif kind == 1:
            at = rng.choice([place for place, byte in enumerate(text) if byte == ord("[")])
            text = text[:at] + b"[" * rng.choice((10, 900, 50_000)) + text[at:]
        elif kind == 2:
            at = rng.choice([place for place, byte in enumerate(text) if byte == ord(".")])
            text = text[:at] + rng.choice((b"9" * 5000, b"e999", b"e-999", b"e39", b"e30")) + text[at:]
        else:
            text = damaged_bytes(rng, text)
        return self._write("m.json", text)

    def torch_untold(self, rng: random.Random) -> Path:
        """A .safetensors without a .toml, of other names and shapes than one LSTM and a Linear."""
        length = int.from_bytes(self.untold[:8], "little")
        header = (
            damaged_json(rng, json.loads(self.untold[8 : 8 + length])) if rng.random() < 0.6 else self._renamed(rng)
        )
        text = _dumped(rng, header)
        return self._write("untold.safetensors", len(text).to_bytes(8, "little") + text + self.untold[8 + length :])

    def _renamed(self, rng: random.Random) -> dict[str, Any]:
        """Tensors under names of others, of other modules, and in other shapes of as many elements."""
        length = int.from_bytes(self.untold[:8], "little")
        header = json.loads(self.untold[8 : 8 + length])
        renamed = {}
        for name, entry in header.items():
            module, _, own = name.rpartition(".")
            if rng.random() < 0.3:
                module = rng.choice(("rnn", "fc", "a.b", "", "x" * 2000, "\ud800", 'é\n"', "fc2"))
            if rng.random() < 0.2:
                own = rng.choice(("weight", "bias", "weight_hh_l0", "weight_ih_l1", "running_mean", "weight_hr_l0", ""))
            if rng.random() < 0.2 and isinstance(entry, dict) and "shape" in entry:
                entry["shape"] = rng.choice(
                    (entry["shape"][::-1], [1, *entry["shape"]], [int(np.prod(entry["shape"]))])
                )
            renamed[f"{module}.{own}"] = entry
        return renamed

    def _torch(self, tensors: bytes, toml: bytes) -> Path:
        self._write("m.toml", toml)
        return self._write("m.safetensors", tensors)

    def _onnx(self, rng: random.Random) -> Any:
        path = rng.choice(sorted((DATA / "onnx").glob("*.onnx")))
        return onnx.load(path)

    def onnx_bytes(self, rng: random.Random) -> Path:
        """A damaged .onnx."""
        return self._write("m.onnx", damaged_bytes(rng, self._onnx(rng).SerializeToString()))

    def onnx_graph(self, rng: random.Random) -> Path:
        """A well-formed .onnx of a graph that makes no sense: circles, names of nothing, other operators."""
        model = self._onnx(rng)
        nodes = model.graph.node
        names = [name for node in nodes for name in (*node.input, *node.output)] + ["", "nothing"]
        for _ in range(rng.choice((1, 1, 2, 4))):
            node, action = rng.choice(nodes), rng.randrange(7)
            held = rng.choice((node.input, node.output))
            if action < 3 and held:
                held[rng.randrange(len(held))] = rng.choice(names)
            elif action == 3:
                node.op_type = rng.choice((*(other.op_type for other in nodes), *OPERATORS))
            elif action == 4 and len(nodes) > 1:
                nodes.remove(node)
            elif action == 5:
                nodes.add().CopyFrom(node)
            else:
                held.append(rng.choice(names))
        return self._write("m.onnx", model.SerializeToString())

    def onnx_values(self, rng: random.Random) -> Path:
        """An .onnx whose attributes, constants and shapes say something else."""
        model = self._onnx(rng)
        graph = model.graph
        sizes = (0, 1, 2, 3, 4, 5, 7, -1, -2, 1013, 2**16, 2**31 - 1, 2**31, 2**62, -(2**63))
        for _ in range(rng.choice((1, 1, 2, 4))):
            action, node, held = rng.randrange(8), rng.choice(graph.node), rng.choice(graph.initializer)
            tensors = [held, *(each.t for other in graph.node for each in other.attribute if each.HasField("t"))]
            tensor = rng.choice(tensors)
            if action == 0 and node.attribute:
                each = rng.choice(node.attribute)
                each.i, each.f = rng.choice(sizes), rng.choice((0.0, -1.0, 1e30, float("nan"), float("inf")))
                each.ints[:] = [rng.choice(sizes) for _ in range(rng.randrange(5))]
            elif action == 1:
                tensor.dims[:] = [rng.choice(sizes) for _ in range(rng.randrange(5))]
            elif action == 2:
                tensor.data_type = rng.randrange(-1, 30)
            elif action == 3 and tensor.raw_data:
                data = tensor.raw_data
                tensor.raw_data = rng.choice((b"", data[: len(data) // 2], data * 2, b"\xff" * len(data)))
            elif action == 4 and tensor.data_type == onnx.TensorProto.INT64:
                made = [rng.choice(sizes) for _ in range(max(1, len(tensor.raw_data) // 8))]
                tensor.raw_data = np.array(made, np.int64).tobytes()
            elif action == 5:
                dims = rng.choice((*graph.input, *graph.output)).type.tensor_type.shape.dim
                if dims:
                    rng.choice(dims).dim_value = rng.choice(sizes)
            elif action == 6:
                model.opset_import[0].version = rng.randrange(1, 40)
            elif node.attribute:
                node.attribute.remove(rng.choice(node.attribute))
        return self._write("m.onnx", model.SerializeToString())

    def _other_array(self, rng: random.Random, array: Any) -> Any:
        others: list[Callable[[], Any]] = [
            lambda: array.T,
            lambda: array[:-1],
            lambda: array.astype(np.float64),
            lambda: array * np.float32("nan"),
            lambda: array.astype("S5"),
            lambda: np.float32(3),
            lambda: np.empty((0, 7), np.float32),
            lambda: array.astype(np.complex64),
        ]
        return rng.choice(others)()

    def _write(self, name: str, data: bytes) -> Path:
        (self.folder / name).write_bytes(data)
        return self.folder / name


KINDS: dict[str, Callable[[Files, random.Random], Path]] = {
    "keras-bytes": Files.keras_bytes,
    "keras-weights": Files.keras_weights,
    "keras-config": Files.keras_config,
    "h5-bytes": Files.h5_bytes,
    "h5-contents": Files.h5_contents,
    "tflite-bytes": Files.tflite_bytes,
    "tflite-graph": Files.tflite_graph,
    "tflite-cells": Files.tflite_cells,
    "torch-bytes": Files.torch_bytes,
    "torch-header": Files.torch_header,
    "torch-untold": Files.torch_untold,
    "json-values": Files.json_values,
    "json-bytes": Files.json_bytes,
    "onnx-bytes": Files.onnx_bytes,
    "onnx-graph": Files.onnx_graph,
    "onnx-values": Files.onnx_values,
}


def make(files: Files, kind: str, seed: int) -> Path:
    """The damaged file of a kind and seed."""
    return KINDS[kind](files, random.Random(f"{kind} {seed}"))


def use(network: Network) -> None:
    """Do with a network that was read what a build does: compute, and generate C."""
    if macs(network) + network.input.size > 1_000_000:
        return
    inputs = np.zeros((2, *network.given.shape), network.input.dtype)
    outputs = reference.run(network, inputs)
    assert outputs.shape == (2, *network.made.shape)
    try:
        emit.generate(network, "c", "stream" if network.endless else "window")
    except UserError as error:
        check_sentence(str(error))


def check_sentence(sentence: str, named: str = "") -> None:
    """One line, of a length that can be read, that names something."""
    assert named in sentence, sentence
    assert sentence.isprintable(), sentence
    assert len(sentence) < 1000, sentence


def outcome(path: Path) -> str:
    """loaded or refused; anything else is raised."""
    try:
        network = readers.read(path)
    except UserError as error:
        check_sentence(str(error), str(path.parent))
        return "refused"
    with np.errstate(all="ignore"):
        use(network)
    return "loaded"


def _parse_here(data: bytes) -> hdf5.Contents:
    """hdf5.load without its process, which costs a hundred times the reading."""
    try:
        return hdf5.parse(data)
    except Exception as error:
        raise ValueError(str(error).replace("\n", " ")) from None


def main() -> None:
    """Read damaged files one after the other."""
    folder, kind, first, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    files = Files(folder)
    if kind == "tflite-cells":
        assert files.taken_apart  # the converter takes more memory than is left below
    hdf5.load = _parse_here
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for seed in range(first, first + count):
        path = make(files, kind, seed)
        print(json.dumps({"seed": seed}), flush=True)
        signal.setitimer(signal.ITIMER_PROF, SECONDS)  # ends the process, whatever library it hangs in
        try:
            result = outcome(path)
        except Exception as error:
            result = f"{type(error).__name__}: {error}"
        signal.setitimer(signal.ITIMER_PROF, 0)
        print(json.dumps({"seed": seed, "result": result}), flush=True)


if __name__ == "__main__":
    main()
