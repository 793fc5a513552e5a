# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""``model.json``: what the measuring side must know of the generated model."""

from __future__ import annotations

import json
from typing import Any

from model import tolerance
from model.ends import Ends
from model.network import Network, macs, placed, recurrent_macs
from model.plan import c_name
from model.signal import Signal


def _signal(signal: Signal) -> dict[str, Any]:
    shape = list(signal.shape)
    return {"shape": shape, "dtype": signal.dtype, "scale": signal.scale, "zero_point": signal.zero_point}


def _ends(ends: Ends) -> dict[str, Any]:
    """A whole sample: of several signals the scale and zero point of each element."""
    if len(ends.signals) == 1:
        return _signal(ends.signals[0])
    whole = {"shape": list(ends.shape), "dtype": ends.signals[0].dtype}
    each = {key: [getattr(s, key) for s in ends.signals for _ in range(s.size)] for key in ("scale", "zero_point")}
    return {**whole, **each}


def text(network: Network, values: dict[str, Any]) -> str:
    """The file; ``values`` are the templates'."""
    card = {
        "name": network.name,
        "source": network.source,
        "sha256": network.sha256,
        "quantisation": network.quantisation,
        "came_quantised": network.came_quantised,
        "mixed": network.mixed,
        "tolerance": vars(tolerance.of(network)),
        "kernels": values["kernels"],
        "optimize": values["optimize"],
        "state": values["state"],
        "function": f"{network.name}_{'step' if values['stream'] else 'run'}",
        "steps": values["steps"],
        "inputs": [_signal(each) for each in network.given.signals],
        "outputs": [_signal(each) for each in network.made.signals],
        "input_names": list(network.input_names),
        "output_names": list(network.output_names),
        "input": _ends(network.given),
        "output": _ends(network.made),
        "scratch_bytes": values["scratch_bytes"],
        "rate": network.rate,
        "macs": macs(network),
        "recurrent_macs": recurrent_macs(network),
        "assembled": values["assembled"],
        "bound": values["bound"] and {"core": values["bound"].core, "cycles": values["bound"].cycles},
        "layers": {c_name(place, layer): layer.name for place, layer in placed(network)},
        "notes": [*network.notes, *values["notes"]],
    }
    return json.dumps(card, indent=2, sort_keys=True) + "\n"
