# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The generated files: valid C99 and C++, the same every time, and what they say of where they come from."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings

from model import emit, reference
from model.errors import UserError
from model.layers.dense import Dense
from model.layers.lstm import Lstm
from model.names import c_identifier
from model.network import Network
from model.signal import Weights, to_real, to_stored
from model.version import VERSION
from tests.support import networks
from tests.support.host import INCLUDES, WARNINGS, Host, compile_c, execute
from tests.support.networks import Spec

SPEC = Spec(6, 2, (5, 3), True, True, ((4, "relu"), (2, "linear")), (False, False), True, False, True, 11)
CPP = ("-x", "c++", "-std=c++11", *WARNINGS)


def written(network: Network, folder: Path, state: str = "window") -> dict[str, str]:
    files = emit.generate(network, "c", state)
    for name, text in files.items():
        (folder / name).write_text(text)
    return files


@pytest.mark.parametrize("state", ["window", "stream"])
@pytest.mark.parametrize("integer", [True, False])
def test_it_compiles_as_c_and_as_cpp(tmp_path: Path, integer: bool, state: str) -> None:
    written(networks.build(replace(SPEC, integer=integer)), tmp_path, state)
    source = tmp_path / "net.c"
    compile_c("-std=c99", *WARNINGS, *INCLUDES, "-fsyntax-only", source)
    compile_c(*CPP, *INCLUDES, "-fsyntax-only", source)


@given(networks.specs(integer=True))
@settings(max_examples=15)
def test_the_header_needs_nothing_else(tmp_path_factory: pytest.TempPathFactory, spec: Spec) -> None:
    folder = tmp_path_factory.mktemp("header")
    written(networks.build(spec), folder)
    compile_c("-std=c99", *WARNINGS, "-fsyntax-only", "-x", "c", folder / "net.h")
    compile_c(*CPP, "-fsyntax-only", folder / "net.h")


@given(networks.specs(integer=True))
@settings(max_examples=25)
def test_the_same_network_gives_the_same_text(spec: Spec) -> None:
    one, other = (emit.generate(networks.build(spec), "c", "window") for _ in range(2))
    assert one == other
    assert sorted(one) == ["model.json", "net.c", "net.h", "net_bench.h"]


def test_files_open_with_their_provenance() -> None:
    network = replace(networks.build(SPEC), source="my model.keras", sha256="ab" * 32)
    files = emit.generate(network, "c", "stream")
    for name in ("net.h", "net.c"):
        opening = "".join(files[name].splitlines(keepends=True)[:3])
        for word in ("lstmcu " + VERSION, "my model.keras", "ab" * 32, "quant=int8", "kernels=c", "state=stream"):
            assert word in opening, name
    assert not any(re.search(r"\b20\d\d-\d\d", text) for text in files.values()), "a date: not reproducible"


@given(networks.specs(integer=True))
@settings(max_examples=25)
def test_no_line_is_overlong_and_none_ends_in_space(spec: Spec) -> None:
    for text in emit.generate(networks.build(spec), "c", "window").values():
        for line in text.splitlines():
            assert len(line) <= 120, line
            assert line == line.rstrip()
        assert text.endswith("\n")
        assert "\n\n\n" not in text


def test_the_card_says_what_measuring_needs() -> None:
    network = networks.build(SPEC)
    card = json.loads(emit.generate(network, "c", "stream")["model.json"])
    assert card["function"] == "net_step"
    assert card["steps"] == 6
    assert card["input"] == {
        "shape": [6, 2], "dtype": "int8", "scale": network.input.scale, "zero_point": network.input.zero_point
    }  # fmt: skip
    assert card["output"]["shape"] == [2]
    # by hand: 6 steps of (4 * 5 * (2 + 5)) and (4 * 3 * (5 + 3)), then 4 * 18 and 2 * 4
    assert card["macs"] == 6 * (140 + 96) + 72 + 8


def test_a_backward_lstm_cannot_stream() -> None:
    network = networks.build(replace(SPEC, backwards=(True, False)))
    with pytest.raises(UserError, match=r"model 'net' cannot run as state=stream: .*use state=window"):
        emit.generate(network, "c", "stream")
    header = emit.generate(network, "c", "window")["net.h"]
    assert "No net_step: layer 'lstm0' reads the window from its end" in header
    assert "int net_step(" not in header


def test_weights_whose_sums_could_overflow_are_refused() -> None:
    network = networks.build(replace(SPEC, flatten=False, sequences=False))
    lstm, dense = network.layers[0], network.layers[2]
    assert isinstance(lstm, Lstm)
    assert isinstance(dense, Dense)
    huge = np.full_like(lstm.bias, (1 << 31) - 1)
    with pytest.raises(UserError, match=r"layer 'lstm0': its sums can reach \d+ and overflow 32 bits"):
        emit.generate(network.but(layers=(replace(lstm, bias=huge), *network.layers[1:])), "c", "window")
    huge = np.full_like(dense.bias, -(1 << 31))
    with pytest.raises(UserError, match="layer 'dense0': its sums can reach"):
        emit.generate(network.but(layers=(*network.layers[:2], replace(dense, bias=huge))), "c", "window")


def test_a_large_layer_within_32_bits_is_not_refused() -> None:
    spec = Spec(1, 2, (2,), False, False, ((2, "linear"),), (False,), True, True, False, 1)
    network = networks.build(spec)
    wide = Weights(np.full((4, 2, 60_000), 127, np.int8), np.ones(4, np.float32) / 4096)
    lstm = replace(network.layers[0], kernel=wide, bias=np.zeros((4, 2), np.int32))
    first = replace(network.input, shape=(1, 60_000), zero_point=0)
    large = network.but(layers=(lstm, network.layers[1]), input=first)
    assert "60000, /* inputs */" in emit.generate(large, "c", "window")["net.c"]


@pytest.mark.parametrize("seed", range(6))
def test_quantise_and_dequantise_of_the_header(host: Host, tmp_path: Path, seed: int) -> None:
    """The two inline functions agree with the reference at every boundary between two stored values."""
    network = networks.build(replace(SPEC, seed=seed))
    signal = network.input
    written(network, tmp_path)
    stored = np.arange(-140, 140)
    reals = ((stored - signal.zero_point + 0.5) * signal.scale).astype(np.float32)
    reals = np.concatenate([reals, np.nextafter(reals, np.float32(-np.inf)), np.nextafter(reals, np.float32(np.inf))])
    reals = np.concatenate([reals, np.array([0, -0.0, 1e30, -1e30, np.inf, -np.inf], np.float32)])
    main = tmp_path / "main.c"
    main.write_text(
        '#include <stdio.h>\n#include "net.h"\nint main(void) { float x; while (fread(&x, sizeof x, 1, stdin) == 1) {\n'
        "const int8_t y = net_quantise(x); fwrite(&y, 1, 1, stdout);\n"
        "const float z = net_dequantise(y); fwrite(&z, sizeof z, 1, stdout); } return 0; }\n"
    )
    program = host.program("quantise", [main, tmp_path / "net.c"], f"-I{tmp_path}")
    got = subprocess.run([program], input=reals.tobytes(), capture_output=True, check=True).stdout
    rows = np.frombuffer(got, np.dtype([("stored", "i1"), ("real", "<f4")]))
    with np.errstate(over="ignore"):
        np.testing.assert_array_equal(rows["stored"], to_stored(reals, signal))
    expected = to_real(rows["stored"], network.output)
    np.testing.assert_allclose(rows["real"], expected, rtol=1e-6, atol=1e-30)


def test_two_models_live_in_one_program(host: Host, tmp_path: Path) -> None:
    """Nothing is global: two models, and two instances of one, share runtime and process."""
    one = replace(networks.build(SPEC), name="one")
    two = replace(networks.build(replace(SPEC, seed=12)), name="two")
    for network in (one, two):
        written(network, tmp_path)
    inputs = networks.inputs_of(SPEC, 3)[1]
    (tmp_path / "main.c").write_text(
        '#include <stdio.h>\n#include "one.h"\n#include "two.h"\n'
        f"static const int8_t x[12] = {{{', '.join(map(str, inputs.ravel()))}}};\n"
        "static one_state a; static two_state b; static int8_t y[2], z[2];\n"
        "int main(void) { one_run(&a, x, y); two_run(&b, x, z); printf("
        '"%d %d %d %d\\n", y[0], y[1], z[0], z[1]); return 0; }\n'
    )
    sources = [tmp_path / name for name in ("main.c", "one.c", "two.c")]
    said = execute(host.program("two", sources, f"-I{tmp_path}"), tmp_path)
    expected = [int(v) for network in (one, two) for v in reference.run(network, inputs[None])[0]]
    assert [int(word) for word in said.split()] == expected


@pytest.mark.parametrize(
    ("stem", "name"),
    [
        ("forecast", "forecast"),
        ("forecast-window", "forecast_window"),
        ("My Net (v2)", "my_net__v2"),
        ("2nd", "m_2nd"),
        ("\u00fcber", "ber"),
        ("\u6a21\u578b", "model"),
        ("", "model"),
    ],
)
def test_file_names_become_c_names(stem: str, name: str) -> None:
    assert c_identifier(stem) == name


@pytest.mark.parametrize("stem", ["int", "while", "class", "template", "register", "default"])
def test_a_file_named_like_a_keyword_is_no_keyword_in_c(tmp_path: Path, stem: str) -> None:
    network = replace(networks.build(SPEC), name=c_identifier(stem))
    written(network, tmp_path)
    compile_c("-std=c99", *WARNINGS, *INCLUDES, "-fsyntax-only", tmp_path / f"{network.name}.c")
    compile_c(*CPP, *INCLUDES, "-fsyntax-only", tmp_path / f"{network.name}.c")


@pytest.mark.parametrize("layer", ["int", "class", "state", "input", "output", "t", "net", "memcpy", "lstmcu"])
def test_a_layer_may_have_any_name(host: Host, layer: str) -> None:
    spec = Spec(3, 2, (3,), False, False, ((2, "linear"),), (False,), True, False, False, 4)
    network = networks.build(spec)
    renamed = network.but(layers=(replace(network.layers[0], name=layer), *network.layers[1:]))
    inputs = networks.inputs_of(spec, 4)
    np.testing.assert_array_equal(host.run(renamed, inputs).run, reference.run(network, inputs))
