#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""docs/map.svg: what `mpheap map` shows of a live board, with its legend, and with --rich.

    docs/picture.py >docs/map.svg

The board is the micro:bit of tests/rig, with the program below; nothing in the picture changes from
run to run.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import escape

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import mpheap  # noqa: E402
from rig import Board, DebugPort, OpenOcd  # noqa: E402

PROGRAM = """\
log = [(hour, 'reading %d' % hour) for hour in range(8)]
table = {'name%d' % i: [i] for i in range(8)}
samples = [bytearray(16 * i) for i in range(1, 9)]
def report(values):
    for value in values:
        yield sum(value) / len(value)
"""
VIEWS = ("map --legend", "map --rich")

# Pixels of a character, and of the space around the text
WIDTH, HEIGHT, MARGIN = 9, 18, 14
FONT = "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace"
PAPER, INK = "#14181d", "#c9d1d9"
# What the terminal's colours (SGR parameters) look like here
PALETTE = {
    "31": "#ff6b5e",
    "33": "#d9a400",
    "34": "#7f9cd6",
    "35": "#c77dff",
    "36": "#2dc5c5",
    "37": "#8b96a3",
    "7": "#ffffff",
    "90": "#4c5663",
    "91": "#ff8f80",
    "92": "#7ddc6f",
    "93": "#f5e663",
    "94": "#6cb0ff",
    "95": "#ff8ad8",
    "96": "#8ee3e3",
    "97": "#eef2f6",
}
SEQUENCE = re.compile(r"\x1b\[(\d+)m")


def runs(line: str) -> Iterator[tuple[int, str, str | None]]:
    """Column, text and colour of each piece of a line; no colour is None."""
    column, color = 0, None
    pieces = SEQUENCE.split(line)
    for text, code in zip(pieces[::2], [*pieces[1::2], ""]):
        if text:
            yield column, text, color
            column += len(text)
        color = PALETTE.get(code)


def draw_run(column: int, row: int, text: str, color: str | None) -> str:
    """A coloured field, and the letters on it, as wide as the field whatever the font."""
    left, top = MARGIN + column * WIDTH, MARGIN + row * HEIGHT
    width = len(text) * WIDTH
    ret = ""
    if color:
        ret = (f'<rect x="{left}" y="{top}" width="{width}" height="{HEIGHT - 1}" '
               f'fill="{color}" fill-opacity="0.28"/>\n')
    if text.strip():
        ret += (f'<text x="{left}" y="{top + HEIGHT - 5}" textLength="{width}" '
                f'fill="{color or INK}">{escape(text)}</text>\n')
    return ret


def draw(text: str) -> str:
    """A picture of what a terminal shows for this text."""
    lines = text.rstrip("\n").split("\n")
    columns = max(len(SEQUENCE.sub("", line)) for line in lines)
    width, height = (2 * MARGIN + size for size in (columns * WIDTH, len(lines) * HEIGHT))
    body = "".join(
        draw_run(column, row, piece, color)
        for row, line in enumerate(lines)
        for column, piece, color in runs(line)
    )
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
            f'width="{width}" height="{height}" font-family="{FONT}" font-size="15" '
            f'xml:space="preserve">\n<title>The heap of a micro:bit</title>\n'
            f'<rect width="{width}" height="{height}" rx="8" fill="{PAPER}"/>\n{body}</svg>\n')


def look(view: str, port: int) -> str:
    """The command as a reader would type it, and what it prints in colours."""
    result = mpheap.run(*view.split(), f"--openocd=:{port}", "--color=always")
    if result.status:
        raise SystemExit(result.stderr)
    return f"$ mpheap {view} --openocd\n{result.stdout}"


def picture() -> str:
    """The board's heap at this moment, which is always the same one."""
    with Board() as board, DebugPort(board) as port:
        board.freeze(PROGRAM)
        with OpenOcd(port) as openocd:
            return draw("\n".join(look(view, openocd.tcl_port) for view in VIEWS))


if __name__ == "__main__":
    print(picture(), end="")
