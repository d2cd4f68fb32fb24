# SPDX-License-Identifier: MIT
"""The stack of the program that GDB has stopped, as GDB's own unwinder sees it."""

from __future__ import annotations

from collections.abc import Iterator

import gdb

from .abi import CFrame

FRAMES_MAX = 1024
# How GDB says that a frame is the last one, and nothing is wrong.
WHOLE = (gdb.FRAME_UNWIND_NO_REASON, gdb.FRAME_UNWIND_OUTERMOST)


def _mask(value: gdb.Value) -> int:
    return int(value) & ((1 << 8 * value.type.sizeof) - 1)


def _sp(frame: gdb.Frame) -> int:
    try:
        return _mask(frame.read_register("sp"))
    except (gdb.error, ValueError):  # lost on the way
        return 0


def _function(frame: gdb.Frame) -> str | None:
    if frame.type() == gdb.SIGTRAMP_FRAME:
        return "<signal handler called>"  # as GDB prints it
    return frame.name()


def _describe(frame: gdb.Frame) -> CFrame:
    where = frame.find_sal()
    file = where.symtab.filename if where.symtab else None
    return CFrame(frame.pc(), _sp(frame), _function(frame), file, where.line if file else 0)


def why_last(frame: gdb.Frame) -> str | None:
    """Why GDB finds no caller of a frame; None if it is the outermost."""
    reason = frame.unwind_stop_reason()
    return None if reason in WHOLE else gdb.frame_stop_reason_string(reason)


class Walk:
    """The C frames of the selected thread, innermost first. `end` then says why there are no
    more, None after the outermost. What GDB cannot make out ends the walk, and is no error."""

    def __init__(self) -> None:
        self.end: str | None = None

    def __iter__(self) -> Iterator[CFrame]:
        try:
            frame = gdb.newest_frame()
            for _ in range(FRAMES_MAX):
                yield _describe(frame)
                older = frame.older()
                if older is None:
                    self.end = why_last(frame)
                    return
                frame = older
            self.end = f"there are more than {FRAMES_MAX}"
        except gdb.error as error:
            self.end = (str(error).splitlines() or ["failed"])[0]
