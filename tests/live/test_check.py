# SPDX-License-Identifier: MIT
"""check finds nothing in sound heaps, and each kind of damage where it was done.

Addresses are those that the fixture itself prints, and that GDB reads from its debug information.
"""

from __future__ import annotations

import functools
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from captures import MOMENTS, VERSIONS, capture
from dumps import VARIANTS, Dump, elf_of
from live.patched import Patched
from live.test_json_keys import check as check_keys

import mpheap

FREE, HEAD, TAIL, MARK = range(4)
BLOCK = 16
FLASH = 0x08000100
Finding = dict[str, Any]


def check(*words: str | Path) -> dict[str, Any]:
    """The document; the text and the status say the same."""
    result = mpheap.run("check", "--format=json", *words)
    document = result.json
    assert result.status == int(document["is_damaged"]), result
    text = mpheap.run("check", *words)
    assert text.status == result.status
    lines = [line for line in text.stdout.splitlines() if re.match("(damage|unsure)  0x", line)]
    certain = {True: "damage", False: "unsure"}
    assert lines == [
        f"{certain[one['is_certain']]}  {int(one['address'], 0):#010x}  {one['text']}"
        for one in document["findings"]
    ]
    assert ("no damage found" in text.stdout) == (not document["is_damaged"])
    return document


# --- sound heaps ---


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_sound_heap(dump_of: Callable[[str], Dump], variant: str) -> None:
    dump = dump_of(variant)
    words = [*dump.images(), f"--reg=sp={dump.sp:#x}"]
    for elf in ([], dump.elf()):
        document = mpheap.run("check", "--format=json", *words, *elf).json
        assert document["findings"] == []
        assert document["checked"]["objects"] >= 100
        assert document["checked"]["interned_strings"] >= 20


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("version", VERSIONS)
def test_a_real_heap(version: str, moment: int) -> None:
    heap = capture(version)
    result = mpheap.run("check", "--format=json", f"--image={heap.memory(moment)}@0")
    assert (result.status, result.json["findings"]) == (0, [])
    assert result.json["checked"]["objects"] > 1000


# --- damage ---


MEMBERS_WANTED = ("gc_alloc_table_start", "gc_alloc_table_byte_len", "gc_pool_start", "next",
                  "gc_finaliser_table_start", "gc_weakref_table_start", "gc_last_free_atb_index",
                  "gc_last_used_block")


@functools.cache
def addresses(variant: str) -> dict[str, int]:
    """Of members of mp_state_ctx, as far as a release has them, by GDB."""
    paths = ["vm.last_pool", "thread.gc_lock_depth"]
    paths += [f"mem.{area}{name}" for area in ("", "area.") for name in MEMBERS_WANTED]
    words = [word for path in paths for word in (
        "-ex", f"output/x (long)&mp_state_ctx.{path}", "-ex", f"echo \\ {path}\\n")]
    done = subprocess.run(["gdb-multiarch", "-nx", "-batch", *words, elf_of(variant, False)],
                          check=False, capture_output=True, text=True)
    found = re.findall(r"^(0x[0-9a-f]+) (\S+)$", done.stdout, re.M)
    return {path: int(value, 16) for value, path in found}


class Board(Patched):
    """A dump to be damaged, by blocks and by the fixture's own names of objects."""

    def __init__(self, dump: Dump, folder: Path) -> None:
        super().__init__(dump, folder)
        self.area = "mem.area" if self.has_area else "mem"
        self.table = self.member("gc_alloc_table_start")
        self.table_bytes = self.member("gc_alloc_table_byte_len")
        self.pool = self.member("gc_pool_start")

    def address(self, member: str) -> int:
        return addresses(self.dump.variant)[member]

    @property
    def has_area(self) -> bool:
        return int(self.dump.variant.split("-")[0].split(".")[1]) >= 20

    def at(self, name: str) -> int:
        return self.dump.objects[name].address

    def place(self, member: str) -> int:
        return self.address(f"{self.area}.{member}")

    def member(self, member: str) -> int:
        return self.word(self.place(member))

    def block(self, address: int) -> int:
        index = (address - self.pool) // BLOCK
        return self.word(self.table + index // 4, 1) >> index % 4 * 2 & 3

    def set_block(self, address: int, kind: int) -> int:
        """The address of the byte of the allocation table."""
        index = (address - self.pool) // BLOCK
        byte, shift = self.table + index // 4, index % 4 * 2
        self.put(byte, self.word(byte, 1) & ~(3 << shift) | kind << shift, 1)
        return byte

    def blocks(self) -> list[int]:
        return [self.block(self.pool + i * BLOCK) for i in range(4 * self.table_bytes)]

    def first(self, *pattern: int) -> int:
        """Where these blocks follow each other first."""
        kinds = self.blocks()
        places = range(len(kinds) - len(pattern))
        index = next(i for i in places if tuple(kinds[i : i + len(pattern)]) == pattern)
        return self.pool + index * BLOCK

    def free_block(self) -> int:
        return self.first(FREE, FREE) + BLOCK

    def end(self, address: int) -> int:
        """Of an allocation."""
        address += BLOCK
        while self.block(address) == TAIL:
            address += BLOCK
        return address

    def slots_of(self, word: int) -> list[int]:
        """Where a word stands in the pool."""
        end = self.pool + 4 * self.table_bytes * BLOCK
        return [at for at in range(self.pool, end, 4) if self.word(at) == word]

    def findings(self, *more: str) -> list[Finding]:
        return check(*self.words(*more))["findings"]

    def with_elf(self) -> list[Finding]:
        """Where it is known that neither allocator nor collector are at work."""
        pc = f"pc={self.dump.symbols['main'] & ~1:#x}"
        return check(*self.words(pc), *self.dump.elf())["findings"]


@pytest.fixture(name="board", params=["v1.9.4", "v1.18", "v1.28.0"])
def board_fixture(request: pytest.FixtureRequest, dump_of, tmp_path: Path) -> Board:
    return Board(dump_of(request.param), tmp_path)


@pytest.fixture(name="new_board")
def new_board_fixture(dump_of, tmp_path: Path) -> Board:
    return Board(dump_of("v1.27.0"), tmp_path)


# Of an object by its name, a word becomes another: what is said of it. `{free}` is a free block,
# `{tail}` the middle of one, `{1}` the object's own word 1.
MEMBERS = {
    "list: free block": ("list_roomy", 3, "free", "reference", r"items pointer {value} leads to a "
                         "free block"),
    "list: middle of a block": ("list_roomy", 3, "tail", "reference", "items pointer {value} leads "
                                "to the middle of an allocation"),
    "list: not on the heap": ("list_roomy", 3, FLASH, "reference", "items pointer {value} leads to "
                              "outside of the heap"),
    "list: in the tables": ("list_roomy", 3, "table", "reference", "items pointer {value} leads to "
                            "the heap's own tables"),
    "list: alloc": ("list_roomy", 1, 100, "size", "list items take 400 bytes, and 0x.* has "),
    "tuple: length": ("small_ints", 1, 1000, "size", "len is 1000, and its allocation has 32 bytes"),
    "closure: length": ("closure_step_on", 2, 70, "size", "n_closed is 70, and its allocation has"),
    "dict: used": ("dict_mixed", 1, 100 << 3 | 1, "size", "100 entries in use, and there is room "
                   "for [0-9]+"),
    "dict: table": ("dict_mixed", 3, "free", "reference", "table pointer {value} leads to a free"),
    "dict: count": ("dict_mixed", 1, 2 << 3, "content", "3 entries of its table are in use, and it "
                    "says 2"),
    "set: table": ("set_deleted", 3, "free", "reference", "table pointer {value} leads to a free"),
    "set: count": ("set_deleted", 2, 2, "content", "3 entries of its table are in use, and it says "
                   "2"),
    "str: data": ("text", 3, "free", "reference", "data pointer {value} leads to a free block"),
    "str: length": ("text", 2, 500, "size", "string data take 500 bytes, and 0x.* has 16"),
    "str: hash": ("text", 1, 0x1234, "content", "its hash is 0x1234, and that of the 10 bytes at "),
    "bytearray: length": ("octets_array", 2, 400, "size", "array data take 40[01] bytes, and 0x.* has"),
    "deque: position": ("ring", 2, 90, "size", "positions 90 and [0-9]+ in a ring of"),
    "deque: alloc": ("ring", 1, 900, "size", "positions .* in a ring of 900, whose items at"),
    "exception: args": ("error_number", 3, "free", "reference", "the reference to {value} leads to"),
    "cell: object": ("bound_python", 2, "free", "reference", "the reference to {value} leads to a "
                     "free block"),
    "int: digits": ("int_long", 3, "free", "reference", "digits pointer {value} leads to a free"),
}
MEMBER_DAMAGE = {  # where the finding is, from the object; "table": what its word 3 leads to
    "dict: count": "table", "set: count": "table", "str: hash": "data",
    "exception: args": 12, "cell: object": 8,
}


@pytest.mark.parametrize("case", MEMBERS)
def test_a_damaged_member(board: Board, case: str) -> None:
    name, word, value, kind, pattern = MEMBERS[case]
    if name not in board.dump.objects:
        pytest.skip(f"this release has no {name}")
    address = board.at(name)
    places = {"free": board.free_block(), "tail": board.first(HEAD, TAIL) + BLOCK,
              "table": board.table + 4}
    value = places.get(value, value)
    where = MEMBER_DAMAGE.get(case, 0)
    expected = board.word(address + 12) if isinstance(where, str) else address + where
    board.put(address + 4 * word, value)
    (finding,) = board.findings()
    assert (finding["kind"], finding["is_certain"]) == (kind, True), finding
    assert int(finding["address"], 0) == expected, finding
    assert int(finding["object"]["address"], 0) == address
    assert re.search(pattern.replace("{value}", hex(value)), finding["text"]), finding
    assert finding["text"].startswith(finding["object"]["meaning"])


def test_a_list_is_named(board: Board) -> None:
    """Its length beyond its room is said with the name that the program has for it."""
    address = board.at("list_roomy")
    board.put(address + 8, 30)
    finding = next(one for one in board.findings() if int(one["address"], 0) == address + 8)
    assert re.fullmatch(r"list list_roomy: len is 30, and there is room for \d+", finding["text"])
    assert finding["kind"] == "size"


def test_interned_string_of_no_number(board: Board) -> None:
    items = board.word(board.at("list_roomy") + 12)
    shift = 2 if board.dump.variant == "v1.9.4" else 3
    board.put(items, 50000 << shift | 2)
    (finding,) = board.findings()
    assert (finding["kind"], int(finding["address"], 0)) == ("reference", items)
    assert finding["step"] == "[0]" and "interned string 50000, and there are only" in finding["text"]


def test_a_key_twice(board: Board) -> None:
    table = board.word(board.at("dict_deleted") + 12)
    keys = [at for at in range(table, board.end(table), 8) if board.word(at) & 1]
    board.put(keys[0], board.word(keys[1]))
    (finding,) = board.findings()
    assert (finding["kind"], int(finding["address"], 0)) == ("content", table)
    assert "more than once" in finding["text"]


def test_a_hole_in_an_ordered_dict(board: Board) -> None:
    if "dict_ordered" not in board.dump.objects:
        pytest.skip("this release has no OrderedDict")
    table = board.word(board.at("dict_ordered") + 12)
    board.put(table, 0)
    (finding,) = board.findings()
    assert (finding["kind"], int(finding["address"], 0)) == ("content", table)
    assert "entry 0 of 2 is empty" in finding["text"]


def test_text_that_was_overwritten(board: Board) -> None:
    data = board.word(board.at("text") + 12)
    board.put(data + 2, ord("X"), 1)
    (finding,) = board.findings()
    assert (finding["kind"], int(finding["address"], 0)) == ("content", data)
    assert finding["object"]["meaning"] == "str text"


# --- a write past an end ---


def test_an_overrun_names_the_block_below(board: Board) -> None:
    """What lies just before the damaged header is what was written past."""
    victim = board.at("octets_array")
    below = victim - BLOCK
    while board.block(below) == TAIL:
        below -= BLOCK
    assert board.block(below) == HEAD and board.end(below) == victim
    for at, word in enumerate(("over", "flow", "ing!")):
        board.put(victim + 4 * at, int.from_bytes(word.encode(), "little"))
    (finding,) = board.findings()
    assert (finding["kind"], int(finding["address"], 0)) == ("header", victim)
    assert int(finding["before"]["address"], 0) == below
    assert finding["before"]["bytes"] == victim - below
    assert "0x7265766f is no type" in finding["text"]
    assert 'read as text: "overflowing!' in finding["why"]
    assert "octets_array" in finding["step"]
    text = mpheap.run("check", *board.words()).stdout
    assert f"end at {victim:#x}: a write past its end comes here first" in text


def test_a_header_behind_garbage_is_of_no_interest(board: Board) -> None:
    """What nothing leads to may be anything."""
    address = board.at("list_roomy")
    for slot in board.slots_of(address):
        board.put(slot, 3)
    board.put(address + 12, board.free_block())
    assert board.findings() == []


# --- freed while in use ---


def test_freed_while_in_use(board: Board) -> None:
    """The block is free, and the main module's dict still leads to it."""
    address = board.at("float_object")
    (slot, *others) = [at for at in board.slots_of(address) if at != address]
    assert not others
    board.set_block(address, FREE)
    (finding,) = board.findings()
    assert (finding["kind"], int(finding["address"], 0)) == ("reference", slot)
    assert f"{address:#x} leads to a free block" in finding["text"]
    assert "float_object" in finding["step"]
    assert "freed while in use" in finding["why"]


# --- the tables ---


def test_one_orphan_may_be_the_allocator(board: Board) -> None:
    """A head is gone, its tails are not: legal inside gc_free, which symbols rule out."""
    address = board.at("small_ints")
    (slot,) = board.slots_of(address)
    assert (board.block(address + BLOCK), board.block(address + 2 * BLOCK)) == (TAIL, HEAD)
    board.set_block(address, FREE)
    index = (address + BLOCK - board.pool) // BLOCK
    for findings, certain in ((board.findings(), False), (board.with_elf(), True)):
        table, reference = sorted(findings, key=lambda one: one["kind"], reverse=True)
        assert (int(table["address"], 0), table["is_certain"]) == (address + BLOCK, certain)
        assert certain == (hex(board.table + index // 4) in table["why"])
        assert (reference["kind"], int(reference["address"], 0)) == ("reference", slot)


def test_two_orphans_are_not(board: Board) -> None:
    """No allocator frees two at a time."""
    heads = [board.at("small_ints"), board.at("floats")]
    for head in heads:
        assert board.block(head + BLOCK) == TAIL
        board.set_block(head, FREE)
    tables = [one for one in board.findings() if one["kind"] == "table"]
    assert [int(one["address"], 0) for one in tables] == [head + BLOCK for head in heads]
    assert all(one["is_certain"] for one in tables)


@pytest.mark.parametrize("kind", [FREE, TAIL])
def test_a_finaliser_bit_out_of_place(new_board: Board, kind: int) -> None:
    block = new_board.free_block() if kind == FREE else new_board.first(HEAD, TAIL) + BLOCK
    index = (block - new_board.pool) // BLOCK
    byte = new_board.member("gc_finaliser_table_start") + index // 8
    new_board.put(byte, new_board.word(byte, 1) | 1 << index % 8, 1)
    (finding,) = new_board.findings()
    assert (finding["kind"], int(finding["address"], 0)) == ("bits", byte)
    what = {FREE: "free", TAIL: "the middle of an allocation"}[kind]
    assert finding["text"] == f"the finaliser bit of block {block:#x} is set, which is {what}"


def test_a_weak_reference_bit_out_of_place(dump_of, tmp_path: Path) -> None:
    board = Board(dump_of("v1.28.0-weakref"), tmp_path)
    index = (board.free_block() - board.pool) // BLOCK
    byte = board.member("gc_weakref_table_start") + index // 8
    board.put(byte, board.word(byte, 1) | 1 << index % 8, 1)
    (finding,) = board.findings()
    assert (finding["kind"], int(finding["address"], 0)) == ("bits", byte)
    assert finding["text"].startswith("the weak reference bit of block")


def test_marks_without_a_collection(new_board: Board) -> None:
    """Only where it is known that none is in progress."""
    address = new_board.at("text")
    new_board.set_block(address, MARK)
    assert new_board.findings() == []
    (finding,) = new_board.with_elf()
    assert (finding["kind"], int(finding["address"], 0)) == ("table", address)
    assert "1 block marked" in finding["text"] and finding["is_certain"]
    new_board.put(new_board.address("thread.gc_lock_depth"), 1, 2)
    assert new_board.with_elf() == []


def test_the_byte_behind_the_table(new_board: Board) -> None:
    gap = new_board.table + new_board.table_bytes
    new_board.put(gap, 0x55, 1)
    (finding,) = new_board.findings()
    assert (finding["kind"], int(finding["address"], 0)) == ("table", gap)
    assert "0x55 and should be 0" in finding["text"]


# --- areas ---


def test_numbers_of_an_area(new_board: Board) -> None:
    last_free = new_board.place("gc_last_free_atb_index")
    last_used = new_board.place("gc_last_used_block")
    new_board.put(last_free, new_board.table_bytes + 1)
    new_board.put(last_used, 4 * new_board.table_bytes + 1)
    found = {int(one["address"], 0): one for one in new_board.findings()}
    assert found.keys() == {last_free, last_used}
    assert f"gc_last_free_atb_index is {new_board.table_bytes + 1}" in found[last_free]["text"]
    assert f"is {4 * new_board.table_bytes + 1} of" in found[last_used]["text"]
    assert {one["kind"] for one in found.values()} == {"area"}


def test_a_block_above_the_last_used(new_board: Board) -> None:
    """Set behind the blocks, it may be behind for a moment; not where nobody allocates."""
    kinds = new_board.blocks()
    used = max(i for i, kind in enumerate(kinds) if kind != FREE)
    place = new_board.place("gc_last_used_block")
    new_board.put(place, used)
    assert new_board.with_elf() == []
    new_board.put(place, used - 1)
    for findings, certain in ((new_board.findings(), False), (new_board.with_elf(), True)):
        (finding,) = findings
        assert (int(finding["address"], 0), finding["is_certain"]) == (place, certain)
        assert f"block {used} at {new_board.pool + used * BLOCK:#x} is in use" in finding["text"]


@pytest.fixture(name="split")
def split_fixture(dump_of, tmp_path: Path) -> Board:
    return Board(dump_of("v1.28.0-split"), tmp_path)


def test_a_list_of_areas_that_loops(split: Board) -> None:
    first = split.place("next")
    second = split.word(first)
    split.put(second, first)
    (finding,) = [one for one in split.findings() if "next leads to" in one["text"]]
    assert (finding["kind"], int(finding["address"], 0)) == ("area", second)
    assert f"next leads to {first:#x}" in finding["text"] and "loops" in finding["text"]


def test_a_list_of_areas_that_leaves_the_ram(split: Board) -> None:
    second = split.word(split.place("next"))
    split.put(second, 0xDEAD0000)
    (finding,) = [one for one in split.findings() if "next leads to" in one["text"]]
    assert int(finding["address"], 0) == second
    assert "0xdead0000, which cannot be read" in finding["text"]


def test_a_table_that_does_not_belong_to_its_pool(split: Board) -> None:
    """Of a second area, to which only the ELF leads: by itself it is none that could be found."""
    second = split.word(split.place("next"))
    split.put(second + 8, split.word(second + 8) - 1)
    findings = [one for one in split.with_elf() if "does not belong to a pool" in one["text"]]
    assert [int(one["address"], 0) for one in findings] == [second + 4]
    assert "such a pool has a table of" in findings[0]["why"]


# --- interned strings ---


def pool_of(board: Board) -> int:
    return board.word(board.address("vm.last_pool"))


def test_an_interned_string_that_was_overwritten(new_board: Board) -> None:
    pool = pool_of(new_board)
    text = new_board.word(pool + 24)
    new_board.put(text, 0x7F, 1)
    (finding,) = new_board.findings()
    assert (finding["kind"], int(finding["address"], 0)) == ("qstr", text)
    assert "does not have the hash" in finding["text"]


def test_an_interned_string_without_an_end(new_board: Board) -> None:
    pool = pool_of(new_board)
    text, length = new_board.word(pool + 24), new_board.word(new_board.word(pool + 20), 1)
    new_board.put(text + length, 0x21, 1)
    (finding,) = new_board.findings()
    assert (finding["kind"], int(finding["address"], 0)) == ("qstr", text)
    assert f"does not end after {length} bytes" in finding["text"]


def test_interned_text_in_a_free_block(new_board: Board) -> None:
    pool, free = pool_of(new_board), new_board.free_block()
    new_board.put(pool + 24, free)
    (finding,) = new_board.findings()
    assert (finding["kind"], int(finding["address"], 0)) == ("qstr", free)
    assert "is in a free block" in finding["text"]


def test_a_pool_with_more_strings_than_room(new_board: Board) -> None:
    pool = pool_of(new_board)
    count = new_board.word(pool + 12)
    new_board.put(pool + 8, count - 1)
    (finding,) = new_board.findings()
    assert (finding["kind"], int(finding["address"], 0)) == ("qstr", pool)
    assert f"{count} entries in use, and there is room for {count - 1}" in finding["text"]


def test_a_chain_of_pools_that_is_broken(new_board: Board) -> None:
    pool = pool_of(new_board)
    new_board.put(pool, pool)
    (finding,) = [one for one in new_board.with_elf() if one["kind"] == "qstr"]
    assert int(finding["address"], 0) == pool and finding["is_certain"]
    assert "does not continue its chain" in finding["text"]


# --- how it is written ---


def test_findings_are_bounded(board: Board) -> None:
    """The first 1000, and how many more there are; --all has them all."""
    for block in range(0, 4 * board.table_bytes, 4):
        board.put(board.table + block // 4, FREE | TAIL << 2 | FREE << 4 | TAIL << 6, 1)
    text = mpheap.run("check", *board.words()).stdout
    document = mpheap.run("check", "--all", "--format=json", *board.words()).json
    tables = [one for one in document["findings"] if one["kind"] == "table"]
    assert len(tables) == 2 * board.table_bytes > 1000
    assert len(re.findall("^(?:damage|unsure)  0x", text, re.M)) == 1000
    assert f"\n{len(document['findings']) - 1000} more findings: --all shows them\n" in text


def test_keys(board: Board) -> None:
    """docs/json.md has the keys of both, and no other."""
    sound = check(*board.words())
    inner = board.word(board.at("tuple_nested") + 8)
    assert board.block(inner) == HEAD
    board.put(inner, 0x41414141)
    board.put(board.at("text") + 12, board.free_block())
    check_keys("check", [sound, check(*board.words())])
