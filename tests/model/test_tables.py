# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""CSV files of samples as spreadsheets and programs write them: read in the one way there is, or refused by line."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model import samples, tables
from model.ends import Ends
from model.errors import UserError
from model.signal import Array, Signal

ROWS = [[1.5, -2.25, 3.0, 0.125], [4.0, 5.5, -6.0, 7e-3]]
POINT = "1.5{0}-2.25{0}3{0}0.125\n4{0}5.5{0}-6.0{0}7e-3\n"
COMMA = "1,5{0}-2,25{0}3{0}0,125\n4{0}5,5{0}-6,0{0}7e-3\n"


def load(path: Path, shape: tuple[int, ...] = (2, 2)) -> Array:
    return samples.load(path, Ends((Signal(shape),)), Ends((Signal((1,)),))).inputs


def refusal(path: Path, shape: tuple[int, ...] = (2, 2)) -> str:
    with pytest.raises(UserError) as caught:
        load(path, shape)
    sentence = str(caught.value)
    assert sentence.startswith(f"{path}: ")
    assert sentence.isprintable()
    assert len(sentence) < 1000
    return sentence


def test_a_window_a_row(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    many = np.arange(24, dtype=np.float32).reshape(4, 3, 2)
    np.savetxt(path, many.reshape(4, 6), delimiter=",")
    np.testing.assert_array_equal(load(path, (3, 2)), many)
    path.write_text("1,2,3,4,5,6\n")
    assert load(path, (3, 2)).shape == (1, 3, 2)


@pytest.mark.parametrize(
    "text",
    [
        *(POINT.format(separator) for separator in (",", ";", "\t", " , ", "; ")),
        *(COMMA.format(separator) for separator in (";", "\t", " ; ")),
        '"1.5","-2.25","3","0.125"\n"4","5.5","-6.0","7e-3"\n',
        '"1,5","-2,25",3,"0,125"\n4,"5,5","-6,0",7e-3\n',
        '"1,5";"-2,25";3;"0,125"\n4;"5,5";"-6,0";7e-3\n',
        "sep=;\n" + POINT.format(";"),
        "sep=;\n" + COMMA.format(";"),
        "sep=,\n" + POINT.format(","),
        "x0,x1,x2,x3\n" + POINT.format(","),
        "x0;x1\n" + POINT.format(";"),
        '"Temp, °C";"Feuchte, %";;\n' + COMMA.format(";"),
        "\n\n# made by hand\n  # a, b\nx0,x1,x2,x3\n# more\n\n" + POINT.format(","),
        "1.5,-2.25,3,0.125 # first\n4,5.5,-6.0,7e-3\t# second\n",
        "1.5,-2.25,3,0.125,\n4,5.5,-6.0,7e-3,,,\n",
        POINT.format(",") + "\n  \n,,,\n,,,,,\n\n",
        COMMA.format(";") + ";;;\n",
        POINT.format(",").rstrip("\n"),
        "+1.5,-2.25,3.,.125\n4E0,55e-1,-6,0.7E-2\n",
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_every_way_there_is_one_reading_of(tmp_path: Path, text: str, end: str, encoding: str) -> None:
    path = tmp_path / "s.csv"
    path.write_bytes(text.replace("\n", end).encode(encoding))
    np.testing.assert_array_equal(load(path), np.array(ROWS, np.float32).reshape(2, 2, 2))


def test_utf_16_of_both_orders_and_other_letters_in_a_header(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    for data in (b"\xfe\xff" + POINT.format(";").encode("utf-16-be"), "°C,°C,°C,°C\n".encode("cp1252") + b"1,2,3,4"):
        path.write_bytes(data)
        assert load(path).shape[1:] == (2, 2)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("1,2,3\n", "line 1 does not fit: a row has 3 values; a window of the model has 4 (2 steps of 2)"),
        ("1\n", "line 1 does not fit: a row has 1 value; a window"),
        ("1,2,3,4\n1,2\n", "line 2 does not fit: a row has 2 values"),
        ("1,2,3,4\n1,2,3,4,5\n", "line 2 does not fit: a row has 5 values"),
        ("a,b,c,d\n1,2,3,4\n1,2,3\n", "line 3 does not fit"),
        ("t,1,2,3,4\n", "a row has 5 values; a window of the model has 4 (2 steps of 2); a row is one window, without"),
        (",0,1,2,3\n0,1.5,2,3,4\n", "without columns of time, index or targets"),
        ("1,5,2,5,3,5,4,5\n", "a row has 8 values; a window of the model has 4 (2 steps of 2); if these are decimal c"),
        ("1 2 3 4\n5 6 7 8\n", "line 1 does not fit: a row has 1 value"),
        ("1.234,5;2.345,6;3.456,7;4.567,8\n1;2;3;4\n", "line 1 has '1.234,5'"),
        ("nan,NaN,NA,n/a\n1,2,3,4\n", "line 1 has 'nan'"),
        ("#N/A,null,inf,-inf\n1,2,3,4\n", "line 1 has '#N/A'"),
        ("3 V,4 V,5 V,6 V\n1,2,3,4\n", "line 1 has '3 V'"),
        ("-,-,-,-\n1,2,3,4\n", "line 1 has '-'"),
        ("0x10,0x11,0x12,0x13\n1,2,3,4\n", "line 1 has '0x10'"),
        ("1,2,x,4\n", "line 1 has 'x', which is no number that is read here in column 3"),
        ("a,b,c,d\n1,2,3,4\n5,6,,8\n", "line 3 has no value in column 3"),
        ("a,b,c,d\n1,2,3,4\n5,6,7,\n", "line 3 has no value in column 4"),
        ("a,b,c,d\n1,2,3,4\n,6,7,8\n", "line 3 has no value in column 1"),
        ("a,b,c,d\nC,C,%,%\n1,2,3,4\n", "line 2 has 'C', which is no number"),
        ("a,b,c,d\n", "holds no samples, not one row of numbers"),
        ("", "holds no samples"),
        ("# nothing\n\n", "holds no samples"),
        ("1,2,3,4\n,,,\n1,2,3,4\n", "line 2 has no values, and rows follow it"),
        ("1,2,nan,4\n", "line 1 has 'nan'"),
        ("1,2,3,4\n1,2,-inf,4\n", "line 2 has '-inf'"),
        ("1,2,NA,4\n", "line 1 has 'NA'"),
        ("1,2,#N/A,4\n", "line 1 has '#N/A'"),
        ("1,2,#DIV/0!,4\n", "line 1 has '#DIV/0!'"),
        ("1,2,1_000,4\n", "line 1 has '1_000'"),
        ("1,2,0x10,4\n", "line 1 has '0x10'"),
        ("1,2,٣,4\n", "line 1 has '٣'"),
        ("1,2,\u22123,4\n", "line 1 has '\u22123'"),
        ("1,2,3 V,4\n", "line 1 has '3 V'"),
        ("1,2,1e300,4\n", "line 1 has a number that float32 cannot hold"),
        ("1,2,3,4\n1,2,3,4\n1,2,3,4\n1,2,1e999,4\n", "line 4 has a number that float32 cannot hold"),
        ("1,2,3,4\n1,2,3,4\n1,2,3,4\n1,2,3.4028236e38,4\n", "line 4 has a number that float32 cannot hold"),
        ('1,2,"3,4\n', "line 1 has a quotation mark without its other half"),
        ('1,2,"3"x,4\n', "line 1 has a quotation mark without its other half"),
        ("1,234;2,345;3,456;4,567\n", "line 1 has a comma that may be of decimals or of thousands; write it with"),
        ('"1,234","2,345",3,4\n', "line 1 has a comma that may be of decimals or of thousands"),
        ("1;2;3;4\n1,234;2;3;4\n", "line 2 has a comma that may be of decimals or of thousands"),
        ("1,5;2;3;4\n1.5;2;3;4\n", "line 1 has a decimal comma and line 2 a decimal point"),
        ("1.5;2;3;4\n1;2;3;4\n1,5;2;3;4\n", "line 3 has a decimal comma and line 1 a decimal point"),
        ("1;2;3;4\n1;2;3;4\n1.5;2;3;4\n1,5;2;3;4\n", "line 4 has a decimal comma and line 3 a decimal point"),
        ("1.234,5;2;3;4\n", "line 1 has '1.234,5', which is no number"),
        ("1,234,567;2;3;4\n", "line 1 has '1,234,567', which is no number"),
        ("1.234.567;2;3;4\n", "line 1 has '1.234.567', which is no number"),
        ("0,1,2,3\n0.5,0.25,0.5,0.125\n", "line 1 counts from 0 to 3, as names of columns do"),
        ("0,1,2,3\n7,7,7,7\n", "line 1 counts from 0 to 3"),
        ("1,2\0,3,4\n", "line 1 has a zero byte"),
        ("x" * 100_000, "line 1 is longer than 65,792 characters, too long for one window"),
        ("1,2,3,4\n" + "5," * 50_000, "line 2 is longer than 65,792 characters"),
        ("1,2,3," + "4" * 50_000 + "x", "in column 4"),
        ("1;2\t3;4;5\n", "line 1 has '2\\x093'"),
    ],
)
def test_what_has_no_reading_or_two(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "s.csv"
    path.write_bytes(text.encode())
    assert sentence in refusal(path)


def test_one_value_a_window(tmp_path: Path) -> None:
    """There no separator tells a decimal comma from the next value."""
    path = tmp_path / "s.csv"
    for text, rows in (("1.5\n2\n", [1.5, 2]), ("x\n1\n2\n", [1, 2]), ('"1,5"\n2\n', [1.5, 2]), ("1;\n2;\n", [1, 2])):
        path.write_text(text)
        np.testing.assert_array_equal(load(path, (1, 1)).ravel(), np.array(rows, np.float32))
    for text in ("1,5\n", "1,234\n"):
        path.write_text(text)
        assert "if these are decimal commas, write it with decimal points" in refusal(path, (1, 1))
    path.write_text('"1,234"\n')
    assert "may be of decimals or of thousands" in refusal(path, (1, 1))


def test_counting_is_no_header_where_the_rows_go_on_counting_or_it_is_the_only_one(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    for text in ("0,1,2,3\n4,5,6,7\n8,9,10,11\n", "0,1,2,3\n", "0.0,1.0,2.0,3.0\n7,7,7,7\n"):
        path.write_text(text)
        np.testing.assert_array_equal(load(path)[0].ravel(), np.arange(4, dtype=np.float32))


def test_letters_that_are_not_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    path.write_bytes(b"1,2,\xff,4\n")
    assert "in column 3" in refusal(path)
    path.write_bytes(POINT.format(",").encode("utf-16")[2:])
    assert "line 1 has a zero byte: this is no text" in refusal(path)
    path.write_bytes(b"PK\x03\x04\x14\0\x06\0")
    assert "line 1 has a zero byte: this is no text" in refusal(path)


def test_a_file_that_is_too_large(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    with path.open("wb") as file:
        file.truncate(tables.BYTES + 1)
    assert "is larger than 32 MiB, the most that is read of a .csv; give an .npy" in refusal(path)


NUMBER = st.floats(width=32, allow_nan=False, allow_infinity=False)


@given(
    rows=st.lists(st.lists(NUMBER, min_size=4, max_size=4), min_size=1, max_size=6),
    separator=st.sampled_from([",", ";", "\t"]),
    decimal=st.sampled_from(".,"),
    quoted=st.booleans(),
    header=st.booleans(),
    tail=st.sampled_from(["", "\n", "\n\n", "{0}\n", "{0}{0}{0}{0}\n"]),
    seed=st.integers(0, 99),
)
@settings(max_examples=150, deadline=None)
def test_any_numbers_come_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[float]], separator: str, decimal: str,
    quoted: bool, header: bool, tail: str, seed: int,
) -> None:  # fmt: skip
    """Nine significant digits are every float32; where a comma could be of thousands there is a refusal instead."""
    quote = '"' if quoted or separator == decimal else ""
    form = random.Random(seed).choice(["{:.9g}", "{:.8e}", "{:+.9g}"])
    lines = [[quote + form.format(v).replace(".", decimal) + quote for v in row] for row in rows]
    lines = [[quote + name + quote for name in "abcd"], *lines] if header else lines
    path = tmp_path_factory.mktemp("csv") / "s.csv"
    path.write_text("\n".join(separator.join(line) for line in lines) + tail.format(separator))
    try:
        got = load(path).reshape(-1, 4)
    except UserError as error:
        sentence = str(error)
        if "may be of decimals or of thousands" in sentence or "counts from 0" in sentence:
            return
        raise
    np.testing.assert_array_equal(got, np.array(rows, np.float32))
