# SPDX-License-Identifier: MIT
"""check on blocks freed in use, tables, areas and interned strings that were overwritten."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from json_page import check as check_keys
from live.damaged import BLOCK, FREE, HEAD, MARK, TAIL, Board, check

import mpheap


@pytest.fixture(name="board", params=["v1.9.4", "v1.18", "v1.28.0"])
def board_fixture(request: pytest.FixtureRequest, dump_of, tmp_path: Path) -> Board:
    return Board(dump_of(request.param), tmp_path)


@pytest.fixture(name="new_board")
def new_board_fixture(dump_of, tmp_path: Path) -> Board:
    return Board(dump_of("v1.27.0"), tmp_path)


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


def test_a_chain_of_pools_that_leads_nowhere(new_board: Board) -> None:
    """It is the pool with the pointer that has to be looked at."""
    pool = pool_of(new_board)
    new_board.put(pool, 1)
    (finding,) = [one for one in new_board.with_elf() if one["kind"] == "qstr"]
    assert int(finding["address"], 0) == pool and finding["is_certain"]
    assert "no pool can be at 0x1" in finding["text"]
    assert "the pointer to it" in finding["why"]


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
    assert f"\n{len(document['findings']) - 1000} more findings: --all shows more of them\n" in text


def test_keys(board: Board) -> None:
    """docs/json.md has the keys of both, and no other."""
    sound = check(*board.words())
    inner = board.word(board.at("tuple_nested") + 8)
    assert board.block(inner) == HEAD
    board.put(inner, 0x41414141)
    board.put(board.at("text") + 12, board.free_block())
    check_keys("check", [sound, check(*board.words())])
