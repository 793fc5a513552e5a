# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Exported folders in somebody else's build: other compilers, other cores, Make, CMake, and the same outputs."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from measure.distances import against_reference
from model.tolerance import Tolerance
from target.description import load_target
from tests.support.checkout import Checkout, Shared
from tests.support.exported import C99, CPP17, call, forecasts, printed, run, sources
from tests.support.host import ROOT

CORES = ("cortex-m4", "rv32imac")
COMPILERS = ("gcc", "clang")
LANGUAGES = {"C99": C99, "C++17": CPP17}
MODELS = ("forecast-window", "forecast", "exercises")
QUICK = {
    ("forecast-window", "int8", "asm", "cortex-m4", "clang", "C++17"),
    ("forecast", "int8", "asm", "cortex-m4", "gcc", "C99"),
    ("forecast-window", "int8", "c", "cortex-m4", "clang", "C++17"),
    ("forecast-window", "float32", "c", "cortex-m4", "gcc", "C++17"),
    ("forecast-window", "int8", "c", "rv32imac", "gcc", "C99"),
    ("forecast-window", "int8", "c", "rv32imac", "clang", "C++17"),
}
MATRIX = [
    pytest.param(*case, marks=[] if case in QUICK else pytest.mark.long)
    for case in (
        (model, quantisation, kernels, core, compiler, language)
        for model in MODELS
        for quantisation, sets in (("int8", ("asm", "c")), ("float32", ("c",)))
        for core in CORES
        for kernels in sets
        if kernels in load_target(core).words
        for compiler in COMPILERS
        for language in LANGUAGES
    )
]


@pytest.mark.parametrize(("model", "quantisation", "kernels", "core", "compiler", "language"), MATRIX)
def test_an_exported_folder_computes_what_the_reference_does(
    built: Shared,
    tmp_path: Path,
    model: str,
    quantisation: str,
    kernels: str,
    core: str,
    compiler: str,
    language: str,
) -> None:
    dest = f"{model}-{quantisation}-{kernels}-{core}"
    words = (f"target={core}", f"model={model}", f"quant={quantisation}", f"kernels={kernels}", f"dest={dest}")
    root = built("export", *words).root
    folder = root / f"build/{core}/{model}/{quantisation}-{kernels}"
    assert any(path.suffix == ".S" for path in sources(root / dest)) == (kernels == "asm")
    outputs = run(load_target(core), root / dest, folder, tmp_path / "out", compiler, LANGUAGES[language])
    expected = np.load(folder / "expected.npy")
    assert len(outputs) >= 500
    allowed = Tolerance(**json.loads((folder / "model.json").read_text())["tolerance"])
    assert against_reference(outputs, expected, allowed)["mismatches"] == 0


@pytest.mark.parametrize("kernels", ["asm", "c"])
def test_a_stream_steps_as_the_reference_does(built: Shared, tmp_path: Path, kernels: str) -> None:
    dest = f"streamed-{kernels}"
    words = ("target=cortex-m4", "model=forecast-window", f"kernels={kernels}", "state=stream", f"dest={dest}")
    root = built("export", *words).root
    folder = root / f"build/cortex-m4/forecast-window/int8-{kernels}-stream"
    outputs = run(load_target("cortex-m4"), root / dest, folder, tmp_path / "out")
    np.testing.assert_array_equal(outputs, np.load(folder / "expected.npy"))


@pytest.fixture
def examples(built: Shared, tmp_path: Path) -> Path:
    """A copy of the examples with the model where they look for it."""
    folder = built("export", "target=cortex-m4", "model=forecast", "dest=build/export/forecast").root
    shutil.copytree(ROOT / "examples", tmp_path / "examples", ignore=shutil.ignore_patterns("out"))
    shutil.copytree(folder / "build/export/forecast", tmp_path / "build/export/forecast")
    return tmp_path / "examples"


def test_make_builds_once(examples: Path) -> None:
    assert printed(call("make", "-C", "make", "run", cwd=examples)) == forecasts()
    assert "-c " not in call("make", "-C", "make", cwd=examples)


def test_two_tasks_interrupt_each_other_amid_a_step(examples: Path) -> None:
    *numbers, one, other = printed(call("make", "-C", "tasks", "run", cwd=examples))
    assert numbers == forecasts()
    assert min(one, other) >= 3 * 32  # in each of the 32 steps


def test_two_tasks_with_one_instance_would_be_seen(examples: Path) -> None:
    """The model's state is what must not be shared."""
    main = examples / "tasks/main.c"
    text = main.read_text()
    assert "&s->state" in text
    main.write_text(text.replace("&s->state", "&inside.state"))
    assert printed(call("make", "-C", "tasks", "run", cwd=examples))[:32] != forecasts()


def test_assembly_comes_along(built: Shared, tmp_path: Path) -> None:
    """Two models share the macros of their kernels; built by Make and by CMake in both its ways."""
    words = ("target=cortex-m4", "kernels=asm", "model=forecast,forecast-window", "dest=both-asm")
    folder = built("export", *words).root / "both-asm"
    names = {path.name for path in (folder / "src/lstmcu").iterdir()}
    assert {"forecast_kernels.S", "forecast_window_kernels.S", "lstm_s8.inc"} <= names
    readme = (folder / "README.md").read_text()
    assert "runs on nothing else" in readme
    assert "cc -c src/lstmcu/*.S src/lstmcu/*.c" in readme
    shutil.copytree(ROOT / "examples", tmp_path / "examples", ignore=shutil.ignore_patterns("out"))
    toolchain = "-DCMAKE_TOOLCHAIN_FILE=cortex-m4.cmake"
    call("cmake", "-S", "examples/cmake", "-B", "out", toolchain, f"-DMODEL={folder}", cwd=tmp_path)
    make = ("make", "-C", "examples/make", "run", f"MODEL={folder}")
    for command in (make, ("cmake", "--build", "out", "--target", "run")):
        assert printed(call(*command, cwd=tmp_path)) == forecasts()
    lists = tmp_path / "examples/cmake/CMakeLists.txt"
    text = lists.read_text()
    added = "add_subdirectory(${model_folder} forecast)"
    assert added in text
    lists.write_text(text.replace(added, f"find_package(lstmcu_models REQUIRED PATHS {folder})"))
    call("cmake", "-S", "examples/cmake", "-B", "found", toolchain, f"-DCMAKE_PREFIX_PATH={folder}", cwd=tmp_path)
    assert printed(call("cmake", "--build", "found", "--target", "run", cwd=tmp_path)) == forecasts()


def test_a_program_in_cpp_links_by_cmake(built: Shared, tmp_path: Path) -> None:
    """On the host, from a folder elsewhere, with the two models of one folder."""
    root = built("export", "target=cortex-m4", "kernels=c", "model=forecast,forecast-window", "dest=both").root
    (tmp_path / "main.cpp").write_text(
        '#include "forecast.h"\n#include "forecast_window.h"\n'
        "static forecast_state one;\nstatic forecast_window_state other;\n"
        "int main() { forecast_reset(&one); forecast_window_reset(&other); return 0; }\n"
    )
    (tmp_path / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.16)\nproject(user LANGUAGES C CXX)\n"
        f"add_subdirectory({root / 'both'} both)\nadd_executable(user main.cpp)\n"
        "target_link_libraries(user PRIVATE lstmcu::forecast lstmcu::forecast_window)\n"
    )
    for words in (("cmake", "-S", ".", "-B", "out"), ("cmake", "--build", "out")):
        call(*words, cwd=tmp_path)
    subprocess.run([tmp_path / "out/user"], check=True)


@pytest.mark.parametrize("word", ["lstmcu_models_DIR", "CMAKE_PREFIX_PATH"])
def test_cmake_finds_the_folder_as_a_package(built: Shared, tmp_path: Path, word: str) -> None:
    """In two directories of a project that has no C of its own; a later version than there is, is refused."""
    root = built("export", "target=cortex-m4", "kernels=c", "model=forecast,forecast-window", "dest=both").root
    for folder, model in (("one", "forecast"), ("two", "forecast_window")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "main.cpp").write_text(
            f'#include "{model}.h"\nstatic {model}_state state;\nint main() {{ {model}_reset(&state); return 0; }}\n'
        )
        (tmp_path / folder / "CMakeLists.txt").write_text(
            f"find_package(lstmcu_models ${{version}} REQUIRED)\nadd_executable({folder} main.cpp)\n"
            f"target_link_libraries({folder} PRIVATE lstmcu::{model})\n"
        )
    (tmp_path / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.16)\nproject(user LANGUAGES CXX)\n"
        "add_subdirectory(one)\nadd_subdirectory(two)\n"
    )
    words = ("cmake", "-S", ".", "-B", "out", f"-D{word}={root / 'both'}")
    done = subprocess.run([*words, "-Dversion=99"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "lstmcu_models-config.cmake, version: 0." in done.stderr
    call(*words, "-Dversion=0.1", cwd=tmp_path)
    call("cmake", "--build", "out", cwd=tmp_path)
    for name in ("one", "two"):
        subprocess.run([tmp_path / "out" / name / name], check=True)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Somebody's project, with a model of their own and a checkout that has a launcher."""
    checkout = Checkout.copy(tmp_path / "lstmcu")
    launcher = checkout.root / "scons"
    launcher.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m SCons "$@"\n')
    launcher.chmod(0o755)
    folder = tmp_path / "project"
    folder.mkdir()
    for ending in ("keras", "npz"):
        shutil.copy(ROOT / f"models/forecast-window/forecast-window.{ending}", folder / f"my.{ending}")
    (folder / "main.c").write_text(
        '#include "my.h"\nstatic my_state state;\nint main(void) { my_reset(&state); return 0; }\n'
    )
    return folder


def _snippet(language: str) -> str:
    text = (ROOT / "docs/integrate.md").read_text()
    (found,) = re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    return str(found)


def _retrain(project: Path) -> None:
    """Another file of the same network: its hash is in what is generated."""
    with zipfile.ZipFile(project / "my.keras", "a") as archive:
        archive.comment = b"trained again"


def test_make_exports_a_retrained_model_again(project: Path) -> None:
    core = " ".join(load_target("cortex-m4").flags)
    rule = "app: main.c $(LSTMCU_SOURCES)\n\t$(CC) $(LSTMCU_CPPFLAGS) $(LSTMCU_CFLAGS) -r $^ -o $@\n"
    (project / "Makefile").write_text(f"all: app\n\n{_snippet('make')}\n{rule}")
    words = ("make", f"LSTMCU={project.parent / 'lstmcu'}", f"CC=arm-none-eabi-gcc {core}")
    assert "[EXPORT]" in call(*words, cwd=project)
    assert "[EXPORT]" not in call(*words, cwd=project)
    before = (project / "forecast/src/lstmcu/my.c").read_bytes()
    _retrain(project)
    said = call(*words, cwd=project)
    assert "[EXPORT]" in said
    assert "-o app" in said
    assert (project / "forecast/src/lstmcu/my.c").read_bytes() != before
    assert "-o app" not in call(*words, cwd=project)


def test_cmake_exports_a_retrained_model_again(project: Path) -> None:
    (project / "CMakeLists.txt").write_text(
        f"cmake_minimum_required(VERSION 3.19)\nproject(app LANGUAGES C)\n{_snippet('cmake')}"
        "add_executable(app main.c)\ntarget_link_libraries(app PRIVATE lstmcu::my)\n"
    )
    toolchain = f"-DCMAKE_TOOLCHAIN_FILE={ROOT / 'examples/cmake/cortex-m4.cmake'}"
    call("cmake", "-S", ".", "-B", "out", toolchain, f"-DLSTMCU={project.parent / 'lstmcu'}", cwd=project)
    assert "my_kernels.S" in call("cmake", "--build", "out", cwd=project)
    assert "Building C" not in call("cmake", "--build", "out", cwd=project)
    _retrain(project)
    said = call("cmake", "--build", "out", cwd=project)
    assert "my.c" in said
    assert "Linking C executable" in said
