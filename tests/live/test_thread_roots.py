# SPDX-License-Identifier: MIT
"""What other threads keep alive, by the list of threads as each port has it.

The fixture has one thread and some garbage. Others are made up in its dump, so that a stack or
an entry of the list holds the garbage. What that keeps is counted here word by word.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from dumps import Dump
from live.threaded import PSRAM_STACK, WORD, Memory, add_thread, leave_main, with_symbols

import mpheap

LIST = PSRAM_STACK + 0x5000  # of entries, in free blocks
STACK, STACK_WORDS, HELD_AT = PSRAM_STACK + 0x6000, 256, 100
MAIN_ENTRY = LIST + 0x800
UNALIGNED = 0x20000001


@pytest.fixture(name="dump", scope="module")
def dump_fixture(dump_of) -> Dump:
    return dump_of("v1.28.0-split")


# --- one port's list of the main thread and another ---


@dataclass(frozen=True)
class Port:
    """What leads to the list, and where an entry has what: index of each word, of so many."""

    symbol: str
    words: int
    id: int | None  # None: its address
    status: int | None
    argument: int
    stack: int
    length: int
    next: int


PORTS = {
    "stm32": Port("pyb_thread_all", 10, None, None, 2, 3, 4, 6),
    "esp32": Port("thread", 6, 0, 1, 2, 3, 4, 5),
    "esp32 of v1.9.4": Port("thread", 7, 0, 1, 2, 3, 5, 6),
    "zephyr": Port("thread", 38, 0, 32, 34, 35, 36, 37),
}
RUNNING, HANDLE = 1, 0x3FFB1230


def entry(port: Port, handle: int, stack: tuple[int, int], following: int) -> list[int]:
    words = [0] * port.words
    if port.id is not None and port.status is not None:
        words[port.id], words[port.status] = handle, RUNNING
    words[port.stack], words[port.length] = stack
    words[port.next] = following
    return words


def add_list(memory: Memory, name: str) -> dict[str, int]:
    """An entry for a thread before the main one's; gives the symbols."""
    start, end = memory.dump.symbols["_sstack"], memory.dump.symbols["_estack"]
    port, main = PORTS[name], memory.dump.symbols["main"]
    memory.put(LIST, entry(port, HANDLE, (STACK, STACK_WORDS), MAIN_ENTRY))
    memory.put(MAIN_ENTRY, entry(port, HANDLE + 0x200, (start, (end - start) // WORD), 0))
    memory.put(LIST - 16, [LIST])
    memory.put(STACK, [0] * STACK_WORDS)
    named = {port.symbol: LIST - 16, "mp_thread_create": main, "mp_thread_gc_others": main}
    return named | ({"thread_entry0": MAIN_ENTRY} if port.id is not None else {})


# --- what is garbage ---


class Board:
    """A dump with threads, and what reports say of it."""

    def __init__(self, memory: Memory, folder: Path, symbols: Mapping[str, int],
                 sp: int | None = None) -> None:
        registers = [f"--reg=r{number}=0" for number in range(13)]
        elf = with_symbols(memory.dump, folder, symbols)
        self.words = [*memory.images(), elf, f"--reg=sp={sp or memory.dump.sp:#x}", *registers]

    def garbage(self) -> dict[str, Any]:
        return mpheap.run("garbage", "--all", "--top=100000", "--format=json", *self.words).json

    def why(self, address: int) -> mpheap.Result:
        return mpheap.run("why", hex(address), *self.words)


def blocks(report: dict[str, Any]) -> dict[int, int]:
    return {int(item["address"], 16): item["bytes"] for item in report["largest"]}


def threads_in(report: dict[str, Any]) -> dict[str, Any]:
    (threads,) = [roots for roots in report["roots"] if roots["name"] == "other threads"]
    return threads


def reached(memory: Memory, garbage: Mapping[int, int], first: int) -> set[int]:
    """What a block leads to among the garbage."""
    found, waiting = {first}, [first]
    while waiting:
        start = waiting.pop()
        words = {memory.word(at) for at in range(start, start + garbage[start], WORD)}
        waiting += [word for word in words if word in garbage and word not in found]
        found |= {word for word in words if word in garbage}
    return found


@pytest.fixture(name="garbage", scope="module")
def garbage_fixture(dump: Dump, tmp_path_factory: pytest.TempPathFactory) -> dict[int, int]:
    """What is garbage while there is no other thread: address and bytes of each allocation."""
    folder = tmp_path_factory.mktemp("alone")
    report = Board(Memory(dump, folder), folder, {}).garbage()
    assert report["certain"]
    return blocks(report)


@pytest.fixture(name="lost", scope="module")
def lost_fixture(dump: Dump, garbage: dict[int, int], tmp_path_factory: pytest.TempPathFactory
                 ) -> int:
    """The piece of garbage that leads to most of the rest."""
    memory = Memory(dump, tmp_path_factory.mktemp("lost"))
    ret = max(garbage, key=lambda block: len(reached(memory, garbage, block)))
    assert len(reached(memory, garbage, ret)) > 3
    return ret


# --- tests ---


@pytest.mark.parametrize("name", PORTS)
def test_a_stack_of_another_thread_keeps_what_it_holds(
    dump: Dump, tmp_path: Path, garbage: dict[int, int], lost: int, name: str
) -> None:
    memory = Memory(dump, tmp_path)
    symbols = add_list(memory, name)
    memory.put(STACK + HELD_AT, [lost])
    board = Board(memory, tmp_path, symbols)
    report = board.garbage()
    assert report["certain"] and threads_in(report)["found"] == "read"
    kept = reached(memory, garbage, lost)
    assert blocks(report) == {at: size for at, size in garbage.items() if at not in kept}
    assert threads_in(report)["count"] == len(kept)
    ident = LIST if name == "stm32" else HANDLE
    assert f"stack of thread {ident:#x} +{HELD_AT}" in board.why(lost).stdout
    info = mpheap.run("info", "--reachable", "--format=json", *board.words).json["reachable"]
    assert (info["certain"], info["garbage_bytes"]) == (True, report["bytes"])


def test_a_thread_whose_list_is_not_known_makes_it_uncertain(
    dump: Dump, tmp_path: Path, lost: int
) -> None:
    memory = Memory(dump, tmp_path)
    memory.put(STACK + HELD_AT, [lost])
    board = Board(memory, tmp_path, {"mp_thread_gc_others": dump.symbols["main"]})
    report = board.garbage()
    assert (report["certain"], threads_in(report)["found"]) == (False, "missing")
    assert "how many run is not known" in threads_in(report)["why"]
    assert lost in blocks(report) and "nothing that is known" in board.why(lost).stdout


@pytest.mark.parametrize("name", ["esp32", "zephyr"])
def test_a_thread_that_has_not_begun_is_not_looked_at(
    dump: Dump, tmp_path: Path, garbage: dict[int, int], lost: int, name: str
) -> None:
    memory = Memory(dump, tmp_path)
    symbols = add_list(memory, name)
    memory.put(STACK + HELD_AT, [lost])
    memory.put(LIST + PORTS[name].status * WORD, [0])
    report = Board(memory, tmp_path, symbols).garbage()
    assert report["certain"] and blocks(report) == garbage


@pytest.mark.parametrize("name", PORTS)
def test_what_a_thread_was_started_with_is_kept(
    dump: Dump, tmp_path: Path, lost: int, name: str
) -> None:
    memory = Memory(dump, tmp_path)
    symbols = add_list(memory, name)
    memory.put(LIST + PORTS[name].argument * WORD, [lost])
    board = Board(memory, tmp_path, symbols)
    assert lost not in blocks(board.garbage())
    assert "arguments of thread" in board.why(lost).stdout


def circle(memory: Memory) -> None:
    memory.put(MAIN_ENTRY + PORTS["stm32"].next * WORD, [LIST])


def nowhere(memory: Memory) -> None:
    memory.put(MAIN_ENTRY + PORTS["stm32"].next * WORD, [0x60000000])


def no_stack(memory: Memory) -> None:
    memory.put(MAIN_ENTRY + PORTS["stm32"].stack * WORD, [UNALIGNED])


def huge_stack(memory: Memory) -> None:
    memory.put(MAIN_ENTRY + PORTS["stm32"].length * WORD, [0x7FFFFFFF])


@pytest.mark.parametrize("damage", [circle, nowhere, no_stack, huge_stack])
def test_a_damaged_list_counts_as_far_as_it_goes(
    dump: Dump, tmp_path: Path, lost: int, damage: Callable[[Memory], None]
) -> None:
    memory = Memory(dump, tmp_path)
    symbols = add_list(memory, "stm32")
    memory.put(STACK + HELD_AT, [lost])
    damage(memory)
    report = Board(memory, tmp_path, symbols).garbage()
    assert (report["certain"], threads_in(report)["found"]) == (False, "missing")
    assert lost not in blocks(report)
    assert ("stack" if "stack" in damage.__name__ else "list") in threads_in(report)["why"]


@pytest.mark.parametrize("at, is_kept", [("above", True), ("below", False), ("main", True)])
def test_where_another_thread_is_current_the_main_stack_counts_whole(
    dump: Dump, tmp_path: Path, lost: int, at: str, is_kept: bool
) -> None:
    """The collector looks at its own stack from the stack pointer on, and at all of the others."""
    memory = Memory(dump, tmp_path)
    start = STACK + STACK_WORDS * WORD
    end = add_thread(memory, start)
    leave_main(memory)
    symbols = add_list(memory, "stm32")
    memory.put(LIST + 3 * WORD, [STACK, (end - STACK) // WORD])
    places = {"above": start, "below": start - WORD, "main": dump.symbols["_sstack"]}
    memory.put(places[at], [lost])
    report = Board(memory, tmp_path, symbols, sp=start).garbage()
    assert report["certain"] and (lost not in blocks(report)) == is_kept
    (own,) = [roots for roots in report["roots"] if roots["name"] == "C stack"]
    assert int(own["start_address"], 16) == start and int(own["end_address"], 16) == end


@pytest.mark.parametrize("below, is_kept", [(False, True), (True, False)])
def test_where_no_thread_is_current_the_main_one_would_collect_from_where_it_was_left(
    dump: Dump, tmp_path: Path, lost: int, below: bool, is_kept: bool
) -> None:
    """FreeRTOS is in a task of its own; the main thread's control block says where it stands."""
    memory, idle = Memory(dump, tmp_path), LIST + 0xC00
    symbols = add_list(memory, "esp32")
    memory.put(MAIN_ENTRY, [idle + 64])
    memory.put(idle + 64, [dump.sp])  # pxTopOfStack
    memory.put(idle, [idle + 128])
    place = dump.sp - WORD if below else dump.sp
    memory.put(place, [lost])
    report = Board(memory, tmp_path, symbols | {"pxCurrentTCB": idle}, sp=idle + 256).garbage()
    assert report["certain"] and (lost not in blocks(report)) == is_kept


# --- rp2 ---


def add_core1(memory: Memory, argument: int, stack: tuple[int, int], at: int = LIST
              ) -> dict[str, int]:
    """Its variables at an address; gives the symbols."""
    memory.put(at, [memory.dump.symbols["main"], argument, *stack])
    names = ("core1_entry", "core1_arg", "core1_stack", "core1_stack_num_words")
    places = {name: at + index * WORD for index, name in enumerate(names)}
    return places | {"__StackBottom": memory.dump.symbols["_sstack"],
                     "__StackTop": memory.dump.symbols["_estack"],
                     "mp_thread_gc_others": memory.dump.symbols["main"]}


@pytest.mark.parametrize("member", ["argument", "block"])
def test_the_second_core_keeps_its_block_and_arguments(
    dump: Dump, tmp_path: Path, garbage: dict[int, int], lost: int, member: str
) -> None:
    """Its stack is a block of the heap, all of which counts as any block does."""
    memory = Memory(dump, tmp_path)
    stack = (lost, garbage[lost] // WORD) if member == "block" else (STACK, STACK_WORDS)
    symbols = add_core1(memory, 0 if member == "block" else lost, stack)
    board = Board(memory, tmp_path, symbols)
    report = board.garbage()
    kept = reached(memory, garbage, lost)
    assert report["certain"]
    assert blocks(report) == {at: size for at, size in garbage.items() if at not in kept}
    name = {"argument": "arguments", "block": "stack's block"}[member]
    assert f"{name} of thread 2" in board.why(lost).stdout


def test_before_v1_19_words_of_the_second_stack_count_and_not_its_block(
    dump_of: Any, tmp_path: Path
) -> None:
    old = dump_of("v1.18")
    memory, at = Memory(old, tmp_path), old.symbols["_sstack"]
    before = blocks(Board(memory, tmp_path, {}).garbage())
    block = max(before, key=lambda block: len(reached(memory, before, block)))
    lost = min(before, key=lambda block: len(reached(memory, before, block)))
    kept = reached(memory, before, lost)
    assert block not in kept
    memory.put(block, [lost])
    symbols = add_core1(memory, block, (block, 1), at)
    report = Board(memory, tmp_path, symbols).garbage()
    assert blocks(report) == {at: size for at, size in before.items() if at not in kept}
