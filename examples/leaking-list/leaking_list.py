#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A leak that no line of the program shows, found by what grew between two moments.

A program on a micro:bit shows one page after the other, and uses more memory with each. Two cores
are taken through the debug port, ten pages apart. What they do not share has a name. Then the board
is asked: its own numbers must be those of the comparison. Exits with 0 when every claim holds.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1])]

from page import Failure, Page, check_tools, live_board, play, shell  # noqa: E402

# Found by the paths that page.py adds
from rig import Board, DebugPort  # noqa: E402

PAGES = 10  # before each of the two moments
BEFORE, AFTER = "before.core", "after.core"

PROGRAM = """\
class Hub:
    def __init__(self):
        self.listeners = []

    def publish(self, value):
        for listener in self.listeners:
            listener(value)

class Page:
    def __init__(self, hub, number):
        self.title = 'page %d' % number
        self.levels = bytearray(32)
        hub.listeners.append(self.update)

    def update(self, value):
        self.levels[value % 32] = value & 255

def show(hub, number):
    page = Page(hub, number)
    hub.publish(number)
    input(page.title + '? ')

hub = Hub()
number = 0
while True:
    show(hub, number)
    number += 1
"""


def show_program(page: Page) -> None:
    for number, line in enumerate(PROGRAM.splitlines(), 1):
        page.answer(f"{number:2}  {line}")


def expect(shown: str, pattern: str) -> re.Match[str]:
    """Where a regular expression of whole lines matches. Raises Failure where it does not."""
    found = re.search(pattern, shown, re.MULTILINE)
    if not found:
        raise Failure(f"nothing that is shown matches '{pattern}'")
    return found


def wait_for(board: Board, number: int) -> None:
    """Until the program asks whether to leave that page."""
    board.repl.read_until(f"page {number}? ".encode())


def turn(board: Board, first: int, last: int) -> None:
    """From one page to another."""
    for number in range(first, last):
        board.repl.send(b"\r")
        wait_for(board, number + 1)


def run_short(page: Page, board: Board) -> None:
    page.heading(
        "A program that forgets nothing",
        "A micro:bit, emulated by QEMU, shows a page, and the next one at each Enter. Pages listen",
        "to what is published. When show() returns, its page is gone, or so it seems.",
    )
    show_program(page)
    board.repl.start(PROGRAM)
    wait_for(board, 0)
    turn(board, 0, PAGES - 1)


def take_cores(page: Page, board: Board, where: str) -> None:
    page.heading(
        "Two moments",
        f"The board is stopped while each core is read, and shows {PAGES} pages in between.",
    )
    shell(page, f"snapshot {BEFORE} --halt {where}")
    turn(board, PAGES - 1, 2 * PAGES - 1)
    shell(page, f"snapshot {AFTER} --halt {where}")


def compare(page: Page) -> re.Match[str]:
    """Gives the address of what grew, its lengths, and the bytes and the number of the new."""
    page.heading("What changed?")
    shown = shell(page, f"diff {BEFORE} {AFTER} --top=1")
    page.gap()
    found = expect(
        shown,
        r"^ +\+(?P<change>\d+)  hub\.listeners, list at (?P<address>0x\w+)\n"
        r" +itself \+(?P<own>\d+) bytes, length (?P<before>\d+) to (?P<after>\d+)\n"
        r".*\n"
        r" +why: root dict_main -> \['hub'\] -> Hub\.listeners$",
    )
    page.claim(
        f"The list hub.listeners grew from {found['before']} to {found['after']}, and what is new "
        "hangs on it.")
    row = expect(shown, r"^ +\d+ +\+\d+ +(\d+) +(\d+) +0 +0 +0  Page$")
    if (int(row[1]), int(row[2])) != (2 * PAGES, PAGES):
        raise Failure(f"there are {row[1]} pages, {row[2]} of them new")
    page.claim(f"Of {row[1]} pages none has gone.")
    return found


def ask_who(page: Page) -> None:
    page.heading(
        "Who keeps the pages?",
        "Their names say it, and the way that a collection takes to the eleventh.",
    )
    shown = shell(page, f"objects --type=Page --core={AFTER}", columns=58)
    page.gap()
    names = re.findall(r"^0x\w+ +\d+ +Page +(\S+)", shown, re.M)
    wanted = [f"hub.listeners[{number}].self" for number in range(2 * PAGES)]
    if sorted(names) != sorted(wanted):
        raise Failure(f"the pages are {names}")
    page.claim("Each is the self of a bound method in hub.listeners.")
    page.gap()
    address = expect(shown, rf"^(0x\w+) .* {re.escape(wanted[PAGES])}")[1]
    shown = shell(page, f"why {address} --core={AFTER}")
    page.gap()
    steps = [r"\['hub'\]", r"Hub\.listeners", rf"list\[{PAGES}\]", r"bound_method\.self"]
    expect(shown, f"^root dict_main -> {' -> '.join(steps)}$")
    page.claim("show() has left it, and the list still keeps it: line 13 subscribes it for ever.")


def ask_the_board(page: Page, board: Board, found: re.Match[str]) -> None:
    page.heading(
        "What the board says",
        "Ctrl-C and Enter. It counts its own, and lets ten listeners go.",
    )
    board.repl.send(b"\x03\r")  # what waits for a line ends with the line
    board.repl.wait_prompt()
    free = "gc.collect(); print(gc.mem_free())"
    said = []
    for line in ("import gc", "len(hub.listeners)", free,
                 f"del hub.listeners[{PAGES}:]", free):
        page.typed(">>>", line)
        said.append(board.repl.exec(line).strip())
        if said[-1]:
            page.answer(said[-1])
    page.gap()
    if said[1] != found["after"]:
        raise Failure(f"the board has {said[1]} listeners")
    new = int(found["change"]) - int(found["own"])
    if int(said[4]) - int(said[2]) != new:
        raise Failure(f"the board got {int(said[4]) - int(said[2])} bytes back, not {new}")
    page.claim(f"Ten pages give {new} bytes back: what diff said that ten pages take.")


def verify(page: Page, port: DebugPort) -> None:
    stats = port.stats()
    for what in ("memory_writes", "bus_writes", "resets"):
        if stats[what]:
            raise Failure(f"{what}: {stats[what]}")
    if stats["cpu_halts"] != 2:
        raise Failure(f"the board was halted {stats['cpu_halts']} times")
    page.claim("Nothing was written to the board, and it was halted twice: for the cores.")


def tell(page: Page) -> None:
    check_tools()
    with live_board() as (board, port, openocd):
        run_short(page, board)
        take_cores(page, board, f"--openocd :{openocd.tcl_port}")
        found = compare(page)
        ask_who(page)
        ask_the_board(page, board, found)
        verify(page, port)


if __name__ == "__main__":
    sys.exit(play("leaking-list", tell))
