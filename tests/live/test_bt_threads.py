# SPDX-License-Identifier: MIT
"""bt where there are other threads: which one's frames it shows, and how many others it knows of.

The fixture has one thread. A second one is made of its dump: the stack in use, moved elsewhere,
and above it the state that a thread keeps at the start of its stack (py/modthread.c).
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from dumps import Dump
from live.test_bt import FIXTURE
from rig import run_gdb

import mpheap

WORD = 4
STATE_BYTES = 64
PSRAM_STACK = 0x21010000  # in free blocks of the third area, far from the main stack
RAM_STACK = 0x2000B800  # in the first area's last free blocks, below the main stack


@pytest.fixture(name="dump", scope="module")
def dump_fixture(dump_of) -> Dump:
    return dump_of("v1.28.0-split")


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


def add_thread(memory: Memory, start: int) -> None:
    """The main thread's stack again at another place, with all that points into it moved along."""
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


def with_symbol(dump: Dump, folder: Path, name: str, address: int) -> str:
    """The firmware with one more variable."""
    copy = folder / f"{name}.elf"
    symbol = f"--add-symbol={name}={address:#x},object,global"
    subprocess.run(["arm-none-eabi-objcopy", symbol, dump.elf()[1], copy], check=True)
    return f"--elf={copy}"


def leave_main(memory: Memory) -> None:
    """So that the main thread's frames are not those of the other one: it executes none."""
    memory.put(memory.dump.symbols["mp_state_ctx"] + members(memory.dump)["nlr_top"], [0])


OF_OTHER = "are those of the thread that the stack pointer belongs to, which is not the main one"


@pytest.mark.parametrize("has_elf", [True, False])
def test_a_stack_pointer_in_another_thread_gives_its_frames(
    dump: Dump, tmp_path: Path, has_elf: bool
) -> None:
    memory = Memory(dump, tmp_path)
    add_thread(memory, PSRAM_STACK)
    leave_main(memory)
    elf = dump.elf() if has_elf else []
    result = mpheap.run("bt", *memory.images(), *elf, "--reg", f"sp={PSRAM_STACK:#x}")
    assert (result.status, result.stdout) == (0, FIXTURE)
    assert result.notes == [f"threads: the frames {OF_OTHER}"]


def test_a_stack_below_the_main_one_is_told_from_it(dump: Dump, tmp_path: Path) -> None:
    """As on boards of one RAM, where a symbol says that there is a second thread."""
    memory = Memory(dump, tmp_path)
    add_thread(memory, RAM_STACK)
    leave_main(memory)
    memory.put(RAM_STACK - 16, [1])
    elf = with_symbol(dump, tmp_path, "core1_entry", RAM_STACK - 16)
    result = mpheap.run("bt", *memory.images(), elf, "--reg", f"sp={RAM_STACK:#x}")
    assert (result.status, result.stdout) == (0, FIXTURE)
    assert result.notes == [f"threads: 1 beside the main thread; the frames {OF_OTHER}"]


def nodes(memory: Memory, address: int, count: int, next_word: int, last: int) -> int:
    """A list whose members `next` are so many words into its nodes; gives the first."""
    places = [address + 1024 * index for index in range(count - 1)] + [last]
    for place, following in zip(places, [*places[1:], 0], strict=True):
        memory.put(place, [0x55] * next_word + [following])
    return places[0]


LISTS = {  # symbol, where `next` is, whether the last node has the name thread_entry0
    "stm32": ("pyb_thread_all", 6, False),
    "esp32": ("thread", 5, True),
    "esp32 of v1.11": ("thread", 6, True),
    "zephyr": ("thread", 37, True),
    "unix": ("thread", 3, False),
}


@pytest.mark.parametrize("port", LISTS)
@pytest.mark.parametrize("count", [1, 2, 4])
def test_other_threads_are_counted(dump: Dump, tmp_path: Path, port: str, count: int) -> None:
    symbol, next_word, has_entry0 = LISTS[port]
    memory, at = Memory(dump, tmp_path), PSRAM_STACK
    memory.put(at, [nodes(memory, at + 64, count, next_word, at + 0x4000)])
    options = with_symbol(dump, tmp_path, symbol, at)
    named = {"mp_thread_create": dump.symbols["main"]}
    named |= {"thread_entry0": at + 0x4000} if has_entry0 else {}
    for name, address in named.items():
        added = f"--add-symbol={name}={address:#x},global"
        file = options.removeprefix("--elf=")
        subprocess.run(["arm-none-eabi-objcopy", added, file], check=True)
    result = mpheap.run("bt", *memory.images(), options, "--reg", f"sp={dump.sp:#x}")
    assert (result.status, result.stdout) == (0, FIXTURE)
    note = f"threads: {count - 1} beside the main thread; the frames are those of the main thread"
    assert result.notes == ([note] if count > 1 else [])


def test_a_list_of_threads_that_has_no_end_says_nothing(dump: Dump, tmp_path: Path) -> None:
    memory, at = Memory(dump, tmp_path), PSRAM_STACK
    memory.put(at, [at] * 64)
    elf = with_symbol(dump, tmp_path, "pyb_thread_all", at)
    result = mpheap.run("bt", *memory.images(), elf, "--reg", f"sp={dump.sp:#x}")
    assert (result.status, result.stdout, result.notes) == (0, FIXTURE, [])


@pytest.mark.parametrize("entry, is_certain", [(0, True), (0x08000101, False)])
def test_a_second_core_that_does_not_run_holds_nothing(
    dump: Dump, tmp_path: Path, entry: int, is_certain: bool
) -> None:
    """So that what a collection would free is certain in firmware with threads, too."""
    memory = Memory(dump, tmp_path)
    add_thread(memory, RAM_STACK)
    memory.put(RAM_STACK - 16, [entry])
    elf = tmp_path / "threads.elf"
    subprocess.run(
        ["arm-none-eabi-objcopy", f"--add-symbol=core1_entry={RAM_STACK - 16:#x},object,global",
         f"--add-symbol=mp_thread_gc_others={0x08000100:#x},function,global", dump.elf()[1], elf],
        check=True)
    registers = [f"--reg=r{number}=0" for number in range(13)]
    report = mpheap.run("garbage", "--format=json", *memory.images(), f"--elf={elf}",
                        f"--reg=sp={dump.sp:#x}", *registers).json
    (threads,) = [roots for roots in report["roots"] if roots["name"] == "other threads"]
    assert (threads["found"] == "read", report["certain"]) == (is_certain, is_certain)


def test_a_stack_of_another_thread_is_no_overflow(dump: Dump, tmp_path: Path) -> None:
    """It lies in the heap's memory, where a stack pointer alone would be a sign of trouble."""
    memory = Memory(dump, tmp_path)
    words = [*dump.elf(), "--reg", f"sp={PSRAM_STACK:#x}"]
    text = mpheap.run("diagnose", *memory.images(), *words).stdout
    assert "trouble  sp lies in the heap" in text
    add_thread(memory, PSRAM_STACK)
    leave_main(memory)
    result = mpheap.run("diagnose", *memory.images(), *words)
    assert (result.status, "trouble" in result.stdout.replace("No sign of trouble", "")) == (
        0, False)
