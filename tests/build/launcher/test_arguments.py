# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The launcher and what it is called with: mistakes are told before anything is installed."""

from __future__ import annotations

import os
import runpy
from pathlib import Path

import pytest

from tests.support.host import ROOT
from tests.support.launcher import Checkout


def test_arguments_reach_scons_untouched(ready: Checkout) -> None:
    arguments = [
        "-n",
        "model=my models/a b.keras",
        "samples=$HOME 'x' \"y\"",
        "--debug=explain",
        "",
        "verbose=1",
    ]
    done = ready.run(*arguments)
    assert done.scons == ["1.0", "-Q", f"-j{len(os.sched_getaffinity(0))}", *arguments]


@pytest.mark.parametrize("arguments", [["-j", "3"], ["-j3"], ["-kj3"], ["--jobs=3"], ["--jobs", "3"]])
def test_jobs_of_the_user_stand(ready: Checkout, arguments: list[str]) -> None:
    assert ready.run("-n", *arguments).scons == ["1.0", "-Q", "-n", *arguments]


def test_jobs_in_sconsflags_stand(ready: Checkout) -> None:
    assert ready.run("-n", SCONSFLAGS="-k -j3").scons == ["1.0", "-Q", "-n"]


def test_called_from_another_folder(ready: Checkout, tmp_path: Path) -> None:
    done = ready.run("-n", "-j1", cwd=tmp_path)
    assert done.scons == ["1.0", "-Q", "-C", str(ready.root), "-n", "-j1"]
    done = ready.run("-n", "-j1", "-D", cwd=ready.root / "toolchains")
    assert done.scons == ["1.0", "-Q", "-n", "-j1", "-D"]


@pytest.mark.parametrize(
    ("words", "goals", "targets", "only_reads"),
    [
        ("", [], [], False),
        ("target=cortex-m4", [], ["cortex-m4"], False),
        ("target=a,b test", ["test"], ["a", "b"], False),
        ("toolchain=x/my.toml", [], ["x/my.toml"], False),
        ("-j 4 test -k", ["test"], [], False),
        ("-f test", [], [], False),
        ("--file test train", ["train"], [], False),
        ("-Qc", [], [], True),
        ("-j4n", [], [], False),
        ("-kn test", ["test"], [], True),
        ("--dry-run test", ["test"], [], True),
        ("--clean", [], [], True),
    ],
)
def test_reading_the_arguments(words: str, goals: list[str], targets: list[str], only_reads: bool) -> None:
    request = runpy.run_path(str(ROOT / "scons"), run_name="launcher")["Request"](words.split())
    assert (request.goals, request.targets, request.only_reads) == (goals, targets, only_reads)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("flsh", "unknown goal 'flsh'; ./scons -h lists them"),
        ("tets", "unknown goal 'tets'; did you mean test?"),
        ("reprot target=cortex-m4", "unknown goal 'reprot'; did you mean report?"),
        ("cortex-m4", "unknown goal 'cortex-m4'; say target=cortex-m4"),
        ("cortex-m44", "unknown goal 'cortex-m44'; did you mean target=cortex-m4?"),
        ("target cortex-m4", "unknown goal 'target'; it is an option: say target=..."),
        ("--target=cortex-m4", "--target=cortex-m4: options have no dashes here; say target=cortex-m4"),
        ("-target=cortex-m4", "-target=cortex-m4: options have no dashes here; say target=cortex-m4"),
        ("--target cortex-m4", "--target: options have no dashes here; say target=..."),
        ("test --model=a=b", "--model=a=b: options have no dashes here; say model=a=b"),
        ("rtl target=cortex-m4", "rtl: cortex-m4 is armv7e-m+fp; it is for rv32imc: say target=rv32imc"),
        ("rtl target=rv32imc,host", "rtl: host is no single core; it is for rv32imc: say target=rv32imc"),
        ("rtl target=all", "rtl: all is no single core; it is for rv32imc: say target=rv32imc"),
    ],
)
def test_mistakes_are_told_before_anything_is_installed(words: str, sentence: str, fresh: Checkout) -> None:
    done = fresh.run(*words.split())
    assert (done.code, done.said, done.scons) == (2, f"lstmcu: error: {sentence}\n", None)
    assert not (fresh.root / ".venv").exists()


@pytest.mark.parametrize(
    "words",
    ["-n flsh -f other", "-n build/cortex-m4", "-n compile_commands.json", "-n .", "-n --debug=explain", "-n --debug x",
     "-n -j 4", "-nk", "-n --jobs 2", "-n sizes", "-n test"],
)  # fmt: skip
def test_what_is_no_mistake(words: str, ready: Checkout) -> None:
    done = ready.run(*words.split())
    assert (done.code, done.said) == (0, "")
    assert done.scons is not None
    assert done.scons[-len(words.split()) :] == words.split()


def test_help_is_help(ready: Checkout) -> None:
    done = ready.run("help")
    assert (done.code, done.said, done.scons and done.scons[-1]) == (0, "", "-h")


def test_goals_and_options_are_found() -> None:
    launcher = runpy.run_path(str(ROOT / "scons"), run_name="launcher")
    assert {"report", "test-all", "bench-docs"} <= set(launcher["goals_there_are"]().names())
    assert {"target", "model"} <= set(launcher["options_there_are"]())


def test_a_goal_takes_one_file(ready: Checkout) -> None:
    own = 'HELP = "greet"\nTOOLS = {"figlet": ["figlet-package"]}\nBUILDS = False\n'
    (ready.root / "site_scons/goals/say_hello.py").write_text(own)
    assert "missing figlet; " in ready.run("say-hello", LSTMCU_NO_INSTALL="1").said
    ready.add_tools("figlet")
    done = ready.run("say-hello", LSTMCU_NO_INSTALL="1")
    assert (done.code, done.said, done.scons and done.scons[-1]) == (0, "", "say-hello")
    assert "did you mean say-hello?" in ready.run("say-helo").said
