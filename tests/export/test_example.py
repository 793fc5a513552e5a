# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The example that an export shows: real values in, the reference's out; several inputs, steps that give nothing."""

from __future__ import annotations

import json

import numpy as np
import pytest

from export import texts
from model import reference
from model.network import Network
from model.quantise import quantise
from model.signal import Array
from tests.support import convolutions
from tests.support.graphs import Graph
from tests.support.host import Host, execute
from tests.support.networks import Chain

WINDOWS = 3
EXAMPLE = """{example}
#include <stdio.h>

int main(void)
{{
    static const float given[{windows}][{inputs}] = {{{values}}};
    for (int n = 0; n < {windows}; ++n) {{
        net_reset(&state);
        for (int t = 0; t < {calls}; ++t) {{
            float got[{outputs}];
            {call}
            for (int i = 0; i < {outputs}; ++i) {{
                printf("%.9g\\n", (double)got[i]);
            }}
        }}
    }}
    return 0;
}}
"""


def results(host: Host, network: Network, state: str, real: Array) -> Array:
    """What the example gives for real values (N, ...): (results, elements of all outputs)."""
    source, _ = host.write(network, state)
    card = json.loads((host.directory / "model.json").read_text())
    stream = state == "stream"
    strides = [each.shape[-1] if stream and len(each.shape) == 2 else 0 for each in network.inputs]
    outputs = [each.shape[-1] if stream else each.size for each in network.made.signals]
    words = [f"&given[n][{at} + (t * {by})]" for at, by in zip(network.given.offsets, strides, strict=True)]
    words += [f"&got[{at}]" for at in np.cumsum([0, *outputs[:-1]])]
    call = f"{'next' if stream else 'run'}_net({', '.join(words)})"
    main = host.directory / "main.c"
    main.write_text(EXAMPLE.format(
        example=texts.example(texts.Exported(({"ram": {"total": 0}},), card, source.with_suffix(".h").read_text())),
        windows=len(real), inputs=real[0].size, outputs=sum(outputs), calls=network.steps if stream else 1,
        values=",\n".join(f"{{{', '.join(map(repr, row.tolist()))}}}" for row in real.reshape(len(real), -1)),
        call=f"if ({call} == 0) {{ continue; }}" if stream else f"{call};",
    ))  # fmt: skip
    said = execute(
        host.program("example", [source, main], f"-I{host.directory}", "-Wno-double-promotion"), host.directory
    )
    return np.array(said.split(), np.float64).reshape(-1, sum(outputs))


def check(host: Host, trained: Network, quantisation: str, state: str) -> tuple[Array, Array]:
    """(results of the example, outputs (N, ...) of the reference), both as real values."""
    real = np.random.default_rng(4).normal(0, 1, (WINDOWS, *trained.given.shape)).astype(np.float32)
    network = quantise(trained, real, quantisation)
    expected = network.made.to_real(reference.run(network, reference.stored_inputs(network, real)))
    return results(host, network, state, real), expected


@pytest.mark.parametrize("state", ["window", "stream"])
@pytest.mark.parametrize("quantisation", ["int8", "dynamic"])
def test_several_inputs_and_outputs(host: Host, quantisation: str, state: str) -> None:
    graph = Graph(3, (4, 2), (4, 3), (2,))
    joined = graph.word(("lstm", 3, False, False), graph.concatenate([0, 1]))
    both = graph.concatenate([joined, 2])
    trained = graph.network(graph.word(("dense", 2, "linear"), both), graph.word(("dense", 1, "relu"), both))
    got, expected = check(host, trained, quantisation, state)
    last = got if state == "window" else got[trained.steps - 1 :: trained.steps]
    np.testing.assert_allclose(last, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("quantisation", ["int8", "dynamic"])
def test_steps_that_complete_no_window_give_nothing(host: Host, quantisation: str) -> None:
    words = (("conv", 4, 3, 2, 1, "valid", 1, "linear"), ("lstm", 3, True, False))
    trained = convolutions.build(Chain("float32", (9, 3), words, seed=7))
    got, expected = check(host, trained, quantisation, "stream")
    assert expected.shape == (WINDOWS, 4, 3)
    np.testing.assert_allclose(got, expected.reshape(-1, 3), rtol=0, atol=1e-5)
