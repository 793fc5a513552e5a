# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Numbers of .csv files as spreadsheets and programs write them, a window a row.

Read where there is one way to: UTF-8 or UTF-16 with its mark, any ends of lines; ``,`` ``;`` or a tab between values;
one row of names first; ``#`` comments; quoted values; empty fields and rows at the end; a decimal point, or a decimal
comma where another separator or quotes tell it from the next value. What can be read in two ways is refused.
"""

from __future__ import annotations

import csv
import re
from array import array
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from model.errors import UserError
from model.signal import Array

BYTES = 1 << 25  # of a file
FIELD, SLACK = 64, 1 << 16  # characters: of a value, and of a line besides its values
LARGEST = 3.4028235677973362e38  # that float32 holds, rounded
SEPARATORS = (";", "\t", ",")
PLAIN = {separator: re.compile(rf"[-+.\deE{separator} ]*", re.ASCII) for separator in ("", *SEPARATORS)}
NUMBER = re.compile(r"[-+]?(\d+([.,]\d*)?|[.,]\d+)([eE][-+]?\d+)?", re.ASCII)
GROUPED = re.compile(r"[-+]?[1-9]\d{0,2},\d{3}", re.ASCII)  # 1,234: thousands in one country, decimals in another
NO_NAME = re.compile(r"[-+.,]*\d|#|[-+]?(nan|inf|infinity|n/?a|null|none)$", re.ASCII | re.IGNORECASE)
FAULTS = r"(?!N/A|DIV/0!|VALUE!|REF!|NAME\?|NUM!|NULL!)"  # a spreadsheet's own words after #: no comments
COMMENT = re.compile(rf"^\s*#{FAULTS}.*|(?<=[^\s,;])\s+#{FAULTS}.*")
MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
ADVICE = "write it with decimal points, or give an .npy"


class _Table:
    """A file on its way: what its lines have told so far."""

    def __init__(self, path: Path, width: int, window: str) -> None:
        self.path, self.width, self.window = path, width, window
        self.values = array("d")
        self.separator = ""  # none seen
        self.header = self.blank = self.point = self.comma = 0  # first lines with them
        self.comma_proved = False  # some decimal comma is no mark of thousands
        self.first_rows: list[tuple[int, bool, bool]] = []  # two: line, and whether it counts from 0, and on from there

    def refuse(self, line: int, what: str) -> UserError:
        """The sentence about a line."""
        return UserError(f"{self.path}: line {line} {what}")

    def add(self, line: int, text: str) -> None:
        """Take a line without its comment."""
        if len(self.first_rows) > 1 and PLAIN[self.separator].fullmatch(text):
            try:
                row = list(map(float, text.split(self.separator) if self.separator else (text,)))
            except ValueError:
                row = []
            if len(row) == self.width and not self.blank:
                self.point = self.point or line * ("." in text)
                self.keep(line, row)
                return
        self.add_slowly(line, text)

    def add_slowly(self, line: int, text: str) -> None:
        """Take a line field by field."""
        separator = self.separator or separator_of(text)
        fields = self.fields(line, text, separator)
        while len(fields) > self.width and not fields[-1]:
            fields.pop()
        if not any(fields):
            self.blank = self.blank or line * bool(text.strip())
            return
        numbers = [NUMBER.fullmatch(field) is not None for field in fields]
        if not self.values and not self.header and all(map(may_be_name, fields)):
            self.header = line
            return
        if self.blank:
            raise self.refuse(self.blank, "has no values, and rows follow it")
        self.separator = separator
        self.check_width(line, fields)
        for column, (field, number) in enumerate(zip(fields, numbers, strict=True), 1):
            if not number:
                what = f"'{field[:40]}', which is no number that is read here" if field else "no value"
                raise self.refuse(line, f"has {what} in column {column}")
            self.observe(line, field)
        if len(self.first_rows) < 2:
            self.first_rows.append((line, counts(fields, 0), counts(fields, self.width)))
        self.keep(line, [float(field.replace(",", ".")) for field in fields])

    def fields(self, line: int, text: str, separator: str) -> list[str]:
        """The fields of a line, without quotes and blanks around them."""
        try:
            row = next(csv.reader([text], delimiter=separator or ",", strict=True)) if '"' in text else None
        except (csv.Error, StopIteration):
            raise self.refuse(line, "has a quotation mark without its other half") from None
        return [field.strip() for field in (row or (text.split(separator) if separator else [text]))]

    def check_width(self, line: int, fields: list[str]) -> None:
        """Raise ``UserError`` unless there is one window."""
        if len(fields) == self.width:
            return
        hint = "a row is one window, without columns of time, index or targets"
        if self.separator == "," and len(fields) == 2 * self.width:
            hint = f"if these are decimal commas, {ADVICE}"
        elif self.values:
            hint = "every row is one window"
        what = f"a row has {len(fields)} value{'s' * (len(fields) != 1)}"
        raise self.refuse(line, f"does not fit: {what}; a window of the model has {self.window}; {hint}")

    def observe(self, line: int, field: str) -> None:
        """Note how a value writes its decimals."""
        if "," in field:
            self.comma = self.comma or line
            self.comma_proved = self.comma_proved or not GROUPED.fullmatch(field)
        elif "." in field:
            self.point = self.point or line

    def keep(self, line: int, row: list[float]) -> None:
        """Append a window."""
        if not (min(row) > -LARGEST and max(row) < LARGEST):
            raise self.refuse(line, "has a number that float32 cannot hold")
        self.values.extend(row)

    def rows(self) -> Array:
        """(N, width) float32, once the whole is seen."""
        if not self.values:
            raise UserError(f"{self.path}: holds no samples, not one row of numbers")
        if self.comma and self.point:
            raise self.refuse(self.comma, f"has a decimal comma and line {self.point} a decimal point; {ADVICE}")
        if self.comma and not self.comma_proved:
            raise self.refuse(self.comma, f"has a comma that may be of decimals or of thousands; {ADVICE}")
        if len(self.first_rows) > 1 and self.width > 1:
            (line, from_zero, _), (_, _, goes_on) = self.first_rows
            if from_zero and not goes_on:
                what = f"counts from 0 to {self.width - 1}, as names of columns do"
                raise self.refuse(line, f"{what}; delete it, or write a window as 0.0 and so on")
        return np.array(self.values, np.float32).reshape(-1, self.width)


def may_be_name(field: str) -> bool:
    """Whether a field may name a column: empty, or with a letter, but no number with its unit and no missing value."""
    return not field or (any(map(str.isalpha, field)) and not NO_NAME.match(field))


def counts(fields: list[str], first: int) -> bool:
    """Whether they are whole numbers from ``first`` on."""
    return all(field == str(first + k) for k, field in enumerate(fields))


def separator_of(text: str) -> str:
    """The separator of a line, outside quotes; empty if there is none."""
    bare = re.sub(r'"[^"]*"', "", text)
    return next((separator for separator in SEPARATORS if separator in bare), "")


def _lines(path: Path, width: int) -> Iterator[tuple[int, str]]:
    longest = FIELD * width + SLACK
    with path.open("rb") as file:
        start = file.read(3)
    encoding = next((name for mark, name in MARKS.items() if start.startswith(mark)), "utf-8")
    with path.open(encoding=encoding, errors="replace") as text:
        number = 0
        while line := text.readline(longest + 1):
            number += 1
            if len(line) > longest:
                raise UserError(f"{path}: line {number} is longer than {longest:,} characters, too long for one window")
            if "\0" in line:
                raise UserError(f"{path}: line {number} has a zero byte: this is no text; save it as CSV in UTF-8")
            yield number, line.rstrip("\r\n")


def read(path: Path, width: int, window: str) -> Array:
    """Every row, (N, width) float32; ``window`` says in a sentence what ``width`` values are."""
    if path.stat().st_size > BYTES:
        raise UserError(f"{path}: is larger than {BYTES >> 20} MiB, the most that is read of a .csv; give an .npy")
    table = _Table(path, width, window)
    for number, line in _lines(path, width):
        told = re.fullmatch(r"sep=([,;\t])", line.strip(" ")) if number == 1 else None
        if told:
            table.separator = told[1]
            continue
        if line and not line.isspace():
            table.add(number, COMMENT.sub("", line) if "#" in line else line)
    return table.rows()
