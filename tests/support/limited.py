# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Load samples with little memory and processor time: ``python -m tests.support.limited STEPS FEATURES FILE ...``.

Prints a line a file: the sentence, or how many windows were loaded.
"""

from __future__ import annotations

import resource
import sys
from pathlib import Path

from model import samples
from model.ends import Ends
from model.errors import UserError
from model.signal import Signal

MEMORY = 400 << 20  # bytes besides what Python and NumPy take
SECONDS = 30  # of the processor, for each file


def main() -> None:
    """Command line."""
    steps, features, *files = sys.argv[1:]
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    for file in files:
        spent = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
        resource.setrlimit(resource.RLIMIT_CPU, (int(spent) + SECONDS, resource.RLIM_INFINITY))
        try:
            loaded = samples.load(Path(file), Ends((Signal((int(steps), int(features))),)), Ends((Signal((1,)),)))
            print(f"loaded {len(loaded.inputs)} windows")
        except UserError as error:
            print(error)


if __name__ == "__main__":
    main()
