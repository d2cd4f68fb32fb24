# SPDX-License-Identifier: MIT
"""What the examples in Python have in common: the page that they print, and how they end."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "openocd")]

from rig import Board, BoardError, DebugPort, OpenOcd, ProcessError  # noqa: E402
from rig.debugport import build_folder  # noqa: E402
from rig.microbit import FIRMWARE, NOTHING_THERE  # noqa: E402

OPENOCD_FACE = "openocd/mpheap.tcl"
MPHEAP = build_folder().resolve() / "mpheap"
SILENCE_S = 0.8  # after which a board has no more to say


class Failure(Exception):
    """The example cannot go on, or showed something wrong."""


class Page:
    """What the reader sees: headings, sentences, and sessions. Colours on a terminal only."""

    def __init__(self) -> None:
        self._has_color = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        self._headings = 0

    def _paint(self, code: str, text: str) -> str:
        return f"\033[{code}m{text}\033[0m" if self._has_color and text else text

    def _line(self, text: str = "") -> None:
        print(text, flush=True)

    def heading(self, text: str, *sentences: str) -> None:
        self._headings += 1
        self._line(("\n" if self._headings > 1 else "") + self._paint("1", text))
        for sentence in sentences:
            self._line(sentence)
        self._line()

    def typed(self, prompt: str, text: str) -> None:
        """What a person would type at a prompt."""
        self._line(f"    {self._paint('2', prompt)} {self._paint('36', text)}".rstrip())

    def answer(self, text: str) -> None:
        for line in text.rstrip("\n").split("\n"):
            self._line(f"    {line}".rstrip())

    def gap(self) -> None:
        """Between two sessions, or a session and what it shows."""
        self._line()

    def claim(self, text: str) -> None:
        self._line(f"    {self._paint('32', 'ok')}  {text}")


def check_tools(*tools: str) -> None:
    """Raises Failure, with what to do, where something that the example starts is missing."""
    for tool in ("openocd", "qemu-system-arm", "setpriv", *tools):
        if not shutil.which(tool):
            raise Failure(f"{tool} is not installed (make deps-demo)")
    if not FIRMWARE.exists():
        raise Failure(f"there is no firmware {FIRMWARE} (make deps-demo)")
    build = MPHEAP.parent
    for file in (MPHEAP, build / "libmpheap.so", build / "tests" / "debugport"):
        if not file.exists():
            raise Failure(f"{os.path.relpath(file)} is not built (make demo)")


def shell(page: Page, words: str, *, status: int = 0, columns: int | None = None,
          folder: Path | None = None) -> str:
    """What `mpheap words` writes, run in a folder. Its lines are shown up to so many columns.

    Raises Failure when it ends with another status.
    """
    page.typed("$", f"mpheap {words}" + (f" | cut -c1-{columns}" if columns else ""))
    argv = [MPHEAP, *words.split()]
    pipe = subprocess.PIPE
    with subprocess.Popen(argv, stdout=pipe, stderr=pipe, text=True, cwd=folder) as process:
        try:
            shown, notes = process.communicate(timeout=20)
        except BaseException:
            process.terminate()  # so that it removes its temporary files
            raise
    if shown + notes:
        page.answer("".join(f"{line[:columns]}\n" for line in shown.splitlines()) + notes)
    if process.returncode != status:
        raise Failure(f"the shell: exit status {process.returncode}")
    return shown


@contextlib.contextmanager
def live_board(*commands: str) -> Iterator[tuple[Board, DebugPort, OpenOcd]]:
    """A micro:bit behind OpenOCD, which has run the commands, in a new folder that goes with it."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        with Board() as board, DebugPort(board, options=NOTHING_THERE) as port:
            with OpenOcd(port, commands) as openocd:
                yield board, port, openocd


def listen(board: Board) -> str:
    """What the board prints until it has said nothing for a while."""
    said = b""
    while True:
        try:
            said += board.repl.read_until(b"\n", SILENCE_S)
        except BoardError:
            return said.decode().replace("\r\n", "\n")


def play(name: str, story: Callable[[Page], None]) -> int:
    """Tells a story, and how long it took; gives the exit status. What fails is one line."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # what was started is ended on the way
    os.environ["MPHEAP_BUILD"] = str(MPHEAP.parent)  # whatever the current folder will be
    os.environ["MPHEAP"] = str(MPHEAP)  # what OpenOCD's command starts
    start = time.monotonic()
    try:
        story(Page())
    except (Failure, BoardError, ProcessError, OSError, subprocess.SubprocessError) as failure:
        print(f"\n{name}: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    print(f"\nAll of it took {time.monotonic() - start:.1f} s, and nothing is left running.")
    return 0
