# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The changes fit the project as it stands, and the tool that tries them can tell the noticed from the unnoticed."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.mutants import blind, trial
from tests.mutants.change import ROOT, Change, Part, chosen, parts
from tests.mutants.page import page

WORTH = 0.9  # of the changes must be noticed, or argued
EVERY = 12  # what test-all tries of them; scons mutants tries all

PART = Part("names", ("model/names.py",), ("tests/model/test_model_names.py",))


def _change(was: str, became: str, unseen: str = "") -> Change:
    text = (ROOT / "model/names.py").read_text(encoding="utf-8")
    return Change(PART.name, "model/names.py", text.index(was), was, became, unseen)


def test_each_chosen_change_fits_one_place_of_its_file() -> None:
    changes = chosen()
    assert len(changes) >= 48
    for change in changes:
        assert (ROOT / change.file).read_text(encoding="utf-8")[change.at :].startswith(change.was)
        assert change.was != change.became


def test_every_part_names_tests_that_are_there() -> None:
    for part in parts():
        for word in " ".join(part.tests).split():
            assert (ROOT / word).exists(), word


def test_the_sample_is_drawn_again_the_same_from_every_part() -> None:
    one, other = blind.sample(60, 1), blind.sample(60, 1)
    assert one == other
    assert blind.sample(60, 2) != one
    assert {change.part for change in one} == {part.name for part in parts()}
    assert len(set(one)) == 60


def test_a_drawn_change_of_python_is_still_python() -> None:
    tried = [change for change in blind.sample(200, 3) if change.file.endswith(".py")]
    assert len(tried) > 50
    for change in tried:
        text = (ROOT / change.file).read_text(encoding="utf-8")
        changed = text[: change.at] + change.became + text[change.at + len(change.was) :]
        assert ast.dump(ast.parse(changed)) != ast.dump(ast.parse(text)), change


def test_a_change_that_tests_see_is_told_from_one_they_do_not(tmp_path: Path) -> None:
    folder = trial.copy(tmp_path / "lstmcu")
    before = (folder / "model/names.py").read_bytes()
    harmful = trial.judge(folder, _change("def c_identifier", "def another"), PART)
    harmless = trial.judge(folder, _change('"""', '"""A word more. '), PART)
    assert (harmful.outcome, harmless.outcome) == ("noticed", "unnoticed")
    assert (folder / "model/names.py").read_bytes() == before
    text = page({"chosen": [harmful, harmless]}, 1)
    assert "| names | chosen | 2 | 1 | 0 | 1 |" in text
    assert "a test is missing" in text


def test_a_file_s_own_tests_are_asked_first() -> None:
    assert trial._mirrored("model/plan.py") == ("tests/model/test_plan.py",)
    assert trial._mirrored("kernels/armv7m/lstm_s8.inc") == ("tests/kernels/test_armv7m.py",)
    assert trial._mirrored("measure/cost/timing/arm.py") == ("tests/measure/cost/test_timing.py",)
    assert trial._mirrored("SConstruct") == ()


@pytest.mark.long
def test_small_wrong_changes_are_noticed(tmp_path: Path) -> None:
    known = {part.name: part for part in parts()}
    folder = trial.copy(tmp_path / "lstmcu")
    changes = [*chosen(), *blind.sample(100, 1)][::EVERY]
    missed = [
        change
        for change in changes
        if not change.unseen and not trial.judge(folder, change, known[change.part]).noticed
    ]
    assert len(missed) <= (1 - WORTH) * len(changes), missed
