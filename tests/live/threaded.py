# SPDX-License-Identifier: MIT
"""Threads in dumps of the fixture, which has one: stacks, states and lists made up beside it."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from dumps import Dump
from rig import run_gdb

WORD = 4
STATE_BYTES = 64
PSRAM_STACK = 0x21010000  # in free blocks of the third area, far from the main stack
RAM_STACK = 0x2000B800  # in the first area's last free blocks, below the main stack


class Memory:
    """A dump's memories, to be changed, and the options that open them."""

    def __init__(self, dump: Dump, folder: Path) -> None:
        self.dump, self.folder = dump, folder
        self.bytes = {name: dump.bytes_of(name) for name in dump.files}

    def _place(self, address: int) -> tuple[bytearray, int]:
        for name, (_, base) in self.dump.files.items():
            if base <= address < base + len(self.bytes[name]):
                return self.bytes[name], address - base
        raise ValueError(f"no memory at {address:#x}")

    def word(self, address: int) -> int:
        data, at = self._place(address)
        return int.from_bytes(data[at : at + WORD], "little")

    def put(self, address: int, words: Sequence[int]) -> None:
        data, at = self._place(address)
        raw = b"".join(word.to_bytes(WORD, "little") for word in words)
        data[at : at + len(raw)] = raw

    def images(self) -> list[str]:
        files = {name: self.folder / name for name in self.bytes}
        for name, file in files.items():
            file.write_bytes(self.bytes[name])
        return self.dump.images(**files)


def members(dump: Dump) -> dict[str, int]:
    """Offsets in the state of a thread, by debug information."""
    names = ("stack_top", "stack_limit", "dict_locals", "dict_globals", "nlr_top")
    commands = [f"print (int)&((mp_state_thread_t *)0)->{name}" for name in names]
    found = re.findall(r"= (\d+)", run_gdb(commands, dump.elf()[1:]).stdout)
    return dict(zip(names, map(int, found), strict=True))


def add_thread(memory: Memory, start: int) -> int:
    """The main thread's stack again at another place, with all that points into it moved along;
    gives where it ends."""
    dump, offsets = memory.dump, members(memory.dump)
    end = dump.symbols["_estack"]
    shift = start - dump.sp
    words = [memory.word(at) for at in range(dump.sp, end, WORD)]
    memory.put(start, [word + shift if dump.sp <= word < end else word for word in words])
    state = end + shift
    main = {name: memory.word(dump.symbols["mp_state_ctx"] + at) for name, at in offsets.items()}
    main |= {"stack_top": state + STATE_BYTES, "nlr_top": main["nlr_top"] + shift}
    for name, offset in offsets.items():
        memory.put(state + offset, [main[name]])
    return state + STATE_BYTES


def leave_main(memory: Memory) -> None:
    """So that the main thread's frames are not those of the other one: it executes none."""
    memory.put(memory.dump.symbols["mp_state_ctx"] + members(memory.dump)["nlr_top"], [0])


def with_symbols(dump: Dump, folder: Path, symbols: Mapping[str, int]) -> str:
    """The firmware with more variables and functions, by name."""
    copy = folder / "threads.elf"
    added = [f"--add-symbol={name}={address:#x},object,global" for name, address in symbols.items()]
    subprocess.run(["arm-none-eabi-objcopy", *added, dump.elf()[1], copy], check=True)
    return f"--elf={copy}"
