# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Try every change, one after the other, and write down which were noticed.

``python -m tests.mutants [--blind 100] [--seed 1] [--only WORD] [--out build/mutants]``

Verdicts are kept in OUT/verdicts.jsonl, so that a run that was stopped goes on; an edit of the changed file or of a
test of its part makes a verdict void. OUT/mutants.md is the table of docs/mutants.md.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import tempfile
from pathlib import Path

from tests.mutants import blind, trial
from tests.mutants.change import ROOT, Change, Part, chosen, parts
from tests.mutants.page import page

SAMPLE, SEED = 100, 1


def key(change: Change, part: Part) -> str:
    """What a verdict stands for: the change, its file, and the tests that were asked."""
    digest = hashlib.sha256(f"{change.file} {change.at} {change.was} {change.became}".encode())
    digest.update((ROOT / change.file).read_bytes())
    for tests in part.tests:
        for word in tests.split():
            path = ROOT / word
            for file in [path] if path.is_file() else sorted(path.rglob("*.py")):
                digest.update(file.read_bytes())
    return digest.hexdigest()


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="tests.mutants", description=__doc__)
    parser.add_argument("--blind", type=int, default=SAMPLE, metavar="N", help="changes to draw over all parts")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--only", default="", metavar="WORD", help="those whose part or file holds it")
    parser.add_argument("--list", action="store_true", help="show the changes and do nothing")
    parser.add_argument("--out", type=Path, default=ROOT / "build/mutants")
    given = parser.parse_args()
    known = {part.name: part for part in parts()}
    listed = {"chosen": chosen(), "blind": blind.sample(given.blind, given.seed)}
    wanted = {kind: [c for c in rows if given.only in f"{c.part} {c.file}"] for kind, rows in listed.items()}
    if given.list:
        for change in (change for rows in wanted.values() for change in rows):
            print(f"{change.part}: {change.file}:{change.line}: {change.was!r} -> {change.became!r}")
        return
    given.out.mkdir(parents=True, exist_ok=True)
    kept = given.out / "verdicts.jsonl"
    done = dict(json.loads(line) for line in kept.read_text().splitlines()) if kept.is_file() else {}
    verdicts: dict[str, list[trial.Verdict]] = {}
    with tempfile.TemporaryDirectory(prefix="lstmcu-mutants-") as name, kept.open("a", encoding="utf-8") as file:
        folder = trial.copy(Path(name) / "lstmcu")
        for kind, changes in wanted.items():
            for change in changes:
                mark = key(change, known[change.part])
                if mark not in done:
                    verdict = trial.judge(folder, change, known[change.part])
                    done[mark] = [verdict.outcome, verdict.by]
                    file.write(json.dumps([mark, done[mark]]) + "\n")
                    file.flush()
                verdict = trial.Verdict(change, *done[mark])
                verdicts.setdefault(kind, []).append(verdict)
                print(
                    f"{verdict.outcome:9} {change.file}:{change.line}: {change.was!r} -> {change.became!r}", flush=True
                )
    text = page(verdicts, given.seed)
    (given.out / "mutants.md").write_text(text, encoding="utf-8")
    print(f"\n{given.out / 'mutants.md'}")


if __name__ == "__main__":
    main()
