# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The signature of a .tflite that is built: its only one, or that of several which a .toml beside the file names.

signature = "forecast"
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import tflite

from model import declaration
from model.readers.tflite.file import ENDS_LIMIT, Refuse, indices, text_of

COMPANION = ".toml"


def wanted(path: Path) -> str | None:
    """The signature that a file's .toml asks for; raises ``UserError``. One that names none is of another file."""
    beside = path.with_suffix(COMPANION)
    if not beside.is_file() or "signature" not in declaration.values(beside):
        return None
    return declaration.read(beside, "signature").text("signature")


def _check_ends(signature: Any, name: str, graph: Any, refuse: Refuse) -> None:
    """Refuse a signature that reads or puts out something else than its graph does."""
    for side in ("Inputs", "Outputs"):
        count = min(getattr(signature, f"{side}Length")(), ENDS_LIMIT)
        tensors = {getattr(signature, side)(n).TensorIndex() for n in range(count)}
        if tensors != set(indices(graph, side)):
            raise refuse(f"its signature '{name}' has other {side.lower()} than its graph; convert it again")


def main_graph(data: bytes, path: Path, refuse: Refuse) -> tuple[int, bool]:
    """The number of the graph that is built, and whether there are graphs of other signatures beside it."""
    model = tflite.Model.GetRootAs(data)
    signatures = [model.SignatureDefs(n) for n in range(min(model.SignatureDefsLength(), ENDS_LIMIT))]
    by_name = {text_of(signature.SignatureKey()): signature for signature in signatures}
    several = len({signature.SubgraphIndex() for signature in signatures}) > 1
    chosen, names = wanted(path), " and ".join(repr(name) for name in by_name)
    if chosen is not None and chosen not in by_name:
        asked = path.with_suffix(COMPANION).name
        raise refuse(f"it has no signature {chosen[:100]!r}, which {asked} asks for: it has {names or 'none'}")
    if several and chosen is None:
        first = next(iter(by_name))
        raise refuse(
            f"it has {len(by_name)} signatures, {names}; say which is built in {path.with_suffix(COMPANION).name} "
            f"beside it, signature = {first!r}, or convert it alone, by "
            f"TFLiteConverter.from_saved_model(folder, signature_keys=[{first!r}])"
        )
    number = by_name[chosen].SubgraphIndex() if several and chosen is not None else 0
    if number >= model.SubgraphsLength():
        raise ValueError(f"signature {chosen!r} has graph number {number} of {model.SubgraphsLength()}")
    for name, signature in by_name.items():
        if signature.SubgraphIndex() == number:
            _check_ends(signature, name, model.Subgraphs(number), refuse)
    return number, several
