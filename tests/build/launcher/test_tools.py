# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The launcher and the system's tools: what a request needs is asked of apt-get, or the command is printed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.launcher import APT_LINE, SUDO, TARGET_TOOLS, Checkout


def test_missing_tools_and_no_leave_to_install(ready: Checkout) -> None:
    ready.add_tools("apt-get", "sudo", script="exit 1")
    done = ready.run("target=cortex-m4", LSTMCU_NO_INSTALL="1")
    command = APT_LINE.replace("apt-get", SUDO + "apt-get")
    assert (done.code, done.scons) == (2, None)
    assert done.said == (
        "lstmcu: error: missing cc, arm-none-eabi-gcc, qemu-system-arm; LSTMCU_NO_INSTALL is set; "
        f"the command to install:\nlstmcu:     {command}\n"
    )


def test_missing_tools_and_no_apt(ready: Checkout) -> None:
    ready.add_tools("cc", "arm-none-eabi-gcc")
    done = ready.run("target=cortex-m4")
    assert done.code == 2
    assert "missing qemu-system-arm; there is no apt-get here" in done.said
    assert done.said.endswith("--no-install-recommends qemu-system-arm\n")


def test_missing_tools_are_installed_once(ready: Checkout, apt: Callable[[str], list[str]]) -> None:
    tools = " ".join(f'"{ready.bin}/{tool}"' for tool in ("cc", *TARGET_TOOLS))
    # A failing update (an unreachable third-party source) does not stop what can be installed.
    apt(f"for tool in {tools}; do echo '#!/bin/sh' >$tool; /bin/chmod +x $tool; done")
    done = ready.run("target=cortex-m4")
    update, install = APT_LINE.split(" && ")
    assert done.code == 0, done.said
    assert done.scons is not None
    assert re.fullmatch(
        "lstmcu: missing cc, arm-none-eabi-gcc, qemu-system-arm\n"
        rf"lstmcu: {SUDO}{update} \.\.\. failed\nlstmcu: {SUDO}{install} \.\.\. \d+ s\n",
        done.said,
    )
    calls = apt("")
    assert [call.split()[0] for call in calls] == ["update", "install"]
    assert ready.run("target=cortex-m4").said == ""
    assert apt("") == calls


def test_failing_apt_is_one_sentence(ready: Checkout, apt: Callable[[str], list[str]]) -> None:
    apt("echo Reading...; echo 'E: Unable to locate package gcc' >&2; exit 100")
    done = ready.run("target=cortex-m4")
    assert (done.code, done.scons) == (2, None)
    assert "lstmcu: error: apt-get could not install cc" in done.said
    assert ": Unable to locate package gcc; that put right, run:\n" in done.said


def test_apt_that_brings_nothing(ready: Checkout, apt: Callable[[str], list[str]]) -> None:
    apt("exit 0")
    done = ready.run("target=cortex-m4")
    assert done.code == 2
    assert "apt-get ran, and cc, arm-none-eabi-gcc, qemu-system-arm is still not to be found" in done.said


@pytest.mark.parametrize(
    "arguments", ["target=cortex-m5", "target=../x", "-h", "-c target=all", "-n test", "convert -n"]
)
def test_nothing_to_install(ready: Checkout, arguments: str) -> None:
    done = ready.run(*arguments.split(), LSTMCU_NO_INSTALL="1")
    assert (done.code, done.said) == (0, "")


def test_tests_need_every_target(ready: Checkout) -> None:
    text = (ready.root / "toolchains" / "cortex-m4.toml").read_text()
    other = ready.root / "toolchains" / "other.toml"
    other.write_text(re.sub('prefix = ".*"', 'prefix = "other-"', text).replace("gcc-arm-none-eabi", "gcc-other"))
    done = ready.run("test", LSTMCU_NO_INSTALL="1")
    assert "missing cc, c++, clang-16, cppcheck, " in done.said
    for needed in ("arm-none-eabi-gcc", "qemu-system-arm", "riscv64-unknown-elf-gcc", "other-gcc", "gcc-other"):
        assert needed in done.said


def test_clang_is_needed_when_it_is_asked_for(ready: Checkout) -> None:
    ready.add_tools("cc", *TARGET_TOOLS)
    assert ready.run("target=cortex-m4", LSTMCU_NO_INSTALL="1").code == 0
    done = ready.run("target=cortex-m4", "compiler=clang", LSTMCU_NO_INSTALL="1")
    assert done.code == 2
    assert "missing clang-16;" in done.said
    assert "clang-16 lld-16" in done.said


def test_gdb_is_needed_with_a_board(ready: Checkout) -> None:
    ready.add_tools("cc", *TARGET_TOOLS)
    assert ready.run("target=cortex-m4", "gdb=", LSTMCU_NO_INSTALL="1").code == 0
    done = ready.run("target=cortex-m4", "gdb=localhost:3333", LSTMCU_NO_INSTALL="1")
    assert (done.code, done.scons) == (2, None)
    assert "missing gdb-multiarch; " in done.said
    assert done.said.endswith("--no-install-recommends gdb-multiarch\n")


def test_ccache_is_needed_when_it_is_asked_for(ready: Checkout) -> None:
    ready.add_tools("cc", *TARGET_TOOLS)
    assert ready.run("target=cortex-m4", "ccache=0", LSTMCU_NO_INSTALL="1").code == 0
    for value in ("1", "redis://cache:6379"):
        done = ready.run("target=cortex-m4", f"ccache={value}", LSTMCU_NO_INSTALL="1")
        assert done.code == 2
        assert "missing ccache; " in done.said
        assert done.said.endswith("--no-install-recommends ccache\n")


def test_an_own_toolchain_is_installed_for(ready: Checkout, tmp_path: Path) -> None:
    ready.add_tools("cc")
    own = tmp_path / "my.toml"
    own.write_text('[gcc]\nprefix = "mine-"\npackages = ["gcc-mine"]\n')  # no [qemu]: nothing to run it on
    done = ready.run(f"toolchain={own}", LSTMCU_NO_INSTALL="1")
    assert done.code == 2
    assert "missing mine-gcc; " in done.said
    assert done.said.endswith("--no-install-recommends gcc-mine\n")


def test_all_targets_go_on_with_what_there_is(ready: Checkout, apt: Callable[[str], list[str]]) -> None:
    ready.add_tools("cc", *TARGET_TOOLS)
    done = ready.run("target=all", LSTMCU_NO_INSTALL="1")
    assert done.code == 0, done.said
    assert done.scons is not None
    assert "targets that need them will be skipped" in done.said
    # A package that does not exist fails the whole; then each tool is tried alone.
    there = f"'{ready.bin}/riscv64-unknown-elf-gcc'"
    apt(
        'case "$*" in *qemu-system-misc*) echo "E: Unable to locate package" >&2; exit 100;;\n'
        f"*gcc-riscv64*) echo '#!/bin/sh' >{there}; /bin/chmod +x {there};; esac"
    )
    done = ready.run("target=all")
    assert done.code == 0, done.said
    assert (ready.bin / "riscv64-unknown-elf-gcc").exists()
    assert ready.run("target=rv32imac").code == 2


@pytest.mark.parametrize("name", ["-oAPT::Update::Pre-Invoke::=id", "./evil.deb", "gcc-", "a b", "a;id", "a=1", 7])
def test_only_names_of_packages_reach_apt(
    name: str | int, ready: Checkout, tmp_path: Path, apt: Callable[[str], list[str]]
) -> None:
    ready.add_tools("cc")
    apt("exit 0")
    own = tmp_path / "my.toml"
    own.write_text(f'[gcc]\nprefix = "mine-"\npackages = [{json.dumps(name)}]\n')
    assert ready.run(f"toolchain={own}").code == 0  # SCons says what is missing
    assert apt("") == []


def test_unreadable_toolchain_is_left_to_scons(ready: Checkout) -> None:
    (ready.root / "toolchains" / "cortex-m4.toml").write_text("[gcc\n")
    assert ready.run("target=cortex-m4").code == 0
