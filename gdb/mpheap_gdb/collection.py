# SPDX-License-Identifier: MIT
"""`mpheap catch gc`: collections, from their beginning to their end."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import Any

import gdb

from . import clock, inferior, journal, places, position, stops
from .action import Action, Parser
from .board import Board, NoAnswer
from .clock import Counter, Duration, NoCounter, Stopwatch
from .journal import Journal
from .places import Place
from .position import Position
from .stops import Stop

COLLECT = "gc_collect"  # (): the port's, which marks and sweeps


@dataclass(frozen=True)
class Collection:
    """One that has ended. `cause` is the C function that called for it, where GDB knows."""

    number: int
    used_before: int
    used_after: int
    duration: Duration
    cause: str | None
    position: Position

    def text(self) -> str:
        """For a person."""
        cause = f" ({self.cause})" if self.cause else ""
        return (
            f"gc {self.number}: {self.used_before - self.used_after} bytes freed, "
            f"{self.used_after} in use, {self.duration.text()}, at {self.position.text()}{cause}"
        )

    def fields(self) -> dict[str, Any]:
        """For a program."""
        found = {
            "event": "gc",
            "number": self.number,
            "freed_bytes": self.used_before - self.used_after,
            "used_before_bytes": self.used_before,
            "used_after_bytes": self.used_after,
        }
        cause = {"cause": self.cause} if self.cause else {}
        return found | self.duration.fields() | cause | self.position.fields()


def _read_word(address: int) -> int | None:
    try:
        data = gdb.selected_inferior().read_memory(address, 4)
    except gdb.error:
        return None
    return int.from_bytes(bytes(data), "little")


def _read_register(name: str) -> int | None:
    try:
        value = gdb.newest_frame().read_register(name)
        return int(value) & ((1 << 8 * value.type.sizeof) - 1)
    except (gdb.error, ValueError):
        return None


def _counter() -> Counter:
    """The cycle counter of the target's processor. NoCounter if none counts there."""
    machine = inferior.machine(gdb.newest_frame().architecture().name())
    if machine == inferior.ARM and _read_register("xpsr") is not None:
        return clock.dwt(_read_word)
    if machine == inferior.RISCV:
        return clock.mcycle(_read_register, 8 * gdb.lookup_type("void").pointer().sizeof)
    raise NoCounter("this kind of processor has no cycle counter that is known")


@dataclass(frozen=True)
class Begun:
    """What was known when a collection began."""

    used: int
    cause: str | None
    position: Position
    stopwatch: Stopwatch


class Return(Stop):
    """Where gc_collect returns to. It stays when its collection has ended, since a breakpoint
    cannot delete itself while GDB asks it; a collection that ends elsewhere replaces it."""

    def __init__(self, address: int, catch: Catch) -> None:
        self._catch = catch
        self.address = address
        super().__init__(Place(f"*{address:#x}", False), internal=True)

    def hit(self) -> bool:
        return self._catch.end()


class Catch(Stop):
    """The breakpoint where collections begin."""

    def __init__(
        self, place: Place, board: Board, log: Journal | None, counter: Counter | None,
        temporary: bool,
    ) -> None:
        self._board = board
        self._journal = log
        self._counter = counter
        self._is_temporary = temporary
        self._count = 0
        self._begun: Begun | None = None
        self._return: Return | None = None
        super().__init__(place)

    def _used(self) -> int:
        try:
            return self._board.document("info")["heap"]["used_bytes"]
        except NoAnswer as error:
            raise gdb.error(str(error)) from None

    def hit(self) -> bool:
        """A collection begins."""
        caller = gdb.newest_frame().older()
        if caller is None:
            raise gdb.error("catch gc: GDB cannot tell where gc_collect returns to")
        self._expect(caller.pc())
        where = position.find(self._board)
        used = self._used()
        self._begun = Begun(used, caller.name(), where, Stopwatch(self._counter))
        return False

    def _expect(self, address: int) -> None:
        if self._return and self._return.address != address:
            self._return.delete()
            self._return = None
        if not self._return:
            self._return = Return(address, self)

    def end(self) -> bool:
        """It has ended, unless the program came here another way."""
        begun, self._begun = self._begun, None
        if not begun:
            return False
        duration = begun.stopwatch.stop()
        self._count += 1
        found = Collection(
            self._count, begun.used, self._used(), duration, begun.cause, begun.position
        )
        if not self._journal:
            return self.tell(lambda: self._say(found))
        self._journal.write(found)
        return False

    def _say(self, found: Collection) -> None:
        gdb.execute("frame")  # GDB has not said where, since the breakpoint is none of the user's
        gdb.write(f"mpheap: {found.text()}\n")
        if self._is_temporary and self.is_valid():
            self.delete()

    def leave(self) -> None:
        """It has been deleted: so is the breakpoint that waits for the end."""
        self._begun = None
        if self._return:
            stops.discard(self._return)
        self._return = None


def _on_delete(breakpoint: gdb.Breakpoint) -> None:
    if isinstance(breakpoint, Catch):
        breakpoint.leave()


class CatchGc(Action):
    """Stop when a garbage collection has ended.

    Usage: mpheap catch gc [--log[=FILE]] [--format=text|json] [--temporary]

      --log[=FILE]        Do not stop, write a line about each collection
      --format=text|json  Of these lines; json also for a FILE whose name ends in .jsonl
      --temporary         Delete the breakpoint when it has stopped the program

    Each collection comes with the bytes it has freed, how long it took, the Python line that was
    executed, and the C function that called for it. The time is that of a cycle counter, where one
    counts: DWT's of a Cortex-M, mcycle of RISC-V. It is not switched on. Without one it is the time
    that passed here, in which GDB let the program go and heard of its stop.

    Sets a hardware breakpoint at gc_collect, and another one, which is not listed, where it returns
    to. `info breakpoints` lists the former, `delete` deletes both."""

    NAME = "catch gc"

    def add_options(self, parser: Parser) -> None:
        journal.add_options(parser)

    def run(self, options: argparse.Namespace) -> None:
        """Set the breakpoints."""
        stops.require_live()
        where = places.find(COLLECT)
        log = journal.of_options(options)
        try:
            counter: Counter | None = _counter()
        except NoCounter as error:
            gdb.write(f"mpheap: note: {error}: times are this computer's, at most\n", gdb.STDERR)
            counter = None
        temporary = options.temporary
        stops.set_all(where, lambda place: Catch(place, self.board, log, counter, temporary))


gdb.events.breakpoint_deleted.connect(_on_delete)
