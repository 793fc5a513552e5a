# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What files and folders are called: every name builds, or is refused in a sentence, and none is run.

The checkout lies in a folder with a name of the worst kind. Names that would run as Python, in a shell or as an option
leave a file OWNED.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from model.names import c_identifier
from tests.support.checkout import Checkout
from tests.support.host import ROOT
from tests.support.keras_files import archive, dense, input_layer, lstm

FOLDER = """${__import__("os").system("touch OWNED")}`touch OWNED`$(id>OWNED);id>OWNED;& |(a)'b"c#%,=*?[z]\\e <f>{g}"""
ALL_AT_ONCE = """-a'b"c$d;e&f(1) g,h`id>OWNED`*?[z]\\x<y>#%|${z}@{2}="""
NAMES = (
    '${__import__("os").system("touch OWNED")}', "a;id>OWNED;", "`touch OWNED`", "model(1)", "b'c\"d", "d$e&f",
    "g\\h*i?[j]", "--out", "@file", "#top", " größe 模型 ", "carried", "bench", "my_bench",
)  # fmt: skip
MORE_NAMES = (
    "$(touch OWNED)", "|id>OWNED", "$TARGET", "$$x", "${x}", "-x", "-Wl,x", "<b>", "~home", "%s%d{0}", "a=b", "!bang",
    "x]]>", "{{ name }}", ".hidden", "trailing.", "q\\", "\\q", "obj", "report", "a_kernels", "_", "🎉", "n" * 200,
    "a.b.c", "con", "--help", "-", "@", "#", "$", "*",
    "'", '"', ";", "&", "(", ",", "^", "+", "..x", "x" * 40 + " " * 40 + "y",
)  # fmt: skip
CHEAP = ("target=host", "kernels=c", "quant=int8")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    return Checkout.copy(tmp_path_factory.mktemp("names") / FOLDER / "lstmcu")


@pytest.fixture(autouse=True)
def nothing_ran(checkout: Checkout) -> Iterator[None]:
    """No name left what it would leave."""
    yield
    assert list(checkout.root.parents[1].rglob("OWNED*")) == []


def add_model(checkout: Checkout, name: str, samples: str = "") -> str:
    """A small model and its samples; its path."""
    archive(checkout.root / f"{name}.keras", [input_layer(5, 3), lstm(3, 4), dense(4, 2)])
    inputs = np.random.default_rng(0).normal(0, 1, (20, 5, 3)).astype(np.float32)
    np.savez(checkout.root / f"{samples or name}.npz", inputs=inputs)
    return f"{name}.keras"


def together(names: tuple[str, ...]) -> list[list[str]]:
    """Lists that one model= can have: no name with a comma, no two that are one in C."""
    lists: list[list[str]] = []
    for name in names:
        fits = (each for each in lists if "," not in name and all("," not in other for other in each))
        own = c_identifier(name)
        free = next((each for each in fits if own not in map(c_identifier, each)), None)
        if free is None:
            lists.append([name])
        else:
            free.append(name)
    return lists


def assert_right(checkout: Checkout, names: list[str], target: str = "host") -> None:
    for name in names:
        report = json.loads((checkout.root / f"build/{target}/{name}/int8-c/report.json").read_text(encoding="utf-8"))
        assert report["model"]["source"] == f"{name}.keras"
        assert report["error"]["reference"]["mismatches"] == 0


@pytest.mark.parametrize("names", together(NAMES), ids=str)
def test_a_model_of_any_name_is_built(checkout: Checkout, names: list[str]) -> None:
    models = [add_model(checkout, name) for name in names]
    checkout.build("-j2", f"model={','.join(models)}", *CHEAP)
    assert_right(checkout, names)
    again = checkout.build(f"model={','.join(models)}", *CHEAP)
    assert again.rules == set()


@pytest.mark.long
@pytest.mark.parametrize("names", together(MORE_NAMES), ids=lambda names: names[0])
def test_a_model_of_many_more_names_is_built(checkout: Checkout, names: list[str]) -> None:
    models = [add_model(checkout, name) for name in names]
    checkout.build("-j2", f"model={','.join(models)}", *CHEAP)
    assert_right(checkout, names)


def test_every_file_and_goal_may_have_any_name(checkout: Checkout) -> None:
    """Model, samples, target, cache, budget, baseline and destination at once."""
    name, target = ALL_AT_ONCE, f"#{ALL_AT_ONCE}"
    model = add_model(checkout, name, samples=f"@{name}")
    (checkout.root / f"@{name}.json").write_text('{"unit": "V"}')
    shutil.copy(ROOT / "toolchains/cortex-m0.toml", checkout.root / f"{target}.toml")
    (checkout.root / f"-{name}.toml").write_text('["*"]\nflash_max = 1000000\n')
    files = (f"model={model}", f"samples=@{name}.npz", f"toolchain={target}.toml", f"budget=-{name}.toml")
    request = ("kernels=c", "quant=int8", f"cache=#{name}", *files)

    done = checkout.build("report", "sizes", "profile", "page", *request)
    assert "REPORT report.json" in done.rules
    assert_right(checkout, [name], target)
    assert (checkout.root / f"#{name}").is_dir()
    assert (checkout.root / "build/report.html").is_file()
    assert {case.get("name") for case in ET.parse(checkout.root / "build/junit.xml").iter("testcase")}
    checkout.build("baseline", f"baseline=--{name}", *request)
    assert "unchanged since" in checkout.build("diff", f"baseline=--{name}", *request).out
    checkout.build("export", f"dest=-{name}", *request)
    exported = checkout.root / f"-{name}"
    compiled = ["gcc", "-c", "-std=c99", "-Wall", "-Wextra", "-Werror", *exported.glob("src/**/*.c")]
    subprocess.run(compiled, cwd=exported, check=True)
    checkout.build("export", f"dest=-{name}.zip", *request)
    checkout.build("-c", *request)
    assert not [path for path in (checkout.root / f"build/{target}").rglob("*") if path.is_file()]
    there = {"HOSTCC profiler.so"} - done.rules  # what was built before there was a cache is not in it
    assert checkout.build(*request).rules <= {"TABLE report.txt", "COPY expected.npy", *there}


@pytest.mark.long
@pytest.mark.parametrize("goal", ["compare", "misra", "convert"])
def test_goals_that_take_long(checkout: Checkout, goal: str) -> None:
    for ending in ("keras", "npz"):
        shipped = ROOT / f"models/forecast-window/forecast-window.{ending}"
        shutil.copy(shipped, checkout.root / f"{ALL_AT_ONCE}.{ending}")
    shutil.copytree(ROOT / "requirements", checkout.root / "requirements", dirs_exist_ok=True)
    checkout.build(goal, "target=cortex-m0", f"model={ALL_AT_ONCE}.keras", "kernels=c", "quant=int8")


def test_the_launcher_in_such_a_folder(checkout: Checkout, tmp_path: Path) -> None:
    """From another folder, by the .venv that this very test runs in."""
    if not (ROOT / ".venv/lstmcu-stamp").is_file():
        pytest.skip("run by another Python than ./scons's")
    model = add_model(checkout, "launched")
    shutil.copy2(ROOT / "scons", checkout.root)
    shutil.copytree(ROOT / "requirements", checkout.root / "requirements", dirs_exist_ok=True)
    (checkout.root / ".venv").symlink_to((ROOT / ".venv").resolve())
    words = [checkout.root / "scons", f"model={model}", *CHEAP]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    (checkout.root / ".venv").unlink()
    assert done.returncode == 0, done.stdout + done.stderr
    assert_right(checkout, ["launched"])


# ---- lists -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "value", "built"),
    [
        (["one", "two"], "one.keras,two.keras", ["one", "two"]),
        (["one", "two", "one.keras,two"], "one.keras,two.keras", ["one.keras,two"]),
        ([",", "a,b,c"], "a,b,c.keras", ["a,b,c"]),
        ([",,"], ",,.keras", [",,"]),
    ],
)
def test_a_file_with_commas_comes_before_a_list(
    files: list[str], value: str, built: list[str], checkout: Checkout
) -> None:
    for name in files:
        add_model(checkout, name)
    done = checkout.build("-n", f"model={value}", *CHEAP)
    for name in files:
        (checkout.root / f"{name}.keras").unlink()
    assert re.findall(r"^\[QUANT\] build/models/(.*)/int8/network.npz$", done.out, re.MULTILINE) == built


# ---- refusals --------------------------------------------------------------------------------------------------

OPTIONS = ("model", "samples", "toolchain", "budget", "baseline", "cache", "dest", "cmsis_nn")
UNSPEAKABLE = ("a\nb", "a\tb", "\x1b[31mred", "a\rb", "a\x7fb", "a\u2028b", "a\u202eb", os.fsdecode(b"a\xffb"))


def refusal(checkout: Checkout, *words: str) -> str:
    before = checkout.files()
    sentence = checkout.scons(*words).sentence
    assert checkout.files() == before
    assert sentence.isprintable()
    return sentence


@pytest.mark.parametrize("option", OPTIONS)
def test_what_no_line_can_show_is_refused(checkout: Checkout, option: str) -> None:
    text = UNSPEAKABLE[OPTIONS.index(option)]
    sentence = refusal(checkout, f"{option}={text}.keras")
    assert sentence.startswith(f"{option}={ascii(text)[1:-1]}")
    assert sentence.endswith("cannot stand in a name; rename it")


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (["model=...keras"], ["model=...keras: its name is nothing but dots"]),
        ([f"model={'n' * 201}.keras"], ["its name has 201 bytes, and 200 are supported"]),
        ([f"model={'n' * 5000}.keras"], ["its name has 5000 bytes, and 200 are supported"]),
        ([f"samples={'n' * 300}.npz"], ["n.npz", "File name too long"]),
        ([f"toolchain={'n' * 300}.toml"], ["its name has 300 bytes"]),
        ([f"budget={'n' * 300}.toml"], ["n.toml"]),
        (["model=x y.keras,x-y.keras"], ["x y.keras and x-y.keras are both 'x_y' in C", "rename one"]),
        (["model=模型.keras,型.keras"], ["are both 'model' in C"]),
        (["toolchain=models.toml"], ["build/models/ is not a target's; rename the file"]),
    ],
)
def test_names_that_cannot_be_built_are_refused(checkout: Checkout, words: list[str], parts: list[str]) -> None:
    for name in ("..", "n" * 201, "x y", "x-y", "模型", "型"):
        add_model(checkout, name)
    sentence = refusal(checkout, *words)
    for part in parts:
        assert part in sentence


@pytest.mark.parametrize(
    ("folder", "part"), [("a\nb", r"a\nb"), ("a:b", "no ':' can stand in its path"), (os.fsdecode(b"\xff"), r"\udcff")]
)
def test_checkouts_that_cannot_build_say_so(tmp_path: Path, folder: str, part: str) -> None:
    sentence = Checkout.copy(tmp_path / folder / "lstmcu").scons().sentence
    assert sentence.startswith("the checkout's folder ")
    assert part in sentence
