# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""The launcher without a network: said within seconds, by the server that does not answer."""

from __future__ import annotations

import http.server
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.launcher import Checkout


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
