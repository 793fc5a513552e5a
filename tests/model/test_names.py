# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What layers are called changes nothing but what is shown: no bit, no range, no count, no file."""

from __future__ import annotations

import contextlib
import io
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels import all_sets
from measure.checks import difference
from model import emit, expect, formats, names, plan, planner, quantise, readers, reference, trace
from model.layers.base import Place
from model.layers.bidirectional import Bidirectional
from model.layers.dense import Dense
from model.network import Network, placed
from model.shown import told_apart
from model.signal import Array, to_real
from tests.model.test_safetensors_reader import write
from tests.support import keras_files, networks
from tests.support.networks import Chain

DATA = Path(__file__).parent / "data"
COUNT = 12
SHOWS_WHY = re.compile(r"/\* No net_step: .*? \*/", re.DOTALL)  # the one sentence of a generated file with a name in it
# two of everything that has constants, state or ranges of its own, and a normalisation to fold
TWICE = Chain(
    "float32",
    (4, 3),
    (
        ("normalise",), ("both", 3, True), ("lstm", 2, True, True), ("dense", 3, "relu"), ("lstm", 3, True, False),
        ("dense", 3, "linear"), ("tanh",), ("reshape", (12,)), ("dense", 4, "linear"), ("tanh",), ("dense", 2, "relu"),
    ),
    seed=4,
)  # fmt: skip


def quietly(model: Path, samples: Path, quantisation: str) -> Network:
    with contextlib.redirect_stdout(io.StringIO()):
        return quantise.calibrated(readers.read(model), samples, quantisation)


def code(network: Network, kernels: str, state: str) -> dict[str, str]:
    """Generated C and assembly, without the sentence that may show a layer's name."""
    texts = emit.generate(network, kernels, state)
    card = json.loads(texts.pop("model.json"))
    return {name: SHOWS_WHY.sub("", text) for name, text in texts.items()} | {"assembled": str(card["assembled"])}


def arrays(value: Any) -> list[Any]:
    """Every number of a network in order, names left out."""
    if isinstance(value, np.ndarray):
        return [value.dtype.str, value.shape, value.tobytes()]
    if isinstance(value, tuple):
        return [number for item in value for number in arrays(item)]
    if hasattr(value, "__dataclass_fields__"):
        return [n for field in value.__dataclass_fields__ if field != "name" for n in arrays(getattr(value, field))]
    return [value]


@st.composite
def renamings(draw: st.DrawFn, quantisation: str) -> tuple[Chain, Network, Network]:
    chain = draw(networks.chains(quantisation))
    network = networks.build_chain(chain)
    return chain, network, networks.renamed(network, draw(networks.names(len(network.layers))))


@pytest.mark.parametrize("quantisation", formats.names())
@given(data=st.data(), kernels=st.sampled_from(sorted(all_sets())))
@settings(max_examples=25)
def test_no_name_changes_what_is_generated(quantisation: str, data: st.DataObject, kernels: str) -> None:
    _, network, other = data.draw(renamings(quantisation))
    assert code(network, kernels, "window") == code(other, kernels, "window")
    if not planner.make(network, stream=True).streamable:
        assert code(network, kernels, "stream") == code(other, kernels, "stream")


def outcome(trained: Network, quantisation: str, real: Array) -> tuple[Any, ...]:
    """All that quantising, the reference and the count of what leaves its range say."""
    quantised = quantise.quantise(trained, real, quantisation)
    beyond = 4 * real
    expected = reference.run(quantised, reference.stored_inputs(quantised, beyond))
    ideal, clipped = expect.ideal_outputs(quantised, trained, beyond, expected)
    counts = [(one.place, one.quantity, one.samples) for one in clipped]
    return arrays(quantised), expected.tobytes(), ideal.tobytes(), counts


@pytest.mark.parametrize("quantisation", formats.names())
@given(called=networks.names(len(TWICE.words)), seed=st.integers(0, 99))
@settings(max_examples=10)
def test_no_name_changes_a_range_a_bit_or_a_count(quantisation: str, called: tuple[str, ...], seed: int) -> None:
    network = networks.build_chain(replace(TWICE, seed=seed))
    real = networks.chain_inputs(network, COUNT, False, seed)
    one = outcome(network, quantisation, real)
    assert outcome(networks.renamed(network, called), quantisation, real) == one
    assert len(one[-1]) >= 3 or quantisation not in networks.INTEGERS


def traced(network: Network, work: plan.Plan, seen: trace.Recorder) -> bytes:
    """What a device that computes the reference's values notes down."""
    samples = len(next(iter(seen.values.values())))
    rows: list[list[bytes]] = [[] for _ in range(samples)]
    for record in trace.records(work):
        parts = [seen.values[record.place, quantity][:, record.step] for quantity in record.quantities]
        values = np.stack(parts, axis=-1).reshape(samples, -1).astype(record.dtype)
        for row, sample in zip(rows, values, strict=True):
            row.append(sample.tobytes())
    return b"".join(piece for row in rows for piece in row)


@pytest.mark.parametrize("name", ["same", "", "a_backward"])
@pytest.mark.parametrize("quantisation", networks.INTEGERS)
def test_every_row_of_a_comparison_is_of_its_own_layer(quantisation: str, name: str) -> None:
    """Also where the quantised network has folded its first layer away."""
    trained = networks.renamed(networks.build_chain(TWICE), (name,) * len(TWICE.words))
    real = networks.chain_inputs(trained, COUNT, False, 1)[2:-1]
    network = quantise.quantise(trained, real, quantisation)
    assert network.normalise is not None
    expected, ideal = trace.Recorder(), trace.Recorder()
    reference.run(network, reference.stored_inputs(network, real), expected.observe)
    reference.run(trained, real, ideal.observe)
    work = planner.make(network, stream=False)
    device = trace.parse(traced(network, work, expected), work, (), len(real))
    table = difference.rows(network, device, expected.values, ideal.values)
    assert len({(row.place, row.quantity) for row in table}) == len(table) == 4 * 6 + 6
    assert all(row.mismatches == 0 and row.drift.max() < 0.2 for row in table)
    assert difference.verdict(table, trace.order_of_computation(work)).startswith("Every")

    place = next(at for at, _ in placed(network) if at.half == "backward")
    device[place, "cell"] = device[place, "cell"] + np.eye(3)[1] * (np.arange(len(real)) == 2)[:, None, None]
    wrong = [row for row in difference.rows(network, device, expected.values, ideal.values) if row.mismatches]
    assert [(row.place, row.quantity, row.first) for row in wrong] == [(Place(1, "backward"), "cell", (2, 0, 1))]


def test_a_layer_may_stand_in_two_places() -> None:
    """The very same object: its ranges, its scales and its constants are those of each place."""
    words = (("dense", 3, "relu"), ("tanh",), ("lstm", 3, True, False))
    network = networks.build_chain(Chain("float32", (4, 3), words))
    dense, tanh, lstm = network.layers
    tied = network.but(layers=(dense, tanh, lstm, dense, dense, lstm))
    real = networks.chain_inputs(tied, COUNT, False, 1)
    quantised = quantise.quantise(tied, real, "int8")
    assert len({layer.output.scale for layer in quantised.layers if isinstance(layer, Dense)}) == 3
    made = emit.generate(quantised, "c", "window")["net.c"]
    defined = re.findall(r"int8_t net_(L\w+)_kernel\[", made)
    assert defined == ["L0_dense", "L2_lstm", "L3_dense", "L4_dense", "L5_lstm"]


# ---- files ----


@pytest.mark.parametrize(("model", "most"), [("both_then_alike.keras", 0.012), ("tied.safetensors", 0.05)])
def test_layers_called_alike_keep_their_own_ranges(model: str, most: float) -> None:
    path = DATA / model
    network = quietly(path, path.with_suffix(".npz"), "int8")
    real = np.load(path.with_suffix(".npz"))["inputs"]
    ideal = reference.run(readers.read(path), real)
    stored = reference.run(network, reference.stored_inputs(network, real))
    assert np.abs(to_real(stored, network.output) - ideal).mean() < most


def test_it_is_told_whose_a_name_in_c_is() -> None:
    made = emit.generate(readers.read(DATA / "both_then_alike.keras"), "c", "window")
    assert json.loads(made["model.json"])["layers"] == {
        "L0_bidirectional": "bi", "L0_lstm_forward": "bi_forward", "L0_lstm_backward": "bi_backward",
        "L1_lstm": "bi_backward#2", "L2_dense": "d",
    }  # fmt: skip


def test_layers_called_alike_are_shown_apart() -> None:
    assert [layer.name for layer in readers.read(DATA / "tied.safetensors").layers] == ["fc", "rnn", "fc#2"]
    bi, lstm, _ = readers.read(DATA / "both_then_alike.keras").layers
    assert isinstance(bi, Bidirectional)
    assert (bi.forward.name, bi.backward.name, lstm.name) == ("bi_forward", "bi_backward", "bi_backward#2")


@given(called=networks.names(len(TWICE.words)))
def test_what_is_shown_is_a_short_line_and_another_one_for_each(called: tuple[str, ...]) -> None:
    shown = told_apart(networks.renamed(networks.build_chain(TWICE), called))
    lines = [layer.name for _, layer in placed(shown)]
    assert len(set(lines)) == len(lines)
    assert all(0 < len(line) < 64 and line.isprintable() and line.encode() for line in lines)
    assert arrays(shown) == arrays(networks.build_chain(TWICE))


def built(path: Path, samples: Path) -> list[Any]:
    """What a build makes of a file, names left out."""
    found = []
    for quantisation in formats.names():
        network = replace(quietly(path, samples, quantisation), name="net", source="", sha256="0" * 64)
        inputs = reference.stored_inputs(network, np.load(samples)["inputs"])
        found.append((arrays(network), reference.run(network, inputs).tobytes(), code(network, "c", "window")))
    return found


def samples_of(folder: Path, *shape: int) -> Path:
    path = folder / "samples.npz"
    np.savez(path, inputs=np.random.default_rng(5).normal(0, 1, (10, *shape)).astype(np.float32))
    return path


@pytest.mark.parametrize("form", ["archive", "Functional archive", "legacy"])
def test_renaming_the_layers_of_a_keras_file(tmp_path: Path, form: str) -> None:
    def make(*called: str) -> Path:
        settings = {"return_sequences": True}
        layers = [
            keras_files.input_layer(5, 3), keras_files.lstm(3, 4, called[0], **settings),
            keras_files.lstm(4, 4, called[1]), keras_files.dense(4, 4, called[2], activation="tanh"),
            keras_files.dense(4, 2, called[3]),
        ]  # fmt: skip
        path = tmp_path / f"m{len(list(tmp_path.iterdir()))}"
        if form == "legacy":
            return keras_files.legacy(path.with_suffix(".h5"), layers)
        return keras_files.archive(path.with_suffix(".keras"), layers, *form.split()[:-1])

    samples = samples_of(tmp_path, 5, 3)
    plain = built(make("lstm", "lstm_1", "dense", "dense_1"), samples)
    assert built(make("x_tanh", "x_forward", "x", "kernel"), samples) == plain
    assert built(make("L0_lstm", "int", "\u00fc", "*'$(b)"), samples) == plain
    if form == "archive":
        assert built(make("a", "a", "a", "a"), samples) == plain


def test_renaming_the_modules_of_a_pytorch_model(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    matrices = ("weight_ih_l0", "weight_hh_l0", "weight_ih_l0_reverse", "weight_hh_l0_reverse")
    lstm = {name: random.normal(0, 0.5, (12, 3)).astype("f4") for name in matrices}
    linear = {"weight": random.normal(0, 0.5, (3, 6)).astype("f4")}

    def make(one: str, other: str) -> Path:
        tensors = {f"{module}.{name}": a for module, part in ((one, lstm), (other, linear)) for name, a in part.items()}
        path = write(tmp_path / f"{len(list(tmp_path.iterdir()))}.safetensors", tensors)
        text = "input = [4, 3]\n"
        for kind, module, more in (
            ("lstm", one, "return_sequences = true"), ("linear", other, 'activation = "tanh"'),
            ("lstm", one, "return_sequences = true"), ("linear", other, ""),
        ):  # fmt: skip
            text += f'[[layer]]\nkind = "{kind}"\nweights = "{module}"\n{more}\n'
        path.with_suffix(".toml").write_text(text)
        return path

    samples = samples_of(tmp_path, 4, 3)
    plain = built(make("rnn", "fc"), samples)
    for called in (("fc_forward", "fc"), ("a", "a_tanh"), ("state", "int")):
        assert built(make(*called), samples) == plain


@given(st.text())
def test_no_models_name_has_capitals(stem: str) -> None:
    """``plan.c_name`` relies on it: a layer's function is no function of a model called like it."""
    assert names.c_identifier(stem) == names.c_identifier(stem).lower()
