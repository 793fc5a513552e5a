# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Endings of files that users give; ``python -m model.endings`` prints all that names alone tell, as JSON.

So they are asked in a build of somebody else's, whose own modules may be called as lstmcu's are.
"""

from __future__ import annotations

import json

from model import kinds

SAMPLES = (".npz", ".npy", ".csv")  # the first that lies beside a model is taken


def main() -> None:
    """Of samples; of trained files those that other files are read with; of those that may come quantised."""
    known = kinds.endings().items()
    told = {
        "samples": SAMPLES,
        "companions": {ending: kind.companions for ending, kind in known},
        "quantised": [ending for ending, kind in known if kind.quantised],
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
