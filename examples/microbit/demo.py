#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""One board's heap, seen three times: from the shell, from GDB, and from OpenOCD's console.

Real MicroPython runs on a micro:bit under QEMU. Real OpenOCD is connected to it through a simulated
debug port. The three must show the same bytes, and the bytes that the board itself printed. Then
the program's objects are found by their names, where the board's own id() says they are.
Exits with 0 when they do. `make demo` builds what it needs.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1])]

from page import MPHEAP, OPENOCD_FACE, ROOT, Failure, Page, check_tools, play, shell  # noqa: E402

# Found by the paths that page.py adds
from openocd_console import Console  # noqa: E402
from rig import Board, DebugPort, OpenOcd, run_gdb  # noqa: E402
from rig.microbit import FREEZE, NOTHING_THERE  # noqa: E402

GDB_FACE = "gdb/mpheap.py"
MAP_START = "GC memory layout"
FOURTH = "song[3]"
PICTURE = "microbit.svg"
HALTING = 5  # reports of look_inside()

PROGRAM = """\
class Note:
    def __init__(self, name, beats):
        self.name = name
        self.beats = beats

song = [Note(name, 2) for name in 'CDEFGAB']
steps = {i: i * i for i in range(12)}
sound = bytearray(200)
"""


def check_same(who: str, text: str, board_map: str) -> None:
    """Raises Failure, with the first line in which they differ."""
    lines, wanted = text.splitlines(), board_map.splitlines()
    for number, (line, other) in enumerate(zip(lines, wanted), 1):
        if line != other:
            raise Failure(f"{who}: line {number} is '{line}', but the board printed '{other}'")
    if text != board_map:
        raise Failure(f"{who}: {len(lines)} lines, but the board printed {len(wanted)}")


# The views


def from_shell(page: Page, port: int, report: str) -> str:
    return shell(page, f"{report} --openocd :{port}")


def from_gdb(page: Page, port: int) -> str:
    """A GDB that attaches halts the board; it lets it go again before it leaves."""
    attach = ["set architecture armv6s-m", f"target extended-remote :{port}"]
    face = [f"source {GDB_FACE}", "mpheap map"]
    leave = ["monitor resume", "detach"]
    script = [*attach, face[0].replace(GDB_FACE, str(ROOT / GDB_FACE))]
    script += ["echo <<<", face[1], "echo >>>", *leave]
    result = run_gdb(script, timeout=20)
    if result.exit:
        raise Failure(f"GDB: {result.stderr.strip().splitlines()[-1]}")
    shown = result.stdout.partition("<<<")[2].partition(">>>")[0]
    for command in (*attach, *face):
        page.typed("(gdb)", command)
    page.answer(shown)
    for command in leave:
        page.typed("(gdb)", command)
    return shown


def from_openocd(page: Page, port: int) -> str:
    with Console(port) as console:
        shown = console.run("mpheap map")
    page.typed("$", f"telnet localhost {port}")
    page.typed(">", "mpheap map")
    page.answer(shown)
    return shown


# The story


def boot(page: Page, board: Board) -> str:
    """Starts the program on the board; gives what the board printed."""
    release, machine = board.repl.eval("__import__('os').uname()[3:5]")
    page.heading(
        "A micro:bit runs a Python program",
        f"The board is a {machine}, emulated by QEMU.",
        f"Its firmware is {release.split('; ')[-1]}, as Debian packages it.",
        "The program is typed at its prompt. It ends in a loop, so that the heap stands still.",
    )
    for line in (PROGRAM + FREEZE).splitlines():
        page.answer(line)
    text = board.freeze(PROGRAM)
    page.heading(
        "What the board itself says of its heap",
        "This is what mem_info(1) printed. A character is a block of 16 bytes: '.' is free, '='",
        "belongs to what stands before it, and a letter begins an object: L a list, D a dict,",
        "T a tuple, S text or bytes, A an array, B a function, h anything else.",
    )
    page.answer(text)
    return text


def look(page: Page, openocd: OpenOcd) -> dict[str, str]:
    """The three views, by who shows them."""
    views = {}
    page.heading("The heap from the shell", "mpheap reads it through OpenOCD; the board runs on.")
    views["the shell"] = from_shell(page, openocd.tcl_port, "map")
    page.heading("The heap from GDB", "gdb-multiarch is attached to OpenOCD.")
    views["GDB"] = from_gdb(page, openocd.gdb_port)
    page.heading("The heap from OpenOCD", f"Its configuration says `source {OPENOCD_FACE}`.")
    views["OpenOCD"] = from_openocd(page, openocd.telnet_port)
    page.heading("The numbers", "With where the heap lies, and which firmware that is.")
    from_shell(page, openocd.tcl_port, "info")
    return views


def look_inside(page: Page, port: int) -> str:
    """What the program keeps; gives the address of its fourth note."""
    page.heading(
        "What fills it",
        "Objects of each type, with the blocks that they hold. `--halt` stops the board while it",
        "is read: all is of one moment then, and its stack tells what it holds.",
    )
    from_shell(page, port, "types --top 8 --halt")
    page.heading("Where the notes are", "Objects of one class, by the names a program would use.")
    listed = from_shell(page, port, "objects --type Note --halt")
    found = re.search(rf"^(0x[0-9a-f]+) .* {re.escape(FOURTH)} ", listed, re.M)
    if not found:
        raise Failure(f"no object is called {FOURTH}")
    page.heading("What one of them holds", "Its members, its attributes, and every word of it.")
    if "'F'" not in from_shell(page, port, f"show {found[1]} --halt"):
        raise Failure(f"{FOURTH} has not its name")
    page.heading(
        "What every block is",
        "The map again, with a letter for every kind: I an instance of a class, d a dict's table,",
        "k bytecode, q text of interned strings; `--legend` says them all.",
    )
    from_shell(page, port, "map --rich --halt")
    page.heading("A picture of it", f"For documents and tickets. The file is beside {MPHEAP.name}.")
    shell(page, f"map --rich --halt --svg {PICTURE} --openocd :{port}", folder=MPHEAP.parent)
    return found[1]


def verify(page: Page, views: dict[str, str], board_map: str, port: DebugPort) -> None:
    page.heading("What that shows")
    for who, text in views.items():
        check_same(who, text, board_map)
    first, *others = views
    page.claim(f"{first}, {' and '.join(others)} show the same {len(board_map)} bytes.")
    page.claim(f"They are what the board printed, from '{MAP_START}' on.")
    stats = port.stats()
    if stats["memory_writes"]:
        raise Failure(f"{stats['memory_writes']} writes to the board's memory")
    page.claim(f"{stats['bus_bytes_read']} bytes were read over the debug port, and none written.")
    if stats["cpu_halts"] != 1 + HALTING:
        raise Failure(f"the board was halted {stats['cpu_halts']} times")
    page.claim(f"The board was halted {HALTING} times by --halt, and by GDB when it attached.")


def ask(page: Page, board: Board, question: str, expected: str) -> None:
    page.typed(">>>", question)
    answer = board.repl.exec(question)
    page.answer(answer)
    if answer != f"{expected}\n":
        raise Failure(f"the board answers {answer!r}")


def go_on(page: Page, board: Board, fourth: str) -> None:
    page.heading("The board goes on", "Ctrl-C ends the loop, and the prompt answers.")
    stopped = board.repl.interrupt()
    page.answer(stopped)
    if "KeyboardInterrupt" not in stopped:
        raise Failure(f"the board says {stopped!r}")
    ask(page, board, "''.join(note.name for note in song), steps[11], len(sound)",
        "('CDEFGAB', 121, 200)")
    ask(page, board, f"hex(id({FOURTH})), {FOURTH}.name", f"('{fourth}', 'F')")


def run(page: Page) -> None:
    check_tools("gdb-multiarch")
    with Board() as board, DebugPort(board, options=NOTHING_THERE) as port:
        text = boot(page, board)
        with OpenOcd(port, [f"source {{{ROOT / OPENOCD_FACE}}}"]) as openocd:
            views = look(page, openocd)
            fourth = look_inside(page, openocd.tcl_port)
            verify(page, views, text[text.index(MAP_START) :], port)
        go_on(page, board, fourth)


if __name__ == "__main__":
    sys.exit(play("demo", run))
