# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Check C against MISRA C:2012: ``python -m measure.checks.misra [--generated FILE --include DIR ...]``.

cppcheck's addon reads the runtime, the C of every kernel set, and generated files. What it finds must be fixed in the
C, or be a deviation with its reason in firmware/misra-deviations.toml. The addon checks most rules, not all; the texts
of the rules are not free, so that only their numbers are told.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import tempfile
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from model.errors import UserError, run_main

ROOT = Path(__file__).resolve().parents[2]
FIRMWARE = ROOT / "firmware"
KERNELS = ROOT / "kernels"
DEVIATIONS = FIRMWARE / "misra-deviations.toml"
GENERATED = "generated"  # stands for every generated file in the deviations
LINE = re.compile(r"^(?P<path>[^|\n]*)\|(?P<line>\d+)\|misra-c2012-(?P<rule>[\d.]+)\|(?P<code>.*)$", re.MULTILINE)
BROKEN = re.compile(r"^[^|\n]*\|\d+\|(?:syntaxError|preprocessorErrorDirective|internal\w*)\|.*$", re.MULTILINE)


@dataclass(frozen=True, order=True)
class Finding:
    """A line that the addon objects to; ``path`` is relative to the project, or ``generated/<file>``."""

    path: str
    line: int
    rule: str
    code: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: rule {self.rule}: {self.code}"


@dataclass(frozen=True)
class Deviation:
    """A rule that is broken on purpose in the files that match one of the patterns."""

    rule: str
    files: tuple[str, ...]
    reason: str

    def covers(self, finding: Finding) -> bool:
        """Whether ``finding`` is this deviation."""
        return finding.rule == self.rule and any(fnmatch(finding.path, pattern) for pattern in self.files)


def deviations(path: Path = DEVIATIONS) -> list[Deviation]:
    """Those that the file lists. UserError when one lacks its rule, files or reason."""
    rows = tomllib.loads(path.read_text(encoding="utf-8"))["deviation"]
    for row in rows:
        if not all(row.get(key) for key in ("rule", "category", "files", "reason")):
            raise UserError(f"{path.name}: a deviation needs rule, category, files and reason; one has {sorted(row)}")
    return [Deviation(row["rule"], tuple(row["files"]), row["reason"]) for row in rows]


def _name(path: Path) -> str:
    inside = path.is_relative_to(FIRMWARE) or path.is_relative_to(KERNELS)
    return path.relative_to(ROOT).as_posix() if inside else f"{GENERATED}/{path.name}"


def _linked(path: Path, folder: Path) -> Path:
    """The same by a link in ``folder``: cppcheck takes a path for a pattern, and its addon's one through a shell."""
    place = (path if path.is_dir() else path.parent).resolve()
    link = folder / f"at{place.stat().st_ino}"
    if not link.is_symlink():
        link.symlink_to(place)
    return link if path.is_dir() else link / path.name


def check(sources: Iterable[Path], includes: Sequence[Path]) -> list[Finding]:
    """What the addon finds in ``sources``, one program, and the headers they include from ``includes``."""
    program = shutil.which("cppcheck")
    if program is None:
        raise UserError("cppcheck is not on PATH; install with: sudo apt-get install cppcheck")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        words = ["--addon=misra", "--std=c99", "--platform=unix32", "--quiet", "--suppress=missingIncludeSystem"]
        words += ["--template={file}|{line}|{id}|{code}", *(f"-I{_linked(path, folder)}" for path in includes)]
        command = [program, *words, f"--cppcheck-build-dir={folder}", *(str(_linked(path, folder)) for path in sources)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        broken = BROKEN.search(done.stderr)
        if done.returncode != 0 or broken:
            raise UserError(f"cppcheck could not read the C: {broken[0] if broken else done.stderr or done.stdout}")
        found = (match.groupdict() for match in LINE.finditer(done.stderr))
        return sorted({
            Finding(_name(Path(row["path"]).resolve()), int(row["line"]), row["rule"], row["code"].strip())
            for row in found
        })  # fmt: skip


def check_firmware(firmware: Path = FIRMWARE, kernels: Path = KERNELS) -> list[Finding]:
    """The runtime with the kernel set ``c``, and the C of the other sets."""
    common = [firmware / "include", firmware / "runtime"]
    portable = kernels / "c"
    found = set(check([*common, portable], [*common, portable]))
    for folder in sorted(kernels.iterdir()):
        sources = sorted(folder.glob("*.c"))
        if folder != portable and sources:
            found |= set(check(sources, [*common, folder, portable]))
    return sorted(found)


def open_points(found: Iterable[Finding], known: Sequence[Deviation]) -> list[Finding]:
    """The findings that no deviation covers."""
    return [finding for finding in found if not any(deviation.covers(finding) for deviation in known)]


def idle(found: Sequence[Finding], known: Sequence[Deviation]) -> list[Deviation]:
    """Deviations that cover nothing any more."""
    return [deviation for deviation in known if not any(map(deviation.covers, found))]


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="measure.checks.misra", description=__doc__)
    parser.add_argument("--generated", type=Path, action="append", default=[])
    parser.add_argument("--include", type=Path, action="append", default=[])
    arguments = parser.parse_args()
    known = deviations()
    found = check_firmware()
    for source in arguments.generated:
        found += check([source], [source.parent, *arguments.include])
    left = open_points(sorted(set(found)), known)
    if left:
        listed = "".join(f"\n  {finding}" for finding in left)
        raise UserError(f"MISRA C:2012: {len(left)} findings are no deviation of {DEVIATIONS.name}; fix them:{listed}")
    files = len({finding.path for finding in found})
    print(f"MISRA C:2012 by cppcheck's addon: nothing but {len(found)} places in {files} files that are deviations:")
    for deviation in known:
        places = sum(map(deviation.covers, found))
        print(f"  rule {deviation.rule:<6} {places:>4}  {deviation.reason}")


if __name__ == "__main__":
    run_main(main)
