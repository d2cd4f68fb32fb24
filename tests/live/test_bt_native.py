# SPDX-License-Identifier: MIT
"""Where the processor stands, and that C frames take an unwinder, behind the doors without one."""

from __future__ import annotations

import pytest
from dumps import Dump
from rig import Board, DebugPort, OpenOcd

import mpheap

FIXTURE = (
    "Traceback (most recent call last):\n"
    '  File "main.py", line 12, in <module>\n  File "main.py", line 7, in loop_forever\n'
)
REFUSAL = "bt: native frames need GDB's unwinder (use mpheap bt --native in gdb"
STATUS = 3  # cannot be read


def words(dump: Dump, pc: int) -> list[str]:
    """The options that open a dump, with registers."""
    return [*dump.images(), "--reg", f"sp={dump.sp:#x}", "--reg", f"pc={pc:#x}"]


@pytest.mark.parametrize("variant", ["v1.8", "v1.27.0", "v1.27.0-rv64"])
def test_the_last_line_is_where_the_processor_stands(dump_of, variant: str) -> None:
    dump = dump_of(variant)
    pc = dump.symbols["fixture_idle"] & ~1
    address = f"0x{pc:0{16 if variant.endswith('rv64') else 8}x}"
    named = mpheap.run("bt", *words(dump, pc), *dump.elf())
    assert named.stdout == f"{FIXTURE}  in C: fixture_idle ({address})\n"
    nameless = mpheap.run("bt", *words(dump, pc))
    assert nameless.stdout == f"{FIXTURE}  in C: {address}\n"


def test_code_on_the_heap_is_not_c(dump_of) -> None:
    dump = dump_of("v1.27.0")
    first = mpheap.run("objects", "--top=1", *dump.images(), "--format=json").stdout
    address = first.partition('"address":')[2].split('"')[1]
    told = mpheap.run("bt", *words(dump, int(address, 0))).stdout
    assert told == f"{FIXTURE}  in machine code: {int(address, 0):#010x}\n"


def test_native_frames_are_refused_in_the_shell(dump_of) -> None:
    dump = dump_of("v1.27.0")
    options = words(dump, dump.symbols["fixture_idle"])
    result = mpheap.run("bt", "--native", *options, *dump.elf())
    assert (result.status, result.stdout) == (STATUS, "")
    assert REFUSAL in result.error
    document = mpheap.run("bt", "--native", "--format=json", *options).json
    assert document["error"]["code"] == "unsupported"


def test_native_frames_are_refused_over_openocd() -> None:
    with Board() as board, DebugPort(board) as port, OpenOcd(port) as openocd:
        result = mpheap.run("bt", "--native", "--halt", f"--openocd=:{openocd.tcl_port}")
    assert (result.status, result.stdout) == (STATUS, "")
    assert REFUSAL in result.error
