# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What is tried on hostile input and how often: the table of docs/tests.md, counted from the tests themselves.

``python -m tests.hostile`` writes it. A test counts as often as pytest calls it, one by hypothesis as often as that
draws for it, and one marked ``inputs(n)``, which goes through many by itself, n times.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.support.host import ROOT

PAGE = ROOT / "docs/tests.md"
BEGIN, END = "<!-- hostile -->\n", "<!-- end -->\n"

# what is tried, and the files or tests that try it
ROWS = (
    ("models, samples, budgets, folders whose names are code or odd", "tests/build/test_names.py"),
    ("arguments that a shell or SCons would read as more", "tests/build/test_argument_vector.py"),
    ("names of layers: equal, reserved, empty, colliding in C", "tests/model/test_names.py"),
    ("names of models: headers, keywords, other models", "tests/model/test_model_names.py"),
    ("texts in every output: C, Make, Markdown, HTML, XML, JSON, terminal", "tests/test_escape.py"),
    ("damaged model files", "tests/model/test_mutated_files.py"),
    (
        "quantised .onnx files that say what no reader knows, and damaged ones",
        "tests/model/test_onnx_quantised_refused.py",
    ),
    ("files of other kinds, under their own name and others'", "tests/model/test_kinds.py"),
    ("JSON that is no model, or says what no reader knows", "tests/model/test_weights_json_refused.py"),
    ("Keras settings that no reader knows", "tests/model/test_keras_settings.py tests/model/test_keras_variants.py"),
    ("Keras files as they were found, groups that tell no layer", "tests/model/test_keras_found.py"),
    ("fields of .tflite files changed one by one", "tests/model/test_tflite_fields.py"),
    (
        "graphs of loops and unrolled cells, one thing changed",
        "tests/model/test_tflite_changed.py tests/model/test_tflite_parts_changed.py tests/model/test_onnx_changed.py",
    ),
    (
        "models straight from TensorFlow's converter, weights 1e-6 to 1e4",
        "tests/model/test_straight_from_the_converter.py",
    ),
    (
        "samples: damage, lies, bombs, types, shapes",
        "tests/model/test_samples.py tests/model/test_samples_limits.py tests/model/test_wav.py",
    ),
    ("tables as spreadsheets write them", "tests/model/test_tables.py"),
    ("calibration that is constant, empty of range, huge", "tests/model/test_calibration.py"),
    ("NaN, infinities, the largest and smallest floats", "tests/firmware/test_floats.py"),
    ("forged and damaged entries of cache=", "tests/build/test_cache.py"),
    ("addresses of GDB servers that GDB would read as more", "tests/measure/run/test_server.py"),
    ("a damaged .venv, no network, mistaken words", "tests/build/launcher"),
    ("terminals that cannot show a table, readers that have gone", "tests/build/test_lines.py"),
    ("two models, kernel sets and versions in one firmware", "tests/kernels/test_together.py"),
)


def _calls(item: pytest.Item) -> int:
    """How many inputs one collected test goes through."""
    marked = item.get_closest_marker("inputs")
    if marked:
        return int(marked.args[0])
    own = getattr(getattr(item, "obj", None), "_hypothesis_internal_use_settings", None)
    return int(own.max_examples) if own is not None else 1


class _Counted:
    """Counts what pytest collects, by file, in ``scons test`` (False) and only in ``scons test-all`` (True)."""

    def __init__(self) -> None:
        self.inputs: Counter[tuple[str, bool]] = Counter()

    def within(self, places: str, long: bool) -> int:
        """Of files, and of all files in folders."""
        known = places.split()
        return sum(
            count
            for (file, is_long), count in self.inputs.items()
            if is_long == long and any(file == place or file.startswith(f"{place}/") for place in known)
        )

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Called by pytest."""
        for item in session.items:
            file = item.path.relative_to(ROOT).as_posix()
            self.inputs[file, item.get_closest_marker("long") is not None] += _calls(item)


def table() -> str:
    """The table, by collecting the tests."""
    counted = _Counted()
    files = [file for _, tests in ROWS for file in tests.split()]
    code = pytest.main(["--collect-only", "-qq", "-p", "no:cacheprovider", *files], plugins=[counted])
    if code:
        raise SystemExit(f"pytest could not collect the tests: {code}")
    lines = ["| what is tried | by `./scons test` | more by `test-all` | where |", "|---|---|---|---|"]
    for what, tests in ROWS:
        often, more = (counted.within(tests, long) for long in (False, True))
        if not often:
            raise SystemExit(f"nothing is tried by {tests}: {what}")
        places = ", ".join(f"`{file}`" for file in tests.split())
        lines.append(f"| {what} | {often:,} | {f'{more:,}' if more else '-'} | {places} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the table into the page, or with ``--check`` exit with 1 if it is another."""
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    made = f"{before}{BEGIN}{table()}{END}{after}"
    if "--check" in sys.argv:
        raise SystemExit(f"{PAGE.name} is out of date: python -m tests.hostile" if made != text else 0)
    Path(PAGE).write_text(made, encoding="utf-8")


if __name__ == "__main__":
    main()
