# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Changes that nobody chose: a seeded sample over all parts, as many from each.

Python is changed by its syntax tree: a comparison's edge or direction, a sum, product or shift turned round, a
number one larger, a condition the other way, ``and`` for ``or``, a statement gone. C and assembly are changed by the
same kinds, line by line, outside comments.
"""

from __future__ import annotations

import ast
import random
import re
import subprocess
import tomllib
from collections.abc import Iterator

from tests.mutants.change import HERE, ROOT, Change, parts

Edit = tuple[int, str, str]  # where, what stands there, what shall

COMPARE = {
    ast.Lt: ("<", "<="), ast.LtE: ("<=", "<"), ast.Gt: (">", ">="), ast.GtE: (">=", ">"), ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="), ast.In: ("in", "not in"), ast.NotIn: ("not in", "in"), ast.Is: ("is", "is not"),
    ast.IsNot: ("is not", "is"),
}  # fmt: skip
BINARY = {
    ast.Add: ("+", "-"), ast.Sub: ("-", "+"), ast.Mult: ("*", "//"), ast.FloorDiv: ("//", "*"), ast.Div: ("/", "*"),
    ast.LShift: ("<<", ">>"), ast.RShift: (">>", "<<"), ast.BitAnd: ("&", "|"), ast.Pow: ("**", "*"),
}  # fmt: skip
SHOWN = ("help", "description", "prog")  # arguments whose text no test should be asked to hold


class _Python(ast.NodeVisitor):
    """Collects the edits of one Python file."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.starts = [0]
        for line in text.splitlines(keepends=True):
            self.starts.append(self.starts[-1] + len(line))
        self.edits: list[Edit] = []

    def at(self, line: int, column: int) -> int:
        """Offset in characters; columns of a syntax tree count bytes of UTF-8."""
        start = self.starts[line - 1]
        whole = self.text[start : self.starts[line]].encode()
        return start + len(whole[:column].decode())

    def span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        """First character of a node, and the one behind it."""
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self.at(node.lineno, node.col_offset), self.at(node.end_lineno, node.end_col_offset)

    def between(self, left: ast.expr, right: ast.expr, was: str, became: str) -> None:
        """Change the operator between two operands."""
        low, high = self.span(left)[1], self.span(right)[0]
        found = re.search(rf"(?<![\w<>=*/]){re.escape(was)}(?![\w<>=*/])", self.text[low:high])
        if found:
            self.edits.append((low + found.start(), was, became))

    def gone(self, node: ast.stmt) -> None:
        """Put ``pass`` in place of a statement."""
        low, high = self.span(node)
        self.edits.append((low, self.text[low:high], "pass"))

    def visit_Compare(self, node: ast.Compare) -> None:
        """``a < b``"""
        for left, operator, right in zip([node.left, *node.comparators], node.ops, node.comparators, strict=False):
            self.between(left, right, *COMPARE[type(operator)])
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        """``a + b``"""
        if type(node.op) in BINARY and not isinstance(node.left, (ast.JoinedStr, ast.List)):
            self.between(node.left, node.right, *BINARY[type(node.op)])
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        """``a and b``"""
        words = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
        self.between(node.values[0], node.values[1], *words)
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        """A number."""
        if type(node.value) is int:
            low, high = self.span(node)
            self.edits.append((low, self.text[low:high], str(node.value + 1)))

    def visit_If(self, node: ast.If) -> None:
        """A condition the other way."""
        low, high = self.span(node.test)
        self.edits.append((low, self.text[low:high], f"not ({self.text[low:high]})"))
        self.generic_visit(node)

    def visit_Raise(self, node: ast.Raise) -> None:
        """A refusal gone."""
        self.gone(node)

    def visit_Expr(self, node: ast.Expr) -> None:
        """A call gone; a docstring stays."""
        if isinstance(node.value, ast.Call):
            self.gone(node)
            self.generic_visit(node)

    def visit_keyword(self, node: ast.keyword) -> None:
        """What is only shown is left alone."""
        if node.arg not in SHOWN:
            self.generic_visit(node)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """Texts are left alone, and so is what is shown in them."""

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        """A type is not executed."""
        if node.value:
            self.visit(node.value)


C_LIKE = (
    (r"(?<![<>=!\-])<(?![<=])(?=\s)", "<="), (r"<=", "<"), (r"(?<=\s)>(?![>=])(?=\s)", ">="), (r">=", ">"),
    (r"==", "!="), (r"!=", "=="), (r"&&", "||"), (r"\|\|", "&&"), (r"<<(?!=)", ">>"), (r">>(?!=)", "<<"),
    (r"(?<=\s)\+(?=\s)", "-"), (r"(?<=\s)-(?=\s)", "+"), (r"(?<=\s)\*(?=\s)", "+"),
)  # fmt: skip
NUMBER = re.compile(r"(?<![\w.])\d+(?![\w.])")
INSTRUCTION = re.compile(r"^(\s+)([a-z][\w.]*\s.*)$")
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*|(?<=\s)@[^\n]*", re.DOTALL)


def _blanked(text: str) -> str:
    """The text without its comments, every character at its place."""
    return COMMENT.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)


def _c_like(text: str, assembly: bool) -> Iterator[Edit]:
    start = 0
    for line in _blanked(text).splitlines(keepends=True):
        code = line.split('"')[0].rstrip()
        if code.strip() and not code.lstrip().startswith(("#include", "#ifndef", "#define LSTMCU", ".macro", ".if")):
            for pattern, became in C_LIKE if not assembly else ():
                yield from ((start + m.start(), m[0], became) for m in re.finditer(pattern, code))
            yield from ((start + m.start(), m[0], str(int(m[0]) + 1)) for m in NUMBER.finditer(code))
            statement = INSTRUCTION.match(code)
            if statement and (assembly or re.search(r"^\s+[\w\->\[\].*]+( [-+*]?= .*|\(.*\));$", code)):
                yield start + len(statement[1]), statement[2], "" if assembly else ";"
        start += len(line)


def _toml(text: str) -> Iterator[Edit]:
    """A number one larger, a flag gone."""
    start = 0
    for line in text.splitlines(keepends=True):
        if not line.startswith("#") and "description" not in line:
            yield from ((start + m.start(), m[0], str(int(m[0]) + 1)) for m in NUMBER.finditer(line))
            yield from ((start + m.start(), m[0], "") for m in re.finditer(r'"-[^"]*",? ?', line))
        start += len(line)


def edits(file: str) -> list[Edit]:
    """Every edit of one file, in the order in which they stand in it."""
    text = (ROOT / file).read_text(encoding="utf-8")
    if file.endswith((".inc", ".S")):
        found = list(_c_like(text, True))
    elif file.endswith((".c", ".h")):
        found = list(_c_like(text, False))
    elif file.endswith(".toml"):
        found = list(_toml(text))
    else:
        visitor = _Python(text)
        visitor.visit(ast.parse(text))
        found = visitor.edits
    return sorted(set(found))


def _arguments() -> dict[tuple[str, str, str], str]:
    """Of sampled changes that nothing can be seen of, the reason: argued.toml."""
    rows = tomllib.loads((HERE / "argued.toml").read_text(encoding="utf-8")).get("change", [])
    return {(row["file"], row["line"], row["became"]): row["unseen"] for row in rows}


def sample(count: int, seed: int) -> list[Change]:
    """``count`` changes, from each part as many, from each file of a part as likely as it is long."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )
    chance, known, argued = random.Random(seed), parts(), _arguments()
    taken: set[str] = set()
    drawn: list[list[Change]] = []
    for part in known:
        files = [file for file in sorted(listed) if file and part.holds(file) and file not in taken]
        taken |= set(files)
        found = [(file, edit) for file in files for edit in edits(file)]
        chance.shuffle(found)
        rows = []
        for file, (at, was, became) in found[:count]:
            text = (ROOT / file).read_text(encoding="utf-8")
            line = text[text.rfind("\n", 0, at) + 1 :].split("\n", 1)[0].strip()
            rows.append(Change(part.name, file, at, was, became, argued.get((file, line, became), "")))
        drawn.append(rows)
    turns = [rows[turn] for turn in range(count) for rows in drawn if turn < len(rows)]
    return turns[:count]
