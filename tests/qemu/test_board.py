# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Board, bench and runner under real QEMU: what works on every Cortex-M, and what each failure says."""

from __future__ import annotations

import dataclasses
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from measure.run import qemu
from measure.run.__main__ import write_together
from model.errors import UserError
from target.description import Region
from tests.probe import ROOT, TARGETS, build, build_profiler, symbol

M4 = TARGETS["cortex-m4"]
INPUTS = np.arange(40, dtype=np.uint8).reshape(10, 4)
RESET = "void probe_reset(probe_state *state) { state->sum = 0; state->calls = 0; }\n"

# y = [sum of the window, 7 + number of calls]: .data must be copied, .bss be zero, state be kept.
SUM = (
    RESET
    + """
static uint32_t base = 7, calls;
void probe_run(probe_state *state, const uint8_t *x, uint8_t *y)
{
    probe_reset(state);
    for (int i = 0; i < 4; i++)
        state->sum += x[i];
    y[0] = (uint8_t)state->sum;
    y[1] = (uint8_t)(base + calls++);
}
"""
)


def body(c: str) -> str:
    """A model whose whole work is the C text ``c``."""
    return f"""{RESET}
void probe_run(probe_state *state, const uint8_t *x, uint8_t *y)
{{
    (void)state; (void)x;
    y[0] = y[1] = 0;
    {c}
}}
"""


def run(target: str, elf: Path, inputs: Any = INPUTS, **options: Any) -> qemu.Run:
    settings: dict[str, Any] = {
        "output_dtype": "uint8",
        "output_shape": (2,),
        "function": "probe_run",
        "timeout": 30,
    }
    return qemu.run(TARGETS[target], elf, inputs, **{**settings, **options})


def figures(result: qemu.Run) -> dict[str, int]:
    return {key: int(value) for key, value in (line.split("=") for line in result.bench.splitlines())}


def failure(target: str, elf: Path, inputs: Any = INPUTS, **options: Any) -> str:
    with pytest.raises(UserError) as caught:
        run(target, elf, inputs, **options)
    return str(caught.value)


@pytest.mark.parametrize("target", TARGETS)
def test_every_sample_is_run_in_order(target: str, tmp_path: Path) -> None:
    result = run(target, build(TARGETS[target], tmp_path, SUM))
    np.testing.assert_array_equal(result.outputs[:, 0], INPUTS.sum(axis=1).astype(np.uint8))
    np.testing.assert_array_equal(result.outputs[:, 1], 7 + np.arange(10))
    assert figures(result)["samples"] == 10
    assert figures(result)["state_bytes"] == 8


def test_streaming_resets_and_steps_through_the_window(tmp_path: Path) -> None:
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
    result = run("cortex-m4", build(M4, tmp_path, model, stream=True), function="probe_step")
    wanted = 100 + 3 * (INPUTS[:, 0] + INPUTS[:, 2]) + INPUTS[:, 1] + INPUTS[:, 3]
    np.testing.assert_array_equal(result.outputs[:, 0], wanted)
    np.testing.assert_array_equal(result.outputs[:, 1], np.full(10, 2))


def test_a_stream_whose_last_step_gives_nothing_is_an_error(tmp_path: Path) -> None:
    model = """
        void probe_reset(probe_state *state) { state->calls = 0; }
        int probe_step(probe_state *state, const uint8_t *x, uint8_t *y)
        {
            y[0] = x[0];
            return ++state->calls < 2u;
        }
    """
    elf = build(M4, tmp_path, model, stream=True)
    assert "bench: the steps of a window returned 1 more or less often than it has outputs" in failure("cortex-m4", elf)


@pytest.mark.parametrize(
    ("target", "assembly"),
    [
        ("cortex-m4", "vmov.f32 s0, #2.0\\n vadd.f32 s0, s0, s0"),
        ("cortex-m7", "vmov.f64 d0, #2.0\\n vadd.f64 d0, d0, d0"),
        ("cortex-m33", "vmov.f32 s0, #2.0\\n vadd.f32 s0, s0, s0"),
        ("cortex-m55", "vmov.i32 q0, #2\\n vadd.i32 q0, q0, q0\\n dls lr, %0\\n 1: le lr, 1b"),
    ],
)
def test_the_units_of_the_core_are_on(target: str, assembly: str, tmp_path: Path) -> None:
    code = f'uint32_t n = 3; __asm__ volatile("{assembly}" : "+r"(n) : : "lr", "s0", "s1", "s2", "s3");'
    result = run(target, build(TARGETS[target], tmp_path, body(code + "y[0] = 9;")))
    assert (result.outputs[:, 0] == 9).all()


@pytest.mark.parametrize("optimize", ["-O0", "-Os", "-O3"])
@pytest.mark.parametrize("words", [0, 1, 50])
def test_stack_is_exact(words: int, optimize: str, tmp_path: Path) -> None:
    """r4, LR and 4 * words pushed; what lies below the call is not counted, what lies above neither."""
    model = f"""{RESET}
        __attribute__((naked)) void probe_run(probe_state *state, const uint8_t *x, uint8_t *y)
        {{
            (void)state; (void)x; (void)y;
            __asm__ volatile("push {{r4, lr}}\\n movs r3, #{words}\\n cbz r3, 2f\\n"
                             "1: push {{r3}}\\n subs r3, #1\\n bne 1b\\n"
                             "2: add sp, #{4 * words}\\n pop {{r4, pc}}");
        }}
    """
    result = run("cortex-m4", build(M4, tmp_path, model, optimize=optimize))
    assert figures(result)["stack_bytes"] == 8 + 4 * words


def test_stack_is_the_deepest_of_all_samples(tmp_path: Path) -> None:
    """The fifth sample goes deepest: 4 * 4 * x[0] bytes of calls that each push two words."""
    model = (
        RESET
        + """
        __attribute__((naked)) void probe_run(probe_state *state, const uint8_t *x, uint8_t *y)
        {
            (void)state; (void)x; (void)y;
            __asm__ volatile("push {r4, lr}\\n ldrb r3, [r1]\\n mov r4, sp\\n"
                             "1: push {r3}\\n subs r3, #1\\n bne 1b\\n mov sp, r4\\n pop {r4, pc}");
        }
    """
    )
    inputs = np.full((7, 4), 3, np.uint8)
    inputs[4, 0] = 21
    assert figures(run("cortex-m4", build(M4, tmp_path, model), inputs))["stack_bytes"] == 8 + 4 * 21


@pytest.mark.parametrize("target", TARGETS)
def test_a_fault_prints_the_registers(target: str, tmp_path: Path) -> None:
    model = (
        RESET
        + """
        __attribute__((naked)) void probe_run(probe_state *state, const uint8_t *x, uint8_t *y)
        {
            (void)state; (void)x; (void)y;
            __asm__ volatile("movs r0, #10\\n movs r1, #11\\n movs r2, #12\\n movs r3, #13\\n"
                             "mov r12, r3\\n .global here\\n .type here, %function\\n here: udf #0");
        }
    """
    )
    elf = build(TARGETS[target], tmp_path, model)
    text = failure(target, elf)
    assert "(exit code 1)" in text
    dump = {name: int(value, 16) for name, value in re.findall(r"(\w+) +(0x[0-9a-f]{8})", text)}
    assert [dump[name] for name in ("R0", "R1", "R2", "R3", "R12")] == [10, 11, 12, 13, 13]
    assert dump["PC"] == symbol(elf, "here")
    call = symbol(elf, "measured_call")
    assert call < dump["LR"] < call + 256
    assert 0 < symbol(elf, "__stack_top") - dump["SP"] < 256
    assert dump["xPSR"] & 1 << 24, "Thumb state"
    if target == "cortex-m0":
        assert "CFSR" not in dump
    else:
        assert dump["CFSR"] == 1 << 16
        assert dump["HFSR"] == 1 << 30
        assert "undefined instruction" in text


def test_sp_of_a_fault_does_not_depend_on_the_frame(tmp_path: Path) -> None:
    """With live floating-point state the core stacks 26 words in place of 8, and aligns SP to 8."""
    code = """
        __asm__ volatile("sub sp, #4\\n mov r0, sp\\n {fpu}\\n udf #0" : : : "r0");
    """
    for fpu in ("nop", "vmov.f32 s0, #2.0"):
        text = failure("cortex-m4", build(M4, tmp_path, body(code.replace("{fpu}", fpu))))
        dump = dict(re.findall(r"(\w+) +(0x[0-9a-f]{8})", text))
        assert dump["SP"] == dump["R0"], fpu


def test_a_bad_address_is_named(tmp_path: Path) -> None:
    text = failure("cortex-m4", build(M4, tmp_path, body("*(volatile uint32_t *)0xF0000000u = 1;")))
    assert "data access to a bad address" in text
    assert re.search(r"BFAR +0xf0000000", text)


def test_a_full_stack_is_told(tmp_path: Path) -> None:
    code = "volatile uint8_t room[1000]; for (int i = 0; i < 1000; i++) room[i] = 1; y[0] = room[3];"
    text = failure("cortex-m4", build(M4, tmp_path, body(code), stack=1024))
    assert "bench: the stack is full to its last word" in text
    assert figures(run("cortex-m4", build(M4, tmp_path, body(code), stack=2048)))["stack_bytes"] >= 1000


@pytest.mark.parametrize("sp", ["symbol", "0xfffffc00"])
def test_a_fault_after_stack_overflow_still_speaks(sp: str, tmp_path: Path) -> None:
    """SP below the stack but in RAM, and SP nowhere."""
    value = "=__stack_limit - 256" if sp == "symbol" else f"={sp}"
    code = f'__asm__ volatile("ldr r0, {value}\\n mov sp, r0\\n udf #0" : : : "r0");'
    for target in ("cortex-m0", "cortex-m4"):
        text = failure(target, build(TARGETS[target], tmp_path, body(code)))
        assert "stack overflow: SP is outside the stack" in text
        assert "(exit code 1)" in text
        assert ("PC " in text) == (sp == "symbol")


def test_a_hang_ends_at_the_time_limit(tmp_path: Path) -> None:
    text = failure("cortex-m4", build(M4, tmp_path, body("for (;;) (void)*(volatile uint8_t *)y;")), timeout=1)
    assert "probe.elf was still running under QEMU (mps2-an386) after 1 s" in text
    assert "--timeout" in text


def test_samples_of_another_width_are_refused(tmp_path: Path) -> None:
    text = failure("cortex-m4", build(M4, tmp_path, SUM), np.zeros((5, 3), np.uint8))
    assert "bench: the length of inputs.bin is not a whole number of windows" in text


def test_outputs_of_another_size_are_refused(tmp_path: Path) -> None:
    elf = build(M4, tmp_path, SUM)
    assert "wrote 20 bytes of output for 10 samples where 30 are due" in failure("cortex-m4", elf, output_shape=(3,))
    # A whole number of windows, but not as many as there are samples.
    assert "wrote 10 bytes of output for 10 samples" in failure("cortex-m4", elf, INPUTS[:, :2])


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda d: None, "bench: cannot open inputs.bin"),
        (lambda d: (d / "inputs.bin").write_bytes(b""), "bench: inputs.bin is empty"),
        (lambda d: (d / "outputs.bin").mkdir(), "bench: cannot open outputs.bin for writing"),
        (lambda d: (d / "bench.txt").mkdir(), "bench: cannot open bench.txt for writing"),
        (lambda d: (d / "outputs.bin").symlink_to("/dev/full"), "bench: cannot write outputs.bin"),
        (lambda d: (d / "bench.txt").symlink_to("/dev/full"), "bench: cannot write bench.txt"),
    ],
)
def test_the_bench_tells_what_it_cannot_do(spoil: Any, sentence: str, tmp_path: Path) -> None:
    elf = build(M4, tmp_path, SUM)
    work = tmp_path / "work"
    work.mkdir()
    if "open inputs" not in sentence:
        (work / "inputs.bin").write_bytes(INPUTS.tobytes())
    spoil(work)
    done = qemu._execute("qemu-system-arm", M4, elf, [], work, 30)
    assert done.stdout.strip() == sentence
    assert done.returncode == 1


def test_missing_qemu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elf = build(M4, tmp_path, SUM)
    monkeypatch.setenv("PATH", "/nowhere/bin")
    text = failure("cortex-m4", elf)
    assert "qemu-system-arm is needed to run cortex-m4 and was not found in PATH=/nowhere/bin" in text
    assert "sudo apt-get install qemu-system-arm" in text


def test_an_elf_of_another_machine(tmp_path: Path) -> None:
    sentence = "is built for EM_X86_64, but cortex-m4 is armv7e-m+fp: rebuild it"
    assert sentence in failure("cortex-m4", Path(sys.executable).resolve())
    text = tmp_path / "text.elf"
    text.write_text("no ELF")
    assert "is not a readable ELF file" in failure("cortex-m4", text)


def test_an_elf_linked_for_other_memory(tmp_path: Path) -> None:
    text = failure("cortex-m4", build(dataclasses.replace(M4, flash=Region(0x10000000, 0x10000)), tmp_path, SUM))
    assert "fills 0x10000000 to 0x1000" in text
    assert "outside the memory of cortex-m4" in text


@pytest.mark.parametrize(
    ("region", "sentence", "numbers"),
    [
        ("flash", "code and constants exceed the target's flash", r"region `FLASH' overflowed by \d+ bytes"),
        ("ram", "data and stack exceed the target's RAM", r"region `RAM' overflowed by \d+ bytes"),
    ],
)
def test_a_firmware_that_does_not_fit(region: str, sentence: str, numbers: str, tmp_path: Path) -> None:
    small = dataclasses.replace(M4, **{region: Region(getattr(M4, region).origin, 0x200)})
    with pytest.raises(RuntimeError) as caught:
        build(small, tmp_path, SUM)
    assert sentence in str(caught.value)
    assert re.search(numbers, str(caught.value))


def command(directory: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """``python -m measure.run`` on probe.elf and inputs.npy, results in out/."""
    card = {"function": "probe_run", "output": {"dtype": "int8", "shape": [2]}}
    (directory / "model.json").write_text(json.dumps(card))
    arguments = ["--target", "cortex-m4", "--elf", f"{directory}/probe.elf"]
    arguments += ["--inputs", f"{directory}/inputs.npy", "--model", f"{directory}/model.json"]
    arguments += ["--outputs", f"{directory}/out/outputs.npy", "--bench", f"{directory}/out/bench.txt"]
    arguments += ["--timeout", "30"]
    return subprocess.run(
        [sys.executable, "-m", "measure.run", *arguments, *more],
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )


def contents(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def test_the_command_writes_all_results_or_none(tmp_path: Path) -> None:
    build(M4, tmp_path, SUM)
    np.save(tmp_path / "inputs.npy", INPUTS.astype(np.int8))
    profile = ["--profiler", str(build_profiler(tmp_path)), "--profile", f"{tmp_path}/out/profile.txt"]

    done = command(tmp_path, *profile)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    results = contents(tmp_path / "out")
    assert sorted(results) == ["bench.txt", "outputs.npy", "profile.txt"]
    outputs = np.load(tmp_path / "out/outputs.npy")
    assert outputs.dtype == np.int8
    np.testing.assert_array_equal(outputs[:, 0], INPUTS.sum(axis=1).astype(np.int8))
    assert results["profile.txt"].startswith(b"calls 10\n")

    build(M4, tmp_path, body("for (;;) (void)*(volatile uint8_t *)y;"))
    done = command(tmp_path, *profile, "--timeout", "1")
    assert done.returncode == 2
    assert done.stderr.startswith("lstmcu: error: ")
    assert "after 1 s" in done.stderr
    assert contents(tmp_path / "out") == results


def test_the_command_goes_on_without_a_profile(tmp_path: Path) -> None:
    build(M4, tmp_path, SUM)
    np.save(tmp_path / "inputs.npy", INPUTS)
    plugin = build_profiler(tmp_path, "-DPLUGIN_API_VERSION=99")
    done = command(tmp_path, "--profiler", str(plugin), "--profile", f"{tmp_path}/out/profile.txt")
    assert done.returncode == 0
    assert "lstmcu: warning: no instruction profile: " in done.stderr
    assert (tmp_path / "out/profile.txt").read_text().startswith("unavailable ")
    assert (tmp_path / "out/outputs.npy").is_file()


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"no array", "is not a readable .npy file"),
        (None, "must hold one array (N, …) of at least one sample"),
    ],
)
def test_the_command_refuses_bad_inputs(data: bytes | None, sentence: str, tmp_path: Path) -> None:
    build(M4, tmp_path, SUM)
    np.save(tmp_path / "inputs.npy", np.zeros((0, 4), np.uint8))
    if data is not None:
        (tmp_path / "inputs.npy").write_bytes(data)
    done = command(tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()


def test_files_are_written_together(tmp_path: Path) -> None:
    """When one of the files cannot be written the others keep their old text and nothing is left over."""
    (tmp_path / "a").write_text("old")
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OSError, match="file"):
        write_together({tmp_path / "a": b"new", tmp_path / "file" / "b": b"new"})
    assert contents(tmp_path) == {"a": b"old", "file": b"in the way"}
