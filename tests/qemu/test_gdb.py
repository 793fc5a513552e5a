# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""gdb=: the bench on what a GDB server has. QEMU stands for the board; what it counts are no cycles, and it says so."""

from __future__ import annotations

import dataclasses
import json
import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from measure.cost import counter
from measure.run import board
from measure.run.__main__ import _other_outputs
from model.errors import UserError
from target.description import Region, Target
from tests.probe import CORES, build, symbol
from tests.support.gdb_server import COUNTING, ROWS, free_port, row, served

INPUTS = np.arange(40, dtype=np.uint8).reshape(10, 4)
M4, RV32 = CORES["cortex-m4"], CORES["rv32imc"]


def body(c: str) -> str:
    """A model whose whole work is the C text ``c``."""
    reset = "void probe_reset(probe_state *state) { state->sum = 0; state->calls = 0; }"
    head = "void probe_run(probe_state *state, const uint8_t *x, uint8_t *y)"
    return f"{reset}\n{head}\n{{\n    (void)state; (void)x;\n    y[0] = y[1] = 0;\n    {c}\n}}\n"


# y = [sum of the window, 7 + number of calls]: .data must be copied, .bss be zero, state be kept
SUM = body("static uint32_t base = 7, calls; for (int i = 0; i < 4; i++) y[0] = (uint8_t)(y[0] + x[i]);"
           "y[1] = (uint8_t)(base + calls++);")  # fmt: skip


def run(target: Target, elf: Path, address: str, **options: Any) -> board.Run:
    settings: dict[str, Any] = {"server": address, "output_dtype": "uint8", "output_shape": (2,), "timeout": 30}
    return board.run(target, elf, options.pop("inputs", INPUTS), **{**settings, **options})


def failure(target: Target, elf: Path, address: str, **options: Any) -> str:
    with pytest.raises(UserError) as caught:
        run(target, elf, address, **options)
    return str(caught.value)


@pytest.mark.parametrize("name", CORES)
def test_every_core_is_loaded_and_runs_every_sample(name: str, tmp_path: Path) -> None:
    elf = build(CORES[name], tmp_path, SUM)
    with served(CORES[name], *COUNTING) as address:
        for _ in range(2):  # the machine stays as the first run left it
            found = run(CORES[name], elf, address)
            np.testing.assert_array_equal(found.outputs[:, 0], INPUTS.sum(axis=1).astype(np.uint8))
            np.testing.assert_array_equal(found.outputs[:, 1], 7 + np.arange(10))
            assert found.bench.startswith("samples=10\nstate_bytes=8\nstack_bytes=")
    read = found.readings
    assert (read.server, len(read.calls)) == ("QEMU", 10)
    if CORES[name].arch == "riscv":
        assert (read.counter, read.spin - read.empty) == ("mcycle", 2000)
        assert re.fullmatch(r"RV(32|64)[A-Z]+", read.core)
    else:
        wanted = re.escape(name.removeprefix("cortex-m").replace("plus", r"+"))
        assert re.fullmatch(rf"Cortex-M{wanted if name != 'cortex-m0plus' else '0'} r\dp\d", read.core)


def test_systick_counts_and_says_when_it_cannot(tmp_path: Path) -> None:
    """QEMU's ticks every 40 ns: at 1.024 us an instruction 25.6 times an instruction."""
    counting = ("-icount", "shift=10")
    with served(M4, *counting) as address:
        read = run(M4, build(M4, tmp_path, SUM), address).readings
        assert read.counter == "SysTick"
        assert read.spin - read.empty == pytest.approx(2000 * 25.6, rel=0.01)
        assert all(0 < count < 1 << 24 for count in read.calls)
        spin = "for (volatile uint32_t n = 0; n < 300000u; n++) {}"  # more than 2**24 / 25.6 instructions
        assert set(run(M4, build(M4, tmp_path, body(spin)), address).readings.calls) == {2**32 - 1}


def test_cyccnt_is_read_where_it_moves(tmp_path: Path) -> None:
    """It is said to be where QEMU's board has a counter of 32 bits that goes up at 25 MHz: 25.6 an instruction."""
    counting = ("-icount", "shift=10")
    spin = "for (volatile uint32_t n = 0; n < 300000u; n++) {}"  # too many instructions for SysTick
    with served(M4, *counting) as address:
        read = run(M4, build(M4, tmp_path, body(spin), macros=("-DCYCLE_DWT=0x40028014u",)), address).readings
    assert read.counter == "DWT CYCCNT"
    assert read.spin - read.empty == pytest.approx(2000 * 25.6, rel=0.01)
    assert all(1 << 24 < count < 1 << 26 for count in read.calls)


def test_a_call_s_count_is_its_instructions(tmp_path: Path) -> None:
    """Of any length, whatever the model's other arguments are."""
    for turns in (1, 10, 1000):
        code = f'__asm__ volatile("li t0, {turns}\\n1: addi t0, t0, -1\\n bnez t0, 1b" : : : "t0");'
        elf = build(RV32, tmp_path, body(code))
        with served(RV32, *COUNTING) as address:
            read = run(RV32, elf, address).readings
        bare = 2 * turns + 1
        counts = {count - read.empty + 1 for count in read.calls}
        assert len(counts) == 1
        assert bare < counts.pop() < bare + 8


def test_a_firmware_reaches_no_file_but_the_bench_s(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s")
    names = [str(tmp_path / "secret"), "ask.json", "told.json", "bench.elf", "../secret"]
    opened = "".join(
        f'y[0] |= semihosting_open("{name}", {mode}) >= 0;' for name in names
        for mode in ("SEMIHOSTING_READ", "SEMIHOSTING_WRITE")
    )  # fmt: skip
    code = f'{opened} y[0] |= semihosting_open("inputs.bin", SEMIHOSTING_WRITE) >= 0;'
    code += 'y[1] = semihosting_open("inputs.bin", SEMIHOSTING_READ) >= 0;'
    elf = build(M4, tmp_path, '#include "semihosting.h"\n' + body(code))
    with served(M4) as address:
        found = run(M4, elf, address)
    assert (found.outputs == [0, 1]).all()
    assert (tmp_path / "secret").read_text() == "s"


def test_a_board_that_faults(tmp_path: Path) -> None:
    for target, code, said in (
        (M4, '__asm__ volatile("udf #0");', "HardFault"),
        (RV32, '__asm__ volatile(".word 0");', "trap: illegal instruction"),
    ):
        with served(target) as address:
            text = failure(target, build(target, tmp_path, body(code)), address)
        assert re.search(rf"probe\.elf failed on the board at {address} \(exit code 1\) and said:\n{said}", text)
        assert row(text) == ROWS[4]


def test_a_board_that_stops_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the bench asks nothing, as with a server that halts on exceptions: here at another breakpoint."""
    elf = build(M4, tmp_path, SUM)
    place, loop = symbol(elf, "probe_run"), "    while files.code is None:\n"
    text = board.SCRIPT.read_text()
    assert text.count(loop) == 1
    other = f"    gdb.Breakpoint('*{place}', type=gdb.BP_HARDWARE_BREAKPOINT, internal=True)\n{loop}"
    (tmp_path / "other.py").write_text(text.replace(loop, other))
    monkeypatch.setattr(board, "SCRIPT", tmp_path / "other.py")
    with served(M4) as address:
        text = failure(M4, elf, address)
    assert text == f"{elf} failed on the board at {address} (the core stopped at {place:#x})"
    assert row(text) == ROWS[5]


def test_a_server_that_is_not_qemu(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """QEMU again, not recognised: it knows none of the words for a reset, and what mcycle counts may be cycles."""
    text, known = board.SCRIPT.read_text(), '        return "QEMU"\n'
    assert text.count(known) == 1
    (tmp_path / "other.py").write_text(text.replace(known, "        pass\n"))
    monkeypatch.setattr(board, "SCRIPT", tmp_path / "other.py")
    with served(RV32, *COUNTING) as address:
        found = run(RV32, build(RV32, tmp_path, SUM), address)
    assert (found.readings.server, len(found.outputs)) == ("GDB server", 10)
    assert f"warning: the server at {address} did not reset the board" in capsys.readouterr().err
    (tmp_path / "board.json").write_text(json.dumps(dataclasses.asdict(found.readings)))
    measured, _ = counter.of(tmp_path / "board.json", None, None)
    assert measured is not None
    assert (measured["evidence"], measured["counts"], measured["core"]) == ("measured", "cycles", "RV32IMC")


def test_outputs_that_are_others_under_qemu_are_told() -> None:
    here = np.array([[1, 2], [3, 4]], np.int8)
    assert _other_outputs(here, here) == _other_outputs(here[:0], here) == ""
    assert _other_outputs(np.array([np.nan]), np.array([np.nan])) == ""
    assert "computed 1 of 4 values otherwise" in _other_outputs(here, here + np.array([[0, 1], [0, 0]], np.int8))


@pytest.mark.parametrize("words", [[], [3, 9, 2009], [3, 9, 2009, 7], [4, 9, 2009, 7, 7], [3, 9, 2009, 7, 7, 7]])
def test_a_damaged_count_is_refused(words: list[int], tmp_path: Path) -> None:
    """Of two samples: each has as many calls."""
    told = {"server": "QEMU", "architecture": "riscv:rv32", "core": {}}
    path = tmp_path / "cycles.bin"
    np.array(words, "<u4").tofile(path)
    with pytest.raises(UserError, match=r"x\.elf wrote no whole cycles\.bin"):
        board._readings(path, Path("x.elf"), told, 2)
    np.array([3, 9, 2009, 7, 8, 9, 10], "<u4").tofile(path)
    assert board._readings(path, Path("x.elf"), told, 2).calls == (7, 8, 9, 10)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(UserError, match="no whole cycles"):
        board._readings(path, Path("x.elf"), told, 2)


def test_a_stream_s_steps_are_calls(tmp_path: Path) -> None:
    """Two of each window, more than are written at once."""
    model = """
        void probe_reset(probe_state *state) { state->sum = 100; state->calls = 0; }
        int probe_step(probe_state *state, const uint8_t *x, uint8_t *y)
        {
            state->sum += 3u * x[0] + x[1];
            y[0] = (uint8_t)state->sum;
            y[1] = (uint8_t)++state->calls;
            return 1;
        }
    """
    many = np.tile(INPUTS, (10, 1))
    with served(RV32, *COUNTING) as address:
        found = run(RV32, build(RV32, tmp_path, model, stream=True), address, inputs=many)
    assert (len(found.outputs), len(found.readings.calls)) == (100, 200)
    assert len(set(found.readings.calls)) == 1


def test_what_the_bench_complains_of(tmp_path: Path) -> None:
    elf = build(M4, tmp_path, SUM)
    with served(M4) as address:
        short = failure(M4, elf, address, inputs=np.zeros((5, 3), np.uint8))
        assert "bench: the length of inputs.bin is not a whole number of windows of this model" in short
        assert "wrote 20 bytes of output for 10 samples where 30 are due" in failure(
            M4, elf, address, output_shape=(3,)
        )


def test_a_board_that_hangs(tmp_path: Path) -> None:
    with served(M4) as address:
        text = failure(M4, build(M4, tmp_path, body("for (;;) (void)*(volatile uint8_t *)y;")), address, timeout=2)
    assert text == f"the board at {address} was silent for 2 s and was left: it hangs, or needs a higher timeout="
    assert row(text) == ROWS[6]


def test_a_connection_that_is_lost(tmp_path: Path) -> None:
    """The machine switches itself off in the middle of a call."""
    elf = build(
        RV32, tmp_path, body("*(volatile uint32_t *)0x100000u = 0x5555u; for (;;) (void)*(volatile uint8_t *)y;")
    )
    with served(RV32) as address:
        text = failure(RV32, elf, address)
    assert text == f"the GDB server at {address} closed the connection while it ran: is the board still there?"
    assert row(text) == ROWS[7]


def test_nobody_listens(tmp_path: Path) -> None:
    elf, address = build(M4, tmp_path, SUM), f"127.0.0.1:{free_port()}"
    text = failure(M4, elf, address)
    assert text.startswith(f"cannot connect to the GDB server at {address} (")
    assert text.endswith("): is it running, and the board plugged in?")
    assert row(text) == ROWS[0]
    assert len(ROWS) == 8


@pytest.mark.parametrize(
    ("asked", "there", "core"),
    [
        ("cortex-m4", "cortex-m3", "Cortex-M3 r0p1"), ("cortex-m3", "cortex-m4", "Cortex-M4 r0p0"),
        ("cortex-m4", "cortex-m0", "Cortex-M0 r0p0"), ("cortex-m33", "cortex-m55", "Cortex-M55 r0p1"),
        ("cortex-m4", "rv32imc", "a core that its server calls riscv:rv32"),
        ("rv32imc", "cortex-m4", "a core that its server calls arm"), ("rv32imafc", "rv32imc", "RV32IMC"),
        ("rv32imc", "rv64gcv", "RV64IMAFDCV"),
    ],
)  # fmt: skip
def test_a_wrong_core(asked: str, there: str, core: str, tmp_path: Path) -> None:
    elf = build(CORES[asked], tmp_path, SUM)
    with served(CORES[there]) as address:
        text = failure(CORES[asked], elf, address)
    assert text == f"the board at {address} has {core}, and {asked} is built for {CORES[asked].isa}: say its target="
    assert row(text) == ROWS[1]


def test_a_core_without_the_float_unit(tmp_path: Path) -> None:
    """That of QEMU's M4 can be left out."""
    with served(M4, "-global", "armv7m.vfp=off") as address:
        text = failure(M4, build(M4, tmp_path, SUM), address)
        soft = dataclasses.replace(M4, isa="armv7e-m", flags=("-mcpu=cortex-m4", "-mthumb"))
        assert len(run(soft, build(soft, tmp_path, SUM), address).outputs) == 10
    assert "has Cortex-M4 r0p0, and cortex-m4 is built for armv7e-m+fp" in text


@pytest.mark.parametrize(
    ("region", "there", "reason"),
    [
        ("flash", Region(0x08000000, 0x80000), "is not where cortex-m4.toml says, is smaller, or is locked"),
        (
            "ram",
            Region(0x90000000, 0x10000),
            "there is no RAM at 0x90000000|Cannot access memory at address 0x90000000",
        ),
    ],
)
def test_memory_that_is_not_there(region: str, there: Region, reason: str, tmp_path: Path) -> None:
    other = dataclasses.replace(M4, **{region: there})
    elf = build(other, tmp_path, SUM)
    with served(M4) as address:
        text = failure(other, elf, address)
    assert text.startswith(f"the board at {address} does not take the firmware (")
    assert re.search(reason, text)
    assert row(text) == ROWS[2]


def test_gdb_without_a_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elf = build(M4, tmp_path, SUM)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/gdb-multiarch").symlink_to("/bin/true")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert "ended without a word" in failure(M4, elf, "localhost:1")


def test_settings_of_the_user_s_do_not_reach_gdb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither ~/.gdbinit nor modules that lie where Python is told to look."""
    elf = build(M4, tmp_path, SUM)
    (tmp_path / ".gdbinit").write_text("quit 3\n")
    (tmp_path / "json.py").write_text("import os; os._exit(3)\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path) + os.pathsep + os.environ.get("PYTHONPATH", ""))
    with served(M4) as address:
        assert len(run(M4, elf, address).outputs) == 10
