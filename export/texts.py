# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What an export says about itself: README.md, LICENSE, and a file for each build system."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2

from export.sbom import NAME as SBOM
from export.sources import INCLUDED, PRIVATE
from model import escape
from model.formats import types
from model.version import VERSION

TEMPLATES = Path(__file__).parent / "templates"
TEMPLATED = (
    "README.md", "CMakeLists.txt", "lstmcu.mk", "zephyr/module.yml", "zephyr/Kconfig", "zephyr/CMakeLists.txt",
    "idf_component.yml", "library.properties", "SConscript",
)  # fmt: skip
NAMED = {  # by the export's name; of a template of another name
    "lstmcu_{name}-config.cmake": "config.cmake",
    "lstmcu_{name}-config-version.cmake": "config-version.cmake",
    "lstmcu.{name}.pdsc": "pack.pdsc",
}
ARGUMENT = re.compile(r"((?:in|out)put(_\d+)?)\[([^]]+)\]")  # of a model's function: name, its number, elements
SAME_FLOATS = ("-ffp-contract=off",)  # results in floating point do not depend on the compiler
ARDUINO_LENGTH = 32  # of a library's name, in arduino-lint's strict mode
CORE = re.compile(r"^-mcpu=cortex-(m[0-9]+)(plus)?")


@dataclass(frozen=True)
class Exported:
    """One model: its report.json for every core; model.json and the text of its header for the first."""

    reports: tuple[dict[str, Any], ...]
    card: dict[str, Any]
    header: str

    @property
    def report(self) -> dict[str, Any]:
        """That of the first core; what is said of the model itself is the same in all."""
        return self.reports[0]

    @property
    def name(self) -> str:
        """Its name in C."""
        return str(self.card["name"])


def _figure(value: int | None, unit: str = "bytes") -> str:
    return "not measured" if value is None else f"{value:,} {unit}".strip()


def _cycles(report: dict[str, Any]) -> str:
    cycles = report["cycles"]
    if cycles is None:
        return str(report.get("cycles_note") or "not modelled")
    spread = "" if cycles["low"] == cycles["high"] else f" ({cycles['low']:,} to {cycles['high']:,})"
    return f"{cycles['nominal']:,}{spread}, modelled; evidence: {cycles['evidence']}, {cycles['source']}"


def _agreement(report: dict[str, Any]) -> str:
    if report["error"] is None:
        return str(report["not_run"] or "not measured")
    reference = report["error"]["reference"]
    if reference["max_abs"] == 0:
        return f"the same bits in {report['samples']:,} samples"
    return f"within {reference['max_abs']:.1e} in {report['samples']:,} samples"


def _stack(stack: dict[str, Any]) -> str:
    if stack["proved"]:
        return f"{stack['bound']:,} bytes below the caller at most, without interrupts; proved from the machine code"
    return f"{_figure(stack['measured'])}, the deepest seen"


def _rows(report: dict[str, Any]) -> list[tuple[str, str]]:
    """What was measured, for people."""
    flash = report["flash"] or {}
    split = "".join(f", {key} {flash[key]:,}" for key in ("code", "tables", "weights") if key in flash)
    rows = [
        ("core", f"{report['target']}: {report['core']}"),
        ("trained model", f"{report['model']['source']}, SHA-256 {report['model']['sha256']}"),
        ("built as", f"quant={report['quantisation']} kernels={report['kernels']} state={report['state']}"),
        (f"instructions of one `{report['function']}`", _figure(report["instructions"], "(exact, QEMU)")),
        ("cycles", _cycles(report)),
        ("flash", f"{_figure(flash.get('total'))}{split}"),
        ("RAM", f"{_figure(report['ram']['total'])}, the state"),
        ("stack", _stack(report["stack"])),
        ("agrees with the reference", _agreement(report)),
    ]
    if report["error"] is not None:
        rows.append(("mean error against the trained model", f"{report['error']['float']['mae']:.2g}"))
    return [*rows, *(("note", note) for note in report["model"]["notes"])]


def _table(reports: Sequence[dict[str, Any]]) -> list[tuple[str, list[str]]]:
    """Each row with a value for every core; of rows that are called alike, as notes are, the first with the first."""
    found = [_rows(report) for report in reports]
    listed: dict[tuple[str, int], list[str]] = {}
    for column, rows in enumerate(found):
        seen: dict[str, int] = {}
        for what, value in rows:
            number = seen[what] = seen.get(what, -1) + 1
            listed.setdefault((what, number), [""] * len(found))[column] = value
    return [(what, values) for (what, _), values in listed.items()]


def _ends(model: Exported, side: str, real: str, lengths: str) -> list[dict[str, str]]:
    """The inputs or the outputs, as the model's function takes them and the example has them.

    ``real``: what real values are called there; ``lengths``: the macros that say how many one alone has.
    """
    function = re.search(rf"\b{model.card['function']}\(.*\);$", model.header, re.MULTILINE)
    assert function, f"{model.name}.h does not declare {model.card['function']}"
    ends = []
    declared = [each for each in ARGUMENT.findall(function[0]) if each[0].startswith(side)]
    for (name, suffix, length), signal in zip(declared, model.card[f"{side}s"], strict=True):
        stored = types.named(signal["dtype"])
        ends.append({
            "type": stored.c,
            "suffix": suffix,
            "real": real + suffix,
            "stored": real + suffix if stored.real else name,
            "length": lengths if lengths and len(declared) == 1 else length,
        })  # fmt: skip
    return ends


def _ram(reports: Sequence[dict[str, Any]]) -> str:
    """Bytes of the state, on the core where it is largest."""
    sizes = {report["ram"]["total"] for report in reports}
    return f"{'at most ' if len(sizes) > 1 else ''}{max(sizes)}"


def _values(model: Exported) -> dict[str, Any]:
    """What the templates show of one model."""
    upper, stream = model.name.upper(), model.card["state"] == "stream"
    of_input = f"{upper}_FEATURES" if stream else f"{upper}_STEPS * {upper}_FEATURES"
    of_output = "" if stream else f"{upper}_OUTPUTS"
    return {
        "name": model.name,
        "upper": upper,
        "ram": _ram(model.reports),
        "stream": stream,
        "inputs": _ends(model, "input", "values", of_input),
        "outputs": _ends(model, "output", "results", of_output),
        "normalises": f"{model.name}_quantise(float real, int feature)" in model.header,
    }


def _templates() -> jinja2.Environment:
    templates = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True, autoescape=False,
    )  # fmt: skip
    templates.filters |= escape.FILTERS
    return templates


def example(model: Exported) -> str:
    """C that calls a model with real values, as README.md shows it."""
    return _templates().get_template("example.c.jinja").render(m=_values(model))


def _templated(name: str) -> dict[str, str]:
    """Templated file to its template's name."""
    return {file: file for file in TEMPLATED} | {file.format(name=name): template for file, template in NAMED.items()}


def _cmsis_core(flags: Sequence[str]) -> str:
    """The core as CMSIS-Pack writes it, ``Cortex-M0+``; empty when it is not a Cortex-M."""
    found = next(filter(None, map(CORE.match, flags)), None)
    return f"Cortex-{found[1].upper()}{'+' if found[2] else ''}" if found else ""


def licence(generated: Sequence[str], runtime: Sequence[str]) -> str:
    """Who owns which file."""
    return (
        f"Generated, and yours to use as you like: {', '.join(generated)}.\n"
        f"Under the Apache License 2.0 (LICENSE): {', '.join(runtime)}.\n"
    )


def _urn(models: Sequence[Exported]) -> str:
    """An address for those who insist on one: a name of the trained models, as they were built, and no web page."""
    built = [[model.report[key] for key in ("quantisation", "kernels", "state")] for model in models]
    trained = [model.report["model"]["sha256"] for model in models]
    return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, json.dumps([VERSION, trained, built]))}"


def arduino(name: str, urn: str) -> str:
    """``lstmcu_<name>`` where arduino-lint takes that, in its strict mode; else a name by the end of the ``urn``."""
    wanted = f"lstmcu_{name}"
    fits = len(wanted) <= ARDUINO_LENGTH and not re.search("arduino|library", wanted, re.IGNORECASE)
    return wanted if fits else f"lstmcu_{urn[-12:]}"


def _platformio(name: str, summary: str, headers: Sequence[str], flags: Sequence[str]) -> str:
    """``library.json``; JSON has no comments, so LICENSE alone says whose it is."""
    manifest = {
        "name": f"lstmcu_{name}",
        "version": VERSION,
        "description": summary,
        "license": "Apache-2.0",
        "headers": list(headers),
        "frameworks": "*",
        "platforms": "*",
        "build": {"srcDir": "src", "includeDir": INCLUDED, **({"flags": list(flags)} if flags else {})},
    }  # fmt: skip
    return json.dumps(manifest, indent=2) + "\n"


def make(
    name: str,
    models: Sequence[Exported],
    own: Sequence[str],
    compiled: Sequence[str],
    runtime: Sequence[str],
    floats: bool,
) -> dict[str, str]:
    """File name to text. ``own``: the models' files; ``compiled``: those to compile; ``runtime``: the project's.

    ``floats``: some of the C computes in floating point.
    """
    report = models[0].report
    endings = sorted({Path(file).suffix for file in compiled})
    names = ", ".join(model.name for model in models)
    core_only = any(file.endswith((".S", ".inc")) for file in (*own, *runtime))
    dcores = sorted(filter(None, (_cmsis_core(each["compiler"]["flags"]) for each in models[0].reports)))
    files = _templated(name)
    if core_only and not dcores:
        del files[f"lstmcu.{name}.pdsc"]  # CMSIS-Packs are of Arm's cores
    summary = f"{names}: trained network{'s' if len(models) > 1 else ''} in C, {report['quantisation']}"
    headers = [f"{model.name}.h" for model in models]
    urn = _urn(models)
    values = {
        "name": name,
        "version": VERSION,
        "summary": summary,
        "headers": headers,
        "include": INCLUDED,
        "tool": report["tool"],
        "models": [{**_values(model), "rows": _table(model.reports)} for model in models],
        "aliases": [f"lstmcu::{model.name}" for model in models],
        "compiled": compiled,
        "patterns": " ".join(f"{PRIVATE}/*{ending}" for ending in endings),
        "assembly": ".S" in endings,
        "core_only": core_only,
        "floats": floats,
        "urn": urn,
        "arduino": arduino(name, urn),
        "dcores": dcores,
        "csub": name.lstrip("_")[:32],
        "reports": models[0].reports,
        "licence": licence([*own, *files, "library.json"], runtime),
        "sbom": SBOM,
    }
    rendered = {file: _templates().get_template(f"{template}.jinja").render(values) for file, template in files.items()}
    return {**rendered, "library.json": _platformio(name, summary, headers, SAME_FLOATS if floats else ())}
