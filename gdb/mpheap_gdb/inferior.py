# SPDX-License-Identifier: MIT
"""What GDB lends of the program it debugs: memory, registers, state, ELF, kind of machine."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable

import gdb

from . import stack
from .abi import STATE_DUMP, STATE_HALTED, STATE_RUNNING, STATE_UNKNOWN, Target

ARM, RISCV = 40, 243  # EM_ARM, EM_RISCV

ELF_MAGIC = b"\x7fELF"

# GDB's architecture names begin so (bfd/archures.c); e_machine as elf.h has it. The first row that
# fits counts.
MACHINES = (
    ("arm", ARM),
    ("aarch64", 183),
    ("riscv", RISCV),
    ("xtensa", 94),
    ("i386:x86-64", 62),
    ("i386", 3),
    ("mips", 8),
    ("powerpc:common64", 21),
    ("powerpc", 20),
)


# What reports use besides the general registers (src/target/rsp.c is_wanted): GDB has them in
# other groups.
SYSTEM = frozenset((
    "msp", "psp", "primask", "basepri", "faultmask", "control",
    "mstatus", "mepc", "mcause", "mtval", "mtvec"))

THREADS_MAX = 64  # that are asked for their registers


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
    return STATE_RUNNING if thread.is_running() and not _has_frames() else STATE_HALTED


def _has_frames() -> bool:
    """A thread has, also before GDB tells that it has stopped: while a breakpoint asks whether it
    is to stop at all."""
    try:
        return gdb.newest_frame().is_valid()
    except gdb.error:
        return False


def registers() -> dict[str, int]:
    """The registers of the selected thread that reports use, as far as GDB can read them."""
    try:
        frame = gdb.newest_frame()
        architecture = frame.architecture()
        descriptors = list(architecture.registers("general"))
        descriptors += [item for item in architecture.registers() if item.name in SYSTEM]
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


def other_threads() -> list[dict[str, int]]:
    """The registers of the inferior's other threads, which all stand still."""
    selected, frame = gdb.selected_thread(), _selected_frame()
    ret = []
    try:
        for thread in sorted(gdb.selected_inferior().threads(), key=lambda item: item.num):
            if thread != selected and thread.is_stopped() and len(ret) < THREADS_MAX:
                thread.switch()
                ret.append(registers())
    finally:
        if selected:
            selected.switch()
        if frame and frame.is_valid():
            frame.select()
    return ret


def _selected_frame() -> gdb.Frame | None:
    try:
        return gdb.selected_frame()
    except gdb.error:
        return None


def core() -> str | None:
    """The file of the core that is debugged, while the thread is selected that it has first."""
    connection = gdb.selected_inferior().connection
    thread = gdb.selected_thread()
    if not connection or connection.type != "core" or not thread or thread.num != 1:
        return None
    files = gdb.execute("info files", to_string=True).partition(connection.description)[2]
    found = re.search(r"^\s*\W(/.*)\W, ", files, re.M)
    return found[1] if found else None


def entry() -> int:
    """The run-time entry point that an operating system tells of a program, 0 without one.

    GDB is asked once for each program, which must be before a breakpoint's stop() wants to know:
    a command executed there makes GDB take the program for one that runs in the background."""
    return _entry(identity())


@functools.lru_cache(maxsize=1)
def _entry(_program: tuple[object, ...]) -> int:
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


def target(has_threads: bool = False) -> Target | None:
    """The selected inferior, or None while there is no program in it. Its other threads are
    only asked if that is wanted, since each costs a request."""
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
        core=core(),
        threads=other_threads() if has_threads and now in (STATE_HALTED, STATE_DUMP) else (),
    )
