#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A heap that is followed while its program runs, and what jq makes of the samples.

A program on a micro:bit draws one line of text after the other. `mpheap watch` reads the allocation
tables through the debug port ten times a second and more; its JSON Lines go into jq as they are.
Then the board is asked for its own numbers. Exits with 0 when every claim holds.
"""

from __future__ import annotations

import contextlib
import json
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1])]

from page import Failure, Page, check_tools, play, shell  # noqa: E402

# Found by the paths that page.py adds
from rig import Board, DebugPort, OpenOcd  # noqa: E402
from rig.microbit import NOTHING_THERE  # noqa: E402

RECORD = "heap.jsonl"
SAMPLES = 40

PROGRAM = """\
import microbit
lines = []
number = 0
while True:
    number += 1
    lines.append('%d: level %s' % (number, '#' * (number % 24)))
    lines = lines[-12:]
    text = ' '.join(lines)
    microbit.sleep(10)
"""

FIRST = ('select(.kind == "sample" and .number <= 3) '
         "| {seconds, used_bytes, largest_run_bytes}")
SURE = 'select(.kind == "sample" and (.torn | not))'
TOTALS = (f"map({SURE}) | {{samples: length, used: (map(.used_bytes) | [min, max]), "
          "shortest_run: (map(.largest_run_bytes) | min), "
          "bytes_each: (.[1:] | map(.link_bytes) | add / length | round)}")
GROWTH = ("map(select(.growth_bytes_per_second)) | map(.growth_bytes_per_second) | sort "
          "| {median_growth_bytes_per_second: .[length / 2 | floor] | round}")
COLLECTIONS = 'map(select(.event == "collection")) | length > 0'


def jq(page: Page, program: str, *options: str) -> str:
    """What jq prints of the record."""
    argv = ["jq", *options, program, RECORD]
    page.typed("$", shlex.join(argv))
    done = subprocess.run(argv, capture_output=True, text=True, timeout=20, check=True)
    page.answer(done.stdout)
    return done.stdout


def run_program(page: Page, board: Board) -> None:
    page.heading(
        "A program that makes text",
        "A micro:bit, emulated by QEMU, keeps twelve lines, and joins them at each turn.",
    )
    for number, line in enumerate(PROGRAM.splitlines(), 1):
        page.answer(f"{number:2}  {line}")
    board.repl.start(PROGRAM)


def record(page: Page, where: str) -> None:
    page.heading(
        "Follow its heap",
        f"{SAMPLES} samples, one each 50 ms. The board is not halted, and nothing is added to it.",
    )
    shell(page, f"watch --count={SAMPLES} --interval=50 --format=json --output={RECORD} {where}")


def look(page: Page) -> None:
    page.heading("What is in the record", "JSON Lines: one document a sample, and one an event.")
    lines = jq(page, FIRST, "-c")
    if lines.count("\n") != 3:
        raise Failure("there are not three first samples")


def sum_up(page: Page) -> dict[str, object]:
    page.heading("What it comes to", "Samples that are torn are uncertain: they are left out.")
    totals = json.loads(jq(page, TOTALS, "-sc"))
    page.gap()
    jq(page, GROWTH, "-sc")
    page.gap()
    if jq(page, COLLECTIONS, "-s").strip() != "true":
        raise Failure("no collection was seen")
    page.gap()
    page.claim("Between collections used grows fast, and each collection takes it back.")
    return totals


def ask_the_board(page: Page, board: Board, totals: dict[str, object]) -> None:
    page.heading("What the board says", "Ctrl-C, and then what it counts itself.")
    board.repl.interrupt()
    line = "import gc; gc.collect(); print(gc.mem_alloc(), gc.mem_alloc() + gc.mem_free())"
    page.typed(">>>", line)
    said = board.repl.exec(line).strip()
    page.answer(said)
    page.gap()
    least, heap = map(int, said.split())
    low, high = totals["used"]
    if not (low < 2 * least and high <= heap):
        raise Failure(f"the watch saw {low} to {high} bytes in use")
    page.claim("The least in use is near to what a collection leaves, the most is below the heap.")


def verify(page: Page, port: DebugPort) -> None:
    stats = port.stats()
    for what in ("memory_writes", "bus_writes", "resets", "cpu_halts"):
        if stats[what]:
            raise Failure(f"{what}: {stats[what]}")
    page.claim("Nothing was written to the board, and it was never halted.")


def tell(page: Page) -> None:
    check_tools("jq")
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        with Board() as board, DebugPort(board, options=NOTHING_THERE) as port:
            with OpenOcd(port) as openocd:
                run_program(page, board)
                record(page, f"--openocd :{openocd.tcl_port}")
                written = Path(RECORD).read_text()
                if len(re.findall(r'^\{"kind":"sample"', written, re.M)) != SAMPLES:
                    raise Failure(f"there are not {SAMPLES} samples")
                look(page)
                ask_the_board(page, board, sum_up(page))
                verify(page, port)


if __name__ == "__main__":
    sys.exit(play("watching", tell))
