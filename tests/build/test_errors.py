# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What a user's mistake looks like: one sentence, exit code 2, and nothing half-written."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.support.checkout import Checkout, Shared
from tests.support.host import ROOT
from tests.support.keras_files import archive, dense, input_layer, lstm

MODEL = "forecast-window"
REQUEST = ("target=cortex-m4", f"model={MODEL}", "quant=int8", "kernels=c")
FOLDER = f"build/cortex-m4/{MODEL}/int8-c"
LAYERS = [input_layer(5, 3), lstm(3, 4), dense(4, 2)]
SAMPLES = ROOT / "tests/model/data/samples"
GOOD = np.random.default_rng(0).normal(0, 1, (20, 5, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """Unbuilt; tests may add files to it, each under names of its own."""
    return Checkout.copy(tmp_path_factory.mktemp("errors") / "checkout")


def complaint(checkout: Checkout, *words: str, path: str | None = None) -> str:
    """The sentence; nothing unfinished is left behind, and no report."""
    done = checkout.scons(*words, path=path)
    sentence = done.sentence
    assert checkout.unfinished() == []
    assert "TABLE report.txt" not in done.rules
    return sentence


def made(checkout: Checkout, model: str) -> set[str]:
    """What is there of a model, in any folder of its name: trained.npz, once it was read."""
    return {Path(path).name for path in checkout.files() if f"/{model}/" in path}


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (["target=cortex-m5"], ["target=cortex-m5", "did you mean 'cortex-m"]),
        (["target=pdp11"], ["target=pdp11", "there are: ", "cortex-m4"]),
        (["target="], ["target= is empty", "cortex-m4"]),
        (["tagret=cortex-m4"], ["unknown option 'tagret='", "did you mean 'target'?"]),
        (["model=forcast"], ["model=forcast: no shipped model of this name", "did you mean 'forecast'?"]),
        (["model=absent.keras"], ["model=absent.keras: no such model file", ".keras"]),
        (["samples=absent.npz"], ["samples=absent.npz: no such file", "'inputs' (N, steps, features)"]),
        (["quant=int9"], ["quant=int9", "did you mean 'int8'?"]),
        (["kernels=assembler"], ["kernels=assembler", "c"]),
        (["state=streaming"], ["state=streaming", "did you mean 'stream'?"]),
        (["timeout=soon"], ["timeout=soon: give a number of seconds above 0"]),
        (["timeout=0"], ["timeout=0"]),
        (["clock=64"], ["clock=64: give a number above 0 with its unit (hz, khz, mhz, ghz)"]),
        (["clock=0MHz"], ["clock=0MHz: give a number above 0"]),
        (["clock=64MHz", "period=50"], ["period=50: give a number above 0 with its unit (us, ms, s, min, h)"]),
        (["period=50ms"], ["period=50ms: say the core's clock= too"]),
        (["flash_wait=-1"], ["flash_wait=-1: give a whole number of wait states"]),
        (["flash_wait=²"], ["flash_wait=²: give a whole number of wait states"]),
        (["timeout=²"], ["timeout=²: give a number of seconds above 0"]),
        (["voltage=3.0"], ["voltage=3.0: say current= too"]),
        (["flash_wait=2", "flash_width=16"], ["flash_width=16; there are: 32, 64, 128"]),
        (["flash_width=128"], ["flash_width=128: say flash_wait= too"]),
        (["current=35uA/MHz"], ["current=35uA/MHz: say voltage= too, as in voltage=3.0V"]),
        (["battery=220mAh"], ["battery=220mAh: say current= too"]),
        (["current=35uA", "voltage=3"], ["current=35uA: give a number above 0 with its unit (na/mhz, ua/mhz, ma/mhz)"]),
        (["gdb=3333"], ["gdb=3333: give the host:port of a GDB server, as in gdb=localhost:3333"]),
        (["gdb=| id:1"], ["gdb=| id:1: give the host:port"]),
        (["gdb=localhost:1", "target=cortex-m3,cortex-m4"], ["gdb=localhost:1 is one board", "cortex-m3, cortex-m4"]),
        (["gdb=localhost:1", "target=host"], ["gdb=localhost:1: target=host runs on this machine"]),
        (["flash_wait=2", "code_in=rom"], ["code_in=rom; did you mean 'ram'?"]),
    ],
)
def test_a_mistyped_option(checkout: Checkout, words: list[str], parts: list[str]) -> None:
    sentence = complaint(checkout, *words)
    for part in parts:
        assert part in sentence


def _text(path: Path) -> None:
    path.write_text("this is no archive")


def _truncated(path: Path) -> None:
    data = archive(path, LAYERS).read_bytes()
    path.write_bytes(data[: len(data) // 2])


def _conv_lstm(path: Path) -> None:
    archive(path, [LAYERS[0], ("ConvLSTM1D", {"name": "memory", "filters": 4}, [])])


def _softmax_lstm(path: Path) -> None:
    archive(path, [LAYERS[0], lstm(3, 4, "memory", activation="softmax")])


def _celu_dense(path: Path) -> None:
    archive(path, [*LAYERS[:2], dense(4, 2, "head", activation="celu")])


@pytest.mark.parametrize(
    ("make", "parts"),
    [
        (_text, ["is not a Keras archive"]),
        (_truncated, ["is not a Keras archive, or is truncated"]),
        (_conv_lstm, ["layer 'memory' (ConvLSTM1D)", "not supported", "supported: LSTM"]),
        (_softmax_lstm, ["layer 'memory' (LSTM)", "activation='softmax'", "supported: linear"]),
        (_celu_dense, ["layer 'head' (Dense)", "activation='celu'", "supported: linear, relu, sigmoid, tanh, softmax"]),
    ],
)
def test_a_model_that_cannot_be_built(checkout: Checkout, make: Callable[[Path], None], parts: list[str]) -> None:
    name = make.__name__.strip("_")
    make(checkout.root / f"{name}.keras")
    np.savez(checkout.root / f"{name}.npz", inputs=GOOD)
    sentence = complaint(checkout, f"model={name}.keras", "kernels=c")
    for part in [f"{name}.keras", *parts]:
        assert part in sentence
    assert not any(f"/{name}/" in path for path in checkout.files())


def _nan() -> np.ndarray:
    spoilt = GOOD.copy()
    spoilt[7, 1, 2] = np.nan
    return spoilt


@pytest.mark.parametrize(
    ("name", "inputs", "parts"),
    [
        ("shape", GOOD[:, :4], ["'inputs' has shape (20, 4, 3)", "asks for (N, 5, 3)"]),
        ("nan", _nan(), ["1 values that are NaN or infinite", "first in sample 7"]),
        ("none", GOOD[:0], ["holds no samples"]),
    ],
)
def test_samples_that_do_not_fit(checkout: Checkout, name: str, inputs: np.ndarray, parts: list[str]) -> None:
    archive(checkout.root / f"with_{name}.keras", LAYERS)
    np.savez(checkout.root / f"with_{name}.npz", inputs=inputs)
    sentence = complaint(checkout, f"model=with_{name}.keras", "kernels=c")
    for part in [f"with_{name}.npz", *parts]:
        assert part in sentence
    assert made(checkout, f"with_{name}") == {"trained.npz"}


def _sheet(path: Path) -> None:
    path.write_text("\n".join(["0,5;" * 14 + "1", "0.5;" * 14 + "1"]))


def _encrypted(path: Path) -> None:
    shutil.copy(SAMPLES / "encrypted.npz", path)


def _huge(path: Path) -> None:
    shutil.copy(SAMPLES / "claim_huge.npz", path)


def _line(path: Path) -> None:
    path.write_text("1," * 200_000)


def _array(path: Path) -> None:
    np.save(path, GOOD[0])


@pytest.mark.parametrize(
    ("make", "ending", "parts"),
    [
        (_sheet, ".csv", ["line 1 has a decimal comma and line 2 a decimal point"]),
        (_line, ".csv", ["line 1 is longer than"]),
        (_array, ".npy", ["'inputs' has shape (5, 3)", "if this is one window, give x[None]"]),
        (_encrypted, ".npz", ["'inputs.npy' is encrypted"]),
        (_huge, ".npz", ["claims 12,000,000,000 numbers"]),
        (os.mkfifo, ".npz", ["is a device or pipe"]),
        (Path.mkdir, ".csv", ["is a folder"]),
        (_encrypted, ".mat", ["samples do not end in '.mat'"]),
    ],
)
def test_samples_that_are_none(checkout: Checkout, make: Callable[[Path], None], ending: str, parts: list[str]) -> None:
    name = f"{make.__name__.strip('_')}{ending}"
    archive(checkout.root / "sampled.keras", LAYERS if "huge" not in name else [input_layer(6, 2), lstm(2, 4)])
    make(checkout.root / name)
    sentence = complaint(checkout, "model=sampled.keras", f"samples={name}", "kernels=c")
    for part in [name, *parts]:
        assert part in sentence
    assert made(checkout, "sampled") <= {"trained.npz"}


def test_what_the_samples_mean_is_read_before_anything_is_built(checkout: Checkout) -> None:
    archive(checkout.root / "told.keras", LAYERS)
    np.save(checkout.root / "told.npy", GOOD)
    (checkout.root / "told.json").write_text('{"unit": 3}')
    assert "told.json: 'unit' is a number, not a text" in complaint(checkout, "model=told.keras", "kernels=c")
    assert not any("/told/" in path for path in checkout.files())


def test_an_unknown_kind_of_model_is_refused_before_samples_are_asked_for(checkout: Checkout) -> None:
    (checkout.root / "net.pb").write_bytes(b"model")
    for model in ("net.pb", "./net.pb", str(checkout.root / "net.pb")):
        sentence = complaint(checkout, f"model={model}")
        assert f"model={model}: is a part of TensorFlow's SavedModel: load its folder with Keras 2" in sentence


def test_a_model_without_samples(checkout: Checkout) -> None:
    archive(checkout.root / "lonely.keras", LAYERS)
    sentence = complaint(checkout, "model=lonely.keras")
    assert "lonely.npz" in sentence
    assert "samples=" in sentence


def test_two_models_of_one_name_in_c(checkout: Checkout) -> None:
    archive(checkout.root / "forecast_window.keras", LAYERS)
    np.savez(checkout.root / "forecast_window.npz", inputs=GOOD)
    sentence = complaint(checkout, "model=forecast-window,forecast_window.keras")
    assert "in C; build one at a time, or rename one" in sentence


def test_a_model_that_reads_its_window_backwards_cannot_stream(checkout: Checkout) -> None:
    archive(checkout.root / "turned.keras", [LAYERS[0], lstm(3, 4, "turned", go_backwards=True), LAYERS[2]])
    np.savez(checkout.root / "turned.npz", inputs=GOOD)
    sentence = complaint(checkout, "model=turned.keras", "state=stream", "kernels=c")
    assert "layer 'turned' reads the window from its end; use state=window" in sentence


def tools(folder: Path, *without: str) -> str:
    """A PATH with every program of this machine's but some."""
    folder.mkdir()
    for place in reversed(os.environ["PATH"].split(os.pathsep)):
        for program in Path(place).glob("*") if Path(place).is_dir() else ():
            link = folder / program.name
            if program.name not in without:
                link.unlink(missing_ok=True)
                link.symlink_to(program)
    return str(folder)


@pytest.mark.parametrize(
    ("program", "package"),
    [("arm-none-eabi-gcc", "gcc-arm-none-eabi"), ("qemu-system-arm", "qemu-system-arm")],
)
def test_a_missing_tool(checkout: Checkout, tmp_path: Path, program: str, package: str) -> None:
    path = tools(tmp_path / "bin", program)
    sentence = complaint(checkout, "target=cortex-m4", "kernels=c", path=path)
    assert program in sentence
    assert f"PATH={path}" in sentence
    assert "sudo apt-get install" in sentence
    assert package in sentence
    listed = checkout.scons("-h", path=path)
    assert listed.code == 0
    (row,) = (line for line in listed.out.splitlines() if line.startswith("  cortex-m4 "))
    assert f"missing: {program}" in row


def test_clang_without_lld_is_said_before_anything_is_built(checkout: Checkout, tmp_path: Path) -> None:
    clang = tmp_path / "clang-16"
    real = shutil.which("clang-16")
    clang.write_text(f'#!/bin/sh\ncase "$*" in *-print-prog-name=*) echo ld.lld ;; *) exec {real} "$@" ;; esac\n')
    clang.chmod(0o755)
    path, before = f"{tmp_path}{os.pathsep}{os.environ['PATH']}", checkout.files()
    sentence = complaint(checkout, "target=cortex-m4", "compiler=clang", path=path)
    assert sentence.startswith("target=cortex-m4 needs more: clang-16 links with lld, and there is no ld.lld beside it")
    assert "sudo apt-get install " in sentence
    assert "lld-16" in sentence
    assert checkout.files() == before


def test_a_qemu_that_hangs_is_stopped(built: Shared, tmp_path: Path) -> None:
    checkout = built.copy(tmp_path / "checkout", *REQUEST)
    (checkout.root / FOLDER / "outputs.npy").unlink()
    (checkout.root / FOLDER / "report.json").unlink()
    path = tools(tmp_path / "bin", "qemu-system-arm")
    hanging = Path(path) / "qemu-system-arm"
    hanging.write_text(f"#!/bin/sh\necho $$ > {tmp_path}/pid\nexec sleep 1e6\n")
    hanging.chmod(0o755)
    sentence = complaint(checkout, *REQUEST, "timeout=1", path=path)
    assert "forecast_window.elf was still running under QEMU" in sentence
    assert "after 1 s" in sentence
    assert "timeout" in sentence
    assert not Path(f"/proc/{(tmp_path / 'pid').read_text().strip()}").exists()
    for name in ("outputs.npy", "report.json"):
        assert not (checkout.root / FOLDER / name).exists()


def test_a_qemu_that_crashes_says_what_it_said(built: Shared, tmp_path: Path) -> None:
    checkout = built.copy(tmp_path / "checkout", *REQUEST)
    (checkout.root / FOLDER / "outputs.npy").unlink()
    path = tools(tmp_path / "bin", "qemu-system-arm")
    broken = Path(path) / "qemu-system-arm"
    broken.write_text("#!/bin/sh\necho unsupported machine type >&2\nexit 1\n")
    broken.chmod(0o755)
    done = checkout.scons(*REQUEST, path=path)
    assert "forecast_window.elf failed under QEMU (mps2-an386)" in done.sentence
    assert "exit code 1" in done.sentence
    assert "unsupported machine type" in done.out + done.err
    assert not (checkout.root / FOLDER / "outputs.npy").exists()


@pytest.mark.parametrize(
    ("region", "line"),
    [("flash", "flash = { origin = 0x00000000, size = "), ("ram", "ram = { origin = 0x20000000, size = ")],
)
def test_a_model_too_large_for_the_target(built: Shared, tmp_path: Path, region: str, line: str) -> None:
    checkout = built.copy(tmp_path / "checkout", *REQUEST)
    toml = checkout.root / "toolchains/cortex-m4.toml"
    text = toml.read_text()
    assert line in text
    toml.write_text(text.replace(line + "0x400000", line + "0x1000"))
    shutil.rmtree(checkout.root / FOLDER)
    done = checkout.scons(*REQUEST)
    told = re.search(rf"does not fit: {region} of 4,096 bytes exceeded by ([\d,]+)", done.sentence)
    assert told is not None, done.sentence
    assert 0 < int(told[1].replace(",", "")) < 16384
    assert checkout.unfinished() == []
    report = json.loads((checkout.root / FOLDER / "report.json").read_text())  # its sizes, and nothing measured
    assert report["not_run"].startswith("does not fit")
    assert report["instructions"] is None
    assert (report["stack"]["measured"], report["stack"]["proved"]) == (None, True)
    assert report["error"] is None or report["error"]["reference"] is None


def test_a_device_that_differs_from_the_reference_is_no_success(built: Shared, tmp_path: Path) -> None:
    """A kernel with a wrong rounding: which value differs first, and nothing that others would take for right."""
    checkout = built.copy(tmp_path / "checkout", *REQUEST)
    header = checkout.root / "firmware/runtime/fixed_point.h"
    text = header.read_text()
    assert "(1 << (right - 1))" in text
    header.write_text(text.replace("(1 << (right - 1))", "0"))
    (checkout.root / FOLDER / "report.json").unlink()
    for _ in range(2):  # it does not pass for built
        done = checkout.scons(*REQUEST)
        assert "the device differs from the reference in " in done.sentence
        assert "first in sample " in done.sentence
        assert "values differ" in done.out  # the table, to see how much
        assert not (checkout.root / "build/report.txt").exists()
    assert 'failures="1"' in (checkout.root / "build/junit.xml").read_text()
    for words in (("baseline",), ("export", f"dest={tmp_path}/out")):
        assert "the device differs from the reference in " in checkout.scons(*words, *REQUEST).sentence
    assert not (tmp_path / "out").exists()
    assert not (checkout.root / "baseline.json").exists()


def test_a_compiler_error_is_shown_as_it_is(built: Shared, tmp_path: Path) -> None:
    checkout = built.copy(tmp_path / "checkout", *REQUEST)
    source = checkout.root / "kernels/c/lstm_s8.c"
    source.write_text(source.read_text() + "int broken(void) { return undeclared; }\n")
    done = checkout.scons(*REQUEST)
    assert done.code == 2
    assert "lstm_s8.c" in done.err
    assert "'undeclared' undeclared" in done.err
    assert "Traceback" not in done.err
    assert checkout.unfinished() == []
