# SPDX-License-Identifier: MIT
"""Ctrl-C as a flag while C code runs that calls Python back."""

from __future__ import annotations

import ctypes
import os
import signal
from types import FrameType, TracebackType
from typing import Any

SIGACTION_BYTES = 256  # more than struct sigaction takes on any system (152 on Linux, x86-64)


class Interrupt:
    """A context in which SIGINT raises nothing; `seen` says whether it came.

    GDB keeps a handler of its own below Python's: it makes a blocking read of GDB's end early, and
    hands the signal on by PyErr_SetInterrupt (gdb/event-top.c handle_sigint, gdb/python/python.c
    gdbpy_set_quit_flag). signal.signal() would replace it too, so it is put back at once.
    """

    def __init__(self) -> None:
        self.seen = False
        self._previous: Any = None

    def _set(self, _number: int, _frame: FrameType | None) -> None:
        self.seen = True

    def __enter__(self) -> Interrupt:
        self._previous = _replace_python_handler(self._set)
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        _replace_python_handler(self._previous)


def _replace_python_handler(handler: Any) -> Any:
    """What Python does about SIGINT; what the process does is left as it is."""
    libc = ctypes.CDLL(None)
    action = ctypes.create_string_buffer(SIGACTION_BYTES)
    libc.sigaction(signal.SIGINT, None, action)
    previous = signal.signal(signal.SIGINT, handler)
    libc.sigaction(signal.SIGINT, action, None)
    return previous


class Listener:
    """A context in which each Ctrl-C is heard that GDB hands to Python, also one that GDB then
    passes on to its target. Where that stands still already, nobody else would act on it.

    PyErr_SetInterrupt(), by which GDB hands it on, writes to Python's wake-up descriptor. Contexts
    may lie within each other."""

    def __init__(self) -> None:
        self._end, self._begin = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._previous: list[int] = []

    def heard(self) -> bool:
        """Whether Ctrl-C has come since it was last asked."""
        try:
            return bool(os.read(self._end, 64))
        except BlockingIOError:
            return False

    def __enter__(self) -> Listener:
        if not self._previous:
            self.heard()
        self._previous.append(signal.set_wakeup_fd(self._begin, warn_on_full_buffer=False))
        return self

    def __exit__(self, *_: object) -> None:
        signal.set_wakeup_fd(self._previous.pop())
