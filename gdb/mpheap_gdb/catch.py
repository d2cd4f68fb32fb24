# SPDX-License-Identifier: MIT
"""`mpheap catch`: stop, or log, when something happens on the heap."""

from __future__ import annotations

import gdb

from .allocation import CatchAlloc
from .board import Board
from .collection import CatchGc
from .failure import CatchMemoryError


class Catch(gdb.Command):
    """Stop the program, or write a line, when something happens on MicroPython's heap.

    Breakpoints are set by symbol, so the firmware's ELF file is needed; debug information is not.
    They are hardware breakpoints: nothing is written to the target's memory. A Cortex-M0 has four
    of them, a Cortex-M3 or M4 six, and when they are used up GDB says so when the program is to go
    on. A core does not run, so that nothing can be caught in it."""

    def __init__(self) -> None:
        super().__init__("mpheap catch", gdb.COMMAND_BREAKPOINTS, gdb.COMPLETE_NONE, True)


def register(board: Board) -> None:
    """Define the commands. Again is fine."""
    Catch()
    for action in (CatchMemoryError, CatchAlloc, CatchGc):
        action(board)
