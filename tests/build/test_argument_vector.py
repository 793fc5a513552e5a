# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Tool argument_vector: a step's program gets every text letter by letter, and is run again only when one changes."""

from __future__ import annotations

import json
import random
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.host import ROOT

TOOLS = str(ROOT / "site_scons/site_tools")
LETTERS = "$(){}[]'\"\\;&|<>*?!#~%@-=,.:+^` \t\nab0ä模🎉"
SPECIAL = (
    '${__import__("os").system("touch OWNED")}', "$(touch OWNED)", "`touch OWNED`", "a;touch OWNED;", "|touch OWNED",
    "a&touch OWNED&", "$TARGET", "${SOURCES[0].abspath}", "$$", "$(", "$)", "#up", "-x", "--out", "@file", "a\\", "\\",
    "'", '"', "~", "*", "?", "[a]", "a b", " a ", "a\nb", "<b>", ">OWNED", "%s", "=", "!", "", "...", "-", "@",
)  # fmt: skip
PROGRAM = "import json, sys; json.dump(sys.argv[1:], open(sys.argv[1], 'w', encoding='utf-8'))"
SCONSTRUCT = f"""
import json, sys
texts = json.load(open("texts.json"))
env = Environment(tools=["argument_vector"], toolpath=[{TOOLS!r}], ENV={{"A": ["$x", "y"]}})
env["VERBOSE"] = ARGUMENTS.get("verbose")
for index, text in enumerate(texts):
    source, made = env.FileAt(f"in/{{text}}+"), env.FileAt(f"{{text}}.made/{{index}}")
    env.Command(made, source, env.Step("X", [sys.executable, "-S", "-c", {PROGRAM!r}, made, source, text, (index,)]))
"""


def some_texts() -> list[str]:
    """Names and words of all kinds of letters but the slash."""
    chosen = random.Random(1)
    made = ["".join(chosen.choices(LETTERS, k=chosen.randint(1, 30))) for _ in range(30)]
    return [*SPECIAL, *made]


def scons(folder: Path, *words: str) -> str:
    command = [sys.executable, "-m", "SCons", "-Q", *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose own name is a trap too, with a file of every name."""
    folder = tmp_path_factory.mktemp("argv") / "${__import__('os').system('touch OWNED')}`touch OWNED`;#"
    (folder / "in").mkdir(parents=True)
    (folder / "SConstruct").write_text(SCONSTRUCT)
    (folder / "texts.json").write_text(json.dumps(some_texts()))
    for text in some_texts():
        (folder / f"in/{text}+").touch()
    scons(folder)
    return folder


def test_every_text_arrives_letter_by_letter(project: Path) -> None:
    for index, text in enumerate(some_texts()):
        made = f"{text}.made/{index}"
        safe = f"./{made}" if made.startswith(("-", "@")) else made
        assert json.loads((project / made).read_text(encoding="utf-8")) == [safe, f"in/{text}+", text, str(index)]
    assert list(project.parents[1].rglob("OWNED")) == []


def test_what_changes_is_run_again_and_nothing_else(project: Path) -> None:
    assert "[X]" not in scons(project)
    texts = some_texts()
    texts[5] += "$"
    (project / f"in/{texts[5]}+").touch()
    (project / "texts.json").write_text(json.dumps(texts))
    assert scons(project).splitlines().count(f"[X] {texts[5]}.made/5") == 1
    (project / "texts.json").write_text(json.dumps(some_texts()))
    (project / "SConstruct").write_text(SCONSTRUCT.replace("(index,)", '("not", "signed")'))
    assert "[X]" not in scons(project)
    (project / "SConstruct").write_text(SCONSTRUCT)


def test_verbose_shows_what_a_shell_would_take(project: Path) -> None:
    (project / f"{SPECIAL[0]}.made/0").unlink()
    line = scons(project, "verbose=1").splitlines()[0]
    wanted = [sys.executable, "-S", "-c", PROGRAM, f"{SPECIAL[0]}.made/0", f"in/{SPECIAL[0]}+", SPECIAL[0], "0"]
    assert shlex.split(line) == wanted


@pytest.mark.parametrize(("program", "code"), [("exit 3", 3), ("kill -9 $$", 137)])
def test_a_program_that_fails_stops_the_build(tmp_path: Path, program: str, code: int) -> None:
    (tmp_path / "SConstruct").write_text(
        f'env = Environment(tools=["argument_vector"], toolpath=[{TOOLS!r}])\n'
        f'env.Command(env.FileAt("a"), [], env.Step("X", ["sh", "-c", {program!r}]))\n'
    )
    command = [sys.executable, "-m", "SCons", "-Q"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert f"[a] Error {code}" in done.stderr
