# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""``scons debug``: its lines, typed as they are printed but for the port, stop in the model's function."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
from pathlib import Path

import numpy as np
import pytest

from measure.run import debug
from target.description import load_target
from tests.support.checkout import Checkout, Shared
from tests.support.host import HANG

MODEL, FUNCTION = "forecast-window", "forecast_window_run"
MORE = ["-ex", "info registers pc", "-ex", "backtrace", "-ex", "kill"]
TARGETS = [("cortex-m4", "asm"), ("rv32imc", "asm"), ("host", "c")]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def stopped(root: Path, lines: list[str]) -> str:
    """What GDB says when it is asked more at the breakpoint."""
    port = f"127.0.0.1:{free_port()}"
    *emulator, gdb = (line.replace(debug.ADDRESS, port) for line in lines)
    waiting = [subprocess.Popen(line, cwd=root, shell=True, start_new_session=True) for line in emulator]
    try:
        line = f"{gdb} -batch {' '.join(repr(word) for word in MORE)}"
        done = subprocess.run(line, cwd=root, shell=True, capture_output=True, text=True, timeout=HANG, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        assert [process.wait(HANG) for process in waiting] == [0] * len(waiting)
    finally:
        for process in waiting:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
    return done.stdout


@pytest.mark.parametrize(("target", "kernels"), TARGETS)
def test_the_lines_stop_in_the_models_function(built: Shared, target: str, kernels: str) -> None:
    root = built("debug", f"target={target}", f"model={MODEL}").root
    folder = root / f"build/{target}/{MODEL}/int8-{kernels}/debug"
    title, *lines = (folder / "debug.txt").read_text().splitlines()
    assert title.startswith(f"{target}: to stop in {FUNCTION}, type here")
    said = stopped(root, lines)
    place = rf"at build/{target}/{MODEL}/int8-{kernels}/forecast_window\.c:(\d+)"
    hit = re.search(rf"^Breakpoint 1, {FUNCTION} \(state=.*\)\s+{place}\n\1\t", said, re.MULTILINE | re.DOTALL)
    assert hit, said
    assert re.search(rf"^[pr][ci]p? .*<{FUNCTION}(\+\d+)?>$", said, re.MULTILINE), said
    assert re.search(rf"^#0  {FUNCTION} \(", said, re.MULTILINE), "no other function's lines lie there"
    assert re.search(r"^#\d+  .*\bmain \(\)\s+at firmware/bench/bench\.c:\d+$", said, re.MULTILINE), said


def test_the_inputs_are_the_runs(built: Shared) -> None:
    root = built("debug", "target=cortex-m4", f"model={MODEL}").root
    kept = (root / f"build/cortex-m4/{MODEL}/int8-asm/debug/inputs.bin").read_bytes()
    inputs = np.load(root / f"build/models/{MODEL}/int8/inputs.npy")
    card = json.loads((root / f"build/cortex-m4/{MODEL}/int8-asm/model.json").read_text())
    assert kept == inputs.astype(card["input"]["dtype"]).tobytes()


def test_odd_names_are_words() -> None:
    folder = Path("build/cortex-m4/$x `id`/int8-c/debug")
    emulate, attach = debug.commands(load_target("cortex-m4"), folder / "x.elf", folder, "x_run")
    assert emulate.startswith("cd 'build/cortex-m4/$x `id`/int8-c/debug' && qemu-system-arm ")
    assert attach.startswith("gdb-multiarch 'build/cortex-m4/$x `id`/int8-c/debug/x.elf' ")
    assert "tcp:127.0.0.1:" in emulate, "reachable from this machine alone"


def test_what_does_not_run_is_told(tmp_path: Path) -> None:
    """A board that QEMU has no machine for."""
    checkout = Checkout.copy(tmp_path / "lstmcu")
    own = checkout.root / "mine.toml"
    text = (checkout.root / "toolchains/cortex-m4.toml").read_text()
    own.write_text(re.sub(r"^\[qemu\]\n(.+\n)+", "", text, flags=re.MULTILINE))
    said = checkout.scons("debug", "toolchain=mine.toml", f"model={MODEL}").sentence
    assert "cannot be debugged as mine: not run: QEMU has no such machine" in said
