# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""``python -m model.emit NETWORK.npz --kernels vfp,armv7em --state window --out DIRECTORY``"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from kernels import OPTIMIZE
from model import emit, store
from model.errors import run_main
from model.files import write_atomically
from model.network import STATES


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m model.emit", description=emit.__doc__)
    parser.add_argument("network", type=Path)
    parser.add_argument("--name", help="what it is called in C; default: as its file")
    parser.add_argument(
        "--kernels", required=True, help="sets, as vfp,armv7em: the first that can runs a layer, c else"
    )
    parser.add_argument("--optimize", choices=OPTIMIZE, default="balanced")
    parser.add_argument("--state", choices=STATES, required=True)
    parser.add_argument("--trace", action="store_true", help="note down every intermediate value, for compare")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    network = store.load(arguments.network)
    network = replace(network, name=arguments.name or network.name)
    files = emit.generate(network, arguments.kernels, arguments.state, arguments.optimize, arguments.trace)
    for name, text in files.items():
        write_atomically(arguments.out / name, text)


if __name__ == "__main__":
    run_main(main)
