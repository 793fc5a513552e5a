# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Forms of C text: initialisers and statements that fit a line."""

from __future__ import annotations

from kernels.common.constants import float_literal
from model.signal import Array

LINE = 100  # columns of generated code


def wrapped(values: Array | tuple[str, ...], indent: int = 4) -> str:
    """An array's initialiser, filled to the line's width."""
    texts = list(values) if isinstance(values, tuple) else _literals(values)
    start = " " * (indent - 1)
    lines, line = [], start
    for text in texts:
        if len(line) + len(text) + 2 > LINE:
            lines.append(line)
            line = start
        line += f" {text},"
    return "\n".join([*lines, line])


def _literals(values: Array) -> list[str]:
    if values.dtype.kind == "f":
        return [float_literal(value) for value in values]
    # the most negative int32 has no literal of its own type
    return ["(-2147483647 - 1)" if value == -(1 << 31) else str(value) for value in values.tolist()]


def folded(line: str) -> str:
    """A statement of a function's body; the arguments that do not fit go on to the next line."""
    indent = len(line) - len(line.lstrip())
    lines = [""]
    for part in line.split(", "):
        longer = f"{lines[-1]}, {part}" if lines[-1] else part
        if len(longer) > LINE - 6 and lines[-1]:  # the template's own indentation, a comma
            lines[-1] += ","
            lines.append(" " * (indent + 8) + part)
        else:
            lines[-1] = longer
    return "\n".join(lines)


def product(shape: tuple[int, ...]) -> str:
    """How many elements, written out."""
    return " * ".join(map(str, shape))
