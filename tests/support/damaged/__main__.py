# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""A process that reads one after the other.

    python -m tests.support.damaged FOLDER KIND FIRST COUNT

prints two lines of JSON for each seed: that it begins, and what became of it. The process has limits and may die of
a file; whoever started it goes on at the next one.
"""

from __future__ import annotations

import json
import resource
import signal
import sys
from pathlib import Path

from model.readers.keras import hdf5
from tests.support.damaged import SECONDS, maker
from tests.support.damaged.reading import outcome

MEMORY = 1 << 30  # bytes that the process may have


def _parse_here(data: bytes) -> hdf5.Contents:
    """hdf5.load without its process, which costs a hundred times the reading."""
    try:
        return hdf5.parse(data)
    except Exception as error:
        raise ValueError(str(error).replace("\n", " ")) from None


def main() -> None:
    """Read damaged files one after the other."""
    folder, kind, first, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    make = maker(folder, kind)
    hdf5.load = _parse_here
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for seed in range(first, first + count):
        path = make(seed)
        print(json.dumps({"seed": seed}), flush=True)
        signal.setitimer(signal.ITIMER_PROF, SECONDS)  # ends the process, whatever library it hangs in
        try:
            result = outcome(path)
        except Exception as error:
            result = f"{type(error).__name__}: {error}"
        signal.setitimer(signal.ITIMER_PROF, 0)
        print(json.dumps({"seed": seed, "result": result}), flush=True)


if __name__ == "__main__":
    main()
