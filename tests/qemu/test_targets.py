# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Every core: it starts, has its units on, tells of a trap, runs nothing built for another, and computes the same."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path

import numpy as np
import pytest

from measure.run import qemu
from model.errors import UserError
from target.description import load_target, target_names
from tests.kernels.test_float_bits import kind_of
from tests.probe import CORES, build
from tests.support.checkout import Checkout, Shared
from tests.support.host import ROOT

INPUTS = np.arange(40, dtype=np.uint8).reshape(10, 4)
RESET = "void probe_reset(probe_state *state) { state->sum = 0; state->calls = 0; }\n"
RISCV = [name for name, target in CORES.items() if target.arch == "riscv"]
COMPILERS = ("gcc", "clang")
VECTOR_SUM = ".option arch, +v; vsetivli zero, 4, e32, m1; vmv.v.x v1, %0; vadd.vv v1, v1, v1; vmv.x.s %0, v1"


def body(c: str) -> str:
    """A model whose whole work is the C text ``c``."""
    head = "void probe_run(probe_state *state, const uint8_t *x, uint8_t *y)"
    return f"{RESET}{head}\n{{\n    (void)state; (void)x;\n    y[0] = y[1] = 0;\n    {c}\n}}\n"


def run(name: str, elf: Path) -> qemu.Run:
    return qemu.run(CORES[name], elf, INPUTS, output_dtype="uint8", output_shape=(2,), function="probe_run", timeout=30)


def failure(name: str, elf: Path) -> str:
    with pytest.raises(UserError) as caught:
        run(name, elf)
    return str(caught.value)


SUM = body("static uint32_t base = 7, calls; for (int i = 0; i < 4; i++) y[0] = (uint8_t)(y[0] + x[i]);"
           "y[1] = (uint8_t)(base + calls++);")  # fmt: skip


@pytest.mark.parametrize("chosen", COMPILERS)
@pytest.mark.parametrize("name", CORES)
def test_it_starts_and_runs_every_sample(name: str, chosen: str, tmp_path: Path) -> None:
    result = run(name, build(CORES[name], tmp_path, SUM, chosen=chosen))
    np.testing.assert_array_equal(result.outputs[:, 0], INPUTS.sum(axis=1).astype(np.uint8))
    np.testing.assert_array_equal(result.outputs[:, 1], 7 + np.arange(10))


@pytest.mark.parametrize(
    ("name", "assembly"),
    [
        ("rv32imafc", "fcvt.s.w ft0, %0; fadd.s ft0, ft0, ft0; fcvt.w.s %0, ft0"),
        ("rv32imafcv", "fcvt.d.w ft0, %0; fadd.d ft0, ft0, ft0; fcvt.w.d %0, ft0"),
        ("rv32imafcv", VECTOR_SUM),
        ("rv64gcv", VECTOR_SUM),
    ],
)
def test_the_units_of_the_core_are_on(name: str, assembly: str, tmp_path: Path) -> None:
    code = f'int32_t n = 3; __asm__ volatile("{assembly}" : "+r"(n)); y[0] = (uint8_t)n;'
    assert (run(name, build(CORES[name], tmp_path, body(code))).outputs[:, 0] == 6).all()


def test_vectors_have_128_bits(tmp_path: Path) -> None:
    for name in ("rv32imafcv", "rv64gcv"):
        code = 'uintptr_t n; __asm__ volatile("csrr %0, 0xc22" : "=r"(n)); y[0] = (uint8_t)n;'  # vlenb
        elf = build(CORES[name], tmp_path, body(code.replace("csrr", ".option arch, +v; csrr")))
        assert (run(name, elf).outputs[:, 0] == 16).all()


@pytest.mark.parametrize("chosen", COMPILERS)
@pytest.mark.parametrize("name", RISCV)
def test_a_trap_prints_the_registers(name: str, chosen: str, tmp_path: Path) -> None:
    code = '__asm__ volatile("li a0, 10; li s3, 13; li t6, 14; .global here; here: .word 0" : : : "a0", "s3", "t6");'
    text = failure(name, build(CORES[name], tmp_path, body(code), chosen=chosen))
    assert "(exit code 1)" in text
    assert "trap: illegal instruction" in text
    dump = {register: int(value, 16) for register, value in re.findall(r"(\w+) +(0x[0-9a-f]+)", text)}
    assert (dump["a0"], dump["s3"], dump["t6"], dump["mcause"]) == (10, 13, 14, 2)
    flash, ram = CORES[name].flash, CORES[name].ram
    assert flash.origin < dump["mepc"] < flash.origin + flash.size
    assert flash.origin < dump["ra"] < flash.origin + flash.size
    assert ram.origin + ram.size - 512 < dump["sp"] < ram.origin + ram.size
    assert len(dump) == 31 + 4


@pytest.mark.parametrize("name", RISCV)
def test_a_bad_address_and_a_lost_stack_are_named(name: str, tmp_path: Path) -> None:
    text = failure(name, build(CORES[name], tmp_path, body("*(volatile uint32_t *)0xF0000000u = 1;")))
    assert "store to a bad address" in text
    assert re.search(r"mtval 0x0*f0000000\b", text)
    code = '__asm__ volatile("lla sp, __stack_limit; addi sp, sp, -256; .word 0");'
    text = failure(name, build(CORES[name], tmp_path, body(code)))
    assert "stack overflow: sp is outside the stack" in text


@pytest.mark.parametrize(
    ("built_for", "on"),
    [
        ("cortex-m4", "cortex-m3"), ("cortex-m4", "cortex-m7"), ("cortex-m7", "cortex-m4"), ("cortex-m3", "cortex-m4"),
        ("cortex-m33", "cortex-m55"), ("cortex-m3", "rv32imac"), ("rv32imac", "rv32imc"), ("rv32imafc", "rv32imac"),
        ("rv64gcv", "rv32imafcv"), ("rv32imafcv", "rv32imafc"), ("cortex-m0", "cortex-m3"),
    ],
)  # fmt: skip
def test_firmware_for_another_core_is_refused(built_for: str, on: str, tmp_path: Path) -> None:
    text = failure(on, build(CORES[built_for], tmp_path, SUM))
    assert "is built for " in text
    assert f", but {on} is {CORES[on].isa}: rebuild it" in text


def test_other_float_registers_are_refused(tmp_path: Path) -> None:
    """The attributes name the instructions; how calls pass floats stands in the ELF's flags."""
    soft = dataclasses.replace(CORES["rv32imac"], isa="rv32imafc", name="mine")
    hard = dataclasses.replace(CORES["rv32imafc"], isa="rv32imac", name="mine")
    for target, cores in ((soft, "rv32imafc"), (hard, "rv32imac")):
        with pytest.raises(UserError, match="is built for"):
            qemu.run(
                CORES[cores], build(target, tmp_path, SUM), INPUTS,
                output_dtype="uint8", output_shape=(2,), function="probe_run",
            )  # fmt: skip


def outputs(checkout: Checkout, names: list[str], model: str, quantisation: str) -> dict[str, bytes]:
    """Of every one of these targets that ran: what it computed."""
    found = {}
    for name in names:
        folder = checkout.root / f"build/{name}/{model}/{quantisation}-c"
        report = json.loads((folder / "report.json").read_text())
        if report["not_run"]:
            assert re.search(r"does not fit: (flash|ram) of [\d,]+ bytes exceeded by [\d,]+", report["not_run"])
            continue
        if quantisation.startswith("int"):
            assert report["error"]["reference"]["mismatches"] == 0
        assert (report["instructions"] is None) == (load_target(name).qemu is None)
        found[name] = np.load(folder / "outputs.npy").tobytes()
    return found


def test_one_model_on_every_target(built: Shared, tmp_path: Path) -> None:
    checkout = built.copy(tmp_path / "checkout", "target=all", "model=forecast-window", "quant=int8", "kernels=c")
    found = outputs(checkout, target_names(), "forecast-window", "int8")
    assert sorted(found) == target_names()
    assert len(set(found.values())) == 1
    assert (checkout.root / "build/report.txt").read_text().count(" exact  ") == len(found)


def few(model: str, path: Path) -> Path:
    """The model's samples with fifty of the windows to compare: a core without a float unit takes minutes for all."""
    samples = dict(np.load(ROOT / f"models/{model}/{model}.npz"))
    np.savez(path, **{name: data if name == "calibration" else data[:50] for name, data in samples.items()})
    return path


@pytest.mark.long
@pytest.mark.parametrize("chosen", COMPILERS)
def test_the_whole_matrix(chosen: str, tmp_path: Path) -> None:
    """Integers on every window: one result everywhere. Floats on a few: one on cores with an FPU, another without; the
    host's are its own."""
    checkout = Checkout.copy(tmp_path / "checkout")
    names = [name for name in target_names() if chosen == "gcc" or load_target(name).clang]
    for model in ("forecast", "forecast-window", "exercises", "speakers", "anomaly"):
        floats = f"samples={few(model, tmp_path / f'{model}.npz')}"
        for quantisations, words, results in ((("int8", "int16x8"), (), 1), (("float32", "dynamic"), (floats,), 2)):
            asked = (f"target={','.join(names)}", f"model={model}", f"quant={','.join(quantisations)}")
            checkout.build(*asked, f"compiler={chosen}", "kernels=c", *words)
            for quantisation in quantisations:
                found = outputs(checkout, names, model, quantisation)
                assert len(found) > len(names) / 2
                cores = {name: data for name, data in found.items() if name in CORES}
                kinds = {(results == 2 and kind_of(name), data) for name, data in cores.items()}
                assert len(kinds) == results, f"{model}, {quantisation}: the same bits everywhere"
                assert results == 2 or set(found.values()) == set(cores.values()), "so does the host"


def system(command: str) -> str:
    """A model that has its host run a command, by semihosting's SYS_SYSTEM."""
    code = f'static const char text[] = "{command}";'
    code += "const uintptr_t block[2] = {(uintptr_t)text, sizeof text - 1}; arch_semihosting_call(0x12, block);"
    return f'#include "arch.h"\n{body(code)}'


@pytest.mark.parametrize("name", CORES)
def test_a_firmware_runs_no_command_of_the_host(name: str, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    elf = build(CORES[name], tmp_path, system(f"touch {canary}"))
    assert "failed under QEMU" in failure(name, elf)
    assert not canary.exists()


def test_it_would_without_the_sandbox(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """So the test above can fail; and a QEMU that knows no -sandbox is used with a warning."""
    canary = tmp_path / "canary"
    elf = build(CORES["cortex-m4"], tmp_path, system(f"touch {canary}"))
    monkeypatch.setattr(qemu, "_SANDBOX", ["-sandbox"])  # as a QEMU without it answers: a word that it does not take
    run("cortex-m4", elf)
    assert canary.exists()
    assert "was built without -sandbox" in capsys.readouterr().err


def test_a_firmware_cannot_talk_its_way_out_of_the_sandbox(tmp_path: Path) -> None:
    """It fails and says what a QEMU without a sandbox says; then it must not be run again without one."""
    said = "qemu-system-arm: -sandbox support is not enabled in this QEMU binary"
    runs = tmp_path / "runs"
    runs.mkdir()
    program = tmp_path / "qemu-system-arm"
    program.write_text(f'#!/bin/sh\ncase "$*" in *help) exit 0 ;; esac\ntouch {runs}/$$\necho "{said}" >&2\nexit 1\n')
    program.chmod(0o755)
    target = CORES["cortex-m4"]
    done = qemu._execute(str(program), target, build(target, tmp_path, SUM), [], tmp_path, 30)
    assert (done.returncode, len(list(runs.iterdir()))) == (1, 1)
