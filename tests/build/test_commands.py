# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Every command in README and docs/ is run, page by page, in the order they stand there, in a checkout of its own."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from model import quantise, readers
from target.description import load_target
from tests.mutants import trial
from tests.oracle import tflite_writer
from tests.support import json_files
from tests.support.checkout import Checkout
from tests.support.exported import forecasts, printed
from tests.support.gdb_server import COUNTING, served
from tests.support.host import HANG, ROOT

PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])
PROGRAMS = ("./scons", "make", "cmake", "cp")
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
INLINE = re.compile(r"`(\./scons [^`]+)`")
LONG = {  # minutes
    "./scons target=all model=all quant=all", "./scons target=all cache=../cache", "./scons docs",
    "./scons rtl target=rv32imc", "./scons misra", "./scons bench", "./scons bench target=cortex-m4",
    "./scons bench-docs", "./scons convert model=forecast", "./scons model=my.keras quant=all",
    "./scons target=cortex-m55 compiler=clang", "./scons target=cortex-m0,rv32imc",
    "./scons toolchain=../boards/mine.toml model=exercises quant=all",
}  # fmt: skip
GOALS_OF_THEIR_OWN = {"test", "test-all", "mutants", "train"}  # run by CI, by a person, and in tests/train
EXTRA = (  # what the pages ask the reader to have
    ("models/forecast-window/forecast-window.keras", "my.keras"),
    ("models/forecast-window/forecast-window.npz", "my.npz"),
    ("tests/model/data/onnx/ts_hours.onnx", "my.onnx"),
    ("examples/targets/stm32f411.toml", "../boards/mine.toml"),
    *((f"tests/model/data/torch_both.{ending}",) * 2 for ending in ("safetensors", "npz", "toml")),
)


def commands(page: Path) -> list[str]:
    """Every command on a page: the lines of blocks without a language that begin with a program, and inline ones."""
    text = page.read_text(encoding="utf-8")
    found: dict[int, str] = {}
    for block in BLOCK.finditer(text):
        at, lines = block.start(2), block[2].splitlines(keepends=True)
        for line in lines if not block[1] else ():
            if line.removeprefix("$ ").split(" ", 1)[0].strip() in PROGRAMS:
                found[at] = shlex.join(shlex.split(line.removeprefix("$ "), comments=True))
            at += len(line)
    found |= {span.start(): span[1] for span in INLINE.finditer(BLOCK.sub(lambda b: " " * len(b[0]), text))}
    return list(dict.fromkeys(command for _, command in sorted(found.items())))


def made(page: Path) -> list[str]:
    """The Python on a page that writes a file in build/ which a command there takes."""
    blocks = [block[2] for block in BLOCK.finditer(page.read_text(encoding="utf-8")) if block[1] == "python"]
    taken = "\n".join(commands(page))
    return [block for block in blocks if any(name in taken for name in re.findall(r'"(build/[^"]+)"', block))]


def goals(command: str) -> list[str]:
    return [word for word in command.split()[1:] if re.fullmatch(r"[a-z-]+", word) and not word.startswith("-")]


def is_mention(command: str) -> bool:
    """`./scons export` alone: the name of a goal in a sentence, not something to type."""
    words = command.split()[1:]
    complete = ("report", "sizes", "docs", "figures", "bench", "bench-docs", "misra")
    return len(words) == 1 and words == goals(command) and words[0] not in complete


def run(checkout: Checkout, command: str) -> str:
    """With ``gdb=``, QEMU stands for the board, at another port than the page says."""
    words = shlex.split(command)
    given = dict(word.split("=", 1) for word in words if "=" in word)
    if "gdb" in given:
        own = given.get("toolchain")
        target = load_target(str(checkout.root / own) if own else given["target"])
        with served(target, *(COUNTING if target.arch == "riscv" else ())) as address:
            return run_words(checkout, [word if word[:4] != "gdb=" else f"gdb={address}" for word in words])
    return run_words(checkout, words)


def run_words(checkout: Checkout, words: list[str]) -> str:
    if words[0] == "./scons":
        words = [sys.executable, "-m", "SCons", *words[1:]]
        words += ["-n"] if GOALS_OF_THEIR_OWN & set(words) else []
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        words, cwd=checkout.root, env=environment, capture_output=True, text=True, check=False, timeout=HANG
    )
    assert done.returncode == 0, f"{words}\n{done.stdout}{done.stderr}"
    return done.stdout


def of_other_makers(folder: Path) -> None:
    """The same model as a .tflite, and an amplifier of RTNeural with samples."""
    trained = ROOT / EXTRA[0][0]
    made = quantise.calibrated(readers.read(trained), trained.with_suffix(".npz"), "int8")
    (folder / "my.tflite").write_bytes(tflite_writer.write(made))
    random = np.random.default_rng(2)
    (folder / "my.json").write_text(json.dumps(json_files.amplifier(random)))
    np.savez(folder / "amp.npz", inputs=random.uniform(-1, 1, (500, 1, 1)).astype(np.float32))


@pytest.fixture
def checkout(tmp_path: Path, cmsis_stand_in: Path) -> Checkout:
    """A checkout with what the pages ask the reader to have."""
    checkout = Checkout.copy(tmp_path / "lstmcu")
    shutil.copytree(ROOT / "docs", checkout.root / "docs")
    for source, target in EXTRA:
        path = checkout.root / target
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / source, path)
    of_other_makers(checkout.root)
    (tmp_path / "CMSIS-NN").symlink_to(cmsis_stand_in)
    return checkout


def test_the_pages_have_commands() -> None:
    count = {page.name: len(commands(page)) for page in PAGES}
    assert count["README.md"] >= 4
    assert count["integrate.md"] >= 8
    assert sum(count.values()) >= 30


@pytest.mark.parametrize("page", [page for page in PAGES if set(commands(page)) - LONG], ids=lambda page: page.name)
def test_every_command_works(checkout: Checkout, page: Path) -> None:
    (checkout.root / "build").mkdir()
    for program in made(page):
        subprocess.run([sys.executable, "-c", program], cwd=checkout.root, check=True)
    for command in commands(page):
        if is_mention(command):
            assert f"  {goals(command)[0]} " in run(checkout, "./scons -h"), command
        elif command not in LONG:
            said = run(checkout, command)
            if "run" in command.split():
                assert printed(said)[:32] == forecasts(), command


@pytest.mark.long
@pytest.mark.parametrize("command", sorted(LONG & {command for page in PAGES for command in commands(page)}))
def test_every_long_command_works(checkout: Checkout, command: str) -> None:
    run(checkout, command)


PYTHON = re.compile(r"(?:^|`)(\.venv/bin/python -m [^`\n]+?)(?: +#.*)?(?:`|$)", re.MULTILINE)
LONG_OF_PYTHON = {
    ".venv/bin/python -m train.cells", ".venv/bin/python -m measure.cost.build_times --page docs/build.md",
    ".venv/bin/python -m tests.style",
}  # fmt: skip
OF_PYTHON = [(page, command) for page in PAGES for command in PYTHON.findall(page.read_text(encoding="utf-8"))]


def test_pages_have_commands_of_python() -> None:
    assert len([command for page, command in OF_PYTHON if page.name == "CONTRIBUTING.md"]) >= 8


def run_python(root: Path, command: str) -> None:
    """Of tests only that they are found: what they are named by is there."""
    words = [sys.executable, *shlex.split(command)[1:]]
    words += ["--collect-only"] if words[2] == "pytest" else []
    done = subprocess.run(words, cwd=root, capture_output=True, text=True, check=False, timeout=HANG)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("command", sorted({command for _, command in OF_PYTHON} - LONG_OF_PYTHON))
def test_commands_of_python_work(command: str) -> None:
    run_python(ROOT, command)


@pytest.mark.long
@pytest.mark.parametrize("command", sorted(LONG_OF_PYTHON & {command for _, command in OF_PYTHON}))
def test_long_commands_of_python_work(command: str, tmp_path: Path) -> None:
    """In a copy: one of them writes a page."""
    run_python(trial.copy(tmp_path / "lstmcu"), command)


def test_the_chinese_readme_has_the_same_commands_and_code() -> None:
    english, chinese = (ROOT / name for name in ("README.md", "README.zh-CN.md"))
    assert commands(chinese) == commands(english)
    texts = [page.read_text(encoding="utf-8") for page in (english, chinese)]
    blocks, tables, links = zip(*(
        (
            [re.split(r"#|/\*", line)[0].rstrip() for block in BLOCK.finditer(t) for line in block[2].splitlines()],
            [line.count("|") for line in t.splitlines() if line.startswith("|")],
            re.findall(r"\]\((docs/[^)]+)\)", t),
        )
        for t in texts
    ), strict=True)  # fmt: skip
    assert blocks[0] == blocks[1]
    assert tables[0] == tables[1]
    assert links[0] == links[1]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("```\n./scons a=1   # why\n\nmake x\n```\n", ["./scons a=1", "make x"]),
        ("```\n$ ./scons a=1\noutput\n```\n", ["./scons a=1"]),
        ("```python\nmake = 1\n```\n", []),
        ("say `./scons -h` or `./scons`\n", ["./scons -h"]),
    ],
)
def test_commands_are_found(tmp_path: Path, text: str, found: list[str]) -> None:
    (tmp_path / "page.md").write_text(text)
    assert commands(tmp_path / "page.md") == found
