# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Target files: what a good one becomes, and the sentence each kind of mistake gets."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from model.errors import UserError
from target.description import TOOLCHAINS, Region, load_target, target_names
from target.features import features

GOOD = """
description = "a test target"
arch = "riscv"
isa = "rv32imac"
flags = ["-march=rv32imac_zicsr", "-mabi=ilp32"]
board = "riscv"
kernels = ["rv32im", "c"]
timing = "ibex"
[gcc]
prefix = "riscv64-unknown-elf-"
packages = ["gcc-riscv64-unknown-elf"]
[qemu]
program = "qemu-system-riscv32"
machine = "virt"
cpu = "rv32,f=false,d=false"
package = "qemu-system-misc"
[memory]
flash = { origin = 0x80000000, size = 0x100000 }
ram = { origin = 0x80100000, size = 0x100000 }
"""


def load(directory: Path, text: str):
    (directory / "mine.toml").write_text(text)
    return load_target("mine", directory)


def test_every_value_arrives(tmp_path: Path) -> None:
    target = load(tmp_path, GOOD)
    assert target.name == "mine"
    assert target.arch == "riscv"
    assert target.flags == ("-march=rv32imac_zicsr", "-mabi=ilp32")
    assert target.kernels == ("rv32im", "c")
    assert target.words == ("asm", "c")
    assert target.sets("asm") == ("rv32im", "c")
    assert target.sets("c") == ("c",)
    assert target.timing == "ibex"
    assert target.gcc.prefix == "riscv64-unknown-elf-"
    assert target.qemu is not None
    assert target.qemu.cpu == "rv32,f=false,d=false"
    assert target.ram == Region(0x80100000, 0x100000)
    with pytest.raises(dataclasses.FrozenInstanceError):
        target.arch = "arm"  # type: ignore[misc]


def test_a_word_chooses_its_sets_in_the_target_s_order() -> None:
    target = load_target("cortex-m4")
    assert target.kernels == ("vfp", "armv7em", "c", "cmsis_nn")
    assert target.words == ("asm", "c", "cmsis-nn")
    assert target.sets("asm") == ("vfp", "armv7em", "c")
    assert target.sets("cmsis-nn") == ("cmsis_nn", "c")


@pytest.mark.parametrize(
    ("isa", "some", "none"),
    [
        ("armv6-m", {"armv6-m"}, {"armv7-m", "fp"}),
        ("armv7e-m+fp", {"armv6-m", "armv7-m", "armv7e-m", "fp"}, {"fp.dp", "mve", "armv8-m.main"}),
        ("armv8-m.base", {"armv6-m", "armv8-m.base"}, {"armv7-m"}),
        ("armv8.1-m.main+fp.dp+mve.fp", {"armv7e-m", "fp", "fp.dp", "mve", "mve.fp"}, {"m", "v"}),
        ("rv32imac", {"rv32", "i", "m", "a", "c"}, {"rv64", "f", "v"}),
        ("rv64imafdcv", {"rv64", "v"}, {"rv32"}),
        ("", set(), {"", "m"}),
    ],
)
def test_features_of_a_core(isa: str, some: set[str], none: set[str]) -> None:
    assert features(isa) >= some
    assert not features(isa) & none


def test_cpu_and_timing_may_be_left_out(tmp_path: Path) -> None:
    target = load(tmp_path, GOOD.replace('timing = "ibex"', "").replace('cpu = "rv32,f=false,d=false"', ""))
    assert target.timing is None
    assert target.qemu is not None
    assert target.qemu.cpu is None


def test_what_a_target_may_lack(tmp_path: Path) -> None:
    target = load(tmp_path, re.sub(r"\[qemu\][^\[]*", "", GOOD))
    assert target.qemu is None
    assert target.clang is None
    host = re.sub(r"\[(qemu|memory)\][^\[]*", "", GOOD).replace('isa = "rv32imac"', "").replace('"rv32im", ', "")
    host = host.replace('arch = "riscv"', 'arch = "host"').replace('"riscv64-unknown-elf-"', '""')
    assert load(tmp_path, host).isa == ""


def test_a_file_outside_the_tree(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(GOOD)
    path = str(tmp_path / "mine.toml")
    target = load_target(path)
    assert (target.name, target.reference) == ("mine", path)
    assert load_target("cortex-m4").reference == "cortex-m4"
    with pytest.raises(UserError, match=r"none\.toml: no such file; docs/your-target\.md"):
        load_target(str(tmp_path / "none.toml"))


@pytest.mark.parametrize("name", target_names())
def test_the_shipped_ones_load(name: str) -> None:
    assert load_target(name).name == name


def test_there_is_a_cortex_m4() -> None:
    assert "cortex-m4" in target_names(TOOLCHAINS)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("cortex-m5", "unknown target 'cortex-m5'; did you mean 'cortex-m4'?"),
        ("../mine", "unknown target '../mine'"),
        ("zzz", "there are: cortex-m4"),
    ],
)
def test_unknown_target(tmp_path: Path, name: str, sentence: str) -> None:
    (tmp_path / "cortex-m4.toml").write_text(GOOD)
    with pytest.raises(UserError, match=re.escape(sentence)):
        load_target(name, tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('board = "riscv"', 'bord = "riscv"', "unknown key 'bord'; did you mean 'board'?"),
        ('isa = "rv32imac"', "", "the key 'isa' is missing"),
        ("prefix =", "prefx =", "unknown key 'gcc.prefx'; did you mean 'prefix'?"),
        ('board = "riscv"', "", "the key 'board' is missing"),
        ('machine = "virt"', "", "the key 'qemu.machine' is missing"),
        ('board = "riscv"', "board = 3", "'board' must be a text"),
        ('kernels = ["rv32im", "c"]', 'kernels = "c"', "'kernels' must be a list of texts"),
        ('kernels = ["rv32im", "c"]', "kernels = []", "'kernels' must be a list of texts"),
        ('kernels = ["rv32im", "c"]', "kernels = [1]", "'kernels' must be a list of texts"),
        ('"rv32im", "c"', '"rv32i", "c"', "'kernels' has 'rv32i', no set of kernels/; did you mean 'rv32im'?"),
        ('"rv32im", "c"', '"asm", "c"', "'kernels' has 'asm', no set of kernels/; there are: armv6m, "),
        ('"rv32im", "c"', '"rvv", "c"', "'kernels' has 'rvv', which needs v, and isa = 'rv32imac' has not"),
        ('"rv32im", "c"', '"vfp"', "'kernels' has 'vfp', which needs armv7e-m, fp, and isa = 'rv32imac' has not"),
        ('arch = "riscv"', 'arch = "risc"', "arch = 'risc' is not known; did you mean 'riscv'?"),
        ("size = 0x100000 }\nram", 'size = "1M" }\nram', "'memory.flash.size' must be a number of bytes"),
        ("size = 0x100000 }\nram", "size = true }\nram", "'memory.flash.size' must be a number of bytes"),
        ("size = 0x100000 }\nram", "size = 0 }\nram", "'memory.flash' must be a region"),
        ("size = 0x100000 }\nram", "size = 0x80000001 }\nram", "'memory.flash' must be a region"),
        ("origin = 0x80000000", "origin = -4", "'memory.flash.origin' must be a number of bytes"),
        ("flash = {", "flahs = {", "unknown key 'memory.flahs'; did you mean 'flash'?"),
        ("[gcc]", "[gcc", "not valid TOML"),
    ],
)
def test_mistakes_in_the_file(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    assert old in GOOD
    with pytest.raises(UserError, match=re.escape(sentence)) as caught:
        load(tmp_path, GOOD.replace(old, new))
    assert str(tmp_path / "mine.toml") in str(caught.value)


def test_a_table_that_is_no_table(tmp_path: Path) -> None:
    text = "gcc = 1\n" + re.sub(r"\[gcc\]\n.*\n.*\n", "", GOOD)
    with pytest.raises(UserError, match="'gcc' must be a table with prefix, packages"):
        load(tmp_path, text)
