# SPDX-License-Identifier: MIT
"""Child processes that never outlive the script."""

from __future__ import annotations

import ctypes
import re
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self


# linux/prctl.h. Where Yama is strict (ptrace_scope 1) only an ancestor may read a process's
# memory, unless that process has allowed others to: the debug port reads the emulator's.
PR_SET_PTRACER = 0x59616D61
PR_SET_PTRACER_ANY = ctypes.c_ulong(-1)
_LIBC = ctypes.CDLL(None)

GRACE = 3  # seconds from SIGTERM to SIGKILL; an OpenOCD whose probe is silent uses them up


def _allow_reading() -> None:
    """Between fork and exec, which keeps it; fails without Yama, where nothing is needed."""
    _LIBC.prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0)


class ProcessError(Exception):
    """A child ended too early, or did not do what was waited for."""


def wait_until(condition: Callable[[], bool], timeout: float, what: str) -> None:
    """Waits for a condition that raises no event, such as a file that appears."""
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise ProcessError(f"{what}: not within {timeout:g} s")
        time.sleep(0.005)


class Process:
    """A child whose output goes to a log, and that is killed when its context ends.

    The kernel also kills it when the thread that started it dies, however that happens.
    """

    def __init__(self, argv: Sequence[str | Path], name: str) -> None:
        self.name = name
        self.argv = [str(arg) for arg in argv]
        self._output = ""
        self._changed = threading.Condition()
        self._ended = False
        self._popen: subprocess.Popen[bytes] | None = None
        self._reader = threading.Thread(target=self._collect, daemon=True)

    def __enter__(self) -> Self:
        guard = ["setpriv", "--pdeathsig", "KILL", "--"]
        self._popen = subprocess.Popen(
            guard + self.argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            preexec_fn=_allow_reading,
        )
        self._reader.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def _collect(self) -> None:
        assert self._popen and self._popen.stdout
        while data := self._popen.stdout.read1(65536):
            with self._changed:
                self._output += data.decode(errors="replace")
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        self._popen.stdout.close()

    @property
    def pid(self) -> int:
        assert self._popen
        return self._popen.pid

    @property
    def running(self) -> bool:
        return self._popen is not None and self._popen.poll() is None

    @property
    def exit_status(self) -> int | None:
        """None while it runs; negative for the signal that ended it."""
        return self._popen.poll() if self._popen else None

    def check_running(self) -> None:
        """Raises ProcessError, with the log, if the child has ended."""
        if not self.running:
            raise ProcessError(f"{self.name} ended with {self.exit_status}\n{self.log}")

    @property
    def log(self) -> str:
        """What the child has written so far, stdout and stderr."""
        if self._popen and not self.running:
            self._reader.join(1)  # the last words may still be under way
        with self._changed:
            return self._output

    def wait_log(self, pattern: str, timeout: float = 10) -> re.Match[str]:
        """Waits until the log matches a regular expression (of whole lines, with ^ and $)."""
        deadline = time.monotonic() + timeout
        with self._changed:
            while not (match := re.search(pattern, self._output, re.MULTILINE)):
                left = deadline - time.monotonic()
                if self._ended or left <= 0:
                    why = "it ended" if self._ended else f"not within {timeout:g} s"
                    raise ProcessError(f"{self.name}: no '{pattern}': {why}\n{self._output}")
                self._changed.wait(left)
            return match

    def send_signal(self, number: int) -> None:
        assert self._popen
        self._popen.send_signal(number)

    def wait(self, timeout: float = 10) -> int:
        """Waits for the child's own end; gives its exit status."""
        assert self._popen
        return self._popen.wait(timeout)

    def stop(self) -> None:
        """SIGTERM, then SIGKILL if it takes far longer than it should. A debug port that is killed
        leaves its board as it is, perhaps halted. Harmless when it has ended."""
        if self._popen is None:
            return
        if self.running:
            self._popen.terminate()
        try:
            self._popen.wait(GRACE)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()
        self._reader.join(1)


class Scratch:
    """A new folder with a short path: a unix socket's may have 107 characters."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="rig-"))

    def remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
