# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What must hold of a build: outputs that are the reference's, a stack within its bound, budgets kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from measure.checks import budget
from measure.stored import Report, load, title
from model import escape
from model.errors import UserError


@dataclass(frozen=True)
class Verdict:
    """Of one check of one build: all is well unless there is a sentence."""

    check: str
    failed: str = ""
    skipped: str = ""


def judge(report: Report, limits: Mapping[str, int]) -> list[Verdict]:
    """Every check of one build; ``limits`` of flash, ram, stack, instructions, cycles."""
    return [_outputs(report), _stack(report), *(_limit(report, what, limit) for what, limit in limits.items())]


def _outputs(report: Report) -> Verdict:
    check = "outputs equal the reference"
    if report["not_run"]:
        return Verdict(check, skipped=report["not_run"])
    found = report["error"]["reference"]
    if not found["mismatches"]:
        return Verdict(check)
    first = found["first"]
    where = f"in sample {first['sample']}, element {tuple(first['element'])}"
    return Verdict(
        check,
        f"{title(report)}: the device differs from the reference in {found['mismatches']} of {found['values']} values; "
        f"first {where}: {first['device']} instead of {first['reference']}",
    )


def _stack(report: Report) -> Verdict:
    found, check = report["stack"], "stack is within its bound"
    if not found["proved"]:
        return Verdict(check, skipped=f"no bound: {'; '.join(found['why'])}")
    seen = max(found[name] or 0 for name in ("measured", "stored"))
    if seen <= found["bound"]:
        return Verdict(check)
    told = f"used {seen} bytes of stack, more than the {found['bound']} that its code was proved to need"
    return Verdict(check, f"{title(report)} {told}: an error of lstmcu; please report it")


def _limit(report: Report, what: str, limit: int) -> Verdict:
    return Verdict(f"{what}_max={limit}", budget.excess(report, title(report), what, limit))


def sound(path: Path) -> Report:
    """A report whose build may be used. UserError when it computes something else than the reference."""
    report = load(path)
    wrong = _outputs(report).failed
    if wrong:
        raise UserError(wrong)
    return report


def junit(judged: Sequence[tuple[str, Sequence[Verdict]]]) -> str:
    """JUnit's XML of verdicts by build: a test case each."""
    verdicts = [verdict for _, found in judged for verdict in found]
    words = {"name": "lstmcu", "tests": str(len(verdicts)), "failures": str(sum(bool(v.failed) for v in verdicts))}
    words |= {"errors": "0", "skipped": str(sum(bool(v.skipped) for v in verdicts))}
    suites = ElementTree.Element("testsuites")
    suite = ElementTree.SubElement(suites, "testsuite", words)
    for build, found in judged:
        folder, _, variant = build.rpartition("/")
        for verdict in found:
            words = {"classname": folder.replace("/", "."), "name": f"{variant}: {verdict.check}"}
            words = {**{key: escape.visible(text) for key, text in words.items()}, "time": "0"}
            case = ElementTree.SubElement(suite, "testcase", words)
            for tag, sentence in (("failure", verdict.failed), ("skipped", verdict.skipped)):
                if sentence:
                    ElementTree.SubElement(case, tag, message=escape.visible(sentence))
    ElementTree.indent(suites)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(suites, encoding="unicode") + "\n"
