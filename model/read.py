# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Read a trained model, once for all later steps: ``python -m model.read MODEL --out TRAINED.npz``."""

from __future__ import annotations

import argparse
from pathlib import Path

from model import readers, store
from model.errors import run_main


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="model.read", description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    store.save(readers.read(arguments.model), arguments.out)


if __name__ == "__main__":
    run_main(main)
