# SPDX-License-Identifier: MIT
"""What GDB lends of the program it debugs: memory, registers, state, ELF, kind of machine."""

from __future__ import annotations

import re
from collections.abc import Callable

import gdb

from . import stack
from .abi import STATE_DUMP, STATE_HALTED, STATE_RUNNING, STATE_UNKNOWN, Target

ELF_MAGIC = b"\x7fELF"

# GDB's architecture names begin so (bfd/archures.c); e_machine as elf.h has it. The first row that
# fits counts.
MACHINES = (
    ("arm", 40),  # EM_ARM
    ("aarch64", 183),
    ("riscv", 243),
    ("xtensa", 94),
    ("i386:x86-64", 62),
    ("i386", 3),
    ("mips", 8),
    ("powerpc:common64", 21),
    ("powerpc", 20),
)


class TargetLost(Exception):
    """GDB cannot ask its target any more, or not now. One line."""


def machine(name: str) -> int:
    """ELF's number for an architecture by GDB's name; 0 if it is none of those."""
    return next((number for prefix, number in MACHINES if name.startswith(prefix)), 0)


def elf() -> str | None:
    """The program's ELF file, if it is one that can be opened here."""
    space = gdb.current_progspace()
    names = [space.filename] + [objfile.filename for objfile in space.objfiles()]
    return next(filter(_is_elf, names), None)


def _is_elf(name: str | None) -> bool:
    """Not a hex file, which GDB also takes for a program, nor target:NAME of a remote system."""
    try:
        with open(name or "", "rb") as file:
            return file.read(len(ELF_MAGIC)) == ELF_MAGIC
    except OSError:
        return False


def state() -> int:
    """Whether the selected thread runs, or is one of a core."""
    connection = gdb.selected_inferior().connection
    if connection and connection.type == "core":
        return STATE_DUMP
    thread = gdb.selected_thread()
    if not thread or not thread.is_valid():
        return STATE_UNKNOWN
    return STATE_RUNNING if thread.is_running() else STATE_HALTED


def registers() -> dict[str, int]:
    """The general registers of the stopped program, as far as GDB can read them."""
    try:
        frame = gdb.newest_frame()
        descriptors = frame.architecture().registers("general")
    except gdb.error:
        return {}
    values = ((item.name, _register(frame, item.name)) for item in descriptors)
    return {name: value for name, value in values if value is not None}


def _register(frame: gdb.Frame, name: str) -> int | None:
    try:
        value = frame.read_register(name)
        return int(value) & ((1 << 8 * value.type.sizeof) - 1)
    except (gdb.error, ValueError):  # unavailable, or one that is not a number
        return None


def entry() -> int:
    """The run-time entry point that an operating system tells of a program, 0 without one."""
    try:
        vector = gdb.execute("info auxv", to_string=True)
    except gdb.error:
        return 0
    found = re.search(r"\bAT_ENTRY\b.*\b(0x[0-9a-f]+)$", vector, re.M)
    return int(found[1], 16) if found else 0


def _word_bytes() -> int:
    try:
        return gdb.lookup_type("void").pointer().sizeof
    except gdb.error:  # a language that has no type of that name
        return 0


def _is_big_endian(architecture: gdb.Architecture) -> bool:
    """Asked of a value: the words of `show endian` are translated."""
    return int(gdb.Value(b"\0\1", architecture.integer_type(16, False))) == 1


def _reader(inferior: gdb.Inferior, is_running: bool) -> Callable[[int, int], bytes | None]:
    """A function that reads the program's memory: all bytes, or None where there are none."""

    def read(address: int, size: int) -> bytes | None:
        try:
            return bytes(inferior.read_memory(address, size))
        except gdb.MemoryError:
            if inferior.pid != 0:
                return None
            raise TargetLost("gdb: the connection to the program was lost") from None
        except gdb.error as error:  # not about this address
            raise TargetLost(f"gdb: {_reason(error, is_running)}") from None

    return read


def _reason(error: gdb.error, is_running: bool) -> str:
    if is_running:
        return "the program runs (interrupt it, or: set mpheap link openocd)"
    return (str(error).splitlines() or ["failed"])[0]


def identity() -> tuple[object, ...]:
    """What tells the selected inferior's program from another, or from the same one anew: a core
    in the place of another is a connection with a number of its own."""
    inferior = gdb.selected_inferior()
    connection = inferior.connection
    return inferior.num, inferior.pid, connection.num if connection else 0, elf()


def target() -> Target | None:
    """The selected inferior, or None while there is no program in it."""
    inferior = gdb.selected_inferior()
    if inferior.pid == 0:
        return None
    now = state()
    architecture = inferior.architecture()
    return Target(
        read=_reader(inferior, now == STATE_RUNNING),
        elf=elf(),
        machine=machine(architecture.name()),
        word_bytes=_word_bytes(),
        big_endian=_is_big_endian(architecture),
        state=now,
        registers=registers() if now in (STATE_HALTED, STATE_DUMP) else {},
        entry=entry(),
        walk=stack.Walk,
    )
