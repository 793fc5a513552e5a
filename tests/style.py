# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What every source must pass; tests/test_style.py and .pre-commit-config.yaml run these and no others.

``.venv/bin/python -m tests.style`` runs them all, ``... tests.style mypy`` one.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TOOLS = Path(sys.executable).parent
SKIPPED = re.compile(r"(^|/)(\.\w[^/]*(?<!\.ci)|build|out|__pycache__)/|^compile_commands\.json$")
BARE = ("SConstruct", "scons", "run")

# the words after the program say what to check but for clang-format, which is told every file: {name: command}
CHECKS = {
    "ruff-check": ("ruff", "check", "."),
    "ruff-format": ("ruff", "format", "--check", "."),
    "mypy": ("mypy",),
    "clang-format": ("clang-format", "--dry-run", "-Werror", "--ferror-limit=5"),
}


@cache
def files(*endings: str) -> tuple[Path, ...]:
    """The project's own files with these endings, and the few that have none."""
    found = (path for path in sorted(ROOT.rglob("*")) if path.is_file())
    own = (path for path in found if not SKIPPED.search(path.relative_to(ROOT).as_posix()))
    return tuple(path for path in own if path.suffix in endings or (not path.suffix and path.name in BARE))


def command(name: str) -> list[str]:
    """The whole command of a check."""
    program, *words = CHECKS[name]
    told = [str(path) for path in files(".c", ".h") if path.suffix] if program == "clang-format" else []
    return [str(TOOLS / program), *words, *told]


def main(names: Sequence[str]) -> int:
    """Run these checks, or all; 1 if any fails."""
    unknown = [name for name in names if name not in CHECKS]
    if unknown:
        print(f"there is no check '{unknown[0]}'; there are {', '.join(CHECKS)}", file=sys.stderr)
        return 2
    failed = [name for name in names or CHECKS if subprocess.run(command(name), cwd=ROOT, check=False).returncode]
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
