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
    signal = trained.input
    if signal.real:
        raise UserError(
            f"{trained.source}: takes real values, whose range only samples tell; give samples= an .npz with "
            "'inputs' (N, steps, features)"
        )
    windows = np.random.default_rng(SEED).integers(signal.low, signal.high, (COUNT, *signal.shape), endpoint=True)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, inputs=windows.astype(signal.dtype))
    write_atomically(arguments.out, buffer.getvalue())


if __name__ == "__main__":
    run_main(main)
