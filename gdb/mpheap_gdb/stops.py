# SPDX-License-Identifier: MIT
"""Breakpoints that look at the heap, and what they say once GDB has told of the stop."""

from __future__ import annotations

import re
from collections.abc import Callable

import gdb

from . import inferior
from .interrupt import Listener
from .places import Place

_to_tell: list[Callable[[], None]] = []
_discarded: list[gdb.Breakpoint] = []
listener = Listener()  # which takes two file descriptors


class CannotStop(Exception):
    """Why no breakpoint can be set. One line."""


class Stop(gdb.Breakpoint):
    """A hardware breakpoint, so that nothing is written to the target's memory.

    GDB asks stop() before it tells of a stop; where that says no, the program goes on."""

    def __init__(self, place: Place, temporary: bool = False, internal: bool = False) -> None:
        self.place = place
        super().__init__(
            place.location,
            type=gdb.BP_HARDWARE_BREAKPOINT,
            temporary=temporary,
            internal=internal,
        )
        self.silent = internal  # GDB would tell of a stop at a number below 0

    def hit(self) -> bool:
        """The program stands there: whether it is to stay. Errors make it stay."""
        raise NotImplementedError

    def stop(self) -> bool:
        """Called by GDB."""
        try:
            with listener:
                return self.hit() or listener.heard()
        except KeyboardInterrupt:
            return True
        except (gdb.error, OSError) as error:
            gdb.write(f"mpheap: {error}\n", gdb.STDERR)
            return True

    def tell(self, say: Callable[[], None]) -> bool:
        """Stay, and call `say` when GDB has said where."""
        _to_tell.append(say)
        return True


def discard(stop: gdb.Breakpoint) -> None:
    """Delete a breakpoint when GDB has come to rest: `delete` walks the list of them, and crashes
    where another one than its own vanishes from that."""
    _discarded.append(stop)


def _sweep(_event: object = None) -> None:
    gone, _discarded[:] = _discarded[:], []
    for stop in gone:
        if stop.is_valid():
            stop.delete()


def _on_stop(_event: object) -> None:
    if any(isinstance(item, Stop) for item in gdb.breakpoints()):
        inferior.entry()  # of a program that has just been connected to
    said, _to_tell[:] = _to_tell[:], []
    for say in said:
        say()
    _sweep()


def require_live() -> None:
    """CannotStop where there is no program, or none that runs."""
    connection = gdb.selected_inferior().connection
    if connection and connection.type == "core":
        raise CannotStop("a core does not run: connect to a board (target extended-remote PORT)")
    if not gdb.selected_inferior().pid:
        raise CannotStop("no program runs: connect to a board (target extended-remote PORT)")


def refusal(error: gdb.error, needed: int) -> CannotStop:
    """What GDB says in one line and, if it is about breakpoints, how many are needed. When the
    program cannot go on because of them, GDB has written so, and "Command aborted." is all."""
    text = " ".join(str(error).split())
    is_about_breakpoints = re.search("breakpoint|Command aborted", text)
    more = f" (hardware breakpoints needed: {needed})" if is_about_breakpoints else ""
    return CannotStop(text + more)


def set_all(places: list[Place], make: Callable[[Place], Stop]) -> list[Stop]:
    """A breakpoint at each place: all of them, or CannotStop."""
    _sweep()
    inferior.entry()
    made: list[Stop] = []
    try:
        for place in places:
            made.append(make(place))
    except gdb.error as error:
        for stop in made:
            stop.delete()
        raise refusal(error, len(places)) from None
    return made


gdb.events.stop.connect(_on_stop)
gdb.events.before_prompt.connect(_sweep)
