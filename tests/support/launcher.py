# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The launcher ./scons, run as a user runs it: a copy of it in a checkout of its own, real venvs, real pip.

Only what would change the machine or take long is replaced: ``apt-get`` and ``sudo`` are scripts that write
down how they were called, and the locks name a tiny wheel made here, whose ``SCons`` prints its arguments.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

from tests.support.host import HANG, ROOT

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
    shutil.copy(ROOT / "scons", checkout.root)
    shutil.copytree(ROOT / "toolchains", checkout.root / "toolchains")
    shutil.copytree(ROOT / "site_scons", checkout.root / "site_scons")
    checkout.lock("build", wheel)
    checkout.lock("sdist", None)
    checkout.lock("test", None)
    checkout.lock("onnx", None)
    return checkout
