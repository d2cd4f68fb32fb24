# SPDX-License-Identifier: MIT
"""GDB's own `bt` with Python frames in the place of the C frames that execute them.

`disable frame-filter global mpheap` turns it off, `bt -no-filters` passes it by once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import gdb
from gdb.FrameDecorator import FrameDecorator

from . import inferior, stack, words
from .board import EVENTS, Board, NoAnswer

# py/vm.c.
EXECUTOR = "mp_execute_bytecode"
# What only leads from a C function to the executor: py/objfun.c, py/objgenerator.c.
CARRIERS = {"fun_bc_call", "gen_wrap_call", "mp_obj_gen_resume", "gen_resume_and_raise"}

COMMAND = ("bt", "--native", "--locals")


class Traceback:
    """Which Python frame each C frame executes, from one look a stop."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._frames: dict[int, dict[str, Any]] = {}
        self._looked_at: tuple[object, ...] | None = None
        for name in EVENTS:
            getattr(gdb.events, name).connect(self._forget)

    def _forget(self, _event: object) -> None:
        self._looked_at = None

    def at(self, level: int) -> dict[str, Any] | None:
        """The frame that the C frame at a level of the selected thread executes, as `bt` has it in
        JSON. None if it executes none, or if no heap can be made out."""
        thread = gdb.selected_thread()
        now = inferior.identity(), thread.ptid if thread else None
        if self._looked_at != now:
            self._frames = self._look()
            self._looked_at = now
        return self._frames.get(level)

    def _look(self) -> dict[int, dict[str, Any]]:
        try:
            frames = self._board.document(*COMMAND)["frames"]
        except NoAnswer:
            return {}
        return {
            frame["level"]: frame
            for frame in frames
            if frame["kind"] == "python" and "level" in frame
        }


class Variable:
    """A name and its value, as GDB wants them of a decorator."""

    def __init__(self, variable: dict[str, str]) -> None:
        self._variable = variable

    def symbol(self) -> str:
        """Called by GDB."""
        return self._variable["name"]

    def value(self) -> gdb.Value:
        """Called by GDB. An mp_obj_t, which prints as what it is; without that type the text, or
        the number where the text is one."""
        value = words.value(int(self._variable["word"], 0))
        if value.type.name == "mp_obj_t":
            return value
        text = self._variable["value"]
        try:
            return gdb.Value(int(text))
        except (ValueError, OverflowError):
            return gdb.Value(text)


class PythonFrame(FrameDecorator):
    """A Python frame. What it hides of its callers in C is printed below it, indented."""

    def __init__(self, base: Any, frame: dict[str, Any], callers: list[Any]) -> None:
        super().__init__(base)
        self._frame = frame
        self._callers = callers

    def function(self) -> str:
        """Called by GDB, as all the others. A "?" behind it: it may not be executed at all."""
        return self._frame.get("function", "?") + ("?" if "uncertain" in self._frame else "")

    def address(self) -> None:
        """None: it is the C function's."""

    def filename(self) -> str:
        """The file, as in a traceback."""
        return self._frame.get("file", "?")

    def line(self) -> int | None:
        """None where code carries no lines."""
        return self._frame.get("line")

    def frame_args(self) -> list[Variable]:
        """The function's arguments."""
        return list(map(Variable, self._frame["arguments"]))

    def frame_locals(self) -> list[Variable]:
        """Its other variables, for `bt full`."""
        return list(map(Variable, self._frame["locals"]))

    def elided(self) -> Iterable[Any]:
        """The C frames that do nothing but call it."""
        return iter(self._callers)


class SignalFrame(FrameDecorator):
    """The frame of an exception, as GDB prints it where there are no filters."""

    def address(self) -> None:
        """None: it is no address of code."""


class SymbolFrame(FrameDecorator):
    """The frame of a function without debug information, likewise. Where there are filters, GDB
    looks for the symbol at the return address, which may be in the next function already, and
    prints nothing if there is none (gdb/python/py-framefilter.c py_print_frame)."""

    def function(self) -> str:
        """The name that GDB itself has for it."""
        return self.inferior_frame().name() or "??"


def _plain(decorated: Any) -> Any:
    """A C frame, so that it looks as without a filter."""
    frame = decorated.inferior_frame()
    if frame.type() == gdb.SIGTRAMP_FRAME:
        return SignalFrame(decorated)
    return decorated if frame.function() else SymbolFrame(decorated)


def _name(decorated: Any) -> str:
    """Of the function in C, without what compilers add for a copy: .constprop.0, .lto_priv.0."""
    try:
        return (decorated.inferior_frame().name() or "").partition(".")[0]
    except gdb.error:
        return ""


def _tell_end(last: gdb.Frame | None) -> None:
    """GDB says why a backtrace stops only where there are no filters (gdb/stack.c
    backtrace_command_1)."""
    if why := stack.why_last(last) if last else None:
        gdb.write(f"Backtrace stopped: {why}\n")


class Filter:
    """The frame filter, with the attributes that GDB wants of one."""

    def __init__(self, board: Board) -> None:
        self.name = "mpheap"
        self.priority = 100
        self.enabled = True
        self._traceback = Traceback(board)
        gdb.frame_filters[self.name] = self

    def _python(self, decorated: Any) -> dict[str, Any] | None:
        """Only for the C function that executes Python code anything is read."""
        if _name(decorated) != EXECUTOR:
            return None
        try:
            return self._traceback.at(decorated.inferior_frame().level())
        except gdb.error:
            return None

    def filter(self, frames: Iterator[Any]) -> Iterator[Any]:
        """Called by GDB with its frames, innermost first. Unwinds no further than it is asked."""
        last = None
        decorated = next(frames, None)
        while decorated is not None:
            last = decorated.inferior_frame()
            frame, callers = self._python(decorated), []
            following = next(frames, None)
            while frame and following is not None and _name(following) in CARRIERS:
                callers.append(following)
                last = following.inferior_frame()
                following = next(frames, None)
            yield PythonFrame(decorated, frame, callers) if frame else _plain(decorated)
            decorated = following
        _tell_end(last)


def register(board: Board) -> None:
    """Put it among GDB's frame filters, in place of that of an earlier call."""
    Filter(board)
