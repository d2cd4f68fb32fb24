# SPDX-License-Identifier: MIT
"""`mpheap profile`: which Python lines allocate how much."""

from __future__ import annotations

import argparse
import json
import math
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import gdb

from . import places, position, stops
from .action import Action, Parser, count, seconds
from .allocation import ALLOCATE
from .board import Board
from .moment import Moment
from .places import Place
from .position import Position
from .stops import Stop


@dataclass
class Line:
    """What one line has asked for. `bytes` are more if some sizes were not known."""

    count: int = 0
    bytes: int = 0
    is_at_least: bool = False


@dataclass
class Profile:
    """What has been counted, by position."""

    wanted: int
    lines: dict[Position, Line] = field(default_factory=dict)
    count: int = 0

    def add(self, amount: int | None, where: Position) -> None:
        """One request."""
        line = self.lines.setdefault(where, Line())
        line.count += 1
        line.bytes += amount or 0
        line.is_at_least |= amount is None
        self.count += 1

    def rows(self) -> list[tuple[Position, Line]]:
        """The most bytes first."""
        return sorted(self.lines.items(), key=lambda row: (-row[1].bytes, -row[1].count))

    def bytes(self) -> int:
        """All together."""
        return sum(line.bytes for line in self.lines.values())


def _table(profile: Profile, passed: float, end: str) -> str:
    """For a person."""
    lines = [f"{'BYTES':>10} {'COUNT':>8}  LINE"]
    for where, line in profile.rows():
        amount = f"{'>=' if line.is_at_least else ''}{line.bytes}"
        lines.append(f"{amount:>10} {line.count:>8}  {where.text()}")
    total = f"{profile.count} of {profile.wanted} allocations, {profile.bytes()} bytes"
    return "\n".join([*lines, f"{total}, in {passed:.1f} s: {end}"]) + "\n"


def _document(profile: Profile, passed: float, end: str) -> str:
    """For a program."""
    rows: list[dict[str, Any]] = [
        {"bytes": line.bytes, "count": line.count}
        | ({"is_at_least": True} if line.is_at_least else {})
        | where.fields()
        for where, line in profile.rows()
    ]
    whole = {
        "wanted_count": profile.wanted,
        "allocation_count": profile.count,
        "bytes": profile.bytes(),
        "seconds": round(passed, 3),
        "end": end,
        "lines": rows,
    }
    return json.dumps(whole, indent=2) + "\n"


class Timer:
    """Time that is over after some seconds, or never. As a context it then interrupts a program
    that has not been stopped by then."""

    GRACE_SECONDS = 0.5  # in which most programs allocate, and stop without a signal

    def __init__(self, limit: float | None) -> None:
        self._end = time.monotonic() + limit if limit else math.inf
        self._is_left = False
        self._thread = None
        if limit:
            self._thread = threading.Timer(limit + self.GRACE_SECONDS, self._ring)
            self._thread.daemon = True

    def is_over(self) -> bool:
        """Whether the program is to stop."""
        return time.monotonic() >= self._end

    def _ring(self) -> None:
        gdb.post_event(self._interrupt)  # which GDB then calls in its own thread

    def _interrupt(self) -> None:
        if not self._is_left:
            gdb.execute("interrupt")

    def __enter__(self) -> Timer:
        if self._thread:
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_left = True
        if self._thread:
            self._thread.cancel()


class Counting(Stop):
    """The breakpoint, which the user does not see."""

    def __init__(self, place: Place, board: Board, profile: Profile, timer: Timer) -> None:
        self._board = board
        self._profile = profile
        self._timer = timer
        self._moment = Moment()
        super().__init__(place, internal=True)

    def hit(self) -> bool:
        """Until enough have been counted, or time is over. A request for 0 bytes is none."""
        if self._timer.is_over():
            return True
        amount = self.place.argument(0, "n_bytes")
        if amount != 0 and not self._moment.is_repeated():
            self._profile.add(amount, position.find(self._board))
        return self._profile.count >= self._profile.wanted


class ProfileAllocs(Action):
    """Count allocations on the heap by Python line.

    Usage: mpheap profile --allocs=N [--for=SECONDS] [--format=text|json]

      --allocs=N          Let the program run until it has asked for memory N times
      --for=SECONDS       But no longer
      --format=text|json  A table, or one JSON document

    Prints how many bytes each line has asked for, and how often, the most bytes first. Ends also
    with Ctrl-C, and where the program stops for another reason; the table then tells of what was
    counted. The program stands still afterwards.

    Uses a hardware breakpoint at gc_alloc and deletes it. The program is stopped for each
    allocation, so it is slow meanwhile."""

    NAME = "profile"

    def add_options(self, parser: Parser) -> None:
        parser.add_argument("--allocs", type=count, required=True)
        parser.add_argument("--for", type=seconds, dest="limit")
        parser.add_argument("--format", choices=("text", "json"), default="text")

    def run(self, options: argparse.Namespace) -> None:
        """Count, and tell."""
        stops.require_live()
        profile = Profile(options.allocs)
        begun = time.monotonic()
        end = self._count(profile, options.limit)
        passed = time.monotonic() - begun
        form = _document if options.format == "json" else _table
        gdb.write(form(profile, passed, end))

    def _count(self, profile: Profile, limit: float | None) -> str:
        """Let the program run; says why it has ended."""
        where = places.find(ALLOCATE)
        timer = Timer(limit)
        made = stops.set_all(where, lambda place: Counting(place, self.board, profile, timer))
        try:
            with timer, stops.listener:
                gdb.execute("continue")
        except gdb.error as error:  # no breakpoint is left, or the connection is lost
            raise stops.refusal(error, len(made)) from None
        finally:
            for stop in made:
                stop.delete()
        if profile.count >= profile.wanted:
            return "all counted"
        if timer.is_over():
            return "time is over"
        return "the program stopped"
