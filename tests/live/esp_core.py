# SPDX-License-Identifier: MIT
"""Cores as ESP-IDF writes them, around the memory of another board.

The layout, from ESP-IDF v5.4 (components/espcoredump): one PT_NOTE with an NT_PRSTATUS for each
task, the current one first; a PT_LOAD for each task control block and one for each stack; with
CONFIG_ESP_COREDUMP_CAPTURE_DRAM the sections of RAM; and a PT_NOTE with what ESP-IDF has to say.
Names of notes are padded with zeros that count. In flash and on the console the file is behind a
header and in front of a checksum.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Sequence

XTENSA, RISCV = 94, 243  # e_machine
PT_LOAD, PT_NOTE = 1, 4
NT_PRSTATUS, INFO, EXTRA = 1, 8266, 677
READ_WRITE = 6
TCB_BYTES = 340
CHIPS = {XTENSA: 9, RISCV: 5}  # ESP32-S3, ESP32-C3
PID_AT, REGS_AT = 24, 72
PRSTATUS_BYTES = {XTENSA: 588, RISCV: 204}

# In the order of NT_PRSTATUS; Xtensa's 16 registers stand behind 56 words that are not used.
RISCV_NAMES = (
    "pc ra sp gp tp t0 t1 t2 s0 s1 a0 a1 a2 a3 a4 a5 a6 a7 "
    "s2 s3 s4 s5 s6 s7 s8 s9 s10 s11 t3 t4 t5 t6").split()
XTENSA_NAMES = (
    ["pc", "ps", "lbeg", "lend", "lcount", "sar", "windowstart", "windowbase"]
    + 56 * [""] + [f"a{number}" for number in range(16)])
TRAP_NAMES = ("mstatus", "mtvec", "mcause", "mtval")  # behind t6 in the saved frame

Part = tuple[int, bytes]  # address and contents


def _names(machine: int) -> list[str]:
    return RISCV_NAMES if machine == RISCV else XTENSA_NAMES


def _words(names: Sequence[str], registers: dict[str, int]) -> bytes:
    return b"".join(struct.pack("<I", registers.get(name, 0)) for name in names)


def _aligned(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def _note(name: str, kind: int, data: bytes) -> bytes:
    padded = _aligned(name.encode() + b"\0")
    return struct.pack("<3I", len(padded), len(data), kind) + padded + _aligned(data)


def _prstatus(machine: int, thread: int, registers: dict[str, int]) -> bytes:
    ret = bytearray(PRSTATUS_BYTES[machine])
    struct.pack_into("<I", ret, PID_AT, thread)
    words = _words(_names(machine), registers)
    ret[REGS_AT:REGS_AT + len(words)] = words
    return bytes(ret)


def saved_frame(registers: dict[str, int]) -> bytes:
    """What the panic handler of a RISC-V chip leaves on the stack."""
    return _words([*RISCV_NAMES, *TRAP_NAMES, "mhartid"], registers)


def elf(machine: int, tasks: Sequence[tuple[int, dict[str, int], Part]],
        parts: Sequence[Part]) -> bytes:
    """A core of `tasks` (address of the control block, registers, stack), the current one first,
    and of further parts of memory."""
    status = b"".join(_note("CORE", NT_PRSTATUS, _prstatus(machine, tcb, registers))
                      for tcb, registers, _ in tasks)
    info = _note("ESP_CORE_DUMP_INFO", INFO, struct.pack("<I66s", CHIPS[machine] << 16 | 0x102,
                                                         b"0123456789abcdef"))
    info += _note("ESP_EXTRA_INFO", EXTRA, struct.pack("<2I", tasks[0][0], 0))
    segments = [(PT_NOTE, 0, status)]
    for tcb, _, stack in tasks:
        segments += [(PT_LOAD, tcb, bytes(TCB_BYTES)), (PT_LOAD, *stack)]
    segments += [(PT_LOAD, *part) for part in parts]
    segments.append((PT_NOTE, 0, info))
    return _header(machine, len(segments)) + _bodies(segments)


def _header(machine: int, segments: int) -> bytes:
    ident = b"\x7fELF\1\1\1" + bytes(9)
    return ident + struct.pack("<HHIIIIIHHHHHH", 4, machine, 1, 0, 52, 0, 0, 52, 32, segments,
                               40, 0, 0)


def _bodies(segments: Sequence[tuple[int, int, bytes]]) -> bytes:
    headers, data = b"", b""
    start = 52 + 32 * len(segments)
    for kind, address, content in segments:
        body = _aligned(content)
        headers += struct.pack("<8I", kind, start + len(data), address, address, len(body),
                               len(body), READ_WRITE, 0)
        data += body
    return headers + data


def raw(core: bytes, machine: int, header_words: int = 6) -> bytes:
    """The file as it lies in flash: headers have had 3, 5 and 6 words."""
    length = 4 * header_words + len(core) + 4
    header = struct.pack("<2I", length, CHIPS[machine] << 16 | 0x102)
    return header.ljust(4 * header_words, b"\0") + core + b"\xde\xad\xbe\xef"


def raw_binary(machine: int) -> bytes:
    """The older form, in which no ELF file is."""
    tasks = struct.pack("<3I", 0x3FC90000, 0x3FC91000, 0x3FC91100) + bytes(TCB_BYTES + 256)
    header = struct.pack("<5I", 20 + len(tasks) + 4, CHIPS[machine] << 16 | 2, 1, TCB_BYTES, 0)
    return header + tasks + bytes(4)


def console(data: bytes) -> str:
    """As it is printed: lines that are encoded one by one."""
    lines = [base64.b64encode(data[at:at + 48]).decode() for at in range(0, len(data), 48)]
    start, end = (f"================= CORE DUMP {word} =================" for word in
                  ("START", "END"))
    return "\n".join([start, *lines, end, ""])
