# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Windows for a quantised model that comes without samples.

``python -m model.random_samples TRAINED.npz --out FILE.npz``: seeded, uniform over the whole input type: enough
to prove the device equal to the reference, not to judge accuracy.
"""

from __future__ import annotations

import argparse
import io
from pathlib import Path

import numpy as np

from model import store
from model.errors import UserError, run_main
from model.files import write_atomically

COUNT = 500
SEED = 1


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="model.random_samples", description=__doc__)
    parser.add_argument("trained", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    trained = store.load(arguments.trained)
    if trained.input.real:
        raise UserError(
            f"{trained.source}: takes real values, whose range only samples tell; give samples= an .npz with "
            "'inputs' (N, steps, features)"
        )
    random, windows = np.random.default_rng(SEED), {}
    for number, signal in enumerate(trained.inputs):
        drawn = random.integers(signal.low, signal.high, (COUNT, *signal.shape), endpoint=True)
        windows[f"inputs_{number}" if number else "inputs"] = drawn.astype(signal.dtype)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **windows)  # type: ignore[arg-type]
    write_atomically(arguments.out, buffer.getvalue())


if __name__ == "__main__":
    run_main(main)
