#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Two boards' hangs, from the start to the verdict, and nobody resets a board.

A program on a micro:bit goes silent. It is asked why through the debug port alone: where it stands,
what it lacks, what has used it up. A core keeps the moment. Only then does the board get its
Ctrl-C, and its own traceback must be the one that was read. Another program hangs in a fault; a
watchdog in OpenOCD sees that by itself. Exits with 0 when every claim holds.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1])]

from page import (  # noqa: E402
    OPENOCD_FACE, ROOT, SILENCE_S, Failure, Page, check_tools, listen, live_board, play, shell,
)

# Found by the paths that page.py adds
from openocd_console import Console  # noqa: E402
from rig import Board, BoardError, DebugPort, OpenOcd  # noqa: E402

HALTING = 5  # reports with --halt, before the one halt by hand
CORE = "hung.core"

LOGGER = """\
from microbit import pin0, running_time, sleep

class Logger:
    def __init__(self):
        self.readings = []

    def measure(self, size):
        levels = bytearray(size)
        for i in range(size):
            levels[i] = pin0.read_digital()
        return running_time(), levels

    def record(self, size):
        while True:
            try:
                self.readings.append(self.measure(size))
                return
            except MemoryError:
                sleep(10000)  # there may be room later

logger = Logger()
while True:
    logger.record(240)
    if len(logger.readings) % 5 == 0:
        print(len(logger.readings), 'readings')
"""

COPIED = """\
@micropython.asm_thumb
def pins(r0):
    ldr(r0, [r0, 4])

def watch(port):
    while True:
        if pins(port) & 1:
            print('pressed')

watch(0xd0000000)
"""
LOAD = "ldr r0, [r0, #4]"
ADDRESS = 0xD0000004


def show_program(page: Page, program: str) -> None:
    for number, line in enumerate(program.splitlines(), 1):
        page.answer(f"{number:2}  {line}")


def expect(shown: str, pattern: str) -> re.Match[str]:
    """Where a regular expression of whole lines matches. Raises Failure where it does not."""
    found = re.search(pattern, shown, re.MULTILINE)
    if not found:
        raise Failure(f"nothing that is shown matches '{pattern}'")
    return found


def frames(traceback: str) -> list[str]:
    return re.findall(r'^  File ".*', traceback, re.M)


# The first hang


def go_silent(page: Page, board: Board) -> None:
    page.heading(
        "A board goes silent",
        "A micro:bit, emulated by QEMU, runs this program. It keeps readings of a pin.",
    )
    show_program(page, LOGGER)
    page.heading(
        "What it shows",
        f"Then nothing more, for {SILENCE_S} s here. Ctrl-C would end what it does, and with it",
        "what there is to see. The board is left alone.",
    )
    board.repl.start(LOGGER)
    said = listen(board)
    page.answer(said)
    expect(said, r"\A(\d+ readings\n)+\Z")


def ask_why(page: Page, where: str) -> int:
    """The verdict; gives the size that was asked for."""
    page.heading(
        "Why?",
        "OpenOCD is connected to the debug port. `--halt` stops the board while it is read.",
    )
    shown = shell(page, f"diagnose --halt {where}", status=1)
    page.gap()
    asked = expect(shown, r"^trouble  memory ran out: .* allocating (\d+) bytes")[1]
    expect(shown, rf"^ +asked for +{asked} bytes\n +would fit +not even after a collection$")
    page.claim(f"It asked for {asked} bytes, which would not fit even after a collection.")
    expect(shown, r"^fact +Python stands in .* line 19, in record, inside a loop")
    expect(shown, r"^ +loop +File \"<stdin>\", lines 15 to 19, in record$")
    page.claim("It sleeps in line 19, inside the loop of lines 15 to 19, to try the same again.")
    return int(asked)


def look_where(page: Page, where: str, asked: int) -> str:
    """The traceback as mpheap reads it."""
    page.heading(
        "Where, and with which values?",
        "This firmware's bytecode is older than v1.12: of the locals, the arguments are known.",
    )
    shown = shell(page, f"bt --locals --halt {where}")
    page.gap()
    expect(shown, rf"in record\n +self = <Logger object .*\n +size = {asked}$")
    page.claim(f"The size that does not fit is the argument of record(): {asked}.")
    return shown


def look_what(page: Page, where: str, asked: int) -> None:
    page.heading("What fills the heap?", "By type, and then the largest objects by name.")
    shown = shell(page, f"types --top 4 --halt {where}")
    full = int(expect(shown, r"^ +\d+ +\d+ +(\d+) +\d+ +[\d.]+% +bytearray$")[1])
    page.gap()
    objects = shell(page, f"objects --sort=size --top=3 --halt {where}", columns=72)
    page.gap()
    if full % asked:
        raise Failure(f"{full} bytes of bytearrays are no readings of {asked}")
    page.claim(f"The bytes of bytearrays are {full // asked} readings of {asked} each.")
    names = re.findall(r"^0x\w+ +\d+ +bytearray +(.*?)  ", objects, re.M)
    if len(names) != 3 or not all(re.fullmatch(r"logger\.readings\[\d+\]\[1\]", n) for n in names):
        raise Failure(f"the largest objects are {names}")
    page.claim("The largest are all in logger.readings, which nobody empties.")


def ask_room(page: Page, where: str, asked: int) -> None:
    page.heading("What would fit?", "The status is 1 where an allocation would fail.")
    shown = shell(page, f"fit {asked} --halt {where}", status=1)
    page.gap()
    found = expect(shown, r"^after a collection: +no: the largest free run has (\d+) bytes")
    page.claim(f"No collection helps: {found[1]} bytes in one piece are all that it would find.")


def keep(page: Page, openocd: OpenOcd, where: str) -> None:
    page.heading(
        "A core for later",
        "The board is halted in OpenOCD's console, so that core and board are of one moment.",
    )
    with Console(openocd.telnet_port) as console:
        page.typed(">", "halt")
        console.run("halt")
        live = shell(page, f"diagnose {where} --output=board.txt", status=1)
        shell(page, f"snapshot {CORE} {where}")
        page.typed(">", "resume")
        console.run("resume")
    live = Path("board.txt").read_text()
    shell(page, f"diagnose --core={CORE} --output=core.txt", status=1)
    page.typed("$", "cmp board.txt core.txt")
    if live != Path("core.txt").read_text():
        raise Failure("the core's page is another one than the board's")
    page.gap()
    page.claim(f"The core tells the same page, all its {len(live)} bytes.")


def verify(page: Page, board: Board, port: DebugPort, traceback: str) -> None:
    stats = port.stats()
    page.heading("Only now Ctrl-C")
    stopped = board.repl.interrupt()
    page.answer(stopped)
    page.gap()
    if not frames(stopped) or frames(stopped) != frames(traceback):
        raise Failure(f"the board's own traceback is {frames(stopped)}")
    page.claim("The board's own traceback is the one that bt had.")
    for what in ("memory_writes", "bus_writes", "resets"):
        if stats[what]:
            raise Failure(f"{what}: {stats[what]}")
    page.claim("Over the debug port nothing was written to memory, and nobody reset the board.")
    if (stats["cpu_halts"], stats["cpu_resumes"]) != (HALTING + 1, HALTING + 1):
        raise Failure(f"the board was halted {stats['cpu_halts']} times")
    page.claim(f"It was halted {HALTING} times by --halt, and once by hand.")


def ask_the_board(page: Page, board: Board) -> None:
    page.heading("What the board could have told", "It has a prompt again.")
    question = "len(logger.readings)"
    page.typed(">>>", question)
    try:
        said = board.repl.exec(question)
    except BoardError as error:
        said = str(error)
    page.answer(said)
    page.gap()
    expect(said, r"^MemoryError: parser could not allocate enough memory$")
    page.claim("It has no room left to read a question.")


def first_hang(page: Page, board: Board, port: DebugPort, openocd: OpenOcd) -> None:
    where = f"--openocd :{openocd.tcl_port}"
    go_silent(page, board)
    asked = ask_why(page, where)
    traceback = look_where(page, where, asked)
    look_what(page, where, asked)
    ask_room(page, where, asked)
    keep(page, openocd, where)
    verify(page, board, port, traceback)
    ask_the_board(page, board)


# The second


def watch(page: Page, board: Board, openocd: OpenOcd) -> Path:
    """A hang that nobody looks at; gives the watchdog's core."""
    page.heading(
        "Another hang, and nobody there",
        "OpenOCD is told to watch the board. Ctrl-D gives the board an empty heap, and it gets a",
        "program for a Raspberry Pi Pico, whose pins are read at 0xd0000004. Here is nothing.",
    )
    command = "mpheap watchdog start -dir cores -halt"
    with Console(openocd.telnet_port) as console:
        page.typed(">", command)
        page.answer(console.run(command))
    board.repl.send(b"\x04")
    board.repl.wait_prompt()
    page.gap()
    show_program(page, COPIED)
    board.repl.start(COPIED)
    page.heading("What OpenOCD says", "The board says nothing. (The folder's path is left out.)")
    openocd.wait_log("^mpheap: watchdog: wrote .*\n")
    said = re.findall("^mpheap: watchdog: (?:the|wrote) .*", openocd.log, re.M)
    page.answer("\n".join(said).replace(f"{Path.cwd()}/", ""))
    (core,) = Path("cores").iterdir()
    return core


def read_fault(page: Page, core: Path) -> None:
    page.heading("What its core says")
    fault = shell(page, f"fault --core={core}", status=1)
    page.gap()
    at = expect(fault, r"^at +(0x\w+)$")[1]
    owner = shell(page, f"whatis {at} --core={core}")
    page.gap()
    traceback = shell(page, f"bt --locals --core={core}")
    page.gap()
    expect(fault, rf"^HardFault: a read of {ADDRESS:#x}")
    expect(fault, f"^ +{re.escape(LOAD)}$")
    expect(owner, "machine code of asm function pins$")
    page.claim(f"The instruction is `{LOAD}` of pins(), and it read {ADDRESS:#x}.")
    expect(traceback, rf'^  File "<stdin>", line 7, in watch\n +port = {ADDRESS - 4}$')
    page.claim("Python had called it in line 7.")


def second_hang(page: Page, board: Board, port: DebugPort, openocd: OpenOcd) -> None:
    before = port.stats()
    read_fault(page, watch(page, board, openocd))
    stats = port.stats()
    if stats["cpu_halts"] - before["cpu_halts"] != 1 or stats["memory_writes"] or stats["resets"]:
        raise Failure(f"the watchdog did more than halt the board once: {stats}")
    page.claim("The board was halted once, for the core, and nothing was written to it.")


def tell(page: Page) -> None:
    check_tools()
    with live_board(f"source {{{ROOT / OPENOCD_FACE}}}") as (board, port, openocd):
        first_hang(page, board, port, openocd)
        second_hang(page, board, port, openocd)


if __name__ == "__main__":
    sys.exit(play("hung-board", tell))
