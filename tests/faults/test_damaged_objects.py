# SPDX-License-Identifier: MIT
"""Damaged objects: said to be bad where they are, and nothing else is disturbed."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from captures import capture
from dumps import Dump
from survival import FORMATS, commands_about, documents, run_sound

import mpheap

VARIANTS = ("v1.8", "v1.12", "v1.27.0", "v1.27.0-nanbox", "v1.27.0-rv64")
HUGE, DEVICE = 0x0FFFFFFF, 0x40020010


class Board:
    """A fixture's dump whose objects are to be damaged."""

    def __init__(self, dump: Dump, folder: Path) -> None:
        self.dump = dump
        self.folder = folder
        self.word = 8 if "rv64" in dump.variant else 4
        file, self.start = dump.files["ram"]
        self.sound = file.read_bytes()
        self.ram = bytearray(self.sound)
        listing = mpheap.run("objects", "--all", "--format", "json", *dump.images()).stdout
        self.objects = [line for line in documents(listing) if "kind" in line]
        self.by_name = {line["name"]: line for line in self.objects if "name" in line}

    def address(self, name: str) -> int:
        return int(self.by_name[name]["address"], 16)

    def read(self, address: int) -> int:
        return int.from_bytes(self.sound[address - self.start:][: self.word], "little")

    def write(self, address: int, value: int) -> None:
        at, mask = address - self.start, (1 << 8 * self.word) - 1
        self.ram[at : at + self.word] = (value & mask).to_bytes(self.word, "little")

    def run(self, *words: str, **instead: Any) -> mpheap.Result:
        file = self.folder / "damaged"
        file.write_bytes(self.ram)
        return run_sound(*words, *self.dump.images(ram=file), **instead)

    def values(self) -> dict[str, str]:
        """Values of all objects, by address."""
        lines = documents(self.run("objects", "--format", "json").stdout)
        return {line["address"]: line.get("value", "") for line in lines if "kind" in line}


@pytest.fixture(name="board")
def board_fixture(dump_of: Callable[[str], Dump], tmp_path: Path) -> Board:
    return Board(dump_of("v1.27.0"), tmp_path)


# One member each, by name of the object and number of the word: what its value says then.
MEMBERS = {
    "list length": ("kept", 2, HUGE, r"<bad: no room for 268435455 elements at 0x{items}>", 3),
    "list items": ("kept", 3, DEVICE, r"\[<bad: unreadable at 0x40020010>\]", None),
    "list items unaligned": ("kept", 3, 0x20000001, r"\[.*<bad: ", None),
    "tuple length": ("floats", 1, HUGE, r"<bad: no room for 268435455 elements at 0x\w+>", None),
    "tuple element": ("floats", 2, DEVICE, r"\(<bad: no object at 0x40020010>, ", None),
    "str length": ("text_stream", 1, DEVICE, r"<bad: unreadable vstr at 0x40020010>", None),
    "bytes length": ("octets", 2, HUGE, r"<bad: no room for 268435455 elements at 0x\w+>", None),
    "bytes data": ("octets", 3, DEVICE, r"<bad: unreadable text at 0x40020010>", None),
    "dict alloc": ("settings", 2, HUGE, r"{{<bad: no room for 268435455 elements at ", None),
    "dict table": ("settings", 3, DEVICE, r"{{<bad: unreadable at 0x40020010>}}", None),
    "set alloc": ("set_frozen", 1, HUGE, r"<bad: no room for 268435455 elements at 0x\w+>", None),
    "set table": ("set_frozen", 3, DEVICE, r"<bad: unreadable at 0x40020010>", None),
    "array typecode": ("array_H", 1, 0x7E, r"<bad: typecode of an array at 0x{self}>", None),
    "array length": ("array_H", 2, HUGE, r"<bad: no room for 268435455 elements at 0x\w+>", None),
    "bytearray length": ("screen", 2, HUGE, r"<bad: no room for 268435455 elements at ", None),
    "namedtuple length": ("named_fields", 1, HUGE, r"<bad: no room for 268435455 elements", None),
    "deque positions": ("ring", 2, HUGE, r"<bad: positions of a deque at 0x{self}>", None),
    "deque alloc": ("ring", 1, HUGE, r"<bad: no room for 268435455 elements at 0x\w+>", None),
    "int digits": ("int_over_64", 3, DEVICE, r"<bad: unreadable digits at 0x40020010>", None),
    "exception args": ("error_bare", 3, DEVICE, r"<bad: no object at 0x40020010>", None),
    "exception itself": ("error_bare", 3, "self", r"KeyErrorKeyError\(\.\.\.\)|\(\.\.\.\)", None),
    "view of no dict": ("view_of_keys", 1, DEVICE, r"<bad: view of no dict at 0x{self}>", None),
    "bound method": ("bound_python", 2, DEVICE, r"<bad: no object at 0x40020010>", None),
}


@pytest.mark.parametrize("case", MEMBERS)
def test_a_damaged_member_is_said_to_be_bad(board: Board, case: str) -> None:
    """Its own line says so; those that do not refer to it say what they said before."""
    name, word, value, pattern, items = MEMBERS[case]
    address, before = board.address(name), board.values()
    places = {"self": f"{address:x}"}
    if items:
        places["items"] = f"{board.read(address + items * board.word):x}"
    board.write(address + word * board.word, address if value == "self" else value)
    after = board.values()

    assert re.search(pattern.format(**places), after[hex(address)]), after[hex(address)]
    assert before.keys() <= after.keys()
    assert sum(after[key] != before[key] for key in before) < 5
    assert "<bad: " in board.run("show", hex(address)).stdout or value == "self"


def hostile_values(board: Board, address: int) -> Iterator[int]:
    yield from (0, -1, address, address + board.word, address + 2, HUGE, 0x7FFFFFFF, 0x40000000)
    yield from (DEVICE, 1, board.start + len(board.ram) - 4, int(board.objects[7]["address"], 16))


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_word_of_every_kind(dump_of: Callable[[str], Dump], tmp_path: Path,
                                  variant: str) -> None:
    """One object of each kind has the same word damaged in the same way, at once."""
    board = Board(dump_of(variant), tmp_path)
    kinds = {line["kind"]: line for line in board.objects}
    commands = commands_about([int(kinds[kind]["address"], 16) for kind in list(kinds)[::9]])
    case = 0
    for word in range(6):
        for number in range(12):
            board.ram[:] = board.sound
            for line in kinds.values():
                address = int(line["address"], 16)
                if line["bytes"] > word * board.word:
                    board.write(address + word * board.word,
                                list(hostile_values(board, address))[number])
            board.run(*commands[case % len(commands)], *FORMATS[case // 5 % 2])
            case += 1
    assert len(kinds) > 40


@pytest.mark.parametrize("words", commands_about([0x20002000, 0x20003004, 0x08000000, 0x30]),
                         ids=" ".join)
def test_names_with_control_bytes(board: Board, words: list[str]) -> None:
    """Interned strings, and with them names of types and variables, hold anything."""
    for text in (b"dict_mixed", b"Weather_class", b"Weather", b"Sensor", b"settings"):
        evil = (b"\x1b[2J\x07\r\n\x7f\x80\xff\x9b" * 2)[: len(text)]
        assert text + b"\0" in board.ram
        board.ram[:] = board.ram.replace(text + b"\0", evil + b"\0")
    for form in FORMATS:
        result = board.run(*words, *form)
        assert result.status in (0, 1, 3, 4)  # 1: it does not fit; 3: no registers, no machine
    if words[0] in ("objects", "types") or words == ["qstr", "--strings"]:
        assert r"\x1b[2J" in board.run(*words).stdout


# --- work ---

class Heap:
    """A megabyte of a WebAssembly heap, in which half the blocks are objects of one block and
    the rest is one block that they may share."""

    def __init__(self) -> None:
        board = capture("1.27.0")
        self.ram = bytearray(board.memory(1).read_bytes()[: 0x240000])
        area = mpheap.info("--image", f"{board.memory(1)}@0")["heap"]["areas"][-1]
        self.table = int(area["table_address"], 16)
        self.first = int(area["pool_start_address"], 16)
        blocks = area["table_bytes"] * 4 & ~7
        self.count = blocks // 2
        self.shared = self.first + 16 * self.count
        self.shared_words = 4 * (blocks - self.count)
        listing = mpheap.run("objects", "--format", "json", "--image", f"{board.memory(1)}@0")
        self.types = {line["type"]: self.word(int(line["address"], 16))
                      for line in documents(listing.stdout) if "kind" in line}
        halves = b"\x55" * (self.count // 4) + b"\xa9" + b"\xaa" * (self.count // 4 - 1)
        self.ram[self.table : self.table + blocks // 4] = halves

    def word(self, address: int) -> int:
        return int.from_bytes(self.ram[address : address + 4], "little")

    def fill(self, objects: Callable[[int, int], tuple[int, ...]], word: int) -> None:
        """objects(number, address) gives an object's words; the shared block repeats one."""
        for number in range(self.count):
            address = self.first + 16 * number
            struct.pack_into("<4I", self.ram, address, *objects(number, address))
        size = 4 * self.shared_words
        self.ram[self.shared : self.shared + size] = struct.pack("<I", word) * self.shared_words


CLAIMS = {
    "lists of one block": lambda heap: (
        lambda number, address: (heap.types["list"], 60000, 60000, heap.shared), heap.first),
    "lists from inside a block": lambda heap: (
        lambda number, address: (heap.types["list"], 60000, 60000, heap.shared + 16), heap.first),
    "lists of everything": lambda heap: (
        lambda number, address: (heap.types["list"], 2**30, 2**30, heap.shared), heap.first),
    "tuples of everything": lambda heap: (
        lambda number, address: (heap.types["tuple"], 2**30, address + 16, address), 0),
    "empty dicts": lambda heap: (
        lambda number, address: (heap.types["dict"], 7 << 3 | 1, 60000, heap.shared), 0),
    "dicts of one table": lambda heap: (
        lambda number, address: (heap.types["dict"], 60000 << 3 | 1, 60000, heap.shared),
        heap.first),
    "modules of one dict": lambda heap: (
        lambda number, address: (heap.types["module"], heap.first, 0, 0) if number else
        (heap.types["dict"], 60000 << 3 | 1, 60000, heap.shared), 0x16 << 3 | 2),
    "functions of one table": lambda heap: (
        lambda number, address: (heap.types["function"], heap.shared, heap.shared, heap.shared),
        heap.first),
    "classes": lambda heap: (
        lambda number, address: (heap.types["type"], number % 200 << 16, 0, 0), heap.first),
    "a chain": lambda heap: (
        lambda number, address: (heap.types["tuple"], 2, address + 16, address + 32), heap.first),
}


@pytest.mark.parametrize("case", CLAIMS)
def test_work_is_bounded_by_the_heap(tmp_path: Path, case: str) -> None:
    """A megabyte of objects that all claim the same megabyte does not hang, and takes no memory."""
    heap = Heap()
    heap.fill(*CLAIMS[case](heap))
    file = tmp_path / "ram"
    file.write_bytes(heap.ram)
    for words in (["objects", "--all"], ["types"], ["show", hex(heap.shared)]):
        result = run_sound(*words, "--image", f"{file}@0", path=None, env=None,
                           memory_limit=256 << 20)
        assert result.status == 0
