# SPDX-License-Identifier: MIT
"""`map` as a whole process, beside GDB that only loads the same ELF."""

from __future__ import annotations

import statistics
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from board import MPHEAP, Dump
from table import heading, row

RUNS = 15


def seconds(argv: Sequence[str | Path]) -> float:
    """How long a process takes."""
    start = time.perf_counter()
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def measure_shell(dump: Dump) -> None:
    """In turn, so that both see the machine in the same state."""
    mine, theirs = [], []
    for _ in range(RUNS):
        theirs.append(seconds(["gdb-multiarch", "-nx", "-batch", dump.elf]))
        mine.append(seconds([MPHEAP, "map", *dump.options(), f"--elf={dump.elf}"]))
    ours, gdb = statistics.median(mine), statistics.median(theirs)
    heading("map of a 140 KB heap as a process, beside gdb-multiarch -batch ELF")
    row("mpheap map", ours * 1e3, unit=" ms")
    row("gdb-multiarch -batch", gdb * 1e3, unit=" ms")
    row("mpheap map beside GDB", ours / gdb, 1 / 30, "x")
