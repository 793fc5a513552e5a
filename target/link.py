# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Run the linker: ``python -m target.link gcc -o forecast.elf ...``.

Firmware that does not fit is linked all the same, in memory made larger, so that its sizes can be told; the
symbols __flash_excess and __ram_excess then say by how many bytes it is too large, and it is never run.
"""

from __future__ import annotations

import re
import subprocess
import sys

from model.errors import run_main

# GNU ld: region `FLASH' overflowed by 12 bytes; lld: will not fit in region 'FLASH': overflowed by 12 bytes
OVERFLOW = re.compile(r"region [`'](\w+)':? overflowed by (\d+) bytes")
ATTEMPTS = 4  # one is enough unless the larger memory moves something


def overflows(stderr: str) -> dict[str, int]:
    """Bytes that are missing, by region (flash, ram), in what a linker said."""
    found: dict[str, int] = {}
    for region, excess in OVERFLOW.findall(stderr):  # lld names every section that no longer fits
        found[region.lower()] = max(int(excess), found.get(region.lower(), 0))
    return found


def enlarged(command: list[str], excess: dict[str, int]) -> list[str]:
    """The command with larger regions, and the excess told in symbols."""
    words = []
    for word in command:
        region = re.fullmatch(r"-Wl,--defsym=__(\w+)_size=(\w+)", word)
        if region and region[1] in excess:
            whole = -(-excess[region[1]] // 8) * 8  # the stack, at the end of RAM, is aligned to 8 bytes
            word = f"-Wl,--defsym=__{region[1]}_size={int(region[2], 0) + whole:#x}"
        words.append(word)
    symbols = [f"-Wl,--defsym=__{region}_excess={bytes_}" for region, bytes_ in excess.items()]
    return [*words, "-Wl,--no-check-sections", *symbols]


def main() -> None:
    """Command line."""
    command = sys.argv[1:]
    excess: dict[str, int] = {}
    for _ in range(ATTEMPTS):
        words = enlarged(command, excess) if excess else command
        done = subprocess.run(words, stderr=subprocess.PIPE, text=True, check=False)
        more = overflows(done.stderr) if done.returncode else {}
        if not more:
            break
        excess = {region: excess.get(region, 0) + more.get(region, 0) for region in {**excess, **more}}
    sys.stderr.write(done.stderr)
    sys.exit(done.returncode)


if __name__ == "__main__":
    run_main(main)
