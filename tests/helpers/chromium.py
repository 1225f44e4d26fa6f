"""Drive a real Chromium from a test, by its DevTools protocol; it reaches this machine alone."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import websocket

FLAGS = """
--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
--disable-component-update --disable-sync --remote-debugging-port=0 --remote-allow-origins=*
""".split()
#: No name but this machine's is found, so that what asks for another is seen to fail.
OFFLINE = "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost"


class Page:
    """One page of a browser.

    Attributes:
        requests: Addresses that it has asked for, data and blob addresses left out.
        errors: What scripts threw and did not catch, and what the console shows as errors.
    """

    def __init__(self, address: str):
        self._socket = websocket.create_connection(address, timeout=120)
        self._number = 0
        self.requests: list[str] = []
        self.errors: list[str] = []
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.command(f"{domain}.enable")

    def command(self, method: str, **parameters: Any) -> dict:
        """Send a command and return its answer."""
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self._socket.recv())
            self._note(answer)
            if answer.get("id") == self._number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                return answer["result"]

    def _note(self, answer: dict) -> None:
        held = answer.get("params", {})
        if answer.get("method") == "Network.requestWillBeSent":
            url = held["request"]["url"]
            if not url.startswith(("data:", "blob:")):
                self.requests.append(url)
        elif answer.get("method") == "Runtime.exceptionThrown":
            details = held["exceptionDetails"]
            self.errors.append(details.get("exception", {}).get("description", details["text"]))
        elif answer.get("method") == "Log.entryAdded" and held["entry"]["level"] == "error":
            self.errors.append(f"{held['entry']['text']} {held['entry'].get('url', '')}")

    def open(self, url: str) -> None:
        """Go to an address and wait until the page is there."""
        self.command("Page.navigate", url=url)
        place = re.split("[?#]", url)[0]  # JupyterLab drops the token
        self.wait(f"location.href.startsWith({json.dumps(place)})")
        self.wait("document.readyState === 'complete'")

    def evaluate(self, script: str) -> Any:
        """What an expression gives; a promise is awaited."""
        answer = self.command(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        details = answer.get("exceptionDetails")
        assert not details, details
        return answer["result"].get("value")

    def wait(self, condition: str, seconds: float = 60) -> None:
        """Wait until an expression is true."""
        true = self.evaluate(
            f"""new Promise((done) => {{
                const end = Date.now() + {1000 * seconds};
                const look = () => {{
                    let found = false;
                    try {{ found = Boolean({condition}); }} catch {{ /* not there yet */ }}
                    if (found || Date.now() > end) done(found); else setTimeout(look, 30);
                }};
                look();
            }})"""
        )
        assert true, f"after {seconds} s still not: {condition}"

    def choose_files(self, selector: str, *paths: Path) -> None:
        """Give files to a file input, as a user does."""
        found = self.command(
            "Runtime.evaluate", expression=f"document.querySelector({json.dumps(selector)})"
        )
        self.command(
            "DOM.setFileInputFiles",
            files=[str(path) for path in paths],
            objectId=found["result"]["objectId"],
        )

    def drag(self, *points: tuple[float, float]) -> None:
        """Press the mouse at the first point, move through the others, let go."""
        kinds = ["mousePressed", *["mouseMoved"] * (len(points) - 1)]
        for kind, (x, y) in zip(kinds, points, strict=True):
            self._mouse(kind, x, y)
        self._mouse("mouseReleased", *points[-1])

    def _mouse(self, kind: str, x: float, y: float) -> None:
        self.command(
            "Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", buttons=1, clickCount=1
        )

    def box(self, selector: str) -> dict[str, float]:
        """Where an element is, scrolled into view: x, y, width, height."""
        return self.evaluate(
            f"""(() => {{
                const element = document.querySelector({json.dumps(selector)});
                element.scrollIntoView({{block: "center", behavior: "instant"}});
                const {{x, y, width, height}} = element.getBoundingClientRect();
                return {{x, y, width, height}};
            }})()"""
        )

    def look_like(self, width: int, height: int, scheme: str = "light") -> None:
        """Take a screen's size, and the colour scheme ``"light"`` or ``"dark"``."""
        self.command(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.command("Emulation.setEmulatedMedia", features=[feature])

    def screenshot(self, path: Path) -> None:
        """Write what the window shows as PNG."""
        path.write_bytes(base64.b64decode(self.command("Page.captureScreenshot")["data"]))


@contextmanager
def chromium(*flags: str) -> Iterator[Page]:
    """A fresh browser's page; it ends with the block. Skips the test where there is no Chromium."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no browser: install chromium (Debian, Ubuntu: apt-get install chromium)")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = subprocess.Popen(
            [program, *FLAGS, OFFLINE, *flags, f"--user-data-dir={profile}", "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            line = next(line for line in process.stderr if "DevTools listening on" in line)
            port = line.split("127.0.0.1:")[1].split("/")[0]
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list") as answer:
                pages = [target for target in json.load(answer) if target["type"] == "page"]
            yield Page(pages[0]["webSocketDebuggerUrl"])
        finally:
            process.terminate()
            process.wait(timeout=30)
            process.stderr.close()
