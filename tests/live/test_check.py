# SPDX-License-Identifier: MIT
"""check finds nothing in sound heaps, and each kind of damage where it was done.

Addresses are those that the fixture itself prints, and that GDB reads from its debug information.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from captures import MOMENTS, VERSIONS, capture
from dumps import VARIANTS, Dump
from live.damaged import BLOCK, HEAD, TAIL, Board

import mpheap

FLASH = 0x08000100


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


@pytest.fixture(name="board", params=["v1.9.4", "v1.18", "v1.28.0"])
def board_fixture(request: pytest.FixtureRequest, dump_of, tmp_path: Path) -> Board:
    return Board(dump_of(request.param), tmp_path)


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
    "tuple: length": ("small_ints", 1, 1000, "size", "len is 1000, and its allocation has 32"),
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
    "str: hash": ("text", 1, 0x1234, "content", "its hash is 0x1234, and that of the 10 "),
    "bytearray: length": ("octets_array", 2, 400, "size", "array data take 40[01] bytes, and"),
    "deque: position": ("ring", 2, 90, "size", "positions 90 and [0-9]+ in a ring of"),
    "deque: alloc": ("ring", 1, 900, "size", "positions .* in a ring of 900, whose items at"),
    "exception: args": ("error_number", 3, "free", "reference", "reference to {value} leads to"),
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
    assert finding["step"] == "[0]"
    assert "interned string 50000, and there are only" in finding["text"]


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
