# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Names of models in C: none is a header's, a keyword or another model's."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model import emit
from model.names import c_identifier, note, taken
from target import compiler
from target.description import load_target
from tests.support import networks
from tests.support.host import FIRMWARE, INCLUDES, ROOT, WARNINGS, compile_c
from tests.support.networks import Spec

SPEC = Spec(3, 2, (3,), False, False, ((2, "linear"),), (False,), True, False, False, 4)
MEANT = (
    "string", "math", "stdint", "signal", "time", "errno", "assert", "thread", "vector", "pthread", "sched", "malloc",
    "int", "class", "while", "typeof", "and", "main", "con", "aux", "NUL", "com1", "Lpt9",
    "lstmcu", "lstmcu_kernels", "LSTMCU", "lstmcu_dense_s8", "bench", "elementwise", "trace", "arch", "semihosting",
    "activation", "dense_s8", "dot", "cell", "hybrid", "startup", "fixed-point", "float math",
)  # fmt: skip
FREE = (
    "forecast", "exercises", "forecast_window", "model", "net", "stringy", "integer", "maths", "lstm", "size",
    "lstmcus",
)  # fmt: skip


@pytest.mark.parametrize("stem", MEANT)
def test_a_name_that_means_something_gets_a_prefix(stem: str) -> None:
    name = c_identifier(stem)
    assert name == "m_" + re.sub(r"\W", "_", stem.lower())
    assert taken(name) == ""
    assert f"is called {name} in C" in note(stem)


@pytest.mark.parametrize("stem", FREE)
def test_others_are_left_alone(stem: str) -> None:
    assert c_identifier(stem) == stem
    assert note(stem) == ""


def test_the_toolchains_headers_are_known() -> None:
    """All that ``#include "<model>.h"`` in a user's file could find instead, or a system header find for it."""
    found: set[str] = set()
    for target in ("cortex-m4", "rv32imc"):
        made = compiler.find(load_target(target), "gcc")
        words = [made.program, *made.compile, "-xc", "-E", "-v", "-"]
        said = subprocess.run(words, input="", capture_output=True, text=True, check=True).stderr
        folders = said.partition("search starts here:\n#include <...>")[2].partition("End of search list")[0]
        for folder in re.findall(r"^ (/\S+)$", folders, re.MULTILINE):
            found |= {path.stem for path in Path(folder).glob("*.h")}
    found |= {path.stem for folder in (FIRMWARE, ROOT / "kernels") for path in folder.rglob("*.h")}
    assert len(found) > 60
    assert [name for name in sorted(found) if not name.startswith("_") and not taken(re.sub(r"\W", "_", name))] == []


@given(st.text(max_size=20))
def test_any_stem_gives_an_identifier_that_is_free(stem: str) -> None:
    name = c_identifier(stem)
    assert re.fullmatch("[a-z][a-z0-9_]*", name)
    assert not taken(name)
    assert c_identifier(name) == name


@pytest.mark.parametrize("stem", [*MEANT, *FREE])
def test_it_compiles_as_c_and_as_cpp(tmp_path: Path, stem: str) -> None:
    network = replace(networks.build(SPEC), name=c_identifier(stem))
    for name, text in emit.generate(network, "c", "window").items():
        (tmp_path / name).write_text(text)
    source = tmp_path / f"{network.name}.c"
    compile_c("-std=c99", *WARNINGS, *INCLUDES, f"-I{tmp_path}", "-fsyntax-only", source)
    (tmp_path / "user.c").write_text(f'#include <string.h>\n#include <math.h>\n#include "{network.name}_bench.h"\n')
    for language in (("-std=c99",), ("-x", "c++", "-std=c++11")):
        compile_c(*language, *WARNINGS, *INCLUDES, f"-I{tmp_path}", "-fsyntax-only", tmp_path / "user.c")


NAMES = st.from_regex("[ab](_[ab]){0,3}", fullmatch=True)
MACRO = re.compile(r"^#define (\w+)", re.MULTILINE)
GLOBAL = re.compile(r"^(?:void|int|static \w+ \w+|static const \w+) ?(\w+)[(\[ ]", re.MULTILINE)


@given(NAMES, NAMES, NAMES, NAMES)
def test_models_whose_names_begin_alike_share_nothing(one: str, other: str, layer: str, another: str) -> None:
    """Model a with layer b_a against model a_b with layer a, and so on."""
    if one == other:
        return

    def names(name: str, called: str) -> set[str]:
        network = networks.build(SPEC)
        layers = tuple(replace(each, name=called if k == 0 else each.name) for k, each in enumerate(network.layers))
        files = emit.generate(network.but(name=name, layers=layers), "armv7em", "stream")
        text = "\n".join(files[f"{name}{ending}"] for ending in (".c", ".h", "_kernels.S"))
        return {word for word in re.findall(r"\b\w+\b", text) if word.startswith((f"{name}_", f"{name.upper()}_"))}

    both = names(one, layer), names(other, another)
    assert all(both)
    assert not both[0] & both[1]
