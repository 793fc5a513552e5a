# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What kernel sets have in common stands once: runs of equal lines between their layouts and macros are counted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from tests.probe import ROOT

RUN = 6  # lines
MOST = 134  # lines that stand in runs which another set has, too: where each had its own, 663


def lines_of(text: str) -> list[str]:
    """The lines that say something, without their indentation: no blank lines and no comments."""
    stripped = (line.strip() for line in text.splitlines())
    return [line for line in stripped if line and not line.startswith(("# ", "/*", "*"))]


def repeated(texts: Mapping[tuple[str, str], str]) -> dict[tuple[str, str], list[str]]:
    """By (set, file), the lines in runs of ``RUN`` or more that stand in another set, too."""
    lines = {place: lines_of(text) for place, text in texts.items()}
    sets = defaultdict(set)
    for (kernels, _), said in lines.items():
        for at in range(len(said) - RUN + 1):
            sets[tuple(said[at : at + RUN])].add(kernels)
    found = {}
    for place, said in lines.items():
        starts = [at for at in range(len(said) - RUN + 1) if len(sets[tuple(said[at : at + RUN])]) > 1]
        found[place] = [said[at] for at in sorted({start + k for start in starts for k in range(RUN)})]
    return found


def count(texts: Mapping[tuple[str, str], str]) -> int:
    """Lines in repeated runs, of all files."""
    return sum(map(len, repeated(texts).values()))


def test_repeated_runs_are_found_whatever_stands_between() -> None:
    run = [f"    add r{k}, r{k}, r8\n" for k in range(RUN)]
    alone = {("a", "x.inc"): "nop\n" + "".join(run), ("b", "y.inc"): "".join(run[:-1])}
    assert count(alone) == 0
    shared = {("a", "x.inc"): "nop\n" + "\n/* a word */\n".join(run), ("b", "y.inc"): "".join(run) + "nop\n"}
    assert count(shared) == 2 * RUN
    within = {("a", "x.inc"): "".join(run), ("a", "y.inc"): "".join(run)}
    assert count(within) == 0


def test_sets_do_not_repeat_each_other() -> None:
    files = sorted(path for ending in ("layout.py", "*.inc") for path in Path(ROOT / "kernels").glob(f"*/{ending}"))
    texts = {(path.parent.name, path.name): path.read_text(encoding="utf-8") for path in files}
    assert len({kernels for kernels, _ in texts}) > 8
    assert count(texts) <= MOST, "what sets share belongs in kernels/common"
