# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The launcher ./scons and its .venv: made once, made anew when it is damaged, nobody else's touched."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.host import HANG
from tests.support.launcher import CORES, Checkout, Done, finish, make_wheel, write_checkout


def test_first_run_sets_up_and_hands_over(made: tuple[Checkout, Done]) -> None:
    checkout, first = made
    assert first.code == 0, first.said
    assert re.fullmatch(
        r"lstmcu: making \.venv \.\.\. \d+ s\n"
        r"lstmcu: installing requirements/build\.txt in \.venv \.\.\. \d+ s\n",
        first.said,
    )
    assert first.scons is not None
    assert first.scons[0] == "1.0"
    assert first.scons[-1] == "-h"
    names = [line.split()[0] for line in checkout.stamp().splitlines()]
    assert names == ["python", "build"]


def test_unchanged_lock_installs_nothing(ready: Checkout) -> None:
    log = ready.root / ".venv" / "lstmcu-setup.log"
    log.unlink()
    done = ready.run("-h")
    assert (done.code, done.said) == (0, "")
    assert not log.exists()


def test_changed_lock_is_installed(ready: Checkout, wheels: tuple[Path, Path]) -> None:
    ready.lock("build", wheels[1])
    done = ready.run("-h")
    assert re.fullmatch(r"lstmcu: installing requirements/build\.txt in \.venv \.\.\. \d+ s\n", done.said)
    assert done.scons is not None
    assert done.scons[0] == "2.0"
    assert ready.run("-h").said == ""


ASK_FOR_ONNX = ("model=m.onnx", "model=forecast,a/M.ONNX", "model=mine", "model=all", "survey dir=d")


@pytest.mark.parametrize("words", ASK_FOR_ONNX)
def test_what_reads_onnx_files_is_installed_for_them(ready: Checkout, words: str) -> None:
    for path in ("models/mine/mine.onnx", "d/e/m.onnx"):
        (ready.root / path).parent.mkdir(parents=True)
        (ready.root / path).write_bytes(b"")
    ready.add_tools("cc", "arm-none-eabi-gcc", "qemu-system-arm")
    assert "installing requirements/onnx.txt" not in ready.run("model=forecast").said
    assert "installing requirements/onnx.txt" not in ready.run("-h", *words.split()).said
    done = ready.run(*words.split())
    assert re.search(r"installing requirements/onnx\.txt in \.venv \.\.\. \d+ s\n", done.said), done.said
    assert ready.run(*words.split()).said == ""


def test_package_with_another_hash_is_refused(ready: Checkout, wheels: tuple[Path, Path]) -> None:
    ready.lock("build", wheels[1], digest="0" * 64)
    done = ready.run("-h")
    assert done.code == 2
    assert "lstmcu: error: pip could not install requirements/build.txt: " in done.said
    assert "HASHES" in done.said
    assert done.scons is None
    assert ready.stamp() == ""


def test_interrupted_set_up_is_done_anew(ready: Checkout, wheels: tuple[Path, Path], silent: str) -> None:
    ready.lock("build", wheels[1])
    second = (ready.root / "requirements" / "build.txt").read_text()
    # behind the package that the launcher tries first comes one that never does
    endless = f"never @ http://{silent}/never-1.0-py3-none-any.whl --hash=sha256:{'0' * 64}\n"
    (ready.root / "requirements" / "build.txt").write_text(second + endless)
    process = ready.start("-h", PIP_DEFAULT_TIMEOUT="7200")
    assert process.stderr is not None
    process.stderr.read(len("lstmcu: installing"))  # pip has been started, or is about to
    os.killpg(process.pid, signal.SIGINT)
    done = finish(process)
    assert done.code == 130
    assert done.said.endswith(" interrupted\nlstmcu: interrupted\n")
    assert ready.stamp() == ""

    (ready.root / "requirements" / "build.txt").write_text(second)
    leftover = ready.root / ".venv" / "lib" / "leftover"
    leftover.write_text("")
    done = ready.run("-h")
    assert (done.code, done.scons and done.scons[0]) == (0, "2.0")
    assert done.said.startswith("lstmcu: making .venv")
    assert not leftover.exists()


def test_two_launchers_at_once_set_up_once(fresh: Checkout) -> None:
    both = [fresh.start("-h"), fresh.start("-h")]
    done = [finish(process) for process in both]
    assert [each.code for each in done] == [0, 0], done
    assert [each.scons and each.scons[0] for each in done] == ["1.0", "1.0"]
    assert sum(each.said.count("making .venv") for each in done) == 1


def test_venv_of_someone_else_is_left_alone(fresh: Checkout) -> None:
    theirs = fresh.root / ".venv" / "pyvenv.cfg"
    theirs.parent.mkdir()
    theirs.write_text("mine")
    done = fresh.run("-h")
    assert (done.code, done.said) == (
        2,
        "lstmcu: error: .venv is not of ./scons' making: move it away or delete it\n",
    )
    assert theirs.read_text() == "mine"


def test_replaced_interpreter_makes_venv_anew(ready: Checkout) -> None:
    stamp = ready.root / ".venv" / "lstmcu-stamp"
    stamp.write_text(re.sub("python .*", "python /usr/bin/python3.1", stamp.read_text()))
    process = ready.start("-h")
    assert process.stderr is not None
    assert process.stderr.read(len("lstmcu: making .venv")) == "lstmcu: making .venv"
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


PACKAGES = ".venv/lib/python*/site-packages"


def remove(path: Path) -> None:
    shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


def truncate(path: Path) -> None:
    path.write_text("")


def relink(path: Path) -> None:
    path.unlink()
    path.symlink_to("/nowhere/python3")


def break_code(path: Path) -> None:
    """As long as it was."""
    path.write_bytes(b"(" * path.stat().st_size)


@pytest.mark.parametrize(
    ("what", "how"),
    [
        (f"{PACKAGES}/SCons", remove),
        (f"{PACKAGES}/SCons/__init__.py", remove),  # a folder without it can still be imported
        (f"{PACKAGES}/SCons/Script.py", truncate),
        (f"{PACKAGES}/SCons/Script.py", break_code),
        (f"{PACKAGES}/lstmcu_scons-1.0.dist-info", remove),
        (PACKAGES, remove),
        (".venv/lib", remove),
        (".venv/bin", remove),
        (".venv/bin/python", remove),
        (".venv/bin/python", relink),
        (".venv/pyvenv.cfg", remove),
        (".venv/pyvenv.cfg", truncate),
        (".venv/lstmcu-stamp", remove),
        (".venv/lstmcu-build.files", truncate),
        (".venv/lstmcu-*", remove),
    ],
)
def test_a_damaged_venv_is_made_anew(what: str, how: Callable[[Path], None], ready: Checkout) -> None:
    assert ready.run("-n").said == ""
    found = list(ready.root.glob(what))
    assert found
    for path in found:
        how(path)
    if what.endswith("dist-info"):
        (ready.root / ".venv/lstmcu-build.files").unlink()  # else nobody looks there
    done = ready.run("-n", "model=a b")
    harmless = what.endswith("build.files") or (what.endswith("pyvenv.cfg") and how is truncate)
    assert done.code == 0, done.said
    assert done.scons is not None
    assert (done.scons[0], done.scons[-2:]) == ("1.0", ["-n", "model=a b"])
    assert ("lstmcu: making .venv ... " in done.said) != harmless, done.said
    assert ready.run("-n").said == ""


def test_scons_that_never_starts_is_no_endless_loop(ready: Checkout, tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path, "3.0")
    with zipfile.ZipFile(wheel, "a") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        file.writestr("SCons/Script.py", "import nothing_of_this_name\n")
    ready.lock("build", wheel)
    done = ready.run("-n")
    assert done.code != 0
    assert done.said.endswith(
        "lstmcu: error: SCons does not start even in a new .venv: "
        "ModuleNotFoundError: No module named 'nothing_of_this_name'\n"
    )
    assert done.said.count("making .venv") == 1


@pytest.mark.parametrize("name", ["PYTHONPATH", "PYTHONSTARTUP", "PYTHONHOME"])
def test_nothing_of_the_current_folder_runs(
    name: str, ready: Checkout, tmp_path: Path, wheels: tuple[Path, Path]
) -> None:
    evil = tmp_path / "evil"
    evil.mkdir()
    code = f"open({str(tmp_path / 'canary')!r}, 'w')\nraise SystemExit(77)\n"
    for module in ("SCons", "runpy", "tomllib", "shutil", "hashlib", "subprocess", "pip", "venv", "ast", "re", "csv",
                   "sitecustomize", "usercustomize", "encodings"):  # fmt: skip
        (evil / f"{module}.py").write_text(code)
    ready.lock("build", wheels[1])
    scons = ["/usr/bin/env", f"PATH={Path(sys.executable).parent}:/usr/bin:/bin", str(ready.root / "scons")]
    value = {"PYTHONPATH": ":", "PYTHONSTARTUP": str(evil / "SCons.py"), "PYTHONHOME": str(evil)}[name]
    environment = {"HOME": str(tmp_path), "PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull, name: value}
    for words in (["-n"], ["-n", "target=cortex-m4"], ["flsh"]):
        done = subprocess.run([*scons, *words], cwd=evil, env=environment, capture_output=True, text=True, timeout=HANG)
        assert done.returncode == (2 if words == ["flsh"] else 0), done.stderr
    assert not (tmp_path / "canary").exists()


ODD = (
    "a$HOME b", "a'b", 'a"b', "a;touch canary", "a(b)", "a`id`b", "a&b", "a\\b", "-x", "a%sb{x}", "mod\u00e8le", "a\nb",
    "x" * 200,
)  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_checkouts_of_any_name(name: str, tmp_path: Path, wheels: tuple[Path, Path]) -> None:
    checkout = write_checkout(tmp_path / name, wheels[0])
    done = checkout.run("-n")
    assert done.code == 0, done.said
    assert done.scons is not None
    assert checkout.run("-n", cwd=tmp_path).scons == ["1.0", "-Q", f"-j{CORES}", "-C", str(checkout.root), "-n"]


def test_a_checkout_where_no_venv_can_be(tmp_path: Path, wheels: tuple[Path, Path]) -> None:
    done = write_checkout(tmp_path / "a:b", wheels[0]).run("-n")
    assert done.code == 2
    assert "has a ':' in its path, which no Python venv may have: move it elsewhere\n" in done.said
