# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Text from elsewhere (names of files, layers and targets, notes, versions) in every language that is written here.

``visible`` first: it leaves nothing that a terminal, a parser of XML or a reader's eye takes for something else. Then,
where a text meets a language, that language's own. The templates have them as filters of these names.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from typing import Any


def visible(text: object) -> str:
    """On one line and as it is, but for what does not print: controls, escapes, marks that turn the text around,
    halves of surrogate pairs. These become ``\\x1b``, ``\\u202e``."""
    return "".join(ch if ch.isprintable() else _escaped(ch) for ch in str(text))


def lines(text: object) -> str:
    """``visible``, line by line: for sentences of several lines on a terminal."""
    return "\n".join(map(visible, str(text).split("\n")))


def document(value: Any) -> Any:
    """``visible`` for all texts in what a JSON file held."""
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, list):
        return [document(item) for item in value]
    if isinstance(value, dict):
        return {visible(key): document(item) for key, item in value.items()}
    return value


def _escaped(ch: str) -> str:
    code = ord(ch)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def c_comment(text: object) -> str:
    """Within a comment of C or of assembly, which is preprocessed as C: ASCII, nothing that ends or opens a comment,
    is a trigraph or joins lines."""
    ascii_only = "".join(ch if " " <= ch <= "~" and ch != "\\" else _escaped(ch) for ch in str(text))
    return re.sub(r"(?<=\*)/|(?<=/)\*|(?<=\?)\?", lambda found: _escaped(found[0]), ascii_only)


def line_comment(text: object) -> str:
    """Within a comment to the end of the line: Make, CMake, Python, YAML, Kconfig. It ends in no backslash."""
    return re.sub(r"\\+$", lambda found: "\\x5c" * len(found[0]), visible(text))


def yaml(text: object) -> str:
    """A scalar, quoted: JSON's are YAML's."""
    return json.dumps(visible(text), ensure_ascii=False)


def prose(text: object) -> str:
    """A line of running text that another language reads word by word: Kconfig's help, Arduino's properties."""
    return " ".join(line_comment(text).split()).replace("$", "\\x24")


def markdown(text: object) -> str:
    """Text in a paragraph, a heading or an item, also at its begin, where it could be a list or a rule."""
    return re.sub(r"^(\d*)([-+=#.)])", r"\1\\\2", markdown_cell(text).strip())


def markdown_cell(text: object) -> str:
    """Text in a cell of a table, or within a line."""
    escaped = re.sub(r"([\\`*\[\]<>|~$&])", r"\\\1", visible(text))
    return re.sub(r"(?<![^\W_])_|_(?![^\W_])", r"\\_", escaped)  # one within a word emphasises nothing


def markdown_code(text: object) -> str:
    """As code in a line of Markdown, in a table too."""
    shown = visible(text).replace("|", "\\x7c")
    fence = "`" * (1 + max(map(len, re.findall("`+", shown)), default=0))
    space = " " if shown[:1] in ("`", " ", "") or shown[-1:] in ("`", " ") else ""
    return f"{fence}{space}{shown}{space}{fence}"


def markdown_block(text: object) -> str:
    """As a block of code: three backticks or more, and the text."""
    shown = lines(text)
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", shown)), default=0))
    return f"{fence}\n{shown}\n{fence}"


def markup(text: object) -> str:
    """In HTML or XML, also in an attribute."""
    return html.escape(visible(text))


FILTERS: dict[str, Callable[[object], str]] = {
    function.__name__: function
    for function in (c_comment, line_comment, yaml, prose, markdown_cell, markdown_block, markup)
}
