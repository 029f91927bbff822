"""Chromium without a window, driven through its own DevTools protocol.

<https://chromedevtools.github.io/devtools-protocol/>
"""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from websockets.sync.client import ClientConnection, connect

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
WAIT_S = 20.0


def chromium() -> str | None:
    """Return where Chromium is installed."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


class Page:
    """An open page. complaints: what its console and its scripts complained about."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection, self._n = connection, 0
        self.complaints: list[str] = []
        for domain in ("Runtime", "Log", "Page"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: object) -> dict[str, object]:
        """Return the result of a DevTools command, noting what the page says meanwhile."""
        self._n += 1
        self._connection.send(json.dumps({"id": self._n, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._connection.recv(timeout=WAIT_S))
            self._note(message)
            if message.get("id") == self._n:
                assert "error" not in message, message["error"]
                result: dict[str, object] = message["result"]
                return result

    def evaluate(self, expression: str) -> object:
        """Return the value of a JavaScript expression."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        result = answer["result"]
        assert isinstance(result, dict)
        return result.get("value")

    def wait_for(self, expression: str) -> object:
        """Return the value of an expression as soon as it is something."""
        until = time.monotonic() + WAIT_S
        while time.monotonic() < until:
            if value := self.evaluate(expression):
                return value
            time.sleep(0.02)
        raise AssertionError(f"{expression} stayed empty; {self.complaints}")

    def click(self, element: str) -> None:
        """Click on the middle of an element, as a user does. element: a CSS selector."""
        box = f"document.querySelector({element!r}).getBoundingClientRect()"
        x, y = (self.evaluate(f"{box}.{side} + {box}.{size} / 2") for side, size in (("x", "width"), ("y", "height")))
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def screenshot(self, path: Path) -> None:
        """Write a picture of the page."""
        data = self.call("Page.captureScreenshot", format="png")["data"]
        assert isinstance(data, str)
        path.write_bytes(base64.b64decode(data))

    def _note(self, message: dict[str, object]) -> None:
        method, parameters = message.get("method"), message.get("params")
        if not isinstance(parameters, dict):
            return
        if method == "Runtime.exceptionThrown":
            self.complaints.append(str(parameters["exceptionDetails"]))
        if method == "Runtime.consoleAPICalled" and parameters["type"] in ("error", "warning", "assert"):
            self.complaints.append(str(parameters["args"]))
        if method == "Log.entryAdded":
            self.complaints.append(str(parameters["entry"]))


@contextmanager
def page(url: str, folder: Path, *options: str) -> Generator[Page, None, None]:
    """Yield the page at ``url`` in a browser of its own, which keeps its files in ``folder``. options: of Chromium."""
    browser = chromium()
    assert browser
    flags = (
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--remote-debugging-port=0",
        "--window-size=1100,800",
        *options,
    )
    command = [browser, *flags, *options, "--no-first-run", "--disable-background-networking"]
    command.append(f"--user-data-dir={folder}")
    with subprocess.Popen([*command, "about:blank"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            with connect(_address(folder), max_size=None, compression=None) as connection:
                opened = Page(connection)
                opened.call("Page.navigate", url=url)
                yield opened
        finally:
            process.terminate()


def _address(folder: Path) -> str:
    """Return the address of the first page's DevTools, once the browser has written down its port."""
    until = time.monotonic() + WAIT_S
    while time.monotonic() < until:
        try:
            port = (folder / "DevToolsActivePort").read_text().splitlines()[0]
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/json", timeout=5) as answer:
                pages = [each for each in json.load(answer) if each["type"] == "page"]
            return str(pages[0]["webSocketDebuggerUrl"])
        except (OSError, IndexError):
            time.sleep(0.05)
    raise AssertionError("the browser did not start")
