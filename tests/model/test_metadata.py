# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The .json beside the samples: what is taken from it, and the sentence for every mistake in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from model import metadata
from model.errors import UserError
from model.metadata import Metadata
from tests.support.host import ROOT

SAID = {
    "task": "forecast",
    "unit": "°C",
    "labels": ["a", "b"],
    "scaling": {"input": {"scale": 2, "offset": 0.5}, "output": {"scale": -3.0}},
    "data": {"rate_hz": 12.5, "series": "JFK", "package": "p", "version": "1", "licence": "CC0"},
    "training": {"versions": {"keras": "3", "numpy": "2"}},
    "metrics": {
        "test": {"windows": 5, "as_before": {"mae": 2.5, "rmse": 3.0}, "network": {"mae": 2.0}, "odd": {"a": "b"}}
    },
    "anything": [1, None],
}


def beside(path: Path, text: str | bytes) -> Path:
    path.with_suffix(".json").write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def refusal(samples: Path) -> str:
    with pytest.raises(UserError) as caught:
        metadata.read(samples)
    sentence = str(caught.value)
    assert str(samples.with_suffix(".json")) in sentence
    assert sentence.isprintable()
    return sentence


def test_what_it_says(tmp_path: Path) -> None:
    wanted = Metadata(
        "forecast", "°C", ("a", "b"), (2.0, 0.5), (-3.0, 0.0), 12.5, "JFK, p 1, CC0", "keras 3, numpy 2",
        (("as before", 2.5),),
    )  # fmt: skip
    for encoding in ("utf-8", "utf-8-sig"):
        assert metadata.read(beside(tmp_path / "s.npz", json.dumps(SAID).encode(encoding))) == wanted


@pytest.mark.parametrize("name", ["forecast", "forecast-window", "exercises", "speakers", "anomaly"])
def test_those_that_are_shipped(name: str) -> None:
    told = metadata.read(ROOT / f"models/{name}/{name}.npz")
    assert told.task
    assert told.unit
    assert told.trained.startswith("python 3")


def test_nothing_said(tmp_path: Path) -> None:
    assert metadata.read(tmp_path / "s.npz") == Metadata()
    for text in (
        "{}",
        '{"unit": null, "scaling": null, "data": {}, "metrics": ["mae"], "class_name": "Functional", "config": []}',
    ):
        assert metadata.read(beside(tmp_path / "s.npz", text)) == Metadata()


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ([], "the whole is a list, not an object"),
        (3, "the whole is a number, not an object"),
        (None, "the whole is null, not an object"),
        ({"unit": 3}, "'unit' is a number, not a text"),
        ({"task": ["forecast"]}, "'task' is a list, not a text"),
        ({"labels": "abc"}, "'labels' is a text, not a list of texts"),
        ({"labels": ["a", 1]}, "'labels' is a list, not a list of texts"),
        ({"scaling": 2}, "scaling is a number, not an object"),
        ({"scaling": {"output": [1, 2]}}, "scaling.output is a list, not an object"),
        ({"scaling": {"output": {"scale": "2"}}}, "'scaling.output.scale' is a text, not a finite number"),
        ({"scaling": {"input": {"offset": True}}}, "'scaling.input.offset' is true or false, not a finite number"),
        ({"scaling": {"output": {"scale": float("nan")}}}, "'scaling.output.scale' is nan, not a finite number"),
        ({"data": {"rate_hz": float("inf")}}, "'data.rate_hz' is inf, not a finite number"),
        ({"data": {"rate_hz": 10**400}}, "'data.rate_hz' is a number, not a finite number"),
        ({"data": {"rate_hz": -1}}, "'data.rate_hz' is -1; give readings a second, above 0"),
        ({"data": {"rate_hz": 1e-320}}, "'data.rate_hz' is 9.99989e-321; give readings a second"),
        ({"data": {"series": {}}}, "'data.series' is an object, not a text"),
        ({"training": {"versions": {"keras": 3}}}, "'training.versions.keras' is a number, not a text"),
        ({"training": "long"}, "training is a text, not an object"),
    ],
)
def test_what_it_may_not_say(tmp_path: Path, said: Any, sentence: str) -> None:
    assert sentence in refusal(beside(tmp_path / "s.npz", json.dumps(said)))


@pytest.mark.parametrize(
    "text", ["", "{", "hello", b"\xff\xfe{\0}\0", b"\x80", "[" * 100_000, '{"a": 1}}', '{"a": ' + "1" * 5000 + "}"]
)
def test_what_is_no_json(tmp_path: Path, text: str | bytes) -> None:
    assert "is no JSON that says what the samples mean" in refusal(beside(tmp_path / "s.npz", text))


def test_a_file_that_is_too_large(tmp_path: Path) -> None:
    assert "is larger than 1 MiB" in refusal(beside(tmp_path / "s.npz", " " * (metadata.BYTES + 1)))
