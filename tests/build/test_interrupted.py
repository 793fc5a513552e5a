# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""A build that is interrupted, killed, or short of disk space leaves nothing wrong behind."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.checkout import Checkout, Shared

MODEL = "forecast-window"  # the quick one
REQUEST = ("target=cortex-m4", f"model={MODEL}", "quant=int8", "kernels=c")
FOLDER = f"build/cortex-m4/{MODEL}/int8-c"
KERNEL = "kernels/c/lstm_s8.c"
OTHER_CODE = "const char lstmcu_padding[64] __attribute__((used)) = {1};\n"


@pytest.fixture
def checkout(built: Shared, tmp_path: Path) -> Checkout:
    """A copy of a built checkout, with nothing left to do."""
    return built.copy(tmp_path / "checkout", *REQUEST)


def contents(checkout: Checkout, folder: str = "build") -> dict[str, bytes]:
    return {path: (checkout.root / path).read_bytes() for path in checkout.files() if path.startswith(folder)}


def edit(checkout: Checkout, path: str, text: str) -> Callable[[], None]:
    """Put ``text`` before a file's; what is returned takes it away."""
    file = checkout.root / path
    before = file.read_text()
    file.write_text(text + before)
    return lambda: Path(file).write_text(before) and None


def stop_at(checkout: Checkout, tag: str, number: signal.Signals, delay: float) -> int:
    """Build until ``tag`` is announced, wait, and send the signal to everything that runs, as Ctrl-C does."""
    scons = subprocess.Popen(
        [sys.executable, "-u", "-m", "SCons", "-Q", "-j2", *REQUEST],
        cwd=checkout.root, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    assert scons.stdout is not None
    seen = any(line.startswith(f"[{tag}]") for line in scons.stdout)
    assert seen
    time.sleep(delay)
    os.killpg(scons.pid, number)
    scons.stdout.read()
    return scons.wait()


def edit_and_stop(
    checkout: Checkout, path: str, text: str, tag: str, number: signal.Signals, delay: float
) -> Callable[[], None]:
    """Stop a build of another version under way; what is returned takes the edit back.

    On a busy machine the build may get to its end before this process gets a turn: then it is all done again."""
    for _ in range(20):
        revert = edit(checkout, path, text)
        if stop_at(checkout, tag, number, delay) != 0:
            return revert
        revert()
        checkout.build(*REQUEST)
    raise AssertionError("the build was always quicker")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=["SIGINT", "SIGKILL"])
@pytest.mark.parametrize(
    ("tag", "edited", "text", "delay"),
    [
        ("GEN", "model/emit/templates/model.c.jinja", "/* another version */\n", 0.15),
        ("CC", KERNEL, OTHER_CODE, 0.05),
        ("LINK", KERNEL, OTHER_CODE, 0.05),
        ("RUN", KERNEL, OTHER_CODE, 0.15),
        ("REPORT", KERNEL, OTHER_CODE, 0.05),
    ],
)
def test_what_was_under_way_is_made_again(
    tag: str, edited: str, text: str, delay: float, number: signal.Signals, checkout: Checkout
) -> None:
    """And with the edit taken back it is what it was: nothing of the other version passes for built."""
    right = contents(checkout)
    revert = edit_and_stop(checkout, edited, text, tag, number, delay)
    if number == signal.SIGINT:
        assert checkout.unfinished() == []
    revert()
    checkout.build(*REQUEST)
    assert contents(checkout) == right
    assert checkout.build(*REQUEST).rules == set()


def test_a_file_finished_before_the_kill_is_of_the_other_version(checkout: Checkout) -> None:
    """The object is there and whole; SCons was killed before it could write down of what it was made."""
    right = contents(checkout)
    revert = edit_and_stop(checkout, KERNEL, OTHER_CODE, "RUN", signal.SIGKILL, 0)
    made = f"build/cortex-m4/obj/kernels/c/{Path(KERNEL).name}.o"
    assert (checkout.root / made).read_bytes() != right[made]
    revert()
    again = checkout.build(*REQUEST)
    assert f"CC {Path(made).name}" in again.rules
    assert "CC bench.c.o" not in again.rules  # nor is anything else made again
    assert contents(checkout) == right


def stalled(checkout: Checkout, tmp_path: Path, body: str) -> str:
    """A PATH with a compiler that, while the file ``now`` is there, runs ``body`` in place of compiling a kernel."""
    folder = tmp_path / "bin"
    folder.mkdir(exist_ok=True)
    script = folder / "arm-none-eabi-gcc"
    real = shutil.which("arm-none-eabi-gcc")
    script.write_text(
        f'#!/bin/sh\nif [ -e "{tmp_path}/now" ]; then case "$*" in *lstm_s8.c) {body} ;; esac; fi\nexec {real} "$@"\n'
    )
    script.chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


def test_half_an_object_of_a_compiler_that_died(checkout: Checkout, tmp_path: Path) -> None:
    """As when the machine is out of memory: no compiler is left to tidy up, and SCons lives on."""
    path = stalled(checkout, tmp_path, 'printf half >"$2"; kill -9 $$')
    assert checkout.scons(*REQUEST, path=path).code == 0
    right = contents(checkout)
    revert = edit(checkout, KERNEL, OTHER_CODE)
    (tmp_path / "now").touch()
    failed = checkout.scons(*REQUEST, path=path)
    assert failed.code != 0
    assert not (checkout.root / f"build/cortex-m4/obj/kernels/c/{Path(KERNEL).name}.o").exists()
    (tmp_path / "now").unlink()
    revert()
    assert checkout.scons(*REQUEST, path=path).code == 0
    assert contents(checkout) == right


@pytest.mark.parametrize("size", [300, 8_000, 60_000])
def test_no_file_may_grow_beyond(size: int, checkout: Checkout) -> None:
    """As on a full disk, every write beyond a size fails: those of objects, of firmware, or only SCons's memory."""
    right = contents(checkout)
    revert = edit(checkout, KERNEL, OTHER_CODE)

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # the write fails; without, its program is killed
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    command = [sys.executable, "-m", "SCons", "-Q", *REQUEST]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd=checkout.root, env=environment, capture_output=True, preexec_fn=limit)
    assert done.returncode != 0
    assert checkout.unfinished() == []
    revert()
    checkout.build(*REQUEST)
    assert contents(checkout) == right


@pytest.mark.long
@pytest.mark.parametrize("free", [0, 100_000, 1_000_000])
def test_a_full_disk(free: int, built: Shared, tmp_path: Path) -> None:
    """On a disk of its own, where only an administrator may mount one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=200m", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no leave to mount a disk")
    try:
        checkout = Checkout.copy(disk / "checkout")
        ballast = disk / "ballast"
        with ballast.open("wb") as file:
            file.write(bytes(shutil.disk_usage(disk).free - free))
        done = checkout.scons(*REQUEST)
        assert done.code == 2
        assert "lstmcu: error: cannot" in done.err
        assert "No space left on device" in done.err
        assert "Traceback" not in done.err
        assert ' File "' not in done.err  # as SCons begins its own
        assert checkout.unfinished() == []
        ballast.unlink()
        checkout.build(*REQUEST)
        right = contents(built(*REQUEST), FOLDER)
        assert {path: data for path, data in contents(checkout, FOLDER).items() if right[path] != data} == {}
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_two_builds_in_one_checkout_take_turns(checkout: Checkout) -> None:
    edit(checkout, KERNEL, OTHER_CODE)
    command = [sys.executable, "-m", "SCons", "-Q", *REQUEST]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    both = [
        subprocess.Popen(command, cwd=checkout.root, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    said = [(out.decode(), err.decode()) for out, err in (build.communicate() for build in both)]
    assert [build.returncode for build in both] == [0, 0], said
    assert sorted("[CC]" in out for out, _ in said) == [False, True]
    assert sorted("waiting for another scons that builds here" in err for _, err in said) == [False, True]
