# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""``tools=["lstmcu"]`` in somebody else's SCons tree: it builds, and knows what depends on what."""

from __future__ import annotations

import configparser
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.checkout import Checkout
from tests.support.host import ROOT

MAIN = """#include <stdio.h>
#include "my.h"
static my_state state;
static int8_t window[MY_STEPS * MY_FEATURES], out[MY_OUTPUTS];
int main(void) { my_run(&state, window, out); for (int k = 0; k < MY_OUTPUTS; ++k) printf("%d\\n", out[k]); return 0; }
"""
SCONSTRUCT = """env = Environment(tools=["lstmcu"], toolpath=["../lstmcu/site_scons/site_tools"])
my = env.LstmModel("my", model="my.keras", samples="my.npz")
env.Program("app", ["main.c", my], CPPPATH=my.include)
"""


def scons(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "SCons", "-Q", *words]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def build(folder: Path, *words: str) -> str:
    """What SCons says of a build that succeeds."""
    done = scons(folder, *words)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def steps(said: str) -> set[str]:
    """``GEN``, ``QUANT`` and the names of the objects that were made."""
    return {*re.findall(r"^\[(\w+)\]", said, re.MULTILINE), *re.findall(r"-o (?:\S*/)?(\w+)(?:\.c)?\.o ", said)}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Somebody's tree beside a checkout; modules of its own that are called as lstmcu's are do not matter."""
    Checkout.copy(tmp_path / "lstmcu")
    folder = tmp_path / "project"
    folder.mkdir()
    for ending in ("keras", "npz"):
        shutil.copy(ROOT / f"models/forecast-window/forecast-window.{ending}", folder / f"my.{ending}")
    (folder / "main.c").write_text(MAIN)
    (folder / "SConstruct").write_text(SCONSTRUCT)
    (folder / "model.py").write_text("raise SystemExit('the wrong module')\n")
    return folder


def append(path: Path, text: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(text)


def test_it_builds_and_then_has_nothing_to_do(project: Path) -> None:
    assert {"QUANT", "GEN", "main", "my", "dense_s8"} <= steps(build(project))
    assert len(subprocess.run([project / "app"], capture_output=True, check=True).stdout.split()) == 16
    assert [path.name for path in (project / "lstmcu/my/include").iterdir()] == ["my.h"]
    assert "is up to date" in build(project)
    build(project, "-c")
    left = {path.relative_to(project).as_posix() for path in project.rglob("*") if path.is_file()}
    assert left == {"SConstruct", "main.c", "model.py", "my.keras", "my.npz", ".sconsign.dblite"}


@pytest.mark.parametrize(
    ("path", "text", "rules"),
    [
        ("lstmcu/kernels/c/dense_s8.c", "/* a comment */\n", {"dense_s8"}),
        ("lstmcu/model/emit/__init__.py", "# a comment\n", {"GEN"}),
        ("lstmcu/model/emit/templates/model.h.jinja", "/* a comment */\n", {"GEN", "main", "my"}),
        ("lstmcu/model/quantise.py", "# a comment\n", {"QUANT"}),
        ("lstmcu/measure/report.py", "# a comment\n", set()),
        ("project/main.c", "/* a comment */\n", {"main"}),
        ("project/SConstruct", "env.Append(CCFLAGS='-g')\n", {"main"}),  # after LstmModel was called
    ],
)
def test_an_edit_remakes_what_it_reaches(project: Path, path: str, text: str, rules: set[str]) -> None:
    build(project)
    append(project.parent / path, text)
    assert steps(build(project)) == rules
    assert "is up to date" in build(project)


def test_new_samples_and_new_flags_reach_the_model(project: Path) -> None:
    build(project)
    shutil.copy(ROOT / "models/forecast/forecast.npz", project / "my.npz")
    done = scons(project)  # windows of another shape: the sentence is the program's own
    assert done.returncode == 2
    assert "[QUANT]" in done.stdout
    assert "lstmcu: error: " in done.stdout + done.stderr
    shutil.copy(ROOT / "models/forecast-window/forecast-window.npz", project / "my.npz")
    build(project)
    (project / "SConstruct").write_text(SCONSTRUCT.replace('["lstmcu"]', '["lstmcu"], CCFLAGS=["-O1"]'))
    made = steps(build(project))
    assert {"main", "my", "dense_s8"} <= made
    assert not {"GEN", "QUANT"} & made


def test_two_models_of_a_subfolder_link_once(project: Path) -> None:
    """In a variant_dir, with other options; each library has the runtime, and the linker takes one."""
    (project / "src").mkdir()
    shutil.move(project / "main.c", project / "src/main.c")
    append(project / "src/main.c", '#include "other.h"\nint other(other_state *s) { other_reset(s); return 0; }\n')
    (project / "SConstruct").write_text(
        'env = Environment(tools=["default", "lstmcu"], toolpath=["../lstmcu/site_scons/site_tools"])\n'
        'SConscript("src/SConscript", variant_dir="out", exports="env")\n'
    )
    (project / "src/SConscript").write_text(
        'Import("env")\nmy = env.LstmModel("my", model="#my.keras")\n'
        'other = env.LstmModel("other", model="#my.keras", quant="int16x8", state="stream")\n'
        'env.Program("app", ["main.c", my, other], CPPPATH=[my.include, other.include])\n'
    )
    build(project)
    subprocess.run([project / "out/app"], check=True, capture_output=True)
    assert (project / "out/lstmcu/other/other.c").is_file()
    assert not (project / "lstmcu").exists()


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        ('env.LstmModel("my-model", model="my.keras")', "the name becomes a C identifier"),
        ('env.LstmModel("my_L0_lstm", model="my.keras")', "begin the name of a layer; call it 'my_l0_lstm'"),
        ('env.LstmModel("string", model="my.keras")', "'string'): it is a header of C, C++, POSIX or a toolchain"),
        ('env.LstmModel("string", model="my.keras")', "call it 'm_string'"),
        ('env.LstmModel("my")', "needs model=, the file of a trained model"),
        ('env.LstmModel("my", model="main.c")', "there is no main.npz beside main.c; give samples="),
        ('env.LstmModel("my", model="my.keras", kernels="vfp,armv8m")', "kernels='armv8m' is none of armv6m, "),
        ('env.LstmModel("my", model="my.keras", kernels=["cmsis_nn"])', "kernels='cmsis_nn' is none of armv6m, "),
        ('env.LstmModel("my", model="my.keras", kernels="asm")', "kernels='asm' is none of armv6m, "),
        ('env.Default(env.LstmModel("my", model="no.keras", samples="my.npz"))', "`no.keras' not found"),
    ],
)
def test_a_mistake_gets_a_sentence(project: Path, call: str, sentence: str) -> None:
    (project / "SConstruct").write_text(f"{SCONSTRUCT.splitlines()[0]}\n{call}\n")
    done = scons(project)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_a_trained_model_may_have_any_name(project: Path) -> None:
    """It reaches lstmcu's programs letter by letter, where SCons would run it; commands are SCons's own."""
    name = """-${__import__("os").system("touch OWNED")}`touch OWNED`;id>OWNED;(1)'"&*"""
    for ending in ("keras", "npz"):
        shutil.move(project / f"my.{ending}", project / f"{name}.{ending}")
    (project / "name.txt").write_text(name)
    files = 'name = open("name.txt").read()\n'
    given = 'model=env.FileAt(f"{name}.keras"), samples=env.FileAt(f"{name}.npz"))'
    (project / "SConstruct").write_text(SCONSTRUCT.replace('model="my.keras", samples="my.npz")', given))
    (project / "SConstruct").write_text(files + (project / "SConstruct").read_text())
    assert {"QUANT", "GEN", "main", "my", "dense_s8"} <= steps(build(project))
    assert "is up to date" in build(project)
    assert not (project / "OWNED").exists()


@pytest.mark.parametrize("folder", ["a$", "a;b", "c'd", "`id`", "e(f)", 'g"h'])
def test_folders_that_scons_cannot_compile_in_are_refused(tmp_path: Path, folder: str) -> None:
    """Whoever compiles by commands of SCons's has its substitution and its shell; a blank passes."""
    Checkout.copy(tmp_path / folder / "lstmcu")
    toolpath = f"{folder}/lstmcu/site_scons/site_tools"
    (tmp_path / "SConstruct").write_text(f"Environment(tools=['lstmcu'], toolpath=[{toolpath!r}])\n")
    done = scons(tmp_path)
    assert done.returncode == 2
    assert f"lstmcu: SCons cannot compile in the folder {folder}/lstmcu/firmware, for its " in done.stderr
    assert "rename or move it" in done.stderr


def test_a_checkout_in_a_folder_with_blanks(project: Path) -> None:
    shutil.move(project.parent / "lstmcu", project.parent / "mein Gerät, 模型")
    (project / "SConstruct").write_text(SCONSTRUCT.replace("../lstmcu", "../mein Gerät, 模型"))
    assert {"QUANT", "GEN", "main", "my"} <= steps(build(project))
    assert "is up to date" in build(project)


def test_platformio_builds_it_by_an_extra_script(tmp_path: Path) -> None:
    """PlatformIO itself is not installed here: its part is what it does before a `post:` script, in its order."""
    checkout = Checkout.copy(tmp_path / "lstmcu")
    folder = checkout.root / "examples/platformio"
    settings = configparser.ConfigParser()
    settings.read(folder / "platformio.ini")
    assert settings["platformio"]["src_dir"] == "../firmware"
    when, _, script = settings["env:firmware"]["extra_scripts"].partition(":")
    assert when == "post"
    (folder / "SConstruct").write_text(
        "core = ['-mcpu=cortex-m4', '-mthumb', '-mfpu=fpv4-sp-d16', '-mfloat-abi=hard']\n"
        "env = Environment(CC='arm-none-eabi-gcc', BUILD_DIR='.pio/build/firmware', CCFLAGS=core,\n"
        f"    LINKFLAGS=[*core, '-nostartfiles', '--specs=nosys.specs', '{settings['env:firmware']['build_flags']}'])\n"
        "projenv = env.Clone()\n"
        "objects = [projenv.Object(f'$BUILD_DIR/src/{n}', f'../firmware/{n}.c') for n in ('main', 'startup')]\n"
        "program = env.Program('$BUILD_DIR/program.elf', objects)\n"
        f"SConscript('{script}', exports=['env', 'projenv'])\n"
    )
    said = build(folder)
    assert {"QUANT", "GEN", "main", "forecast"} <= steps(said)
    image = folder / ".pio/build/firmware/program.elf"
    assert "forecast_step" in subprocess.run(["arm-none-eabi-nm", image], capture_output=True, text=True).stdout
    assert "is up to date" in build(folder)
