# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The survey of a folder: a verdict on every file, whatever is in it, and counts that tell what stops most."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from model import survey
from model.errors import UserError
from model.survey import Found
from tests.support.keras_files import archive, dense, input_layer, legacy, lstm, weights_of

PLAIN = [input_layer(5, 3), lstm(3, 4), dense(4, 2)]
OTHER = [input_layer(7, 3), lstm(3, 6, "mine, odd (and) 'quoted'"), ("Mystery", {"name": "m"}, [])]


def run(monkeypatch: pytest.MonkeyPatch, folder: Path, out: Path) -> None:
    monkeypatch.setattr(sys, "argv", ["survey", f"--dir={folder}", "--out", str(out)])
    survey.main()


def test_no_file_stops_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "models"
    (folder / "deep/er").mkdir(parents=True)
    archive(folder / "deep/er/a|b\n.keras", PLAIN)
    legacy(folder / "B.H5", PLAIN)
    archive(folder / "c.keras", OTHER)
    (folder / "d.h5").write_bytes(weights_of(PLAIN))
    archive(folder / "e.keras", [input_layer(5, 3), dense(3, 2)])
    (folder / "f.tflite").write_text("nothing")
    (folder / "notes.txt").write_text("no model")
    run(monkeypatch, folder, tmp_path / "out/survey")
    said = capsys.readouterr().out
    found = json.loads((tmp_path / "out/survey.json").read_text())
    assert [(each["file"], each["verdict"]) for each in found] == [
        ("B.H5", "loads"),
        ("c.keras", "refused"),
        ("d.h5", "no model"),
        ("deep/er/a|b\\x0a.keras", "loads"),
        ("e.keras", "no model"),
        ("f.tflite", "refused"),
    ]
    assert found[0]["reason"] == "lstm dense"
    assert found[1]["reason"].startswith("layer 'm' (Mystery): this kind of layer is not supported; ")
    assert "2 of 4 models load (50 %); 2 files hold no recurrent model\n" in said
    assert "    1  refused   Mystery: this kind of layer is not supported\n" in said
    page = (tmp_path / "out/survey.md").read_text()
    assert "| deep/er/a\\|b\\\\x0a.keras | loads | lstm dense |\n" in page


def test_what_breaks_the_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(survey, "SECONDS", 0.5)
    trials = {
        "os.abort()": "ended by signal 6",
        "1 / 0": "ZeroDivisionError: ",
        "time.sleep(60)": "does not come to an",
    }
    for statement, reason in trials.items():
        command = [sys.executable, "-c", f"import os, time; {statement}"]
        original = survey.run_program
        with monkeypatch.context() as patch:
            patch.setattr(survey, "run_program", lambda _, cwd, s, c=command, o=original: o(c, cwd, s))
            found = survey.tried(tmp_path / "m.keras", tmp_path)
        assert found.verdict == "crashed"
        assert found.reason.startswith(reason)


def test_reasons_are_counted_without_what_is_of_one_file() -> None:
    relu = "layer '{}' (LSTM): activation='relu' is not supported; supported: tanh"
    shape = "the input shape is [None, None, {}]; steps and features must be fixed"
    found = [Found("a", "refused", relu.format("lstm")), Found("b", "refused", relu.format("it's (GRU): mine"))]
    found += [Found("c", "refused", shape.format(1)), Found("d", "refused", shape.format(20)), Found("e", "loads", "")]
    found += [Found("f", "refused", "layer 'x' (Dense): 'mine' is 'yours'")]
    assert survey.counted(found) == [
        (2, "refused", "LSTM: activation='relu' is not supported"),
        (2, "refused", "the input shape is [None, None, N]"),
        (1, "loads", ""),
        (1, "refused", "Dense: '...' is '...'"),
    ]
    assert survey.summary(found) == "1 of 6 models load (17 %); 0 files hold no recurrent model"


def test_folders_without_models(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"dir=.*/nowhere: no such folder"):
        survey.files(tmp_path / "nowhere")
    with pytest.raises(UserError, match=r"holds no trained model; known by its ending are \.keras, "):
        survey.files(tmp_path)
