# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Targets in the build: one file each, kept apart, skipped or refused in one sentence, clean with every compiler."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from target import compiler, link
from target.description import Target, load_target, target_names
from tests.support.checkout import Checkout, Shared
from tests.support.host import ROOT

MODEL = "forecast-window"  # the quick one
QUICK = (f"model={MODEL}", "quant=int8", "kernels=c")
WARNINGS = ("-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Wundef", "-Werror")
EXAMPLES = sorted(path.stem for path in (ROOT / "examples/targets").glob("*.toml"))
CROSS = [name for name in target_names() if load_target(name).arch != "host"]


@pytest.fixture
def checkout(built: Shared, tmp_path: Path) -> Checkout:
    """A copy of a checkout in which two targets are built."""
    return built.copy(tmp_path / "checkout", "target=cortex-m4,rv32imc", *QUICK)


def report(checkout: Checkout, target: str, variant: str = "int8-c") -> dict[str, object]:
    return dict(json.loads((checkout.root / f"build/{target}/{MODEL}/{variant}/report.json").read_text()))


def test_adding_a_target_touches_one_file(checkout: Checkout) -> None:
    text = (checkout.root / "toolchains/cortex-m4.toml").read_text()
    soft = (
        text.replace("hard", "soft")
        .replace('"-mfpu=fpv4-sp-d16", ', "")
        .replace("armv7e-m+fp", "armv7e-m")
        .replace('"vfp", ', "")
    )
    (checkout.root / "toolchains/soft-m4.toml").write_text(soft)
    checkout.build("target=soft-m4", *QUICK)
    assert report(checkout, "soft-m4")["not_run"] is None
    assert "soft-m4" in checkout.build("-h").out


def test_objects_of_one_target_never_reach_another(checkout: Checkout) -> None:
    """Every object lies in its target's folder and is of its instruction set; a change to one target stays there."""
    machines = {}
    for name in ("cortex-m4", "rv32imc"):
        objects = list((checkout.root / "build" / name).rglob("*.o"))
        assert len(objects) > 10
        machines[name] = {path.read_bytes()[18:20] for path in objects}  # e_machine
    assert machines == {"cortex-m4": {b"\x28\x00"}, "rv32imc": {b"\xf3\x00"}}
    path = checkout.root / "toolchains/rv32imc.toml"
    path.write_text(path.read_text().replace('"-mcmodel=medany"', '"-mcmodel=medany", "-msave-restore"'))
    said = checkout.build("target=cortex-m4,rv32imc", *QUICK).out
    assert "[CC] build/rv32imc/" in said
    assert "build/cortex-m4" not in said


def test_switching_compilers_rebuilds_and_switching_back_finds_the_cache(checkout: Checkout, tmp_path: Path) -> None:
    words = ("target=cortex-m4", f"cache={tmp_path}/the cache", *QUICK)
    shutil.rmtree(checkout.root / "build/cortex-m4")
    checkout.build(*words)
    first = report(checkout, "cortex-m4")
    clang = checkout.build("compiler=clang", *words)
    assert "CC lstm_s8.c.o" in clang.rules
    assert "clang" in json.dumps(report(checkout, "cortex-m4")["compiler"])
    back = checkout.build(*words)
    assert not {rule for rule in back.rules if rule.startswith(("CC", "LINK", "RUN"))}, back.out
    assert "Retrieved `build/cortex-m4" in back.out
    assert report(checkout, "cortex-m4") == first
    assert checkout.build(*words).rules == set()


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_own_target_outside_the_tree_is_built_and_run_if_it_can_be(
    name: str, checkout: Checkout, tmp_path: Path
) -> None:
    own = tmp_path / "my boards" / f"{name}.toml"
    own.parent.mkdir()
    shutil.copy(ROOT / f"examples/targets/{name}.toml", own)
    said = checkout.build(f"toolchain={own}", *QUICK).out
    found, same = report(checkout, name), report(checkout, "cortex-m4")
    if load_target(str(own)).qemu:
        assert (found["not_run"], found["instructions"]) == (None, same["instructions"])
    else:
        assert found["not_run"] == "not run: QEMU has no such machine"
        assert (found["instructions"], found["error"]) == (None, None)
    assert found["stack"]["proved"]  # type: ignore[index]
    assert isinstance(found["flash"], dict)
    assert found["flash"]["weights"] == same["flash"]["weights"]  # type: ignore[index]
    assert found["ram"] == same["ram"]
    assert ("not run" in said) == (found["not_run"] is not None)
    own.write_text(own.read_text() + "# a comment\n")
    assert "cortex-m4" not in checkout.build(f"toolchain={own}", *QUICK).out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["toolchain=nowhere.toml"], "toolchain=nowhere.toml: no such file; docs/your-target.md"),
        (["toolchain=cortex-m4"], "toolchain=cortex-m4: give the path of a .toml"),
        (["target=cortex-m4", "toolchain=toolchains/cortex-m4.toml"], "a target of this name is there already"),
        (["target=host", "compiler=clang"], "target=host is built with gcc only"),
        (["compiler=icc"], "compiler=icc: unknown; did you mean 'gcc'?"),
        (["kernels=asm,zzz"], "kernels="),
    ],
)
def test_mistakes_are_one_sentence(words: list[str], sentence: str, checkout: Checkout) -> None:
    assert sentence in checkout.scons(*words).sentence


def without(program: str, tmp_path: Path) -> str:
    """A PATH that has everything but the programs that begin so."""
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    for folder in reversed(os.get_exec_path()):
        for file in Path(folder).glob("*") if Path(folder).is_dir() else ():
            if not file.name.startswith(program) and not (bin_folder / file.name).exists():
                (bin_folder / file.name).symlink_to(file)
    return str(bin_folder)


def test_a_missing_tool_skips_or_fails(checkout: Checkout, tmp_path: Path) -> None:
    path = without("riscv64-unknown-elf", tmp_path)
    for toml in (checkout.root / "toolchains").glob("*.toml"):
        if toml.stem not in ("cortex-m4", "rv32imc"):
            toml.unlink()
    done = checkout.scons("target=all", *QUICK, path=path)
    assert done.code == 0, done.out + done.err
    text = (checkout.root / "build/report.txt").read_text()
    assert re.search(r"^skipped: rv32imc needs riscv64-unknown-elf-gcc", text, re.MULTILINE)
    assert " cortex-m4 " in text
    sentence = checkout.scons("target=cortex-m4,rv32imc", *QUICK, path=path).sentence
    assert sentence.startswith("target=rv32imc needs riscv64-unknown-elf-gcc, not found in PATH=")
    assert "sudo apt-get install gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf" in sentence


@pytest.mark.parametrize("chosen", ["gcc", "clang"])
def test_what_does_not_fit_says_by_how_much(chosen: str, checkout: Checkout) -> None:
    for name in ("cortex-m4", "rv32imc"):
        path = checkout.root / f"toolchains/{name}.toml"
        small = re.sub(r"size = 0x400000", "size = 0x1200", path.read_text())
        (checkout.root / f"toolchains/tiny-{name}.toml").write_text(small)
    words = (f"compiler={chosen}", *QUICK)
    checkout.build("target=cortex-m4,tiny-cortex-m4,tiny-rv32imc", *words)
    text = (checkout.root / "build/report.txt").read_text()
    told = re.findall(r"^(tiny\S+) .* does not fit: flash of 4,608 bytes exceeded by ([\d,]+)", text, re.MULTILINE)
    assert [name for name, _ in told] == ["tiny-cortex-m4", "tiny-rv32imc"]
    # The truth of it: with that much more flash it fits, with a little less it does not.
    over = int(told[0][1].replace(",", ""))
    path = checkout.root / "toolchains/tiny-cortex-m4.toml"
    for size, fits in ((0x1200 + over + 8, True), (0x1200 + over - 8, False)):
        path.write_text(re.sub(r"(flash = { origin = \w+, size = )\w+", rf"\g<1>{size:#x}", path.read_text()))
        path.write_text(re.sub(r"(ram = { origin = \w+, size = )\w+", r"\g<1>0x4000", path.read_text()))
        assert (checkout.scons("target=tiny-cortex-m4", *words).code == 0) == fits
    sentence = checkout.scons("target=tiny-rv32imc", *words).sentence
    assert re.search(r"tiny-rv32imc .* does not fit: flash of 4,608 bytes exceeded by [\d,]+", sentence)
    assert "choose a smaller model" in sentence


def test_what_linkers_say_of_overflow() -> None:
    gnu = "ld: region `FLASH' overflowed by 3428 bytes\nld: region `RAM' overflowed by 12 bytes\n"
    lld = (
        "ld.lld: error: section '.text' will not fit in region 'FLASH': overflowed by 8 bytes\n"
        "ld.lld: error: section '.rodata' will not fit in region 'FLASH': overflowed by 100 bytes\n"
    )
    assert link.overflows(gnu) == {"flash": 3428, "ram": 12}
    assert link.overflows(lld) == {"flash": 100}
    assert link.overflows("undefined reference to `f'") == {}
    words = link.enlarged(["gcc", "-Wl,--defsym=__flash_size=0x100", "-Wl,--defsym=__ram_size=0x10"], {"flash": 16})
    assert words[1:3] == ["-Wl,--defsym=__flash_size=0x110", "-Wl,--defsym=__ram_size=0x10"]
    assert "-Wl,--defsym=__flash_excess=16" in words


# ---- the firmware's C ----------------------------------------------------------------------------------------


def sources(checkout: Checkout, target: Target) -> list[Path]:
    """All C that is built for a target, the generated model included."""
    firmware = checkout.root / "firmware"
    folders = [firmware / name for name in ("runtime", "../kernels/c", f"boards/{target.board}")]
    found = [path for folder in folders for path in sorted(folder.glob("*.c"))]
    generated = checkout.root / f"build/cortex-m4/{MODEL}/int8-c/forecast_window.c"
    return [*found, firmware / "boards/common/semihosting.c", generated]


def includes(checkout: Checkout, target: Target) -> list[str]:
    firmware = checkout.root / "firmware"
    folders = ("include", "runtime", "../kernels/c", f"boards/{target.board}", "boards/common")
    return [f"-I{firmware / name}" for name in folders] + [f"-I{checkout.root}/build/cortex-m4/{MODEL}/int8-c"]


@pytest.mark.parametrize("language", ["c99", "c++17"])
@pytest.mark.parametrize("chosen", ["gcc", "clang"])
@pytest.mark.parametrize("name", ["cortex-m0", "cortex-m55", "rv32imac", "rv64gcv"])
def test_no_warnings(name: str, chosen: str, language: str, checkout: Checkout) -> None:
    """As C99 everything; as C++ what a user's C++ takes in: model, runtime and kernels."""
    target = load_target(name)
    found = compiler.find(target, chosen)
    files = sources(checkout, target)
    words = ["-std=c99"]
    if language != "c99":
        files = [path for path in files if "boards" not in path.parts]
        words = ["-x", "c++", "-std=c++17", "-fno-exceptions", "-fno-rtti"]
        words += ["-D__STDC_LIMIT_MACROS", "-D__STDC_CONSTANT_MACROS"]
    for path in files:
        command = [found.program, *words, *found.compile, "-O2", *WARNINGS, *includes(checkout, target)]
        done = subprocess.run([*command, "-fsyntax-only", path], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, ""), path


def test_cppcheck_has_nothing_to_say(checkout: Checkout) -> None:
    target = load_target("cortex-m4")
    files = [path for path in sources(checkout, target) if path.name != "startup.c"]  # the linker's symbols
    command = ["cppcheck", "--std=c99", "--enable=warning,portability,performance", "--inline-suppr", "--quiet"]
    command += ["--error-exitcode=1", "--suppress=missingIncludeSystem", "-D__arm__", "-D__GNUC__=12"]
    done = subprocess.run(
        [*command, *includes(checkout, target), *map(str, files)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
