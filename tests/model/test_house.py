# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Each layer and each number format stands in one file: nobody else asks what kind of layer or format it has.

Read as syntax trees, so that a way around is found by its form and not by a word: ``isinstance`` of a layer, or a
comparison with a format's or a type's name, is a sign that something stands in the wrong room.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from model import formats, layers
from model.formats import types
from tests.probe import ROOT

FOLDERS = ("model", "kernels", "measure", "export", "train", "target", "site_scons")
LAYERS = {kind.__name__ for kind in layers.every().values()} | {"Layer"}
NAMES = {*formats.names(), *formats.suffixes().values(), *types.ALL} - {""}
LOOKS = ("get", "startswith", "endswith", "__eq__")

Found = Iterator[tuple[int, str]]


def files(*without: str) -> list[Path]:
    """The project's own Python, but what lies in these folders."""
    every = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))
    return [path for path in every if not path.relative_to(ROOT).as_posix().startswith(without)]


def _names(node: ast.AST) -> set[str]:
    named = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    return named | {n.attr for n in ast.walk(node) if isinstance(n, ast.Attribute)}


def asks_for_a_layer(tree: ast.AST) -> Found:
    """isinstance and issubclass of layers, comparisons with their classes, and class patterns."""
    for node in ast.walk(tree):
        asked: set[str] = set()
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in ("isinstance", "issubclass")
        ):
            asked = _names(node.args[1])
        elif isinstance(node, ast.Compare):
            asked = {side.id for side in (node.left, *node.comparators) if isinstance(side, ast.Name)}
        elif isinstance(node, ast.MatchClass):
            asked = _names(node.cls)
        if asked & LAYERS:
            yield node.lineno, ast.unparse(node)


def _literals(node: ast.AST | None) -> set[object]:
    """The constants that a node is, or that a tuple, list or set of it holds."""
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        return {value for item in node.elts for value in _literals(item)}
    return {node.value} if isinstance(node, ast.Constant) else set()


def asks_for_a_name(tree: ast.AST) -> Found:
    """Comparisons with names of formats, types or suffixes, cases of a match, tables by them, and looks into such."""
    for node in ast.walk(tree):
        asked: set[object] = set()
        if isinstance(node, ast.Compare):
            asked = {value for side in (node.left, *node.comparators) for value in _literals(side)}
        elif isinstance(node, ast.MatchValue):
            asked = _literals(node.value)
        elif isinstance(node, ast.Dict):
            asked = {value for key in node.keys for value in _literals(key)}
        elif isinstance(node, ast.Subscript):
            asked = _literals(node.slice)
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") in LOOKS:
            asked = {value for argument in node.args for value in _literals(argument)}
        if asked & NAMES:
            yield node.lineno, ast.unparse(node)[:120]


def complaints(check: Callable[[ast.AST], Found], *without: str) -> list[str]:
    """What a check finds, by file and line."""
    return [
        f"{path.relative_to(ROOT)}:{line}: {text}"
        for path in files(*without)
        for line, text in check(ast.parse(path.read_text(encoding="utf-8")))
    ]


def test_nobody_asks_what_kind_of_layer_it_has() -> None:
    assert complaints(asks_for_a_layer, "model/layers/") == []


def test_nobody_asks_for_a_format_or_a_type_by_its_name() -> None:
    assert complaints(asks_for_a_name, "model/formats/") == []


@pytest.mark.parametrize(
    "text",
    [
        "isinstance(x, Lstm)", "isinstance(x, Dense | Convert)", "isinstance(x, (int, net.Reshape))", "type(x) is Lstm",
        "issubclass(x, Activation)", "match x:\n    case Dense(): pass",
    ],
)  # fmt: skip
def test_every_way_to_ask_for_a_layer_is_found(text: str) -> None:
    assert list(asks_for_a_layer(ast.parse(text)))


@pytest.mark.parametrize(
    "text",
    [
        "x == 'int8'", "'s8' != x", "x in ('f32', 'none')", "x not in ['int64']", "match x:\n    case 'dyn': pass",
        "{'int16x8': 1}[x]", "TABLE['float32']", "TABLE.get('dynamic')", "x.startswith('s16')", "{'a': 1, 'int32': 2}",
    ],
)  # fmt: skip
def test_every_way_to_ask_for_a_name_is_found(text: str) -> None:
    assert list(asks_for_a_name(ast.parse(text)))


@pytest.mark.parametrize("text", ["isinstance(x, int)", "x == 'relu'", "f(x, 'int8')", "Signal((1,), 'int8')"])
def test_what_says_a_name_without_asking_is_not(text: str) -> None:
    assert not list(asks_for_a_layer(ast.parse(text)))
    assert not list(asks_for_a_name(ast.parse(text)))
