# SPDX-License-Identifier: MIT
"""How long something took on a target that stops before and after it.

Counters are read, never switched on. Knows nothing of GDB.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

# ARMv7-M Architecture Reference Manual: C1.6.5 DEMCR; C1.8.7 DWT_CTRL, C1.8.8 DWT_CYCCNT, a
# counter of 32 bits, which stands still while a debugger halts the core.
DEMCR, DEMCR_TRCENA = 0xE000EDFC, 1 << 24
DWT_CTRL, DWT_NOCYCCNT, DWT_CYCCNTENA = 0xE0001000, 1 << 25, 1 << 0
DWT_CYCCNT = 0xE0001004

# RISC-V External Debug Support 0.13.2, 4.8.1 dcsr: counters stand still in debug mode.
DCSR_STOPCOUNT = 1 << 10

TRIES = 3  # the upper half moves once in seconds; one that always does is no counter

ReadWord = Callable[[int], "int | None"]
ReadRegister = Callable[[str], "int | None"]


@dataclass(frozen=True)
class Duration:
    """Cycles of a counter of the target's, or else seconds of this computer's clock. An upper
    bound if that went on while the debugger looked."""

    clock: str  # "dwt", "mcycle" or "host"
    is_upper_bound: bool
    cycles: int | None = None
    seconds: float | None = None

    def text(self) -> str:
        """For a person."""
        bound = "at most " if self.is_upper_bound else ""
        if self.cycles is not None:
            return f"{bound}{self.cycles} cycles ({self.clock})"
        return f"{bound}{self.seconds * 1e3:.1f} ms ({self.clock})"

    def fields(self) -> dict[str, Any]:
        """For a program."""
        if self.cycles is not None:
            amount: dict[str, Any] = {"duration_cycles": self.cycles}
        else:
            amount = {"duration_ms": round(self.seconds * 1e3, 3)}
        return amount | {"clock": self.clock, "is_upper_bound": self.is_upper_bound}


@dataclass(frozen=True)
class Counter:
    """A cycle counter of so many bits. `read()` gives None where it cannot be read."""

    name: str
    read: Callable[[], int | None]
    bits: int
    halts: bool  # with the core


class NoCounter(Exception):
    """Why the target has no cycle counter that counts. One line."""


def dwt(read_word: ReadWord) -> Counter:
    """The counter of a Cortex-M. NoCounter if it has none, or if it is off."""
    trace, control = read_word(DEMCR), read_word(DWT_CTRL)
    if trace is None or control is None:
        raise NoCounter("DWT's cycle counter cannot be read")
    if control & DWT_NOCYCCNT:
        raise NoCounter("DWT has no cycle counter here")
    if not trace & DEMCR_TRCENA or not control & DWT_CYCCNTENA:
        raise NoCounter("DWT's cycle counter is off")
    return Counter("dwt", lambda: read_word(DWT_CYCCNT), 32, True)


def mcycle(read_register: ReadRegister, word_bits: int) -> Counter:
    """The counter of a RISC-V core, of which 32-bit cores have the upper half as mcycleh."""

    def read_whole() -> int | None:
        for _ in range(TRIES):
            high, low = read_register("mcycleh"), read_register("mcycle")
            if low is None:
                return None
            if high is None or high == read_register("mcycleh"):
                return (high or 0) << 32 | low
        return None

    if read_whole() is None:
        raise NoCounter("mcycle cannot be read")
    is_half = word_bits == 32 and read_register("mcycleh") is None
    debug = read_register("dcsr") or 0
    return Counter("mcycle", read_whole, 32 if is_half else 64, bool(debug & DCSR_STOPCOUNT))


class Stopwatch:
    """Measures from its making on, by a counter or, without one, by this computer's clock."""

    def __init__(self, counter: Counter | None) -> None:
        self._counter = counter
        self._seconds = time.monotonic()
        self._cycles = counter.read() if counter else None

    def stop(self) -> Duration:
        """How long it has been. A counter that has gone round more often than once tells too
        little: 32 bits are 27 s at 160 MHz."""
        now = self._counter.read() if self._counter and self._cycles is not None else None
        if now is None:
            return Duration("host", True, seconds=time.monotonic() - self._seconds)
        cycles = (now - self._cycles) % (1 << self._counter.bits)
        return Duration(self._counter.name, not self._counter.halts, cycles=cycles)
