# SPDX-License-Identifier: MIT
"""Where a function of the firmware's begins, and what it was called with.

A function is looked for by its symbol. Link-time optimization may have copied it, under its name
with a suffix, or inlined it: each of these is a place of its own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import gdb

from . import inferior

# Registers that hold a function's first two integers: AAPCS, AAPCS64, the RISC-V and the x86-64
# System V psABI. By GDB's names of architectures; the first row that fits counts.
ARGUMENTS = (
    ("aarch64", ("x0", "x1")),
    ("arm", ("r0", "r1")),
    ("riscv", ("a0", "a1")),
    ("i386:x86-64", ("rdi", "rsi")),
)

# What GCC names a copy of a function; parts that are no entries (.part, .cold) are not meant. Only
# .lto_priv leaves the arguments as they were.
COPY = r"\.(?:constprop|isra|lto_priv)\.\d+(?:\.\w+)*"
SAME_ARGUMENTS = re.compile(r"(?:\.lto_priv\.\d+)?")


class NoPlace(Exception):
    """Why a function cannot be found. One line."""


@dataclass(frozen=True)
class Place:
    """A point at which a function has been entered, and nothing in it has run yet.

    `location` is what GDB sets a breakpoint by. `is_entry`: the arguments are in the registers of
    the calling convention; in a copy or an inlined instance only debug information can tell.
    """

    location: str
    is_entry: bool

    def argument(self, index: int, name: str) -> int | None:
        """An integer argument, when the program stands there. None if nothing tells it."""
        frame = gdb.newest_frame()
        registers = _argument_registers(frame.architecture().name()) if self.is_entry else None
        try:
            value = frame.read_register(registers[index]) if registers else frame.read_var(name)
            return int(value) & ((1 << 8 * value.type.sizeof) - 1)
        except (gdb.error, ValueError):  # optimized out, no such variable
            return None


def _argument_registers(architecture: str) -> tuple[str, ...] | None:
    return next((row[1] for row in ARGUMENTS if architecture.startswith(row[0])), None)


def _block_of(name: str, pc: int) -> gdb.Block | None:
    """The innermost block around an address that is the function's."""
    block = gdb.block_for_pc(pc)
    while block and not (block.function and block.function.name == name):
        block = block.superblock
    return block


def _suffix_at(name: str, address: int) -> str | None:
    """What the symbol of a function's copy has behind the name; None if it is not one of them."""
    symbol = gdb.execute(f"info symbol {address:#x}", to_string=True).split()[0]
    found = re.fullmatch(re.escape(name) + f"({COPY})?", symbol)
    return found and (found[1] or "")


def _place(name: str, pc: int) -> Place:
    """The place that a location of GDB's, which is behind the prologue, belongs to."""
    block = _block_of(name, pc)
    if not block:  # a symbol without debug information
        return Place(f"*'{name}'", True)
    suffix = _suffix_at(name, block.start)
    if suffix == "" and block.superblock.function is None:
        return Place(f"*'{name}'", True)
    is_entry = suffix is not None and bool(SAME_ARGUMENTS.fullmatch(suffix))
    return Place(f"*{block.start:#x}", is_entry)


def _copies(name: str) -> list[Place]:
    """The function's copies that have symbols only."""
    text = gdb.execute(f"info functions ^{name}\\.", to_string=True)
    suffixes = re.findall(rf"^0x[0-9a-f]+ +{re.escape(name)}({COPY})$", text, re.M)
    return [
        Place(f"*'{name}{suffix}'", bool(SAME_ARGUMENTS.fullmatch(suffix))) for suffix in suffixes
    ]


def find(name: str) -> list[Place]:
    """Every place at which the function is entered. NoPlace if there is none."""
    try:
        lines = gdb.decode_line(name)[1] or ()
    except gdb.error:
        lines = ()
    places = [_place(name, line.pc) for line in lines] or _copies(name)
    if not places:
        wanted = "" if inferior.elf() else ": the firmware's ELF file is needed (file FIRMWARE.elf)"
        raise NoPlace(f"no symbol {name}{wanted}")
    return list(dict.fromkeys(places))
