# SPDX-License-Identifier: MIT
"""`mpheap catch memoryerror`: where an allocation has failed."""

from __future__ import annotations

import argparse

import gdb

from . import abi, inferior, places, stops
from .action import Action, Parser
from .board import Board
from .commands import Output
from .places import Place
from .stops import Stop

FAIL = "m_malloc_fail"  # (num_bytes), which raises MemoryError: py/runtime.c
MAP_LINES_MAX = 32  # of the map, which one who has run out of memory wants to see, and not pages


def _cut(text: str) -> str:
    """As much of a map as fits beside the rest."""
    lines = text.splitlines(keepends=True)
    left_out = len(lines) - MAP_LINES_MAX
    if left_out <= 1:
        return text
    return "".join(lines[:MAP_LINES_MAX]) + f"... {left_out} more lines: mpheap map\n"


class Catch(Stop):
    """The breakpoint."""

    def __init__(self, place: Place, board: Board, temporary: bool) -> None:
        self._board = board
        super().__init__(place, temporary)

    def hit(self) -> bool:
        """Always told."""
        amount = self.place.argument(0, "num_bytes")
        return self.tell(lambda: self._say(amount))

    def _say(self, amount: int | None) -> None:
        size = "an unknown number of" if amount is None else amount
        gdb.write(f"MemoryError: {size} bytes were asked for\n\n")
        chunks: list[str] = []
        self._report(lambda _, data: chunks.append(data.decode(errors="backslashreplace")), "map")
        gdb.write(_cut("".join(chunks)) + "\n")
        if amount is not None:
            self._report(Output().write, "fit", str(amount))
            gdb.write("\n")
        self._report(Output().write, "bt")

    def _report(self, write: abi.Write, *words: str) -> None:
        """One report; where it fails, the others may still tell something."""
        outcome = self._board.library().run([*words, "--quiet"], inferior.target(), write)
        if isinstance(outcome.raised, KeyboardInterrupt):
            raise outcome.raised
        if outcome.raised or outcome.status > 1:
            gdb.write(f"mpheap: {outcome.raised or outcome.error}\n", gdb.STDERR)


class CatchMemoryError(Action):
    """Stop where an allocation has failed, before MemoryError is raised.

    Usage: mpheap catch memoryerror [--temporary]

      --temporary  Delete the breakpoint when it has stopped the program

    Says how many bytes were asked for, and prints the heap's map, whether and where so many bytes
    would fit (`mpheap fit`) and the traceback.

    Sets a hardware breakpoint at m_malloc_fail. `info breakpoints` lists it, `delete` deletes it.
    A function that asks without insisting, and goes on without the memory, is not caught."""

    NAME = "catch memoryerror"

    def add_options(self, parser: Parser) -> None:
        parser.add_argument("--temporary", action="store_true")

    def run(self, options: argparse.Namespace) -> None:
        """Set the breakpoints."""
        stops.require_live()
        where = places.find(FAIL)
        stops.set_all(where, lambda place: Catch(place, self.board, options.temporary))
