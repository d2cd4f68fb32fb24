# SPDX-License-Identifier: MIT
"""bt where there are other threads: which one's frames it shows, and how many others it knows of.

The fixture has one thread. A second one is made of its dump: the stack in use, moved elsewhere,
and above it the state that a thread keeps at the start of its stack (py/modthread.c).
"""

from __future__ import annotations

from pathlib import Path

import pytest
from dumps import Dump
from live.test_bt import FIXTURE
from live.threaded import (
    PSRAM_STACK,
    RAM_STACK,
    STATE_BYTES,
    Memory,
    add_thread,
    leave_main,
    with_symbols,
)

import mpheap


@pytest.fixture(name="dump", scope="module")
def dump_fixture(dump_of) -> Dump:
    return dump_of("v1.28.0-split")


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
    elf = with_symbols(dump, tmp_path, {"core1_entry": RAM_STACK - 16})
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
    "esp32 of v1.9.4": ("thread", 6, True),
    "zephyr": ("thread", 37, True),
    "unix": ("thread", 3, False),
}


@pytest.mark.parametrize("port", LISTS)
@pytest.mark.parametrize("count", [1, 2, 4])
def test_other_threads_are_counted(dump: Dump, tmp_path: Path, port: str, count: int) -> None:
    symbol, next_word, has_entry0 = LISTS[port]
    memory, at = Memory(dump, tmp_path), PSRAM_STACK
    memory.put(at, [nodes(memory, at + 64, count, next_word, at + 0x4000)])
    named = {symbol: at, "mp_thread_create": dump.symbols["main"]}
    named |= {"thread_entry0": at + 0x4000} if has_entry0 else {}
    options = with_symbols(dump, tmp_path, named)
    result = mpheap.run("bt", *memory.images(), options, "--reg", f"sp={dump.sp:#x}")
    assert (result.status, result.stdout) == (0, FIXTURE)
    note = f"threads: {count - 1} beside the main thread; the frames are those of the main thread"
    assert result.notes == ([note] if count > 1 else [])


@pytest.mark.parametrize("has_sp", [True, False])
@pytest.mark.parametrize("is_current", [True, False])
def test_every_thread_has_its_traceback(
    dump: Dump, tmp_path: Path, is_current: bool, has_sp: bool
) -> None:
    """The main thread's stack twice, so that both are in the same function: of stm32's list, with
    where the other thread was left, or without."""
    memory, at = Memory(dump, tmp_path), PSRAM_STACK - 0x1000
    end = add_thread(memory, PSRAM_STACK)
    state, main_stack = end - STATE_BYTES, dump.symbols["_sstack"]
    left = (PSRAM_STACK, dump.sp) if has_sp else (0, 0)
    words = (end - PSRAM_STACK + 64) // 4
    memory.put(at, [at + 64])
    memory.put(at + 64, [left[0], state, 0, PSRAM_STACK - 64, words, 0, at + 128])
    memory.put(at + 128, [left[1], dump.symbols["mp_state_ctx"], 0, main_stack,
                          (dump.symbols["_estack"] - main_stack) // 4, 0, 0])
    elf = with_symbols(dump, tmp_path, {"pyb_thread_all": at})
    sp = PSRAM_STACK if is_current else dump.sp
    result = mpheap.run("bt", "--threads", *memory.images(), elf, "--reg", f"sp={sp:#x}")
    names = [f"Thread {at + 64:#x}", "The main thread"]
    if is_current:
        names.reverse()
    assert (result.status, result.stdout, result.notes) == (
        0, f"{names[0]}:\n{FIXTURE}\n{names[1]}, which the processor is in:\n{FIXTURE}", [])


def test_a_list_of_threads_that_has_no_end_says_nothing(dump: Dump, tmp_path: Path) -> None:
    memory, at = Memory(dump, tmp_path), PSRAM_STACK
    memory.put(at, [at] * 64)
    elf = with_symbols(dump, tmp_path, {"pyb_thread_all": at})
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
    elf = with_symbols(dump, tmp_path, {
        "core1_entry": RAM_STACK - 16, "mp_thread_gc_others": dump.symbols["main"]})
    registers = [f"--reg=r{number}=0" for number in range(13)]
    report = mpheap.run("garbage", "--format=json", *memory.images(), elf,
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
