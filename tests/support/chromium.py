# SPDX-FileCopyrightText: 2026 lstmcu contributors
# SPDX-License-Identifier: Apache-2.0
"""Headless Chromium, spoken to over pipes in its DevTools protocol: no driver, no port, no network."""

from __future__ import annotations

import base64
import json
import os
import select
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PROGRAM = "chromium"
SWITCHES = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-extensions",
    "--font-render-hinting=none", "--remote-debugging-pipe",
)  # fmt: skip
TROUBLE = ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded", "Network.loadingFailed")
SECONDS = 600  # of silence


class Browser:
    """One tab. ``events`` are all that came so far, as (method, parameters)."""

    def __init__(self, reads: int, writes: int) -> None:
        self.reads, self.writes, self.buffer, self.last = reads, writes, b"", 0
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.session = ""
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.ask(f"{domain}.enable")

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Do ``method`` and wait for its result."""
        self.last += 1
        message: dict[str, Any] = {"id": self.last, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.writes, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self.last:
                assert "error" not in answer, (method, answer["error"])
                return dict(answer["result"])

    def _next(self) -> dict[str, Any]:
        until = time.monotonic() + SECONDS
        while b"\0" not in self.buffer:
            ready, _, _ = select.select([self.reads], [], [], max(0.0, until - time.monotonic()))
            data = os.read(self.reads, 1 << 20) if ready else b""
            assert data, "Chromium says nothing"
            self.buffer += data
        text, _, self.buffer = self.buffer.partition(b"\0")
        message: dict[str, Any] = json.loads(text)
        if "method" in message:
            self.events.append((message["method"], message["params"]))
        return message

    def look(
        self, width: int, height: int = 800, *, dark: bool = False, media: str = "screen", mobile: bool = False
    ) -> None:
        """The window's size in CSS pixels, its colours, and whether it is paper."""
        scale = 2 if mobile else 1
        self.ask(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale, mobile=mobile
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.ask("Emulation.setEmulatedMedia", media=media, features=[scheme])

    def open(self, page: Path) -> None:
        """Load a file to its end."""
        self.events.clear()
        self.ask("Page.navigate", url=page.absolute().as_uri())
        while not any(method == "Page.loadEventFired" for method, _ in self.events):
            self._next()

    def value(self, expression: str) -> Any:
        """Of a JavaScript expression."""
        answer = self.ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def screenshot(self, path: Path) -> None:
        """Of the whole page."""
        shot = self.ask("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(shot["data"]))

    def pdf(self, path: Path) -> None:
        """As it is printed on A4."""
        printed = self.ask("Page.printToPDF", preferCSSPageSize=True, paperWidth=8.27, paperHeight=11.69)
        path.write_bytes(base64.b64decode(printed["data"]))

    def trouble(self) -> list[str]:
        """What the console, the log and the network complained of."""
        return [f"{method}: {parameters}" for method, parameters in self.events if method in TROUBLE]

    def requests(self) -> list[str]:
        """Addresses that were asked for, data: excepted."""
        asked = (found["request"]["url"] for method, found in self.events if method == "Network.requestWillBeSent")
        return [url for url in asked if not url.startswith("data:")]


@contextmanager
def browser(profile: Path) -> Iterator[Browser]:
    """Chromium with an empty folder of its own."""
    there, here = os.pipe()
    back, answers = os.pipe()

    def pipes() -> None:  # Chromium reads from 3 and writes to 4
        given, taken = os.dup(there), os.dup(answers)
        os.dup2(given, 3)
        os.dup2(taken, 4)

    with (profile.parent / "chromium.log").open("wb") as log:
        process = subprocess.Popen(
            [PROGRAM, *SWITCHES, f"--user-data-dir={profile}"],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, close_fds=False, preexec_fn=pipes,
        )  # fmt: skip
    os.close(there)
    os.close(answers)
    try:
        tab = Browser(back, here)
        yield tab
        tab.session = ""
        tab.ask("Browser.close")
    finally:
        os.close(here)
        os.close(back)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
