# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Kernel sets are found by looking: what set.toml may say, what its mistakes are told, and which set runs a layer."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import kernels
from kernels import FORMATS, OPTIMIZE, KernelSet, all_sets, named
from kernels.common.work import Work
from model.emit.choose import choose
from model.errors import UserError
from model.formats.int8 import FORMAT as INT8
from model.layers.activation import Activation
from model.layers.base import Layer
from model.layers.dense import Dense
from model.signal import Signal, Weights
from target.description import load_target, target_names
from tests.probe import ROOT

GOOD = """
description = "a set that a test adds"
word = "asm"
covers = ["dense.s8"]
isa = ["armv6-m"]
levels = ["size", "speed"]
extends = ["common"]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mine").mkdir()
    (tmp_path / "common").mkdir()
    (tmp_path / "mine/set.toml").write_text(GOOD)
    return tmp_path


def test_a_folder_is_all_it_takes(folder: Path) -> None:
    (found,) = all_sets(folder).values()
    levels = ("size", "speed")
    layouts = {"dense.s8": "layout"}
    expected = KernelSet("mine", "a set that a test adds", "asm", layouts, ("armv6-m",), levels, ("common",), False)
    assert found == expected
    assert found.assembly
    assert [found.covers_format(name) for name in FORMATS.values()] == [False, False, True, False]


def test_its_parts_may_stand_in_files_of_their_own(folder: Path) -> None:
    (folder / "mine/more.toml").write_text('covers = ["lstm.s8", "dense.s16"]')
    (found,) = all_sets(folder).values()
    assert found.layouts == {"dense.s8": "layout", "lstm.s8": "more", "dense.s16": "more"}
    assert found.covers_format("s16")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('covers = ["dense.s8"]', "'covers' has 'dense.s8', which another .toml of the set covers"),
        ('word = "asm"', "unknown key 'word'"),
        ("", "the key 'covers' is missing"),
    ],
)
def test_mistakes_in_a_part(folder: Path, text: str, sentence: str) -> None:
    (folder / "mine/more.toml").write_text(text)
    with pytest.raises(UserError, match=re.escape(sentence)):
        all_sets(folder)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("word", "wrod", "unknown key 'wrod'; did you mean 'word'?"),
        ('word = "asm"', "", "the key 'word' is missing"),
        ('["dense.s8"]', "[]", "'covers' must be a list of texts"),
        ("dense.s8", "dense", "'covers' has 'dense'; say layer.format, of the formats f32, dyn, s8, s16"),
        ("dense.s8", "dense.int8", "'covers' has 'dense.int8'; say layer.format"),
        ('"size"', '"sized"', "'levels' has 'sized'; did you mean 'size'?"),
        ('"common"', '"comon"', "'extends' has 'comon', no other folder of kernels/; did you mean 'common'?"),
        ("extends", 'library = "yes"\nextends', "'library' must be true or false, not 'yes'"),
        ("[", "", "not valid TOML"),
    ],
)
def test_mistakes(folder: Path, old: str, new: str, sentence: str) -> None:
    (folder / "mine/set.toml").write_text(GOOD.replace(old, new))
    with pytest.raises(UserError, match=re.escape(sentence)) as caught:
        all_sets(folder)
    assert str(folder / "mine/set.toml") in str(caught.value)


def test_a_set_that_is_not_there_is_refused() -> None:
    with pytest.raises(UserError, match="there is no set 'armv7e'; did you mean 'armv7em'"):
        named(["armv7e"])


def test_the_fallback_is_last_and_there_once() -> None:
    assert [each.name for each in named(["vfp", "armv7em"])] == ["vfp", "armv7em", "c"]
    assert [each.name for each in named(["c"])] == ["c"]


@pytest.mark.parametrize("name", sorted(all_sets()))
def test_a_set_has_what_it_says(name: str) -> None:
    """A function for each kind of layer that it covers, and a target that lists it."""
    found = all_sets()[name]
    for pair in found.covers:
        assert callable(found.function(pair))
    assert hasattr(found.layout, "prologue") == found.assembly
    assert any(name in load_target(target).kernels for target in target_names())
    text = "".join(path.read_text() for path in (ROOT / "kernels" / name).glob("*.inc"))
    assert bool(text) == found.assembly


def dense(values: int, optimize: str = "balanced") -> Work[Layer]:
    kernel = Weights(np.full((3, 6), values, np.int8), np.full(3, 1e-3, np.float32))
    layer = Dense("d", kernel, np.zeros(3, np.int32), "linear", Signal((3,), "int8", 0.1, 0), INT8)
    return Work("net_d", layer, Signal((6,), "int8", 0.1, 0), ("dense",), optimize=optimize)


def test_the_first_set_that_covers_a_layer_runs_it() -> None:
    chosen = choose(dense(1), named(["vfp", "armv7em", "armv7m"]))
    assert (chosen.kernels.name, chosen.constants.notes) == ("armv7em", ())
    relu = Work[Layer]("net_a", Activation("a", "relu", Signal((3,))), Signal((3,)), ("apply",))
    assert choose(relu, named(["vfp"])).kernels.name == "c"


def test_one_that_cannot_prove_what_it_assumes_leaves_the_layer_to_the_next() -> None:
    chosen = choose(dense(-128), named(["armv7m", "armv7em"]))
    assert chosen.kernels.name == "armv7em"
    assert (
        chosen.constants.notes[0] == "layer 'd' runs with kernel set armv7em: sums of 2 columns could overflow 16 bits"
    )


def test_what_no_set_has_is_refused_by_its_name(folder: Path) -> None:
    with pytest.raises(UserError, match=r"layer 'a': none of the kernel sets mine has activation\.f32"):
        choose(
            Work("net_a", Activation("a", "relu", Signal((3,))), Signal((3,)), ("apply",)),
            tuple(all_sets(folder).values()),
        )


@pytest.mark.parametrize("name", [name for name, each in all_sets().items() if each.word == "asm"])
def test_levels_are_those_that_differ(name: str) -> None:
    """Of an int8 set's code; a level that is not listed is made as balanced is."""
    found = all_sets()[name]
    texts = {level: found.layout.prologue(level, ("s8",)) for level in OPTIMIZE}
    assert len(set(texts.values())) == (len(OPTIMIZE) if found.levels else 1)
    assert set(found.levels) in ({*OPTIMIZE}, set())


def test_no_folder_of_kernels_is_forgotten() -> None:
    """Each is a set, or is there to be extended."""
    extended = {name for each in all_sets().values() for name in each.extends}
    folders = {path.name for path in (ROOT / "kernels").iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders == {*all_sets(), *extended}
    assert kernels.FALLBACK in folders
