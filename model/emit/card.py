# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""``model.json``: what the measuring side must know of the generated model."""

from __future__ import annotations

import json
from typing import Any

from model.network import Network, lstm_macs, macs, placed
from model.plan import c_name
from model.signal import Signal


def _signal(signal: Signal) -> dict[str, Any]:
    shape = list(signal.shape)
    return {"shape": shape, "dtype": signal.dtype, "scale": signal.scale, "zero_point": signal.zero_point}


def text(network: Network, values: dict[str, Any]) -> str:
    """The file; ``values`` are the templates'."""
    card = {
        "name": network.name,
        "source": network.source,
        "sha256": network.sha256,
        "quantisation": network.quantisation,
        "came_quantised": network.came_quantised,
        "kernels": values["kernels"],
        "optimize": values["optimize"],
        "state": values["state"],
        "function": f"{network.name}_{'step' if values['stream'] else 'run'}",
        "steps": values["steps"],
        "input": _signal(network.input),
        "output": _signal(network.output),
        "scratch_bytes": values["scratch_bytes"],
        "macs": macs(network),
        "lstm_macs": lstm_macs(network),
        "assembled": values["assembled"],
        "layers": {c_name(place, layer): layer.name for place, layer in placed(network)},
        "notes": [*network.notes, *values["notes"]],
    }
    return json.dumps(card, indent=2, sort_keys=True) + "\n"
