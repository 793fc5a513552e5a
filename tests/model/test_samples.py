# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Samples: what is loaded, and the sentence for every mistake in the file."""

from __future__ import annotations

import io
import os
import random
import struct
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import DTypeLike

from model import arrays, samples
from model.ends import Ends
from model.errors import UserError
from model.samples import Samples
from model.signal import Array, Signal

DATA = Path(__file__).parent / "data/samples"
SIGNAL = Signal((3, 2))
OUTPUT = Signal((5,))
GOOD = np.arange(24, dtype=np.float32).reshape(4, 3, 2)
SCORES = np.arange(20, dtype=np.float32).reshape(4, 5)
INT8 = Signal((3, 2), "int8", 0.5, -3)
NUMBERS = ("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float16", "float32", "float64")


def npz(path: Path, **held: Array) -> Path:
    np.savez(path, **held)  # type: ignore[arg-type]
    return path


def load(path: Path, signal: Signal = SIGNAL, output: Signal = OUTPUT) -> Samples:
    return samples.load(path, Ends((signal,)), Ends((output,)))


def refusal(path: Path, signal: Signal = SIGNAL, output: Signal = OUTPUT) -> str:
    with pytest.raises(UserError) as caught:
        load(path, signal, output)
    sentence = str(caught.value)
    assert str(path) in sentence
    assert sentence.isprintable()
    assert len(sentence) < 1000
    return sentence


def test_everything_in_the_file_arrives(tmp_path: Path) -> None:
    path = npz(tmp_path / "s.npz", inputs=GOOD, targets=SCORES, calibration=GOOD[:2] + 1)
    loaded = load(path)
    np.testing.assert_array_equal(loaded.inputs, GOOD)
    assert loaded.targets is not None
    np.testing.assert_array_equal(loaded.targets, SCORES)
    np.testing.assert_array_equal(loaded.calibration, GOOD[:2] + 1)
    assert not loaded.stored


def test_the_inputs_calibrate_where_nothing_else_does(tmp_path: Path) -> None:
    loaded = load(npz(tmp_path / "s.npz", inputs=GOOD))
    assert loaded.targets is None
    np.testing.assert_array_equal(loaded.calibration, GOOD)


@pytest.mark.parametrize("ending", [".npy", ".NPY"])
def test_an_npy_is_the_inputs(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"s{ending}"
    with path.open("wb") as file:
        np.save(file, GOOD)
    loaded = load(path)
    np.testing.assert_array_equal(loaded.inputs, GOOD)
    assert loaded.targets is None


@given(data=st.data(), kind=st.sampled_from(NUMBERS), order=st.sampled_from("<>"), fortran=st.booleans())
@settings(max_examples=60, deadline=None)
def test_a_cast_to_a_type_that_holds_the_values_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, kind: str, order: str, fortran: bool
) -> None:
    """The values of one type, written in every other that holds them: the same float32, whatever the layout."""
    path = tmp_path_factory.mktemp("cast") / "s.npz"
    size = np.dtype(kind).itemsize
    raw = data.draw(st.binary(min_size=24 * size, max_size=24 * size))
    values = np.frombuffer(raw, kind).reshape(4, 3, 2)
    with np.errstate(all="ignore"):
        values = np.where(np.isfinite(values.astype(np.float32)), values, values.dtype.type(1))
        wanted = values.astype(np.float32)
    for other in NUMBERS:
        with np.errstate(all="ignore"):
            cast = values.astype(np.dtype(other).newbyteorder(order), order="F" if fortran else "C")
        if cast.tolist() != values.tolist():  # Python compares whole numbers and others exactly
            continue
        loaded = load(npz(path, inputs=cast, calibration=cast))
        assert not loaded.stored
        for got in (loaded.inputs, loaded.calibration):
            assert got.dtype == np.float32
            np.testing.assert_array_equal(got, wanted)


@pytest.mark.parametrize("dtype", NUMBERS)
def test_only_the_own_type_of_a_quantised_file_is_stored(tmp_path: Path, dtype: str) -> None:
    output = Signal((5,), "int8", 0.25, 4)
    for order in "<>":
        kind = np.dtype(dtype).newbyteorder(order)
        path = npz(tmp_path / "s.npz", inputs=GOOD.astype(kind), targets=SCORES.astype(kind))
        loaded = load(path, INT8, output)
        assert loaded.stored == (dtype == "int8")
        assert loaded.inputs.dtype == ("int8" if dtype == "int8" else "float32")
        np.testing.assert_array_equal(loaded.inputs, GOOD)
        assert loaded.targets is not None
        np.testing.assert_array_equal(loaded.targets, (SCORES - 4) / 4 if dtype == "int8" else SCORES)
        assert not load(path).stored


@pytest.mark.parametrize("dtype", NUMBERS)
def test_classes_are_classes_whatever_their_type(tmp_path: Path, dtype: str) -> None:
    for shape in ((4,), (4, 1)):
        labels = np.array([4, 0, 2, 1]).reshape(shape).astype(dtype)
        for output in (OUTPUT, Signal((1, 5)), Signal((5,), "int8", 0.1, 0)):
            loaded = load(npz(tmp_path / "s.npz", inputs=GOOD, targets=labels), output=output)
            assert loaded.targets is not None
            assert loaded.targets.dtype == np.int64
            np.testing.assert_array_equal(loaded.targets, [4, 0, 2, 1])
        loaded = load(npz(tmp_path / "s.npz", inputs=GOOD, targets=labels), output=Signal((1,)))
        assert loaded.targets is not None
        assert (loaded.targets.dtype, loaded.targets.shape) == (np.float32, (4, 1))  # one output: values, no classes


@pytest.mark.parametrize(
    ("shape", "model"),
    [((4, 8), (8, 1)), ((4, 8, 1), (8, 1)), ((4, 8), (1, 8)), ((4,), (1, 1)), ((4, 1, 1), (1, 1)), ((8, 8), (8, 1))],
)
def test_axes_of_one_may_be_left_out(tmp_path: Path, shape: tuple[int, ...], model: tuple[int, ...]) -> None:
    given = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    assert load(npz(tmp_path / "s.npz", inputs=given), Signal(model)).inputs.shape == (len(given), *model)


@pytest.mark.parametrize(
    ("held", "sentence"),
    [
        ({"inputs": GOOD[:, :2]}, "'inputs' has shape (4, 2, 2); the model's input asks for (N, 3, 2)"),
        ({"inputs": GOOD.reshape(4, 6)}, "if each row is a window, step by step, give x.reshape(-1, 3, 2)"),
        ({"inputs": GOOD[0]}, "'inputs' has shape (3, 2); the model's input asks for (N, 3, 2); if this is one window"),
        ({"inputs": GOOD.swapaxes(1, 2)}, "if steps and features are swapped, give x.swapaxes(1, 2)"),
        ({"inputs": GOOD[:, :, :1]}, "'inputs' has shape (4, 3, 1)"),
        ({"inputs": GOOD[None]}, "'inputs' has shape (1, 4, 3, 2)"),
        ({"inputs": np.float32(1)}, "'inputs' has shape ()"),
        ({"inputs": GOOD[:0]}, "'inputs' holds no samples"),
        ({"inputs": GOOD, "calibration": GOOD[:0]}, "'calibration' holds no samples"),
        ({"inputs": GOOD.astype(str)}, "'inputs' holds <U32, not numbers"),
        ({"inputs": GOOD.astype("S8")}, "'inputs' holds |S8, not numbers"),
        ({"inputs": GOOD > 3}, "'inputs' holds bool, not numbers"),
        ({"inputs": GOOD + 1j}, "'inputs' holds complex64, not numbers"),
        ({"inputs": GOOD.astype(np.longdouble)}, "'inputs' holds float128, not numbers of at most 64 bits"),
        ({"inputs": GOOD.astype("m8[s]")}, "'inputs' holds timedelta64[s], not numbers"),
        ({"inputs": GOOD.astype("M8[s]")}, "'inputs' holds datetime64[s], not numbers"),
        ({"inputs": np.array([{}, []], object)}, "'inputs' holds object, not numbers"),
        ({"inputs": np.zeros(4, "f4,i4")}, "'inputs' holds records, not numbers"),
        ({"inputs": np.zeros(4, [("β", "f4")])}, "it has named columns"),
        ({"x": GOOD, "y": GOOD}, "holds an array 'x', which samples do not have; did you mean 'inputs'?"),
        ({"input": GOOD}, "holds an array 'input', which samples do not have; did you mean 'inputs'?"),
        ({"Inputs": GOOD}, "did you mean 'inputs'?"),
        ({"inputs": GOOD, "calib": GOOD}, "'calib', which samples do not have; did you mean 'calibration'?"),
        ({"inputs": GOOD, "y_test": GOOD}, "'y_test', which samples do not have; did you mean 'targets'?"),
        ({"inputs": GOOD, "weights": GOOD}, "'weights', which samples do not have; give inputs, targets, calibration"),
        ({"targets": SCORES}, "holds no array named 'inputs' (N, steps, features); it holds targets"),
        ({}, "holds no array named 'inputs' (N, steps, features); it holds nothing"),
        ({"inputs": GOOD, "calibration": GOOD[:, :1]}, "'calibration' has shape (4, 1, 2)"),
        ({"inputs": GOOD, "targets": SCORES[:3]}, "'targets' has 3 rows, 'inputs' has 4"),
        ({"inputs": GOOD, "targets": np.arange(3)}, "'targets' has 3 rows, 'inputs' has 4"),
        ({"inputs": GOOD, "targets": np.int8(1)}, "'targets' has shape (); the model's output asks for (N, 5)"),
        ({"inputs": GOOD, "targets": GOOD}, "'targets' has shape (4, 3, 2); the model's output asks for (N, 5)"),
        ({"inputs": GOOD, "targets": SCORES[:, :4]}, "or classes (N,)"),
        ({"inputs": GOOD, "targets": np.array([0, 1, 5, 9])}, "5 in row 2 is none of 0 to 4; else give (N, 5)"),
        ({"inputs": GOOD, "targets": np.array([0, 1, -1, 3])}, "-1 in row 2 is none of 0 to 4"),
        ({"inputs": GOOD, "targets": np.array([0, 0.5, 1, 1])}, "0.5 in row 1 is none of 0 to 4"),
        ({"inputs": GOOD, "targets": SCORES * np.nan}, "'targets' has 20 values that are NaN or infinite"),
    ],
)
def test_mistakes_in_an_npz(tmp_path: Path, held: dict[str, Array], sentence: str) -> None:
    assert sentence in refusal(npz(tmp_path / "s.npz", **held))


def test_classes_of_a_sequence_are_refused(tmp_path: Path) -> None:
    path = npz(tmp_path / "s.npz", inputs=GOOD, targets=np.zeros((4, 3), int))
    assert "'targets' has shape (4, 3); the model's output asks for (N, 3, 5)" in refusal(path, output=Signal((3, 5)))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e300, -3.5e38])
@pytest.mark.parametrize("name", ["inputs", "calibration"])
def test_values_that_are_no_numbers_of_float32(tmp_path: Path, bad: float, name: str) -> None:
    spoilt = GOOD.astype(np.float64)
    spoilt[2, 0, 1] = spoilt[3, 1, 1] = bad
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sentence = refusal(npz(tmp_path / "s.npz", **{"inputs": GOOD, name: spoilt}))
    assert f"'{name}' has 2 values that are NaN or infinite in float32, first in sample 2" in sentence


def test_the_smallest_and_largest_numbers(tmp_path: Path) -> None:
    extreme = GOOD.astype(np.float64)
    extreme.ravel()[:4] = 1e-300, 1e-40, np.finfo(np.float32).max, -np.finfo(np.float32).max
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loaded = load(npz(tmp_path / "s.npz", inputs=extreme))
    with np.errstate(under="ignore"):
        np.testing.assert_array_equal(loaded.inputs, extreme.astype(np.float32))


@pytest.mark.parametrize(
    ("name", "model", "sentence"),
    [
        ("claim_huge", (6, 2), "claims 12,000,000,000 numbers; at most 33,554,432 are read"),
        ("comp99", (6, 2), "'inputs.npy' is compressed by method 99"),
        ("encrypted", (6, 2), "'inputs.npy' is encrypted"),
        ("f8_big", (6, 2), "'inputs' has 60 values that are NaN or infinite in float32"),
        ("isnpy", (6, 2), "is an .npy file by its contents; rename it to end in .npy"),
        ("nonnpy", (6, 2), "is no .npy array"),
        ("tscalar", (6, 2), "'targets' has shape ()"),
        ("zlib", (6, 2), "is damaged or cut short"),
    ],
)
def test_files_that_went_wrong(name: str, model: tuple[int, ...], sentence: str) -> None:
    assert sentence in refusal(DATA / f"{name}.npz", Signal(model))


@pytest.mark.parametrize("name", ["i8", "i16"])
def test_whole_numbers_are_real_values(name: str) -> None:
    whole, real = (load(DATA / f"{name}{ending}.npz", Signal((8, 2))) for ending in ("", "f"))
    assert not whole.stored
    np.testing.assert_array_equal(whole.inputs, real.inputs)


def test_the_case_that_is_no_npz_is_a_good_npy(tmp_path: Path) -> None:
    plain = tmp_path / "plain.npy"
    plain.write_bytes((DATA / "isnpy.npz").read_bytes())
    assert load(plain, Signal((6, 2))).inputs.shape[1:] == (6, 2)


def npy(given: Array) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, given)
    return buffer.getvalue()


def header(shape: str, descr: str = "'<f4'", version: int = 1, more: bytes = b"") -> bytes:
    """An .npy that claims anything."""
    text = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    length = struct.pack("<H" if version == 1 else "<I", len(text))
    return b"\x93NUMPY" + bytes([version, 0]) + length + text + more


def zipped(path: Path, members: list[tuple[str, bytes]], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of names given twice
        with zipfile.ZipFile(path, "w", method) as archive:
            for name, data in members:
                archive.writestr(name, data)
    return path


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (header("(12000000000, 3, 2)"), "claims 72,000,000,000 numbers; at most 33,554,432 are read"),
        (header("(1000000, 3, 2)"), "0 bytes for 6,000,000 values of float32"),
        (header("(4, 1000000, 2)"), "'inputs' has shape (4, 1000000, 2)"),
        (header("(-4, 3, 2)"), "shape (-4, 3, 2)"),
        (header("(4, -3, -2)"), "shape (4, -3, -2)"),
        (header("(1.0, 3, 2)"), "cannot be read as samples"),
        (header("(" * 5000), "cannot be read as samples"),
        (header("-" * 9000 + "1"), "cannot be read as samples"),
        (header("(4, 3, 2)", "'<f3'"), "cannot be read as samples"),
        (header("(4, 3, 2)", "'|V99999999999'"), "cannot be read as samples"),
        (header("(4,)", "('<f4', (3, 2))"), "not numbers"),
        (header("(4, 3, 2)", version=9), "cannot be read as samples"),
        (header("(4, 3, 2)", version=2, more=bytes(95)), "95 bytes for 24 values"),
        (header("(4, 3, 2)", more=bytes(97)), "97 bytes for 24 values"),
        (b"\x93NUMPY\x02\x00\xff\xff\xff\xff", "cannot be read as samples"),
        (npy(GOOD) + npy(GOOD), "bytes for 24 values"),
        (npy(GOOD)[:-1], "95 bytes for 24 values"),
        (b"", "is empty"),
        (b"\x80\x04\x95pickled", "no .npy file, whatever its name says"),
    ],
)
@pytest.mark.parametrize("ending", [".npy", ".npz"])
def test_an_npy_that_lies(tmp_path: Path, data: bytes, sentence: str, ending: str) -> None:
    path = tmp_path / f"s{ending}"
    if ending == ".npy":
        path.write_bytes(data)
    else:
        zipped(path, [("inputs.npy", data)])
    said = refusal(path)
    assert sentence in said or (ending == ".npz" and "cannot be read as samples" in said)


@pytest.mark.parametrize(
    ("members", "sentence"),
    [
        ([("inputs.npy", npy(GOOD)), ("inputs.npy", npy(GOOD + 1))], "holds 'inputs' 2 times"),
        ([("../inputs.npy", npy(GOOD))], "'../inputs', which samples do not have; did you mean 'inputs'?"),
        ([("/tmp/inputs.npy", npy(GOOD))], "'/tmp/inputs', which samples do not have"),
        ([("inputs.npy/", b"")], "is no .npy array"),
        ([("inputs", npy(GOOD))], "is no .npy array"),
        ([("inputs.npy", npy(GOOD)), ("note.txt", b"hello")], "'note.txt' is no .npy array"),
        ([("\x1b[2Jx.npy", npy(GOOD))], "\\x1b[2Jx"),
        ([("x" * 5000 + ".npy", npy(GOOD))], "..."),
        ([(f"{k}.npy", b"") for k in range(3000)], "the list of its members is too long"),
    ],
)
def test_a_zip_that_is_no_npz(tmp_path: Path, members: list[tuple[str, bytes]], sentence: str) -> None:
    assert sentence in refusal(zipped(tmp_path / "s.npz", members))


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_compression_that_numpy_does_not_write(tmp_path: Path, method: int) -> None:
    path = zipped(tmp_path / "s.npz", [("inputs.npy", npy(GOOD))], method)
    assert f"is compressed by method {method}; write it anew with np.savez" in refusal(path)


def test_each_kind_under_the_other_s_name(tmp_path: Path) -> None:
    (tmp_path / "s.npz").write_bytes(npy(GOOD))
    assert "is an .npy file by its contents" in refusal(tmp_path / "s.npz")
    npz(tmp_path / "t.npz", inputs=GOOD).rename(tmp_path / "t.npy")
    assert "is an .npz file by its contents" in refusal(tmp_path / "t.npy")
    npz(tmp_path / "t.npz", inputs=GOOD).rename(tmp_path / "t.csv")
    assert "t.csv" in refusal(tmp_path / "t.csv")


@pytest.mark.parametrize("ending", [".npz", ".npy", ".csv"])
def test_what_is_no_file(tmp_path: Path, ending: str) -> None:
    assert "no such file; give samples= an .npz" in refusal(tmp_path / f"absent{ending}")
    assert "no such file" in refusal(npz(tmp_path / "file.npz", inputs=GOOD) / f"below{ending}")
    (tmp_path / f"folder{ending}").mkdir()
    assert "is a folder" in refusal(tmp_path / f"folder{ending}")
    os.mkfifo(tmp_path / f"pipe{ending}")
    assert "is a device or pipe" in refusal(tmp_path / f"pipe{ending}")
    (tmp_path / f"zero{ending}").symlink_to("/dev/zero")
    assert "is a device or pipe" in refusal(tmp_path / f"zero{ending}")
    (tmp_path / f"loop{ending}").symlink_to(tmp_path / f"loop{ending}")
    assert "Too many levels of symbolic links" in refusal(tmp_path / f"loop{ending}")
    (tmp_path / f"empty{ending}").write_bytes(b"")
    assert f"empty{ending}" in refusal(tmp_path / f"empty{ending}")
    assert "File name too long" in refusal(tmp_path / f"{'x' * 300}{ending}")


def test_what_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = npz(tmp_path / "s.npz", inputs=GOOD)

    def refuse(*_: Any, **__: Any) -> Any:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)  # root may read everything
    assert "cannot be read as samples: Permission denied" in refusal(path)


@pytest.mark.parametrize("name", ["s.txt", "s.mat", "s", "s.npz.gz", "s.xlsx"])
def test_other_endings(tmp_path: Path, name: str) -> None:
    npz(tmp_path / "s.npz", inputs=GOOD)
    if name != "s.npz":
        (tmp_path / "s.npz").rename(tmp_path / name)
    assert "samples do not end in" in refusal(tmp_path / name)


def damaged(choose: random.Random, data: bytes) -> bytes:
    """A byte or more changed, cut out, doubled or put in."""
    out = bytearray(data)
    for _ in range(choose.choice([1, 1, 2, 5])):
        at, length = choose.randrange(len(out)), choose.choice([1, 2, 4, 40])
        match choose.randrange(4):
            case 0:
                out[at] = choose.choice([0, 255, out[at] ^ 1 << choose.randrange(8)])
            case 1:
                del out[at : at + length]
            case 2:
                out[at:at] = out[at : at + length]
            case 3:
                out[at : at + length] = choose.randbytes(length)
        out = out or bytearray(b"\0")
    return bytes(out)


WRITERS: list[Callable[..., None]] = [np.savez, np.savez_compressed]


@pytest.mark.inputs(400)
@pytest.mark.parametrize("writer", [*WRITERS, np.save], ids=lambda writer: writer.__name__)
@pytest.mark.parametrize("dtype", ["<f4", ">i2", "<f8"])
def test_damaged_files_load_or_get_a_sentence(tmp_path: Path, writer: Callable[..., None], dtype: DTypeLike) -> None:
    """And what loads is what the file says, as far as its own checksums go."""
    choose = random.Random(1)
    path = tmp_path / ("s.npy" if writer is np.save else "s.npz")
    values = GOOD.astype(dtype)
    writer(path, values) if writer is np.save else writer(path, inputs=values, targets=SCORES.astype(dtype))
    whole, refused = path.read_bytes(), 0
    for k in range(400):
        path.write_bytes(whole[: len(whole) * k // 100] if k < 100 else damaged(choose, whole))
        try:
            loaded = load(path)
        except UserError:
            refused += 1
        else:
            assert np.isfinite(loaded.inputs).all()
            assert loaded.inputs.shape[1:] == (3, 2)
    assert refused > (100 if writer is np.save else 200)


def test_a_checksum_is_compared(tmp_path: Path) -> None:
    path = zipped(tmp_path / "s.npz", [("inputs.npy", npy(GOOD))], zipfile.ZIP_STORED)
    whole = bytearray(path.read_bytes())
    whole[whole.index(GOOD[3].tobytes())] ^= 1
    path.write_bytes(whole)
    assert "Bad CRC-32" in refusal(path)


def test_an_array_over_many_blocks(tmp_path: Path) -> None:
    many = np.arange(arrays.BLOCK * 2 + 10, dtype=np.int32)[: (arrays.BLOCK * 2 + 10) // 6 * 6].reshape(-1, 3, 2)
    for order in "CF":
        loaded = load(npz(tmp_path / "s.npz", inputs=np.asarray(many, order=order)))  # type: ignore[call-overload]
        np.testing.assert_array_equal(loaded.inputs, many.astype(np.float32))
