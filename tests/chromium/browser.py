# SPDX-License-Identifier: MIT
"""A page in real Chromium, as tests use it.

    with Browser() as browser:
        browser.open(file)
        browser.type("log")
        browser.text("#matches")
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any, Self

HERE = Path(__file__).resolve().parent
END_S = 10


class Browser:
    """One Chromium with one page; whatever is not found or does not come is an AssertionError."""

    def __init__(self) -> None:
        chromium = shutil.which("chromium")
        node = shutil.which("node")
        assert chromium and node, "chromium or node is not installed (make deps)"
        self._process = subprocess.Popen(
            [node, HERE / "browser.mjs", chromium], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True)
        self._shown: tuple[object, ...] = ()
        self._answer()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._process.stdin.close()  # it ends its Chromium, and itself
        try:
            self._process.wait(END_S)
        finally:
            self._process.kill()

    def _answer(self) -> Any:
        line = self._process.stdout.readline()
        assert line, "the browser has ended"
        answer = json.loads(line)
        assert "error" not in answer, answer["error"]
        return answer.get("value")

    def _do(self, action: str, **words: Any) -> Any:
        self._process.stdin.write(json.dumps({"action": action, **words}) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def open(self, file: Path, width: int = 1280, height: int = 900, scheme: str = "light",
             script: str = "") -> None:
        """Opens a file in a new page, and waits until all of it is drawn.

        `scheme` is what the system prefers; `script` runs before those of the page.
        """
        self.url = file.resolve().as_uri()
        self._shown = (file, width, height, scheme, script)
        self._do("open", url=self.url, width=width, height=height, scheme=scheme, script=script)

    def shows(self, file: Path) -> bool:
        """Whether that file is what is open, in the usual way."""
        return self._shown == (file, 1280, 900, "light", "")

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression in the page."""
        return self._do("evaluate", expression=expression)

    def wait(self, expression: str) -> None:
        """Until an expression is true."""
        self._do("wait", expression=expression)

    def press(self, *keys: str) -> None:
        """Keys by name: "Enter", "Shift+ArrowRight", "/"."""
        for key in keys:
            self._do("press", keys=key)

    def type(self, text: str) -> None:
        """A text into what has the focus, at once."""
        self._do("type", text=text)

    def click(self, selector: str) -> None:
        self._do("click", selector=selector)

    def choose(self, selector: str, value: str) -> None:
        """An option of a list."""
        self._do("choose", selector=selector, value=value)

    def move(self, x: float, y: float) -> None:
        """The mouse, to a pixel of the window."""
        self._do("move", x=x, y=y)

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """The mouse with its button down."""
        self.move(*start)
        self._do("press_mouse")
        self.move(*end)
        self._do("release_mouse")

    def wheel(self, y: float) -> None:
        self._do("wheel", y=y)

    def screenshot(self, path: Path) -> None:
        """What the window shows, as PNG."""
        self._do("screenshot", path=str(path))

    def events(self) -> list[str]:
        """What the page did besides: messages, errors, dialogs, requests other than for itself."""
        return [event for event in self._do("events") if event != f"request: {self.url}"]

    def text(self, selector: str) -> str:
        """The text of an element that is seen, as it is seen."""
        return self.evaluate(f"document.querySelector({json.dumps(selector)}).innerText")

    def texts(self, selector: str) -> list[str]:
        """The same of all elements."""
        return self.evaluate(
            f"[...document.querySelectorAll({json.dumps(selector)})].map((one) => one.innerText)")
