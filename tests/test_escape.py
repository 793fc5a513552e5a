# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Whatever a file, a layer or a target is called, every output shows that name and nothing else changes.

Each output is read by a parser of its language: the compiler's preprocessor, Make, SCons's Python, XML, YAML, TOML's
cousins, HTML, Markdown.
"""

from __future__ import annotations

import ast
import io
import json
import re
import subprocess
import unicodedata
import xml.etree.ElementTree as ElementTree
from contextlib import redirect_stderr
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from export import sbom, texts
from measure.checks import baseline, difference, verdict
from measure.pages import markdown, shipped
from measure.pages import text as table
from measure.pages.html import charts
from model import emit, escape
from model.errors import UserError, run_main
from model.layers.base import Place
from tests.support import networks
from tests.support.host import INCLUDES
from tests.support.networks import Spec

HOSTILE = (
    "*/ int x; /*", "a*/b", "/* // */", "??/", "x??/\nint y;", "line\\", "line\\\nint z;", "a\nb", "a\r\nb", "a\tb",
    "$(shell id)", "${HOME}", "$x$", "# a", "a#b", "a;b", 'say "no"', "it's", "`id`", "a|b", "|", "||", "<b>bold</b>",
    "<script>alert(1)</script>", "</summary></details>", "&amp;", "]]>", "--> <x/>", "![i](http://x/y.png)", "[a](b)",
    "*bold*", "_em_", "__init__", "~~gone~~", "a  b", " a ", "- a", "1. a", "> q", "---", "\x1b[31mred\x1b[0m", "\x00",
    "\x7f", "\x85", "\u202egpj.exe", "\u2066x", "\u200b", "\u2028", "\ufeff", "\ufffe", "\udc80bytes", "\U0001f600",
    "模型", "größe", "%s %d", "{{ 7*7 }}", "{% raw %}", "{0}", "\\", "\\\\", "`", "``", "'''", "=1+1", "@name", "",
)  # fmt: skip
TEXTS = st.one_of(
    st.sampled_from(HOSTILE),
    st.lists(st.sampled_from(HOSTILE), min_size=2, max_size=3).map("".join),
    st.text(st.characters(), max_size=12),
)
SPEC = Spec(3, 2, (3,), False, False, ((2, "linear"),), (True,), True, False, False, 4)
CATEGORIES = ("Cc", "Cf", "Cs", "Zl", "Zp")


def reported(text: str) -> dict[str, Any]:
    """A report.json with ``text`` wherever it holds a text that is not lstmcu's."""
    return {
        "version": 2, "tool": "lstmcu", "target": text, "core": text, "kernels": "asm", "optimize": "balanced",
        "quantisation": "int8", "state": "window", "samples": 10, "not_run": None, "function": "net_run",
        "model": {"name": "net", "source": text, "sha256": "0" * 64, "macs": 10, "notes": [text]},
        "compiler": {"version": text, "flags": ["-mcpu=cortex-m4", text]},
        "instructions": 1000, "instructions_least": 1000, "instructions_note": None, "time": None, "energy": None,
        "cycles": {"low": 1, "nominal": 2, "high": 3, "evidence": "documented", "source": text, "assumptions": [text]},
        "cycles_note": text,
        "flash": {"code": 1, "tables": 2, "weights": 3, "total": 6, "sections": [],
                  "files": [{"name": text, "code": 1, "tables": 2, "weights": 3}],
                  "parts": [{"name": text, "section": ".text", "file": text, "kind": "code", "bytes": 1}]},
        "ram": {"state": 1, "scratch": 1, "static": 0, "total": 2,
                "fields": [{"name": text, "kind": "state", "bytes": 1}]},
        "stack": {"measured": 1, "stored": 1, "bound": 1, "proved": False, "why": [text],
                  "calls": [{"function": text, "bytes": 1}]},
        "error": {"reference": {"mismatches": 0, "values": 10, "max_abs": 0.0, "tolerance": 0.0, "first": None},
                  "float": {"mae": 0.1, "max_abs": 0.1}, "targets": None},
        "functions": [{"name": text, "instructions": 5.0, "code": 1}],
    }  # fmt: skip


def shown(text: str) -> dict[str, Any]:
    """As ``stored.load`` gives it."""
    return dict(escape.document(json.loads(json.dumps(reported(text)))))


def nothing_hidden(output: str) -> None:
    """Every character prints, but for the ends of the lines and tabs at their begin."""
    found = [ch for ch in output if unicodedata.category(ch) in CATEGORIES and ch not in "\n\t"]
    assert found == []
    assert "\t" not in re.sub(r"(?m)^\t+", "", output)
    output.encode()


# ---- C and assembly ----


def preprocessed(name: str, source: str) -> list[str]:
    """What the compiler sees, comments gone; every warning about them is an error."""
    words = ["cc", "-E", "-P", "-trigraphs", "-Wall", "-Wcomment", "-Wtrigraphs", "-Werror", *INCLUDES, "-x"]
    text = re.sub("^#include .*$", "", source, flags=re.MULTILINE)  # of the system: not what is looked at
    text = re.sub(r"^#if \w*LSTMCU_VERSION.*?^#endif$", "", text, flags=re.MULTILINE | re.DOTALL)
    language = ["assembler-with-cpp" if name.endswith(".S") else "c", "-"]
    done = subprocess.run([*words, *language], input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def generated(text: str) -> dict[str, str]:
    """A model of a hostile name with a layer of one; what of it is C or assembly."""
    network = networks.build(SPEC)
    layers = (replace(network.layers[0], name=text), *network.layers[1:])
    plain = network.but(layers=(replace(network.layers[0], name="lstm"), *network.layers[1:]))
    made = emit.generate(replace(plain, source=text), "armv7em", "window")
    header = emit.generate(network.but(layers=layers, source=text), "c", "window")
    return {name: text for name, text in made.items() if name != "model.json"} | {"said.h": header["net.h"]}


@given(TEXTS)
@settings(max_examples=25, deadline=None, phases=(Phase.generate,))
def test_c_and_assembly(text: str) -> None:
    benign = generated("forecast.keras")
    for name, made in generated(text).items():
        assert made.isascii(), name
        nothing_hidden(made)
        if name == "said.h":
            (why,) = re.findall(r"^/\* No net_step: layer '(.*)' reads the window from its end", made, re.MULTILINE)
            assert _unescaped(why) == text
        elif name != "net_bench.h":
            (source,) = re.findall(r"generated by lstmcu \S+ from (.*)\n", made)
            assert _unescaped(source) == text
        seen = preprocessed(name, made)
        assert seen == preprocessed(name, benign[name]) or name == "said.h", name  # fields are called as the layer is


def _unescaped(written: str) -> str:
    return re.sub(r"\\(?:x(..)|u(....)|U(.{8}))", lambda m: chr(int(m[1] or m[2] or m[3], 16)), written)


def test_every_hostile_text_in_one_comment() -> None:
    for text in HOSTILE:
        made = f"/* {escape.c_comment(text)} */ int after;\n"
        assert preprocessed("x.c", made) == ["int", "after;"], text


def test_what_is_not_escaped_would_be_seen() -> None:
    assert preprocessed("x.c", "/* a*/ b */ int after;\n") != ["int", "after;"]
    with pytest.raises(AssertionError, match="trigraph"):
        preprocessed("x.c", "/* a ??/\n*/ int after;\n")


# ---- terminals ----


@given(TEXTS)
@settings(deadline=None)
def test_terminals(text: str) -> None:
    rendered = table.render([shown(text)], [text])
    nothing_hidden(rendered)
    nothing_hidden(table.render([reported(text)], [text]))
    place = Place(0)
    rows = [difference.Row(place, text, "cell", 1, 1, 1.0, (0, 0, 0), (1.0, 2.0), np.zeros(2))]
    compared = difference.render(rows, {(place, "cell", 0): (0, 0)}, 1)  # type: ignore[dict-item]
    nothing_hidden(compared)
    assert len(compared.splitlines()) == 6
    said = io.StringIO()

    def fail() -> None:
        raise UserError(f"{text}: no such file")

    with redirect_stderr(said), pytest.raises(SystemExit):
        run_main(fail)
    nothing_hidden(said.getvalue())


@given(TEXTS)
def test_visible_texts_are_left_alone(text: str) -> None:
    seen = escape.visible(text)
    assert seen.isprintable()
    assert escape.visible(seen) == seen
    assert seen == text or not text.isprintable()


# ---- Markdown ----

MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
PLAIN = {"text", "text_special", "softbreak", "code_inline"}


def tables(text: str) -> list[list[list[str]]]:
    """Rows of cells of each table; AssertionError for anything in a cell but text."""
    found: list[list[list[str]]] = []
    inside = False
    for token in MARKDOWN.parse(text):
        if token.type == "table_open":
            found.append([])
        elif token.type == "tr_open":
            found[-1].append([])
        elif token.type in ("td_open", "th_open"):
            inside = True
        elif token.type == "inline" and inside:
            found[-1][-1].append(_text(token))
            inside = False
    return found


def _text(token: Token) -> str:
    children = token.children or []
    assert {child.type for child in children} <= PLAIN, token.content
    return "".join(child.content for child in children)


def cells(row: list[str]) -> list[str]:
    return [" ".join(cell.split()) for cell in row]


def squeezed(text: str) -> str:
    return " ".join(escape.visible(text).split())


@given(TEXTS, TEXTS)
def test_cells_of_markdown(one: str, other: str) -> None:
    ((head, row, last),) = tables(markdown.table(["name", "number"], [[one, other], ["end", "1"]], texts=1))
    assert (head, cells(row), last) == (["name", "number"], [squeezed(one), squeezed(other)], ["end", "1"])


@given(TEXTS)
@settings(max_examples=40, deadline=None)
def test_markdown_of_reports(text: str) -> None:
    text = text if text.strip() else "-"  # an item without any text ends a list
    report, benign = shown(text), shown("name")
    for made, plain in (
        (markdown.parts(report), markdown.parts(benign)),
        (markdown.pull_request([report], [text]), markdown.pull_request([benign], ["name"])),
        (shipped.page([report]), shipped.page([benign])),
        (_difference(text), _difference("name")),
    ):
        nothing_hidden(made)
        found, wanted = tables(made), tables(plain)
        assert [[len(row) for row in rows] for rows in found] == [[len(row) for row in rows] for rows in wanted]
        wanted_cells = [[cells([cell.replace("name", squeezed(text)) if cell == "name" else cell for cell in row])
                         for row in rows[1:]] for rows in wanted]  # fmt: skip
        if made.startswith("## Where"):
            assert [[cells(row) for row in rows[1:]] for rows in found] == wanted_cells
        kinds = [token.type for token in MARKDOWN.parse(made)]
        assert kinds == [token.type for token in MARKDOWN.parse(plain)]
        inline = [child.type for token in MARKDOWN.parse(made) for child in token.children or ()]
        assert set(inline) <= PLAIN


def _difference(text: str) -> str:
    return baseline.as_markdown([(f"{text}: changed", [baseline.Change(text, 1, 2)])])


@given(TEXTS)
def test_code_in_markdown(text: str) -> None:
    (paragraph,) = [t for t in MARKDOWN.parse(f"a {escape.markdown_code(text)} b") if t.type == "inline"]
    kinds = [(child.type, child.content) for child in paragraph.children or ()]
    wanted = escape.visible(text).replace("|", "\\x7c")
    assert kinds[0] == ("text", "a ")
    assert kinds[-1] == ("text", " b")
    assert [content for kind, content in kinds if kind == "code_inline"] == [wanted] or not wanted.strip()
    (block,) = [t for t in MARKDOWN.parse(f"{escape.markdown_block(text)}\n") if t.type != "paragraph"]
    assert (block.type, block.content) == ("fence", f"{escape.lines(text)}\n")


# ---- HTML and XML ----


class Reader(HTMLParser):
    """Tags, attributes and texts of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, tuple[tuple[str, str | None], ...]]] = []
        self.texts: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


@given(TEXTS)
def test_html(text: str) -> None:
    page = Reader(f'<p title="{escape.markup(text)}">{escape.markup(text)}</p>')
    assert page.tags == [("p", (("title", escape.visible(text)),))]
    assert "".join(page.texts) == escape.visible(text)
    drawn = Reader(charts.lines(text, text, [charts.Series("a", "k", [0, 1], [0, 1])]))
    assert drawn.tags[0][1][2] == ("aria-label", escape.visible(text))
    assert {tag for tag, _ in drawn.tags} == {"svg", "path", "text", "polyline"}


@given(TEXTS)
def test_junit(text: str) -> None:
    name = escape.visible(text).replace("/", "\u2215")
    title = f"cortex-m4/{text.replace('/', chr(0x2215))}/int8"
    made = verdict.junit([(title, [verdict.Verdict("outputs", text, text)])])
    case = ElementTree.fromstring(made)[0][0]
    assert case.get("classname") == f"cortex-m4.{name}"
    assert case.get("name") == "int8: outputs"
    assert [child.get("message") for child in case] == [escape.visible(text)] * 2 if text else len(case) == 0
    nothing_hidden(made)


# ---- what an export says ----


def exported(text: str, name: str = "net") -> dict[str, str]:
    """The papers of an export whose report has ``text`` in it."""
    report = shown(text)
    made = emit.generate(networks.build(SPEC), "c", "window")
    model = texts.Exported((report,), json.loads(made["model.json"]), made["net.h"])
    own, private = ["include/net.h", "src/lstmcu/net.c"], ["src/lstmcu/dense_s8.c"]
    files = texts.make(name, [model], own, ["src/lstmcu/net.c", *private], private, floats=True)
    data = {file: content.encode() for file, content in files.items()}
    return {**files, sbom.NAME: sbom.make(name, data, private, [[report]]).decode()}


@given(TEXTS)
@settings(max_examples=40, deadline=None)
def test_papers_of_an_export(text: str) -> None:
    made, plain = exported(text), exported("name")
    assert made.keys() == plain.keys()
    for name, content in made.items():
        nothing_hidden(content)
        if name not in ("README.md", sbom.NAME):
            assert content == plain[name], name
    bom = json.loads(made[sbom.NAME])
    assert [c["name"] for c in bom["components"] if c["type"] == "machine-learning-model"] == [escape.visible(text)]
    readme = made["README.md"]
    kinds, wanted = ([token.type for token in MARKDOWN.parse(each["README.md"])] for each in (made, plain))
    assert kinds == wanted
    (*_, rows) = tables(readme)
    values = {row[0]: " ".join(row[1].split()) for row in rows}
    assert values["trained model"] == " ".join(f"{escape.visible(text)}, SHA-256 {'0' * 64}".split())
    assert values["note"] == squeezed(text)


def test_papers_are_read_by_what_they_are_for(tmp_path: Path) -> None:
    made = exported('*/ "$(x)" `|` <b> \x1b')
    assert yaml.safe_load(made["idf_component.yml"])["description"].startswith("net: trained network")
    assert yaml.safe_load(made["zephyr/module.yml"])["name"] == "lstmcu_net"
    assert json.loads(made["library.json"])["headers"] == ["net.h"]
    ElementTree.fromstring(made["lstmcu.net.pdsc"])
    ast.parse(made["SConscript"])
    (tmp_path / "Makefile").write_text("include lstmcu.mk\nall:\n\t@echo $(LSTMCU_SOURCES)\n")
    (tmp_path / "lstmcu.mk").write_text(made["lstmcu.mk"])
    said = subprocess.run(["make", "-n"], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert said == "echo ./src/lstmcu/net.c ./src/lstmcu/dense_s8.c\n"


@given(TEXTS)
@settings(max_examples=30, deadline=None)
def test_each_language_by_its_own_filter(text: str) -> None:
    """Were the summary of an export somebody else's words."""
    assert yaml.safe_load(f"a: {escape.yaml(text)}\nb: 1\n") == {"a": escape.visible(text), "b": 1}
    assert "\n" not in escape.prose(text)
    assert "$" not in escape.prose(text)
    assert ast.parse(f"# {escape.line_comment(text)}\nx = 1\n").body[0].lineno == 2  # type: ignore[attr-defined]
    assert ElementTree.fromstring(f'<a b="{escape.markup(text)}"/>').get("b") == escape.visible(text)


@given(TEXTS)
@settings(max_examples=10, deadline=None)
def test_comments_of_make(text: str) -> None:
    made = f"# {escape.line_comment(text)}\nall:\n\t@echo all\n"
    done = subprocess.run(["make", "-n", "-f", "-"], input=made, capture_output=True, text=True, check=True)
    assert done.stdout == "echo all\n"


def test_every_filter_is_used() -> None:
    used = {
        name
        for folder in ("model/emit/templates", "export/templates")
        for path in (Path(escape.__file__).parents[1] / folder).rglob("*.jinja")
        for name in re.findall(r"\| *(\w+)", path.read_text())
    }
    assert escape.FILTERS.keys() <= used
