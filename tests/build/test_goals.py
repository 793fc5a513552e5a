# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Goals: each is one file, which says all there is to know about it."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest

from tests.support.checkout import Checkout
from tests.support.host import ROOT

sys.path.insert(0, str(ROOT / "site_scons"))
import goals
from commandline.words import OPTIONS

FILES = sorted(path for path in (ROOT / "site_scons/goals").glob("*.py") if path.name != "__init__.py")
HELLO = """
HELP = "greet whoever reads this"
IMPLIES = {"quant": "float32"}
WRITES = ["build/hello.txt"]


def make(made):
    words = ["from pathlib import Path; Path('build/hello.txt').write_text(%r)" % made.builds[0].case.quantisation]
    step = made.env.Step("HELLO", [made.env["PYTHON"], "-c", *words])
    made.env.AlwaysBuild(made.env.Alias("hello", made.builds[0].network, step))
"""


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_a_goal_says_of_itself(path: Path) -> None:
    tree = ast.parse(path.read_text())
    goal = goals.read(path.stem.replace("_", "-"))
    assert goal.name in goals.names()
    assert 3 < len(goal.help) <= 104, "a line of the help"
    assert goal.packages in ("light", "plots", "full")
    assert goal.implies.keys() <= OPTIONS.keys()
    assert not goal.isa or "target" in goal.implies
    assert "make" in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_help_lists_every_goal() -> None:
    said = Checkout(ROOT).scons("-h").out
    for name in goals.names():
        assert f"  {name:<11}  {goals.read(name).help}\n" in said


def test_a_goal_takes_one_file(tmp_path: Path) -> None:
    checkout = Checkout.copy(tmp_path / "lstmcu")
    (checkout.root / "site_scons/goals/hello.py").write_text(HELLO)
    assert re.search(r"^  hello +greet whoever reads this$", checkout.scons("-h").out, re.MULTILINE)
    checkout.build("hello")
    hello = checkout.root / "build/hello.txt"
    assert hello.read_text() == "float32"
    assert (checkout.root / "build/models/forecast/float32/network.npz").is_file()
    checkout.build("-c")
    assert not hello.exists()


def test_sconstruct_knows_no_goal() -> None:
    tree = ast.parse((ROOT / "SConstruct").read_text())
    tools = [node.value for node in ast.walk(tree) if isinstance(node, ast.keyword) and node.arg == "tools"]
    named = {node for tool in tools for node in ast.walk(tool)}
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and node not in named}
    assert texts & set(goals.names()) == set()


def test_words_of_a_goal_are_taken_over() -> None:
    assert goals.read("test-all").tools == goals.read("test").tools
    assert goals.read("test-all").help != goals.read("test").help
    assert (goals.read("build/report.txt").help, goals.read("build/report.txt").builds) == ("", True)


def test_a_page_of_all_is_not_written_from_less() -> None:
    said = "target=cortex-m4: bench-docs is of target=all; scons bench prints less, as in: scons bench target=cortex-m4"
    assert Checkout(ROOT).scons("bench-docs", "target=cortex-m4").sentence == said
    said = "optimize=size: bench-docs is of optimize=all; "
    assert Checkout(ROOT).scons("bench-docs", "target=all", "optimize=size").sentence.startswith(said)
