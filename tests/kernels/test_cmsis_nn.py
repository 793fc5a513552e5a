# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""kernels=cmsis-nn: a library that a user built is found, refused with a sentence, linked, measured and reported.

Against a stand-in that the tests compile (tests/support/cmsis_nn/), and with --cmsis-nn=PREFIX against the real one.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kernels.cmsis_nn import library as cmsis_nn
from measure.cost import sizes
from model.errors import UserError
from target import archive
from tests.probe import CORES
from tests.support import stand_in
from tests.support.checkout import Checkout
from tests.support.keras_files import archive as keras_archive
from tests.support.keras_files import dense, input_layer, lstm

M4 = CORES["cortex-m4"]
BUILDS = [(quantisation, state) for quantisation in ("int8", "int16x8") for state in ("window", "stream")]


@pytest.fixture
def prefix(cmsis_stand_in: Path, tmp_path: Path) -> Path:
    """A copy of the stand-in's headers and Cortex-M4 library, to be damaged."""
    shutil.copytree(cmsis_stand_in / "Include", tmp_path / "prefix/Include")
    shutil.copy(cmsis_stand_in / "cortex-m4" / cmsis_nn.LIBRARY, tmp_path / "prefix")
    return tmp_path / "prefix"


def refusal(prefix: Path) -> str:
    with pytest.raises(UserError) as caught:
        cmsis_nn.find(str(prefix), M4)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("folder", ["", "build", "lib", "cortex-m4"])
@pytest.mark.parametrize("headers", ["Include", "include", "include/cmsis-nn", "ARM/CMSIS-NN/7.0.0/Include"])
def test_found_wherever_it_lies(prefix: Path, headers: str, folder: str) -> None:
    moved = shutil.move(prefix / "Include", prefix / "moved")
    (prefix / headers).parent.mkdir(parents=True, exist_ok=True)
    shutil.move(moved, prefix / headers)
    (prefix / folder).mkdir(exist_ok=True)
    library = Path(shutil.move(prefix / cmsis_nn.LIBRARY, prefix / folder / cmsis_nn.LIBRARY))
    assert cmsis_nn.find(str(prefix), M4) == cmsis_nn.CmsisNn(prefix / headers, library)


def test_headers_of_a_pack(prefix: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for version in ("7.0.0", "7.1.0"):
        shutil.copytree(prefix / "Include", tmp_path / f"packs/ARM/CMSIS-NN/{version}/Include")
    shutil.rmtree(prefix / "Include")
    monkeypatch.setenv("CMSIS_PACK_ROOT", str(tmp_path / "packs"))
    assert cmsis_nn.find(str(prefix), M4).include == tmp_path / "packs/ARM/CMSIS-NN/7.1.0/Include"


def test_no_prefix() -> None:
    with pytest.raises(UserError, match="needs cmsis_nn=PREFIX"):
        cmsis_nn.find("", M4)


def test_what_is_missing_is_said(prefix: Path, tmp_path: Path) -> None:
    assert "no such folder" in refusal(tmp_path / "nowhere")
    assert "no such folder" in refusal(prefix / cmsis_nn.LIBRARY)
    (tmp_path / "empty").mkdir()
    assert "no Include/arm_nnfunctions.h" in refusal(tmp_path / "empty")
    (prefix / "Include/arm_nn_types.h").rename(tmp_path / "types.h")
    assert "has no arm_nn_types.h; give CMSIS-NN's whole Include/" in refusal(prefix)
    (prefix / cmsis_nn.LIBRARY).unlink()
    assert re.search(r"no libcmsis-nn\.a in .*; build it for cortex-m4$", refusal(prefix))


def test_one_that_loses_the_state_is_refused(prefix: Path) -> None:
    types = prefix / "Include/arm_nn_types.h"
    types.write_text(types.read_text().replace("hidden_state", "cell_too"))
    assert "loses an LSTM's state" in refusal(prefix)


def damaged(data: bytes, *, size: bytes | None = None, cut: int | None = None, index: bytes | None = None) -> bytes:
    """A library with another size of its first member, fewer bytes, or another index of the same length."""
    if size is not None:
        data = data[:56] + size + data[66:]
    if index is not None:
        data = data[:68] + index + data[68 + len(index) :]
    return data[:cut]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda _: b"", "is not a library as ar makes them"),
        (lambda _: b"INPUT(libreal.a)\n", "is not a library as ar makes them"),
        (lambda _: b"!<arch>\n", "has no index of symbols, or is empty: run arm-none-eabi-ranlib on it"),
        (lambda data: data[:8] + data[8 + 60 :], "has no index of symbols"),
        (lambda data: damaged(data, size=b"many      "), "is a damaged library"),
        (lambda data: damaged(data, size=b"99999999  "), "is a damaged library"),
        (lambda data: damaged(data, cut=100), "is a damaged library"),
        (lambda data: damaged(data, cut=len(data) // 2), "is a damaged library"),
        (lambda data: damaged(data, index=b"\xff\xff\xff\xff"), "is a damaged library"),
        (lambda data: damaged(data, index=b"\0\0\0\0"), "has no index of symbols, or is empty"),
        (lambda data: data.replace(b"arm_lstm_unidirectional_s16", b"arm_lstm_unidirectional_f16"),
         "lacks arm_lstm_unidirectional_s16: build the whole of CMSIS-NN"),
        (lambda data: data.replace(b"\x7fELF", b"BC\xc0\xde"), "holds something else than ELF objects"),
    ],
)  # fmt: skip
def test_what_is_no_library_is_refused(prefix: Path, change: Callable[[bytes], bytes], sentence: str) -> None:
    library = prefix / cmsis_nn.LIBRARY
    library.write_bytes(change(library.read_bytes()))
    assert sentence in refusal(prefix)


def test_an_object_file_is_refused(prefix: Path, cmsis_stand_in: Path) -> None:
    shutil.copy(cmsis_stand_in / "cortex-m4/support.o", prefix / cmsis_nn.LIBRARY)
    assert "is an ELF file, not a library" in refusal(prefix)


def test_a_library_without_objects_or_index_or_contents_is_refused(prefix: Path, cmsis_stand_in: Path) -> None:
    library, objects = prefix / cmsis_nn.LIBRARY, sorted((cmsis_stand_in / "cortex-m4").glob("*.o"))
    for words, sentence in (
        (("rcT", library, *objects), "is a thin library"),
        (("rcS", library, *objects), "has no index of symbols, or is empty: run arm-none-eabi-ranlib on it"),
        (("rc", library), "has no index of symbols, or is empty"),
        (("rc", library, *objects[1:]), f"lacks {', '.join(cmsis_nn.CALLED[2:])}"),
    ):
        library.unlink()
        stand_in.call("arm-none-eabi-ar", *words)
        assert sentence in refusal(prefix)


@pytest.mark.parametrize("other", ["cortex-m0", "cortex-m3", "cortex-m7", "cortex-m55"])
def test_a_library_for_another_core_is_refused(prefix: Path, cmsis_stand_in: Path, other: str) -> None:
    shutil.copy(cmsis_stand_in / other / cmsis_nn.LIBRARY, prefix)
    sentence = f"libcmsis-nn.a is built for {CORES[other].isa}, but cortex-m4 is armv7e-m+fp: rebuild it"
    assert sentence in refusal(prefix)


@pytest.mark.parametrize("name", ["cortex-m0", "cortex-m3", "cortex-m4", "cortex-m7", "cortex-m33", "cortex-m55"])
def test_each_core_finds_its_own(cmsis_stand_in: Path, name: str) -> None:
    assert cmsis_nn.find(str(cmsis_stand_in), CORES[name]).library == cmsis_stand_in / name / cmsis_nn.LIBRARY


def test_the_index_tells_whose_symbol_is_whose(cmsis_stand_in: Path) -> None:
    library = cmsis_stand_in / "cortex-m4" / cmsis_nn.LIBRARY
    found = archive.index(library)
    assert set(cmsis_nn.CALLED) < set(found)
    for name in cmsis_nn.CALLED:
        source = name.removeprefix("arm_").replace("lstm_unidirectional", "lstm")
        source = "fully_connected" if source.startswith("fully") else source
        made = (cmsis_stand_in / f"cortex-m4/{source}.o").read_bytes()
        assert archive.member(library, found[name]).rstrip(b"\n") == made.rstrip(b"\n")


@pytest.mark.parametrize("kernels", ["cmsis-nn", "all"])
def test_scons_says_so_too(tmp_path: Path, prefix: Path, kernels: str) -> None:
    checkout = Checkout.copy(tmp_path / "checkout")
    if kernels == "cmsis-nn":
        assert "kernels=cmsis-nn needs cmsis_nn=PREFIX" in checkout.scons(f"kernels={kernels}").sentence
    (prefix / cmsis_nn.LIBRARY).write_bytes(b"")
    said = checkout.scons("target=cortex-m4", f"kernels={kernels}", f"cmsis_nn={prefix}").sentence
    assert "is not a library as ar makes them" in said


@pytest.fixture(scope="module", params=["stand-in", "real"])
def measured(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """All that can be asked of a network that the library runs itself, window and stream."""
    given = str(request.config.getoption("--cmsis-nn"))
    if request.param == "real" and not given:
        pytest.skip("no CMSIS-NN: ./scons test cmsis_nn=PREFIX")
    library = given if request.param == "real" else request.getfixturevalue("cmsis_stand_in")
    checkout = Checkout.copy(tmp_path_factory.mktemp(request.param) / "checkout")
    kind, settings, (kernel, recurrent, bias) = lstm(3, 6)
    calm = (kind, settings, [kernel, 0.3 * recurrent, bias])  # no product of a gate has to be saturated
    keras_archive(checkout.root / "calm.keras", [input_layer(4, 3), calm, dense(6, 4)])
    inputs = np.random.default_rng(3).normal(0, 1, (60, 4, 3)).astype(np.float32)
    np.savez(checkout.root / "calm.npz", inputs=inputs)
    words = ("target=cortex-m4", "model=calm.keras", "kernels=cmsis-nn,c", f"cmsis_nn={library}")
    for state in ("window", "stream"):
        goals = ("report", "sizes", "profile", "page", "compare")
        done = checkout.build(*goals, *words, "quant=int8,int16x8", f"state={state}")
        assert done.out.count("Every intermediate value agrees with the reference.") == 4
        assert "calm" in (checkout.root / "build/report.html").read_text()
    return checkout


def test_another_library_or_header_is_noticed(measured: Checkout, cmsis_stand_in: Path, tmp_path: Path) -> None:
    prefix = tmp_path / "prefix"
    shutil.copytree(cmsis_stand_in / "Include", prefix / "Include")
    library = Path(shutil.copy(cmsis_stand_in / "cortex-m4" / cmsis_nn.LIBRARY, prefix))
    words = ("target=cortex-m4", "model=calm.keras", "kernels=cmsis-nn", f"cmsis_nn={prefix}")
    measured.build(*words)
    assert measured.build(*words).rules == set()
    (tmp_path / "more.c").write_text("int arm_more = 1;")
    stand_in.call("arm-none-eabi-gcc", *M4.flags, "-c", tmp_path / "more.c", "-o", tmp_path / "more.o")
    stand_in.call("arm-none-eabi-ar", "rsD", library, tmp_path / "more.o")
    again = measured.build(*words).rules  # the report looks into the library, too
    assert again == {"LINK calm.elf", "LINK carried.elf", "REPORT report.json"}
    header = prefix / "Include/arm_nnfunctions.h"
    header.write_text(header.read_text() + "\n#define ANOTHER\n")
    assert "CC cmsis.c.o" in measured.build(*words).rules


def report_of(checkout: Checkout, quantisation: str, state: str, kernels: str = "cmsis-nn") -> tuple[Path, Any]:
    folder = checkout.root / f"build/cortex-m4/calm/{quantisation}-{kernels}{'-stream' if state == 'stream' else ''}"
    return folder, json.loads((folder / "report.json").read_text())


@pytest.mark.parametrize(("quantisation", "state"), BUILDS)
def test_the_report_is_of_the_library(measured: Checkout, quantisation: str, state: str) -> None:
    folder, report = report_of(measured, quantisation, state)
    _, plain = report_of(measured, quantisation, state, "c")
    kind = "s8" if quantisation == "int8" else "s16"
    assert (report["kernels"], report["state"], report["quantisation"]) == ("cmsis-nn", state, quantisation)
    # of a Dense in int16x8 the library knows one scale only
    assert [note for note in report["model"]["notes"] if "one scale for all rows" not in note] == []
    assert report["error"]["reference"]["mismatches"] == 0
    np.testing.assert_array_equal(np.load(folder / "outputs.npy"), np.load(folder / "expected.npy"))
    assert report["error"]["float"] == plain["error"]["float"]
    functions = {row["name"]: row for row in report["functions"]}
    called = [f"arm_lstm_unidirectional_{kind}"]
    called += ["arm_fully_connected_per_channel_s8"] if kind == "s8" else []
    for name in called:
        assert functions[name]["instructions"] > 0
        assert functions[name]["code"] > 0
    average = sum(row["instructions"] for row in report["functions"])
    assert report["instructions_least"] <= average <= report["instructions"] + 1e-6
    assert report["cycles"]["nominal"] > report["instructions"] / 2


@pytest.mark.parametrize(("quantisation", "state"), BUILDS)
def test_its_bytes_are_counted_as_the_librarys(measured: Checkout, quantisation: str, state: str) -> None:
    report = report_of(measured, quantisation, state)[1]
    flash = report["flash"]
    assert flash["total"] == sum(flash[kind] for kind in ("code", "tables", "weights"))
    assert flash["total"] == sum(section["bytes"] for section in flash["sections"])
    assert flash["total"] == sum(part["bytes"] for part in flash["parts"])
    files = {row["name"]: row for row in flash["files"]}
    assert files["libcmsis-nn.a"]["code"] > 300
    assert files["libcmsis-nn.a"]["tables"] >= 512  # of the sigmoid
    assert files["libcmsis-nn.a"]["weights"] == 0
    assert files["calm.c"]["weights"] == flash["weights"] > 4 * 6 * (3 + 6) + 4 * 6
    own = {path.stem for path in (measured.root / "firmware").rglob("*.c")}
    ours = {symbol.name for object_file in measured.root.glob("build/cortex-m4/obj/**/*.o")
            for symbol in sizes.symbols(object_file)}  # fmt: skip
    for part in flash["parts"]:  # also the functions that are local to the library
        if part["file"] == "libcmsis-nn.a":
            assert part["name"] not in ours
        elif part["file"].endswith(".c") and Path(part["file"]).stem in own:
            assert part["name"] in ours
    assert report["ram"]["static"] == 0
    assert report["ram"]["total"] == sum(field["bytes"] for field in report["ram"]["fields"])
    assert "libcmsis-nn.a" in (measured.root / "build/sizes.md").read_text()


@pytest.mark.parametrize(("quantisation", "state"), BUILDS)
def test_its_stack_is_bounded(measured: Checkout, quantisation: str, state: str) -> None:
    stack = report_of(measured, quantisation, state)[1]["stack"]
    assert stack["proved"], stack["why"]
    assert 0 < max(stack["measured"], stack["stored"]) <= stack["bound"]
    names = [call["function"] for call in stack["calls"]]
    assert names[0].startswith("calm_")
    assert any(name.startswith("arm_lstm_unidirectional") for name in names)
    assert stack["bound"] == sum(call["bytes"] for call in stack["calls"])


@pytest.mark.parametrize(("quantisation", "state"), BUILDS)
def test_its_time_is_taken_apart(measured: Checkout, quantisation: str, state: str) -> None:
    folder, report = report_of(measured, quantisation, state)
    profile = json.loads((folder / "profile.json").read_text())
    assert profile["calls"] == 60 * (4 if state == "stream" else 1)
    assert report["instructions_least"] <= profile["instructions"] <= report["instructions"]
    shares = {row["name"]: row["share"] for row in profile["phases"]}
    assert sum(shares.values()) == pytest.approx(1, abs=1e-3)
    assert shares["gates"] + shares.get("activation", 0) + shares.get("cell", 0) + shares.get("requantise", 0) > 0.5
    assert "arm_lstm_unidirectional" in (folder / "annotated.txt").read_text()
