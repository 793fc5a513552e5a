# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The launcher ./scons, run as a user runs it: a copy of it in a checkout of its own, real venvs, real pip.

Only what would change the machine or take long is replaced: ``apt-get`` and ``sudo`` are scripts that write
down how they were called, and the locks name a tiny wheel made here, whose ``SCons`` prints its arguments.
"""

from __future__ import annotations

import hashlib
import http.server
import json
import os
import re
import resource
import runpy
import shutil
import signal
import socket
import subprocess
import sys
import threading
import warnings
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.host import HANG

REPO = Path(__file__).resolve().parents[2]
TARGET_TOOLS = ("arm-none-eabi-gcc", "qemu-system-arm")
APT_LINE = (
    "apt-get update && apt-get install -y --no-install-recommends "
    "gcc libc6-dev gcc-arm-none-eabi libnewlib-arm-none-eabi qemu-system-arm"
)
CORES = len(os.sched_getaffinity(0))
SUDO = "" if os.geteuid() == 0 else "sudo "


@dataclass(frozen=True)
class Done:
    """What a launcher left behind: its exit code, its words, and SCons' arguments if it got that far."""

    code: int
    said: str
    scons: list[str] | None


@dataclass(frozen=True)
class Checkout:
    """A checkout with a launcher, in a folder with a space in its name, and the only folder on its PATH."""

    root: Path
    bin: Path

    def start(self, *arguments: str, cwd: Path | None = None, **environment: str) -> subprocess.Popen[str]:
        clean = {
            "PATH": str(self.bin),
            "HOME": str(self.root),
            "PIP_NO_INDEX": "1",
            "PIP_CONFIG_FILE": os.devnull,
        }
        return subprocess.Popen(
            [sys.executable, str(self.root / "scons"), *arguments],
            cwd=cwd or self.root,
            env=clean | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str, cwd: Path | None = None, **environment: str) -> Done:
        return finish(self.start(*arguments, cwd=cwd, **environment))

    def add_tools(self, *programs: str, script: str = "exit 0") -> None:
        for program in programs:
            path = self.bin / program
            path.write_text(f"#!/bin/sh\n{script}\n")
            path.chmod(0o755)

    def lock(self, name: str, wheel: Path | None, digest: str | None = None) -> None:
        """Write requirements/<name>.txt with one wheel and its hash, or with nothing."""
        text = f"# {name}\n"
        if wheel:
            digest = digest or hashlib.sha256(wheel.read_bytes()).hexdigest()
            text += f"lstmcu-scons @ {wheel.as_uri()} --hash=sha256:{digest}\n"
        (self.root / "requirements" / f"{name}.txt").write_text(text)

    def stamp(self) -> str:
        return (self.root / ".venv" / "lstmcu-stamp").read_text()


def finish(process: subprocess.Popen[str]) -> Done:
    out, err = process.communicate(timeout=HANG)
    return Done(process.returncode, err, json.loads(out) if out else None)


def make_wheel(folder: Path, version: str) -> Path:
    """A wheel whose module SCons prints its version and arguments as JSON."""
    path = folder / f"lstmcu_scons-{version}-py3-none-any.whl"
    info = f"lstmcu_scons-{version}.dist-info"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("SCons/__init__.py", "")
        main = f"def main():\n    print(json.dumps(['{version}', *sys.argv[1:]]))\n"
        wheel.writestr("SCons/Script.py", f"import json, sys\n{main}")
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: lstmcu-scons\nVersion: {version}\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    return path


def write_checkout(folder: Path, wheel: Path) -> Checkout:
    checkout = Checkout(folder / "check out", folder / "bin")
    (checkout.root / "requirements").mkdir(parents=True)
    checkout.bin.mkdir()
    shutil.copy(REPO / "scons", checkout.root)
    shutil.copytree(REPO / "toolchains", checkout.root / "toolchains")
    shutil.copytree(REPO / "site_scons", checkout.root / "site_scons")
    checkout.lock("build", wheel)
    checkout.lock("sdist", None)
    checkout.lock("test", None)
    checkout.lock("onnx", None)
    return checkout


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("two wheels")
    return make_wheel(folder, "1.0"), make_wheel(folder, "2.0")


@pytest.fixture
def fresh(tmp_path: Path, wheels: tuple[Path, Path]) -> Checkout:
    """Nothing is set up."""
    return write_checkout(tmp_path, wheels[0])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, wheels: tuple[Path, Path]) -> tuple[Checkout, Done]:
    """A checkout that its first run has set up, and what that run said."""
    checkout = write_checkout(tmp_path_factory.mktemp("made"), wheels[0])
    return checkout, checkout.run("-h")


@pytest.fixture
def ready(tmp_path: Path, made: tuple[Checkout, Done]) -> Checkout:
    """.venv is set up for building; no system tool is there."""
    shutil.copytree(made[0].root, tmp_path / "check out", symlinks=True)
    (tmp_path / "bin").mkdir()
    return Checkout(tmp_path / "check out", tmp_path / "bin")


@pytest.fixture
def silent() -> Iterator[str]:
    """Address of a server that takes every call and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


# ---- .venv -------------------------------------------------------------------------------------------------


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


# ---- no network --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["refused", "silent", "unknown"])
def test_no_network_is_said_at_once(kind: str, ready: Checkout, silent: str) -> None:
    """Which index it is that pip wants is pip's own affair."""
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        closed = f"127.0.0.1:{nobody.getsockname()[1]}"
    server = {"refused": closed, "silent": silent, "unknown": "index.invalid"}[kind]
    lock = ready.root / "requirements" / "build.txt"
    lock.write_text(f"lstmcu-scons==2.0 \\\n    --hash=sha256:{'0' * 64} \\\n    --hash=sha256:{'1' * 64}\nb==1\n")
    done = ready.run("-n", PIP_NO_INDEX="", PIP_INDEX_URL=f"http://{server}/simple", PIP_RETRIES="50", no_proxy="*",
                     PIP_DEFAULT_TIMEOUT="7200", PIP_TRUSTED_HOST=server)  # fmt: skip
    assert done.code == 2
    assert f"lstmcu: error: could not reach http://{server} for Python packages: " in done.said
    assert "installing" not in done.said


def test_an_index_that_refuses_is_not_out_of_reach(ready: Checkout, tmp_path: Path) -> None:
    class Refusing(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(403)

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refusing)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"127.0.0.1:{server.server_port}"
    lock = ready.root / "requirements" / "build.txt"
    lock.write_text(f"lstmcu-scons==2.0 --hash=sha256:{'0' * 64}\n")
    done = ready.run("-n", PIP_NO_INDEX="", PIP_INDEX_URL=f"http://{address}/simple", PIP_RETRIES="0", no_proxy="*")
    server.shutdown()
    assert done.code == 2
    assert "lstmcu: error: pip could not install requirements/build.txt: " in done.said


def test_apt_without_network_names_the_server(ready: Checkout, apt: Callable[[str], list[str]]) -> None:
    failed = "W: Failed to fetch http://deb.example/debian/InRelease  Temporary failure resolving 'deb.example'"
    apt(f'echo "{failed}" >&2; echo "E: Unable to locate package gcc" >&2; exit 100')
    done = ready.run("target=cortex-m4")
    assert done.code == 2
    assert "could not reach http://deb.example (Temporary failure resolving 'deb.example'); that put right, run:" in (
        done.said
    )
    calls = apt("")
    assert len(calls) == 2
    assert all("Acquire::Retries=0" in call and "Acquire::http::Timeout=" in call for call in calls)
    apt('echo "E: Failed to fetch http://deb.example/x.deb  404  Not Found [IP: 1.2.3.4 80]" >&2; exit 100')
    assert "apt-get could not install cc, " in ready.run("target=cortex-m4").said


def test_train_asks_for_every_lock_and_no_tool(ready: Checkout) -> None:
    done = ready.run("train", LSTMCU_NO_INSTALL="1")
    assert done.code == 0, done.said
    assert "build.txt" not in done.said
    assert "sdist.txt" in done.said
    assert "test.txt" in done.said
    assert ready.run("train").said == ""
    assert ready.run("-h").said == ""


# ---- arguments ---------------------------------------------------------------------------------------------


def test_arguments_reach_scons_untouched(ready: Checkout) -> None:
    arguments = [
        "-n",
        "model=my models/a b.keras",
        "samples=$HOME 'x' \"y\"",
        "--debug=explain",
        "",
        "verbose=1",
    ]
    done = ready.run(*arguments)
    assert done.scons == ["1.0", "-Q", f"-j{len(os.sched_getaffinity(0))}", *arguments]


@pytest.mark.parametrize("arguments", [["-j", "3"], ["-j3"], ["-kj3"], ["--jobs=3"], ["--jobs", "3"]])
def test_jobs_of_the_user_stand(ready: Checkout, arguments: list[str]) -> None:
    assert ready.run("-n", *arguments).scons == ["1.0", "-Q", "-n", *arguments]


def test_jobs_in_sconsflags_stand(ready: Checkout) -> None:
    assert ready.run("-n", SCONSFLAGS="-k -j3").scons == ["1.0", "-Q", "-n"]


def test_called_from_another_folder(ready: Checkout, tmp_path: Path) -> None:
    done = ready.run("-n", "-j1", cwd=tmp_path)
    assert done.scons == ["1.0", "-Q", "-C", str(ready.root), "-n", "-j1"]
    done = ready.run("-n", "-j1", "-D", cwd=ready.root / "toolchains")
    assert done.scons == ["1.0", "-Q", "-n", "-j1", "-D"]


@pytest.mark.parametrize(
    ("words", "goals", "targets", "only_reads"),
    [
        ("", [], [], False),
        ("target=cortex-m4", [], ["cortex-m4"], False),
        ("target=a,b test", ["test"], ["a", "b"], False),
        ("toolchain=x/my.toml", [], ["x/my.toml"], False),
        ("-j 4 test -k", ["test"], [], False),
        ("-f test", [], [], False),
        ("--file test train", ["train"], [], False),
        ("-Qc", [], [], True),
        ("-j4n", [], [], False),
        ("-kn test", ["test"], [], True),
        ("--dry-run test", ["test"], [], True),
        ("--clean", [], [], True),
    ],
)
def test_reading_the_arguments(words: str, goals: list[str], targets: list[str], only_reads: bool) -> None:
    request = runpy.run_path(str(REPO / "scons"), run_name="launcher")["Request"](words.split())
    assert (request.goals, request.targets, request.only_reads) == (goals, targets, only_reads)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("flsh", "unknown goal 'flsh'; ./scons -h lists them"),
        ("tets", "unknown goal 'tets'; did you mean test?"),
        ("reprot target=cortex-m4", "unknown goal 'reprot'; did you mean report?"),
        ("cortex-m4", "unknown goal 'cortex-m4'; say target=cortex-m4"),
        ("cortex-m44", "unknown goal 'cortex-m44'; did you mean target=cortex-m4?"),
        ("target cortex-m4", "unknown goal 'target'; it is an option: say target=..."),
        ("--target=cortex-m4", "--target=cortex-m4: options have no dashes here; say target=cortex-m4"),
        ("-target=cortex-m4", "-target=cortex-m4: options have no dashes here; say target=cortex-m4"),
        ("--target cortex-m4", "--target: options have no dashes here; say target=..."),
        ("test --model=a=b", "--model=a=b: options have no dashes here; say model=a=b"),
        ("rtl target=cortex-m4", "rtl: cortex-m4 is armv7e-m+fp; it is for rv32imc: say target=rv32imc"),
        ("rtl target=rv32imc,host", "rtl: host is no single core; it is for rv32imc: say target=rv32imc"),
        ("rtl target=all", "rtl: all is no single core; it is for rv32imc: say target=rv32imc"),
    ],
)
def test_mistakes_are_told_before_anything_is_installed(words: str, sentence: str, fresh: Checkout) -> None:
    done = fresh.run(*words.split())
    assert (done.code, done.said, done.scons) == (2, f"lstmcu: error: {sentence}\n", None)
    assert not (fresh.root / ".venv").exists()


@pytest.mark.parametrize(
    "words",
    ["-n flsh -f other", "-n build/cortex-m4", "-n compile_commands.json", "-n .", "-n --debug=explain", "-n --debug x",
     "-n -j 4", "-nk", "-n --jobs 2", "-n sizes", "-n test"],
)  # fmt: skip
def test_what_is_no_mistake(words: str, ready: Checkout) -> None:
    done = ready.run(*words.split())
    assert (done.code, done.said) == (0, "")
    assert done.scons is not None
    assert done.scons[-len(words.split()) :] == words.split()


def test_help_is_help(ready: Checkout) -> None:
    done = ready.run("help")
    assert (done.code, done.said, done.scons and done.scons[-1]) == (0, "", "-h")


def test_goals_and_options_are_found() -> None:
    launcher = runpy.run_path(str(REPO / "scons"), run_name="launcher")
    assert {"report", "test-all", "bench-docs"} <= set(launcher["goals_there_are"]().names())
    assert {"target", "model"} <= set(launcher["options_there_are"]())


def test_a_goal_takes_one_file(ready: Checkout) -> None:
    own = 'HELP = "greet"\nTOOLS = {"figlet": ["figlet-package"]}\nBUILDS = False\n'
    (ready.root / "site_scons/goals/say_hello.py").write_text(own)
    assert "missing figlet; " in ready.run("say-hello", LSTMCU_NO_INSTALL="1").said
    ready.add_tools("figlet")
    done = ready.run("say-hello", LSTMCU_NO_INSTALL="1")
    assert (done.code, done.said, done.scons and done.scons[-1]) == (0, "", "say-hello")
    assert "did you mean say-hello?" in ready.run("say-helo").said


# ---- system tools ------------------------------------------------------------------------------------------


def test_missing_tools_and_no_leave_to_install(ready: Checkout) -> None:
    ready.add_tools("apt-get", "sudo", script="exit 1")
    done = ready.run("target=cortex-m4", LSTMCU_NO_INSTALL="1")
    command = APT_LINE.replace("apt-get", SUDO + "apt-get")
    assert (done.code, done.scons) == (2, None)
    assert done.said == (
        "lstmcu: error: missing cc, arm-none-eabi-gcc, qemu-system-arm; LSTMCU_NO_INSTALL is set; "
        f"the command to install:\nlstmcu:     {command}\n"
    )


def test_missing_tools_and_no_apt(ready: Checkout) -> None:
    ready.add_tools("cc", "arm-none-eabi-gcc")
    done = ready.run("target=cortex-m4")
    assert done.code == 2
    assert "missing qemu-system-arm; there is no apt-get here" in done.said
    assert done.said.endswith("--no-install-recommends qemu-system-arm\n")


@pytest.fixture
def apt(ready: Checkout) -> Callable[[str], list[str]]:
    """Puts an apt-get on PATH that runs ``script`` to install; afterwards, tells how it was called."""
    calls = ready.bin / "calls"

    def put(script: str) -> None:
        ready.add_tools("apt-get", script=f'echo "$@" >>"{calls}"\n[ "$1" = update ] && exit 100\n{script}')
        ready.add_tools("sudo", script='[ "$1" = -n ] && shift\nexec "$@"')

    def use(script: str) -> list[str]:
        if script:
            put(script)
        return calls.read_text().splitlines() if calls.exists() else []

    return use


def test_missing_tools_are_installed_once(ready: Checkout, apt: Callable[[str], list[str]]) -> None:
    tools = " ".join(f'"{ready.bin}/{tool}"' for tool in ("cc", *TARGET_TOOLS))
    # A failing update (an unreachable third-party source) does not stop what can be installed.
    apt(f"for tool in {tools}; do echo '#!/bin/sh' >$tool; /bin/chmod +x $tool; done")
    done = ready.run("target=cortex-m4")
    update, install = APT_LINE.split(" && ")
    assert done.code == 0, done.said
    assert done.scons is not None
    assert re.fullmatch(
        "lstmcu: missing cc, arm-none-eabi-gcc, qemu-system-arm\n"
        rf"lstmcu: {SUDO}{update} \.\.\. failed\nlstmcu: {SUDO}{install} \.\.\. \d+ s\n",
        done.said,
    )
    calls = apt("")
    assert [call.split()[0] for call in calls] == ["update", "install"]
    assert ready.run("target=cortex-m4").said == ""
    assert apt("") == calls


def test_failing_apt_is_one_sentence(ready: Checkout, apt: Callable[[str], list[str]]) -> None:
    apt("echo Reading...; echo 'E: Unable to locate package gcc' >&2; exit 100")
    done = ready.run("target=cortex-m4")
    assert (done.code, done.scons) == (2, None)
    assert "lstmcu: error: apt-get could not install cc" in done.said
    assert ": Unable to locate package gcc; that put right, run:\n" in done.said


def test_apt_that_brings_nothing(ready: Checkout, apt: Callable[[str], list[str]]) -> None:
    apt("exit 0")
    done = ready.run("target=cortex-m4")
    assert done.code == 2
    assert "apt-get ran, and cc, arm-none-eabi-gcc, qemu-system-arm is still not to be found" in done.said


@pytest.mark.parametrize(
    "arguments", ["target=cortex-m5", "target=../x", "-h", "-c target=all", "-n test", "convert -n"]
)
def test_nothing_to_install(ready: Checkout, arguments: str) -> None:
    done = ready.run(*arguments.split(), LSTMCU_NO_INSTALL="1")
    assert (done.code, done.said) == (0, "")


def test_tests_need_every_target(ready: Checkout) -> None:
    text = (ready.root / "toolchains" / "cortex-m4.toml").read_text()
    other = ready.root / "toolchains" / "other.toml"
    other.write_text(re.sub('prefix = ".*"', 'prefix = "other-"', text).replace("gcc-arm-none-eabi", "gcc-other"))
    done = ready.run("test", LSTMCU_NO_INSTALL="1")
    assert "missing cc, c++, clang-16, cppcheck, " in done.said
    for needed in ("arm-none-eabi-gcc", "qemu-system-arm", "riscv64-unknown-elf-gcc", "other-gcc", "gcc-other"):
        assert needed in done.said


def test_clang_is_needed_when_it_is_asked_for(ready: Checkout) -> None:
    ready.add_tools("cc", *TARGET_TOOLS)
    assert ready.run("target=cortex-m4", LSTMCU_NO_INSTALL="1").code == 0
    done = ready.run("target=cortex-m4", "compiler=clang", LSTMCU_NO_INSTALL="1")
    assert done.code == 2
    assert "missing clang-16;" in done.said
    assert "clang-16 lld-16" in done.said


def test_ccache_is_needed_when_it_is_asked_for(ready: Checkout) -> None:
    ready.add_tools("cc", *TARGET_TOOLS)
    assert ready.run("target=cortex-m4", "ccache=0", LSTMCU_NO_INSTALL="1").code == 0
    for value in ("1", "redis://cache:6379"):
        done = ready.run("target=cortex-m4", f"ccache={value}", LSTMCU_NO_INSTALL="1")
        assert done.code == 2
        assert "missing ccache; " in done.said
        assert done.said.endswith("--no-install-recommends ccache\n")


def test_an_own_toolchain_is_installed_for(ready: Checkout, tmp_path: Path) -> None:
    ready.add_tools("cc")
    own = tmp_path / "my.toml"
    own.write_text('[gcc]\nprefix = "mine-"\npackages = ["gcc-mine"]\n')  # no [qemu]: nothing to run it on
    done = ready.run(f"toolchain={own}", LSTMCU_NO_INSTALL="1")
    assert done.code == 2
    assert "missing mine-gcc; " in done.said
    assert done.said.endswith("--no-install-recommends gcc-mine\n")


def test_all_targets_go_on_with_what_there_is(ready: Checkout, apt: Callable[[str], list[str]]) -> None:
    ready.add_tools("cc", *TARGET_TOOLS)
    done = ready.run("target=all", LSTMCU_NO_INSTALL="1")
    assert done.code == 0, done.said
    assert done.scons is not None
    assert "targets that need them will be skipped" in done.said
    # A package that does not exist fails the whole; then each tool is tried alone.
    there = f"'{ready.bin}/riscv64-unknown-elf-gcc'"
    apt(
        'case "$*" in *qemu-system-misc*) echo "E: Unable to locate package" >&2; exit 100;;\n'
        f"*gcc-riscv64*) echo '#!/bin/sh' >{there}; /bin/chmod +x {there};; esac"
    )
    done = ready.run("target=all")
    assert done.code == 0, done.said
    assert (ready.bin / "riscv64-unknown-elf-gcc").exists()
    assert ready.run("target=rv32imac").code == 2


@pytest.mark.parametrize("name", ["-oAPT::Update::Pre-Invoke::=id", "./evil.deb", "gcc-", "a b", "a;id", "a=1", 7])
def test_only_names_of_packages_reach_apt(
    name: str | int, ready: Checkout, tmp_path: Path, apt: Callable[[str], list[str]]
) -> None:
    ready.add_tools("cc")
    apt("exit 0")
    own = tmp_path / "my.toml"
    own.write_text(f'[gcc]\nprefix = "mine-"\npackages = [{json.dumps(name)}]\n')
    assert ready.run(f"toolchain={own}").code == 0  # SCons says what is missing
    assert apt("") == []


def test_unreadable_toolchain_is_left_to_scons(ready: Checkout) -> None:
    (ready.root / "toolchains" / "cortex-m4.toml").write_text("[gcc\n")
    assert ready.run("target=cortex-m4").code == 0


# ---- the locks, and the cost -------------------------------------------------------------------------------


def pins(lock: str) -> dict[str, str]:
    text = (REPO / "requirements" / f"{lock}.txt").read_text()
    return dict(re.findall(r"^([\w.-]+)==(\S+)", text, re.MULTILINE))


def test_locks_agree_and_have_hashes() -> None:
    full = pins("test")
    for lock in ("build", "sdist"):
        assert pins(lock).items() <= full.items()
    for lock in ("build", "sdist", "test"):
        text = (REPO / "requirements" / f"{lock}.txt").read_text()
        assert len(pins(lock)) == len(re.findall(r"^\S+==.* \\\n    --hash=sha256:", text, re.MULTILINE))
        assert "://" not in text
    assert "tensorflow" not in full  # it would be unpacked over tensorflow-cpu
    assert not any(name.startswith(("tensorflow", "keras")) for name in pins("build"))


def test_warm_start_is_cheap(ready: Checkout) -> None:
    """The launcher with nothing to do, against the bare start of Python, by processor seconds, as machines differ."""
    ready.add_tools("cc", *TARGET_TOOLS)

    def least(run: Callable[[], object], times: int = 7) -> float:
        taken = []
        for _ in range(times):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            run()
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            taken.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        return min(taken)

    python = str(ready.root / ".venv" / "bin" / "python")
    bare = least(lambda: subprocess.run([python, "-c", "pass"], check=True))
    scons = [python, "-c", "import SCons.Script as s; s.main()"]
    direct = least(lambda: subprocess.run(scons, check=True, stdout=subprocess.DEVNULL))
    launched = least(lambda: ready.run("target=cortex-m4"))
    assert launched - direct < 5 * bare, f"{launched - direct:.3f} s on top of {direct:.3f} s"
