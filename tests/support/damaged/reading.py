# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What becomes of a damaged file: it loads and is used, or it is refused in one sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from model import emit, readers, reference
from model.errors import UserError
from model.network import Network, macs


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
