# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What users' CI is given: the shell steps of the GitHub Action and of the GitLab template, run as they stand there.

A checkout is where CI would have put lstmcu; its ``scons`` is SCons with the interpreter of the tests, as nothing is to
be installed. GitHub's ``gh`` and GitLab's ``curl`` are stand-ins that write down how they were called.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest
import yaml

from measure.pages import badge
from tests.support.checkout import Shared
from tests.support.host import ROOT
from tests.test_escape import HOSTILE, reported

ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
GITLAB = yaml.safe_load((ROOT / "examples/ci/gitlab.yml").read_text())[".lstmcu"]
HOOK = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())[0]
NAME = """my "model"; $(touch OWNED) `touch OWNED`"""  # of a trained file, in the user's repository
BADGE = "flash {:.1f} kB · {:,} instructions · exact"
STAND_IN = """#!/bin/sh
printf '%s\\n' "$0" "$@" >>"$CALLS"
"""


@pytest.fixture(scope="module")
def lstmcu(built: Shared, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout that has built the model once, with a launcher that installs nothing."""
    words = ("target=cortex-m4", "model=forecast-window", "quant=int8")
    root = built.copy(tmp_path_factory.mktemp("ci") / "lstmcu", *words).root
    (root / "scons").write_text(f'#!/bin/sh\ncd "$(dirname "$0")" && exec {sys.executable} -m SCons -Q "$@"\n')
    (root / "scons").chmod(0o755)
    return root


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Somebody's repository."""
    folder = tmp_path / "my project"
    (folder / "models").mkdir(parents=True)
    for ending in ("keras", "npz"):
        shutil.copy(ROOT / f"models/forecast-window/forecast-window.{ending}", folder / f"models/{NAME}.{ending}")
    (folder / "budget.toml").write_text('["*"]\nflash_max = 1000\n')
    bin = tmp_path / "bin"
    bin.mkdir()
    for name in ("gh", "curl"):
        (bin / name).write_text(STAND_IN)
        (bin / name).chmod(0o755)
    return folder


def run(script: str, project: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """A step's script as runners call it: bash, the first failure ends it."""
    environment = {
        **os.environ, "PATH": f"{project.parent / 'bin'}:{os.environ['PATH']}", "PYTHONDONTWRITEBYTECODE": "1",
        "CALLS": str(project.parent / "calls"), **variables,
    }  # fmt: skip
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
    return subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)


def steps(lstmcu: Path, project: Path, inputs: dict[str, str]) -> list[subprocess.CompletedProcess[str]]:
    """The Action's, with GitHub's expressions worked out: all that it uses, and no other."""
    known = {f"inputs.{name}": inputs.get(name, each.get("default", "")) for name, each in ACTION["inputs"].items()}
    known |= {"github.action_path": str(lstmcu), "github.token": "secret", "github.event.pull_request.number": "7"}
    files = {name: str(project.parent / name) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    done = []
    for step in ACTION["runs"]["steps"]:
        env = {key: known[text.removeprefix("${{ ").removesuffix(" }}")] for key, text in step["env"].items()}
        assert "${{" not in step["run"]  # what an input holds would be part of the script
        done.append(run(step["run"], project, **env, **files, GITHUB_REPOSITORY="me/mine"))
    return done


def test_the_action_builds_reports_and_comments(lstmcu: Path, project: Path) -> None:
    options = "quant=int8\n\nclock=64MHz\nflash_max=12K"
    done = steps(lstmcu, project, {"model": f"models/{NAME}.keras", "options": options})
    assert [each.returncode for each in done] == [0, 0, 0], done[0].stdout + done[0].stderr
    assert not list(project.rglob("OWNED")) + list(lstmcu.rglob("OWNED"))
    report = (lstmcu / "build/report.md").read_text()
    assert (project.parent / "GITHUB_STEP_SUMMARY").read_text() == report
    assert (project.parent / "GITHUB_OUTPUT").read_text() == f"results={lstmcu}/build\n"
    _, *called = (project.parent / "calls").read_text().splitlines()
    assert called == ["pr", "comment", "7", "--repo", "me/mine", "--edit-last", "--create-if-none", "--body-file",
                      f"{lstmcu}/build/report.md"]  # fmt: skip
    cases = ElementTree.parse(lstmcu / "build/junit.xml").getroot().iter("testcase")
    assert {"flash_max=12288", "outputs equal the reference"} <= {
        str(case.get("name")).split(": ")[1] for case in cases
    }
    (made,) = (path for path in lstmcu.rglob("badge.svg") if "my" in path.parts[-3])
    assert "ms modelled · exact</title>" in made.read_text()


def test_a_broken_budget_fails_the_step_and_is_still_told(lstmcu: Path, project: Path) -> None:
    build, told, _ = steps(lstmcu, project, {"model": f"models/{NAME}.keras", "options": "budget=budget.toml"})
    assert build.returncode == 2
    assert "over flash_max=1000" in build.stdout + build.stderr
    assert told.returncode == 0
    assert "over flash_max=1000" in (project.parent / "GITHUB_STEP_SUMMARY").read_text().replace("\\", "")


def test_the_gitlab_template(lstmcu: Path, project: Path) -> None:
    given = {**{key: text for key, text in GITLAB["variables"].items() if "$" not in text}, "LSTMCU": str(lstmcu)}
    given |= {"MODEL": f"models/{NAME}.keras", "OPTIONS": "quant=int8\nflash_max=12K", "LSTMCU_TOKEN": "secret",
              "CI_MERGE_REQUEST_IID": "3", "CI_PROJECT_ID": "12",
              "CI_API_V4_URL": "https://gitlab.invalid/api/v4"}  # fmt: skip
    for script in (*GITLAB["script"], *GITLAB["after_script"]):
        done = run(script, project, **given)
        assert done.returncode == 0, done.stdout + done.stderr
    assert not list(project.rglob("OWNED"))
    assert (project / GITLAB["artifacts"]["reports"]["junit"]).read_bytes() == (lstmcu / "build/junit.xml").read_bytes()
    assert (project / "lstmcu-results/report.md").is_file()
    address = "https://gitlab.invalid/api/v4/projects/12/merge_requests/3/notes"
    assert address in (project.parent / "calls").read_text().splitlines()
    broken = run(GITLAB["script"][0], project, **{**given, "OPTIONS": "flash_max=1000"})
    assert broken.returncode == 2


def test_the_hook_of_pre_commit(lstmcu: Path, project: Path) -> None:
    assert (HOOK["language"], HOOK["pass_filenames"]) == ("script", False)
    entry = lstmcu / HOOK["entry"]
    words = ["target=cortex-m4", f"model=models/{NAME}.keras"]
    done = subprocess.run([entry, *words, "flash_max=12K"], cwd=project, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    done = subprocess.run(
        [entry, *words, "budget=budget.toml"], cwd=project, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    shipped = [entry, "target=cortex-m4", "model=forecast-window", "flash_max=12K"]  # a name, and no path
    assert subprocess.run(shipped, cwd=project, capture_output=True, check=False).returncode == 0


def made(**changed: Any) -> str:
    return badge.words({**reported("x"), **changed})


def test_what_a_badge_says() -> None:
    report = json.loads(json.dumps(reported("x")))
    assert made() == BADGE.format(report["flash"]["total"] / 1000, report["instructions"])
    time = {"milliseconds": {"low": 1.0, "nominal": 2.1234, "high": 3.0}, "evidence": "documented"}
    assert "· 2.12 ms modelled ·" in made(time=time)
    assert "· 1 to 3 ms modelled ·" in made(time={**time, "evidence": "interval"})
    wrong = {"reference": {**report["error"]["reference"], "mismatches": 12}}
    assert made(error=wrong).endswith("· 12 values differ")
    assert 'fill="#b3261e"' in badge.render({**reported("x"), "error": wrong})
    unknown = {"not_run": "does not fit: flash", "flash": None, "instructions": None, "error": None}
    assert made(**unknown) == "does not fit · not run"
    assert 'fill="#6b6b6b"' in badge.render({**reported("x"), **unknown})


@pytest.mark.parametrize("text", HOSTILE)
def test_a_badge_shows_every_name(text: str) -> None:
    root = ElementTree.fromstring(badge.render({**reported("x"), "target": text.encode("utf-8", "replace").decode()}))
    assert {child.tag.partition("}")[2] for child in root} == {"title", "rect", "text"}
