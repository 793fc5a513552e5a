# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""What an addition costs: files, and no edit of any. A copy of the project gets those in adding/, and builds with them.

They are a kernel set that covers Dense alone, a target that uses it, a number format with a kernel of its own, a layer
with its kernels, a kind of file, and a goal.
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.checkout import Checkout
from tests.support.host import ROOT

ADDING = Path(__file__).with_name("adding")
INPUTS, HIDDEN, OUTPUTS = 5, 7, 3


def added() -> list[Path]:
    """What is added, below the project's folder."""
    return [path.relative_to(ADDING) for path in sorted(ADDING.rglob("*.*")) if path.is_file()]


def test_the_docs_list_what_is_added() -> None:
    rows = (ROOT / "docs/design.md").read_text(encoding="utf-8").partition("| what | files |")[2].partition("\n\n")[0]
    listed, folder = set(), ""
    for name in re.findall(r"`([^`]+)`", rows):
        folder = name if name.endswith("/") else folder if "/" not in name else ""
        listed |= set() if name.endswith("/") else {f"{folder}{name}"}
    assert listed == {path.as_posix() for path in added()}


def _network(folder: Path) -> str:
    """A file of the new kind and samples beside it: Dense, the new layer, Dense."""
    random = np.random.default_rng(1)
    lines = [f"lines of {INPUTS} inputs"]
    for rows, columns in ((HIDDEN, INPUTS), (OUTPUTS, HIDDEN)):
        numbers = random.normal(0, 0.5, rows * (columns + 1))
        lines += [" ".join(["dense", *(f"{number:.4f}" for number in numbers)]), "absolute"]
    (folder / "net.lines").write_text("\n".join(lines[:-1]) + "\n", encoding="utf-8")
    np.savez(folder / "net.npz", inputs=random.normal(0, 1, (50, INPUTS)).astype(np.float32))
    return "net.lines"


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """The copy."""
    checkout = Checkout.copy(tmp_path_factory.mktemp("grown") / "checkout")
    for path in added():
        assert not (checkout.root / path).exists(), f"{path} is there already: an addition edits nothing"
        (checkout.root / path).parent.mkdir(exist_ok=True)
        shutil.copy(ADDING / path, checkout.root / path)
    _network(checkout.root)
    return checkout


def report(checkout: Checkout, target: str, variant: str) -> dict[str, Any]:
    """That of a build of the new network, whose outputs are the reference's."""
    path = checkout.root / "build" / target / "net" / variant
    found: dict[str, Any] = json.loads((path / "report.json").read_text())
    outputs, expected = np.load(path / "outputs.npy"), np.load(path / "expected.npy")
    assert outputs.shape == (50, OUTPUTS)
    assert len(np.unique(outputs)) > 10
    if found["quantisation"] == "float32":
        np.testing.assert_allclose(outputs, expected, rtol=1e-5, atol=1e-6)
    else:
        np.testing.assert_array_equal(outputs, expected)
    return found


def test_a_kernel_set_a_format_a_layer_a_kind_of_file_and_a_goal_are_files_alone(grown: Checkout) -> None:
    done = grown.scons("hello", "target=plain", "model=net.lines", "quant=int8,int7,float32")
    assert done.code == 0, done.out + done.err
    made = {variant: report(grown, "plain", variant)["kernels"] for variant in ("int8-plain", "int7-c", "float32-c")}
    assert made == {"int8-plain": "plain", "int7-c": "c", "float32-c": "c"}
    assert "hello build/plain/net/int8-plain" in done.out
    code = (grown.root / "build/plain/net/int8-plain/net.c").read_text()
    assert code.count("lstmcu_plain_dense(&net_L") == 2 * 2  # in net_run and in net_step
    assert code.count("lstmcu_absolute_s8(") == 2
    assert "lstmcu_dense_s7_run(&net_L" in (grown.root / "build/plain/net/int7-c/net.c").read_text()


def test_what_was_added_is_told_of(grown: Checkout) -> None:
    text = grown.scons("-h").out
    for told in ("A Cortex-M4 with kernels of its own [plain, c]", "say hello to every build", "int7"):
        assert told in text


def test_others_use_it_too(grown: Checkout) -> None:
    """The shipped targets know the format, the layer and the kind of file; an edit of what was added builds again."""
    done = grown.scons("target=cortex-m4", "model=net.lines", "quant=int7")
    assert done.code == 0, done.out + done.err
    assert report(grown, "cortex-m4", "int7-c")["flash"]["weights"] > 0
    grown.build("target=plain", "model=net.lines", "quant=int8,int7")
    with (grown.root / "kernels/plain/layout.py").open("a", encoding="utf-8") as file:
        file.write("# a comment\n")
    again = grown.scons("target=plain", "model=net.lines", "quant=int8,int7")
    assert again.rules == {"GEN net.c"}, again.out
