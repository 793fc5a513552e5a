# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Write a network as C: ``<name>.h`` and ``.c`` for the user, ``<name>_bench.h`` and ``model.json`` for the bench;
with assembly kernels also ``<name>_kernels.S``, the code of its layers.

A plan's operations become statements (statements.py) on a state whose short-lived vectors share memory (scratch.py);
each layer's constants and code come from the kernel set that runs it (choose.py); templates/ is what the files look
like.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import jinja2

from kernels import named
from model import escape
from model.emit import card, text
from model.emit.context import context
from model.network import Network


def generate(
    network: Network, kernels: str, state: str, optimize: str = "balanced", tracing: bool = False
) -> dict[str, str]:
    """File name to text of everything generated; ``kernels``: names of sets with commas between them, best first."""
    sets = named(kernels.split(","))
    values = context(network, sets, optimize, state, tracing)
    files = {
        f"{network.name}{ending}": _templates().get_template(f"model{ending}.jinja").render(values)
        for ending in (".h", ".c", "_bench.h", *(["_kernels.S"] if any(each.assembly for each in sets) else []))
    }
    return {**files, "model.json": card.text(network, values)}


@cache
def _templates() -> jinja2.Environment:
    """What the files look like, compiled once."""
    templates = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    templates.filters |= {**escape.FILTERS, "folded": text.folded}
    return templates
