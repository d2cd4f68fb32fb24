# SPDX-License-Identifier: MIT
"""`mpheap catch alloc`: allocations as they are asked for."""

from __future__ import annotations

import argparse
import re
from dataclasses import dataclass
from typing import Any

import gdb

from . import abi, journal, places, position, stops
from .action import Action, Parser, size
from .board import Board, NoAnswer
from .journal import Journal
from .moment import Moment
from .places import NoPlace, Place
from .position import Position
from .stops import Stop

ALLOCATE = "gc_alloc"  # (n_bytes, ...) in every release: py/gc.c
# (num_bytes, type): py/obj.c from 1.19 on, and for objects with a finaliser from 1.23 on.
ALLOCATE_OBJECT = "mp_obj_malloc_helper"
ALLOCATE_FINALISED = "mp_obj_malloc_with_finaliser_helper"

# Allocated without it in all of 1.19 to 1.28, the type written afterwards (m_new_obj in py/obj*.c).
TYPED_LATE = frozenset((
    "list", "dict", "OrderedDict", "float", "bytearray", "array", "memoryview", "module",
    "property", "super", "staticmethod", "classmethod", "code"))


@dataclass(frozen=True)
class Allocation:
    """One request, which may yet fail. `bytes` is None where debug information does not tell."""

    number: int
    bytes: int | None
    type: str | None
    position: Position

    def text(self) -> str:
        """For a person."""
        amount = "?" if self.bytes is None else self.bytes
        kind = f" for {self.type}" if self.type else ""
        return f"alloc {self.number}: {amount} bytes{kind} at {self.position.text()}"

    def fields(self) -> dict[str, Any]:
        """For a program."""
        known = {"bytes": self.bytes, "type": self.type}
        return (
            {"event": "alloc", "number": self.number}
            | {name: value for name, value in known.items() if value is not None}
            | self.position.fields()
        )


class Filter:
    """Which requests are meant: of at least so many bytes, for objects of one type."""

    def __init__(self, board: Board, minimum: int, kind: str | None) -> None:
        self._board = board
        self._minimum = minimum
        self.type = kind

    def passes(self, amount: int | None, place: Place) -> bool:
        """A request for 0 bytes is none. One whose size is not known passes."""
        if amount is not None and amount < max(1, self._minimum):
            return False
        return self.type is None or self._type_name(place) == self.type

    def _type_name(self, place: Place) -> str | None:
        address = place.argument(1, "type")
        if address is None:
            raise gdb.error(f"{place.location}: nothing tells for which type it is")
        try:
            text = self._board.text(abi.ASK_OBJECT, address)
        except NoAnswer as error:
            raise gdb.error(str(error)) from None
        found = re.fullmatch(r"<class '(.*)'>", text)
        return found and found[1]


class Catching:
    """What one `catch alloc` has met so far, at all its places."""

    def __init__(self, board: Board, wanted: Filter, journal: Journal | None) -> None:
        self._board = board
        self._wanted = wanted
        self._journal = journal
        self._count = 0
        self._moment = Moment()

    def meet(self, place: Place) -> Allocation | None:
        """The request that is made at a place. None if it is not wanted, or has been logged."""
        self._board.forget()
        amount = place.argument(0, "num_bytes" if self._wanted.type else "n_bytes")
        if not self._wanted.passes(amount, place) or self._moment.is_repeated():
            return None
        self._count += 1
        found = Allocation(self._count, amount, self._wanted.type, position.find(self._board))
        if not self._journal:
            return found
        self._journal.write(found)
        return None


class Catch(Stop):
    """The breakpoint."""

    def __init__(self, place: Place, catching: Catching, temporary: bool) -> None:
        self._catching = catching
        super().__init__(place, temporary)

    def hit(self) -> bool:
        """Only for what is to be told."""
        found = self._catching.meet(self.place)
        return bool(found) and self.tell(lambda: gdb.write(f"mpheap: {found.text()}\n"))


class CatchAlloc(Action):
    """Stop where MicroPython allocates memory on its heap.

    Usage: mpheap catch alloc [--min=BYTES] [--type=NAME] [--log[=FILE]] [--format=text|json]
                              [--temporary]

      --min=BYTES         Only requests for at least so many bytes (4096, 4K, 0x1000)
      --type=NAME         Only objects of this type or class (MicroPython 1.19 or later; of list,
                          dict, float, bytearray and a few more it cannot be told)
      --log[=FILE]        Do not stop, write a line about each request
      --format=text|json  Of these lines; json also for a FILE whose name ends in .jsonl
      --temporary         Delete the breakpoint when it has stopped the program

    Each request comes with its size and the Python line that makes it. It may yet fail. What is
    made larger where it stands, by gc_realloc, makes none.

    Sets a hardware breakpoint at gc_alloc or, with --type, at mp_obj_malloc_helper and
    mp_obj_malloc_with_finaliser_helper. `info breakpoints` lists it, `delete` deletes it."""

    NAME = "catch alloc"

    def add_options(self, parser: Parser) -> None:
        parser.add_argument("--min", type=size, default=0)
        parser.add_argument("--type")
        journal.add_options(parser)

    def run(self, options: argparse.Namespace) -> None:
        """Set the breakpoints."""
        stops.require_live()
        where = _places(options.type)
        wanted = Filter(self.board, options.min, options.type)
        catching = Catching(self.board, wanted, journal.of_options(options))
        stops.set_all(where, lambda place: Catch(place, catching, options.temporary))


def _places(kind: str | None) -> list[Place]:
    """Where requests are made, of any kind or for objects of a type."""
    if kind is None:
        return places.find(ALLOCATE)
    if kind in TYPED_LATE:
        raise NoPlace(f"--type={kind}: MicroPython writes this type after the allocation, so that "
                      "nothing tells it there")
    try:
        found = places.find(ALLOCATE_OBJECT)
    except NoPlace as error:
        raise NoPlace(f"--type needs MicroPython 1.19 or later: {error}") from None
    try:
        return found + places.find(ALLOCATE_FINALISED)
    except NoPlace:  # not before 1.23, nor without finalisers
        return found
