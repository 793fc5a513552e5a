# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Run the linker; say in one sentence by how much a model does not fit: ``python -m measure.link TARGET gcc ...``."""

from __future__ import annotations

import re
import subprocess
import sys

from measure.target import load_target
from model.errors import UserError, run_main

OVERFLOW = re.compile(r"region `(\w+)' overflowed by (\d+) bytes")


def explain(target_name: str, stderr: str) -> str | None:
    """A sentence for a region that overflowed, or None for another failure."""
    found = {region: int(bytes_) for region, bytes_ in OVERFLOW.findall(stderr)}
    if not found:
        return None
    target = load_target(target_name)
    parts = []
    for region, over in found.items():
        size = (target.flash if region.lower() == "flash" else target.ram).size
        parts.append(f"{region.lower()} of {size} bytes is exceeded by {over}")
    return f"the model does not fit {target_name}: {' and '.join(parts)}; choose a smaller model, quant=int8 or another target"


def main() -> None:
    """Command line."""
    target, *command = sys.argv[1:]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
    sentence = explain(target, done.stderr) if done.returncode else None
    if sentence:
        raise UserError(sentence)
    sys.stderr.write(done.stderr)
    sys.exit(done.returncode)


if __name__ == "__main__":
    run_main(main)
