# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Whether a trained model is one that can be built, as JSON: ``python -m model.trial MODEL``.

In a process with limits of its own, as what a file makes a library do is not known.
"""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path

from model import planner, readers
from model.errors import NoModelError, UserError, steady_streams

LOADS, REFUSED, NO_MODEL = "loads", "refused", "no model"
MEMORY = 4 << 30  # bytes it may have


def attempt(path: Path) -> tuple[str, str]:
    """A verdict and its reason; of a model that loads, its layers."""
    try:
        network = readers.read(path)
        plan = planner.make(network, stream=network.endless)
        if network.endless and plan.streamable:
            raise UserError(f"{path}: cannot run step by step: {plan.streamable}")
    except NoModelError as error:
        return NO_MODEL, str(error)
    except UserError as error:
        return REFUSED, str(error)
    return LOADS, " ".join(layer.kind for layer in network.layers)


def main() -> None:
    """Command line."""
    steady_streams()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    print(json.dumps(attempt(Path(sys.argv[1]))))


if __name__ == "__main__":
    main()
