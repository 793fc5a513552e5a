# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The C of docs/migrate.md as it stands there: it compiles, and computes what the program before it did."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from model import readers
from model.network import Network
from model.signal import Array
from tests.oracle import models
from tests.oracle.interpreters import run_micro
from tests.oracle.tflite_writer import write
from tests.oracle.weights_json import of_rtneural
from tests.support import json_files
from tests.support.host import ROOT, Host

PAGE = (ROOT / "docs/migrate.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"^```c\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
MAIN = """{snippet}
#include <stdio.h>
int main(void)
{{
    static {given} in[{inputs}];
    static {made} out[{outputs}];
    {first}
    while (fread(in, sizeof in, 1, stdin) == 1) {{
        {call}
        (void)fwrite(out, sizeof out, 1, stdout);
    }}
    return 0;
}}
"""


def snippet(of: str) -> str:
    (found,) = (text for text in SNIPPETS if f" {of}(" in text)
    return str(found)


def computed(host: Host, network: Network, of: str, call: str, given: Array, state: str = "window") -> Array:
    """What the page's function ``of`` makes of each row of ``given``."""
    assert network.name == "my"
    source, _ = host.write(network, state)
    outputs = network.made.signals[0]
    main = host.directory / "main.c"
    main.write_text(MAIN.format(
        snippet=snippet(of), given=network.input.stored.c, made=outputs.stored.c, inputs=given[0].size,
        outputs=1 if state == "stream" else outputs.size, call=call, first="my_reset(&state);",
    ))  # fmt: skip
    program = host.program("migrated", [source, main], f"-I{host.directory}", "-Wno-missing-prototypes")
    said = subprocess.run([program], input=given.tobytes(), capture_output=True, check=True).stdout
    return np.frombuffer(said, outputs.dtype).reshape(len(given), -1)


def test_every_snippet_of_ours_is_tried() -> None:
    assert [re.findall(r"^\w+ (\w+)\(", text, re.MULTILINE) for text in SNIPPETS] == [
        ["classify"], ["predict"], ["forward"],
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["window", "sequence", "stacked"])
def test_tflite_micro(host: Host, tmp_path: Path, name: str) -> None:
    """The interpreter itself, on the same file: every bit."""
    path = tmp_path / "my.tflite"
    path.write_bytes(write(models.random_network(name, "int8")))
    network = readers.read(path)
    given = models.stored_inputs(network.input, 200)
    got = computed(host, network, "classify", "classify(in, out);", given)
    np.testing.assert_array_equal(got, run_micro(path.read_bytes(), given).reshape(len(given), -1))


def test_keras(host: Host, tmp_path: Path) -> None:
    """Keras itself, on the file that keras2c and frugally-deep would take."""
    trained = ROOT / "models/forecast/forecast.keras"
    path = tmp_path / "my.keras"
    path.write_bytes(trained.read_bytes())
    with np.load(trained.with_suffix(".npz")) as arrays:
        given = np.asarray(arrays["inputs"][:100], np.float32)
    np.savez(tmp_path / "in.npz", x0=given)
    line = "\t".join(str(tmp_path / name) for name in ("my.keras", "in.npz", "out.npz"))
    words = [sys.executable, "-m", "tests.oracle.keras_outputs", "keras"]
    done = subprocess.run(words, input=f"{line}\n", capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.endswith("\tsaid\n"), done.stdout
    with np.load(tmp_path / "out.npz") as arrays:
        expected = arrays["y0"]
    got = computed(host, readers.read(path), "predict", "predict(in, out);", given)
    np.testing.assert_allclose(got, expected, rtol=0, atol=2e-6)


def test_rtneural(host: Host, tmp_path: Path) -> None:
    """What its source computes, written down anew; as a stream."""
    document = json_files.amplifier(np.random.default_rng(2))
    path = tmp_path / "my.json"
    path.write_text(json.dumps(document))
    given = np.random.default_rng(3).uniform(-1, 1, (500, 1)).astype(np.float32)
    got = computed(host, readers.read(path), "forward", "out[0] = forward(in[0]);", given, "stream")
    np.testing.assert_allclose(got, of_rtneural(document, given.astype(np.float64)), rtol=0, atol=2e-6)
