# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Builds with gdb=: report, pages and sentences. QEMU stands for the board, as in test_gdb.py."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from target.description import load_target
from tests.probe import CORES
from tests.support.checkout import Checkout, Shared
from tests.support.gdb_server import COUNTING, PAGE, ROWS, free_port, row, served
from tests.support.host import ROOT
from tests.support.schema import faults

M4, RV32 = CORES["cortex-m4"], CORES["rv32imc"]
MODEL = "forecast-window"
BLOCKS = re.findall(r"^```\w*\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
QUICK = (f"model={MODEL}", "quant=int8", "kernels=asm")


@pytest.fixture(scope="module")
def checkout(built: Shared, tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A copy of a built checkout."""
    return built.copy(tmp_path_factory.mktemp("gdb") / "checkout", "target=cortex-m4,rv32imc", *QUICK)


def report(checkout: Checkout, target: str) -> dict[str, Any]:
    return dict(json.loads((checkout.root / f"build/{target}/{MODEL}/int8-asm/report.json").read_text()))


def test_end_to_end_on_arm(checkout: Checkout) -> None:
    """Nothing of QEMU's Cortex-M counts cycles, so there are none, with a word; outputs are the board's."""
    outputs = checkout.root / f"build/cortex-m4/{MODEL}/int8-asm/outputs.npy"
    before = report(checkout, "cortex-m4")
    with served(M4) as address:
        done = checkout.build("report", "target=cortex-m4", *QUICK, f"gdb={address}")
    after = report(checkout, "cortex-m4")
    assert faults(after, json.loads((ROOT / "measure/report.schema.json").read_text())) == []
    assert (after["samples"], after["error"]["reference"]["mismatches"], len(np.load(outputs))) == (1000, 0, 1000)
    assert after["measured"] is None
    why = r"(no counter of the Cortex-M4 r0p0 moves|SysTick counted [\d,]+ in 2,000 instructions of QEMU)"
    assert re.match(why, after["measured_note"])
    assert re.search(rf"no cycles of a board for cortex-m4: {why}", done.out)
    assert {**after, "measured_note": None} == before, "and all else as without a board"


def test_end_to_end_on_riscv_the_counter_is_the_profile(checkout: Checkout) -> None:
    words = ("target=rv32imc", *QUICK)
    before = report(checkout, "rv32imc")
    with served(RV32, *COUNTING) as address:
        done = checkout.build("report", *words, f"gdb={address}")
        assert "RUN outputs.npy" in checkout.build("report", *words, f"gdb={address}").rules, "asked anew each time"
        checkout.build("baseline", *words, f"gdb={address}")
        kept = checkout.root / "baseline.json"
        kept.write_text(re.sub(r'(mcycle, median": )\d+', r"\g<1>15000", kept.read_text()))
        said = checkout.build("diff", *words, f"gdb={address}").out
        checkout.build("page", *words, f"gdb={address}")
    after, folder = report(checkout, "rv32imc"), checkout.root / f"build/rv32imc/{MODEL}/int8-asm"
    read, measured = json.loads((folder / "board.json").read_text()), after["measured"]
    calls, *rest = (folder / "profile.txt").read_text().splitlines()[:2]
    _, least, most, total = rest[0].split()
    counted = [count - measured["overhead"] for count in read["calls"]]
    assert calls == f"calls {len(counted)}" == "calls 1000"
    assert (min(counted), max(counted), sum(counted)) == (int(least), int(most), int(total))
    assert [measured[name] for name in ("minimum", "maximum")] == [after["instructions_least"], after["instructions"]]
    assert (measured["evidence"], measured["counts"], measured["difference"]) == ("emulated", "instructions", None)
    assert (after["samples"], after["error"]["reference"]["mismatches"]) == (1000, 0)
    assert {**after, "measured": None} == before
    median = f"{measured['median']:,}"
    assert f"  {median} instructions  " in done.out
    assert "mcycle of RV32IMC through QEMU" in done.out
    assert "no cycles, and not of silicon" in " ".join(done.out.split())
    wanted = rf"  board: instructions emulated by mcycle, median +15,000 -> +{median}  \+"
    assert re.search(wanted, said), said
    for page in ("build/report.html", "build/report.md"):
        assert "instructions emulated, median of 1,000 calls" in (checkout.root / page).read_text(), page
    kept.write_text(kept.read_text().replace("15000", str(measured["median"])))
    said = checkout.build("diff", *words).out
    assert "rv32imc forecast_window int8 asm: unchanged since baseline.json" in said, "without a board no zeros for it"


def test_several_builds_take_turns(checkout: Checkout) -> None:
    with served(M4) as address:
        checkout.build("-j4", "target=cortex-m4", f"model={MODEL}", "quant=int8", "kernels=all", f"gdb={address}")
    for kernels in ("asm", "c"):
        found = json.loads((checkout.root / f"build/cortex-m4/{MODEL}/int8-{kernels}/report.json").read_text())
        assert (found["samples"], found["error"]["reference"]["mismatches"]) == (1000, 0)
        assert found["measured_note"]


def test_the_page_shows_what_is_printed(built: Shared, tmp_path: Path) -> None:
    checkout = built.copy(tmp_path / "checkout", "target=rv32imc")
    (command,) = (block for block in BLOCKS if "target=rv32imc gdb=" in block)
    first, _, *shown = command.splitlines()
    assert first == "$ ./scons target=rv32imc gdb=localhost:3333"
    (line,) = (block for block in BLOCKS if block.startswith("$ qemu-system-riscv32 "))
    address = f"localhost:{free_port()}"
    words = shlex.split(line.removeprefix("$ ").replace("localhost:3333", address))
    with subprocess.Popen(words, stdin=subprocess.DEVNULL) as machine:
        try:
            said = checkout.build("target=rv32imc", f"gdb={address}").out
        finally:
            machine.kill()
    assert "\n".join(shown) in said


@pytest.mark.parametrize("name", ["stm32f411", "nrf52840"])
def test_the_boards_that_are_ready(name: str, built: Shared, tmp_path: Path) -> None:
    """Each on the machine of QEMU's that its file names, which has its memory where the board has it."""
    checkout = built.copy(tmp_path / "checkout", "target=cortex-m4", f"model={MODEL}", "quant=int8", "kernels=asm")
    own = load_target(str(ROOT / f"examples/targets/{name}.toml"))
    with served(own) as address:
        checkout.build(f"toolchain=examples/targets/{name}.toml", *QUICK, f"gdb={address}")
    found, same = report(checkout, name), report(checkout, "cortex-m4")
    assert (found["samples"], found["error"]["reference"]["mismatches"]) == (1000, 0)
    for figure in ("instructions", "flash", "ram", "stack"):
        assert found[figure] == same[figure], figure
    assert found["cycles"]["nominal"] == pytest.approx(same["cycles"]["nominal"], rel=0.02)


def test_a_target_without_a_machine_runs_on_the_board(built: Shared, tmp_path: Path) -> None:
    checkout = built.copy(tmp_path / "checkout", "target=cortex-m4", *QUICK)
    text = (ROOT / "examples/targets/nrf52840.toml").read_text()
    (checkout.root / "mine.toml").write_text(re.sub(r"^\[qemu\]\n(.+\n)+", "", text, flags=re.MULTILINE))
    with served(M4) as address:
        checkout.build("toolchain=mine.toml", *QUICK, f"gdb={address}")
    found = report(checkout, "mine")
    assert (found["samples"], found["not_run"], found["error"]["reference"]["mismatches"]) == (1000, None, 0)
    assert (found["instructions"], found["cycles"]) == (None, None)
    assert found["instructions_note"] == "not run: QEMU has no such machine, and a board does not count them"


def test_a_flash_that_is_full(built: Shared, tmp_path: Path) -> None:
    """More than the board has: known when it is linked, and the table's row says by how much."""
    checkout = built.copy(tmp_path / "checkout", "target=cortex-m4", *QUICK)
    text = (ROOT / "examples/targets/nrf52840.toml").read_text()
    (checkout.root / "tiny.toml").write_text(text.replace("size = 0x100000", "size = 0x1000"))
    done = checkout.scons("toolchain=tiny.toml", *QUICK, f"gdb=127.0.0.1:{free_port()}")
    assert re.fullmatch(r".*does not fit: flash of 4,096 bytes exceeded by [\d,]+.*", done.sentence)
    assert row(done.sentence) == ROWS[3]


def test_the_command_line_says_one_sentence(built: Shared, tmp_path: Path) -> None:
    """And nothing of a run that failed is left: neither outputs nor a report of before."""
    checkout = built.copy(tmp_path / "checkout", "target=cortex-m4", *QUICK)
    folder = checkout.root / f"build/cortex-m4/{MODEL}/int8-asm"
    with served(RV32) as address:
        said = checkout.scons("target=cortex-m4", *QUICK, f"gdb={address}").sentence
    assert said.startswith(
        f"the board at {address} has a core that its server calls riscv:rv32, and cortex-m4 is built"
    )
    assert not (folder / "outputs.npy").exists()
    assert not (folder / "board.json").exists()
    assert checkout.unfinished() == []
    assert checkout.scons("target=cortex-m4", *QUICK, f"gdb=127.0.0.1:{free_port()}").sentence.startswith(
        "cannot connect"
    )
    checkout.build("target=cortex-m4", *QUICK)
    assert report(checkout, "cortex-m4")["measured_note"] is None
