# SPDX-License-Identifier: MIT
"""Memory that holds no heap, two heaps, another firmware's heap, or a damaged one."""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping
from pathlib import Path

import pytest
from dumps import Dump

import mpheap

UNREADABLE, NO_HEAP = 3, 4
RAM = 0x20000000
WORDS = (0, 1, 0x20000000, 0x20001234, 0x7FFFFFFF, 0xFFFFFFF0, 0xFFFFFFFF)
# Members of mp_state_mem_area_t in v1.28.0-split, by word.
FIELDS = (
    "next", "table", "bytes", "finalisers", "pool_start", "pool_end", "last_free", "last_used",
)
TIERS = ("dwarf", "symbols", "memory")


@pytest.fixture(name="dump", scope="module")
def dump_fixture(dump_of) -> Dump:
    return dump_of("v1.27.0")


@pytest.fixture(name="split", scope="module")
def split_fixture(dump_of) -> Dump:
    return dump_of("v1.28.0-split")


def tier_words(dump: Dump, tier: str) -> list[str]:
    return [] if tier == "memory" else dump.elf(stripped=tier == "symbols")


def area_addresses(dump: Dump) -> list[int]:
    areas = mpheap.info(*dump.images())["heap"]["areas"]
    return [int(area["area_address"], 0) for area in areas]


def patched(dump: Dump, folder: Path, words: Mapping[int, int]) -> list[str]:
    """Options for the dump with some words of RAM changed, by address."""
    ram = dump.bytes_of("ram")
    for address, value in words.items():
        struct.pack_into("<I", ram, address - RAM, value)
    (folder / "ram").write_bytes(ram)
    return dump.images(ram=folder / "ram")


def area_maps(text: str) -> list[str]:
    return re.findall(r"GC memory layout[^G]*", text)


def assert_no_heap(result: mpheap.Result, *said: str) -> None:
    assert (result.status, result.stdout) == (NO_HEAP, ""), result
    for text in said:
        assert text in result.error


# No heap, two heaps


@pytest.mark.parametrize("fill", [b"\0", b"\xff", b"\xaa", b"\x00\x00\x00\x20"])
def test_memory_that_is_all_the_same(tmp_path: Path, fill: bytes) -> None:
    (tmp_path / "ram").write_bytes(fill * (1 << 20))
    result = mpheap.run("map", "--image", f"{tmp_path / 'ram'}@{RAM:#x}")
    assert_no_heap(result, "no MicroPython heap")


@pytest.mark.parametrize("stripped", [False, True])
def test_zeros_where_the_elf_has_its_heap(dump: Dump, tmp_path: Path, stripped: bool) -> None:
    (tmp_path / "ram").write_bytes(bytes(len(dump.bytes_of("ram"))))
    words = [*dump.images(ram=tmp_path / "ram"), *dump.elf(stripped)]
    assert_no_heap(mpheap.run("map", *words), "all zeros at 0x2000")


def test_the_same_ram_twice(dump: Dump) -> None:
    words = [*dump.images(), "--image", f"{dump.files['ram'][0]}@0x30000000"]
    (address,) = area_addresses(dump)
    result = mpheap.run("map", *words)
    assert_no_heap(result, "two heaps", f"{address:#x}", f"{address + 0x10000000:#x}")


def test_an_elf_says_which_of_two_heaps(dump: Dump) -> None:
    words = [*dump.images(), "--image", f"{dump.files['ram'][0]}@0x30000000", *dump.elf()]
    assert mpheap.board_map(*words) == dump.map


def test_the_ram_of_two_firmwares(dump: Dump, dump_of) -> None:
    other = dump_of("v1.12-nofinal")
    words = [*dump.images(), "--image", f"{other.files['ram'][0]}@0x24000000"]
    assert_no_heap(mpheap.run("map", *words), "two heaps")


def test_ram_says_where_to_look(dump: Dump) -> None:
    words = [*dump.images(), "--image", f"{dump.files['ram'][0]}@0x30000000"]
    assert mpheap.board_map(*words, "--ram", "0x20000000+128K") == dump.map


# Another firmware's ELF


@pytest.mark.parametrize("stripped", [False, True])
@pytest.mark.parametrize("with_flash", [False, True])
def test_elf_of_the_twin(dump: Dump, dump_of, stripped: bool, with_flash: bool) -> None:
    """Same layout, other version, all addresses moved."""
    twin = dump_of("v1.26.1-twin")
    for one, other in ((dump, twin), (twin, dump)):
        words = one.images() if with_flash else one.images()[2:]
        assert ("/flash-" in " ".join(words)) == with_flash
        result = mpheap.run("map", *words, *other.elf(stripped))
        assert_no_heap(result, other.elf(stripped)[1])


@pytest.mark.parametrize("variant", ["v1.12", "v1.19.1", "v1.27.0-reprc", "v1.27.0-bench"])
def test_elf_of_another_build(dump: Dump, dump_of, variant: str) -> None:
    result = mpheap.run("map", *dump.images(), *dump_of(variant).elf())
    assert_no_heap(result, dump_of(variant).elf()[1])


def test_debug_info_and_memory_that_disagree_are_both_told(dump: Dump, dump_of) -> None:
    """An ELF without the finaliser member takes the pool's bounds from the wrong words."""
    file, address = dump.files["ram"]
    area = mpheap.info(*dump.images())["heap"]["areas"][0]
    elf = dump_of("v1.27.0-nofinal").elf()
    result = mpheap.run("map", f"--image={file}@{address:#x}", *elf)
    bounds = f"{area['pool_start_address']}..{area['pool_end_address']}"
    assert_no_heap(result, elf[1], f"memory at {bounds}", f"..{area['pool_start_address']}, memory")


# A damaged area


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("field", FIELDS)
def test_damage_to_the_first_area(split: Dump, tmp_path: Path, tier: str, field: str) -> None:
    """Tables and pool must fit together, or there is no heap to be had."""
    first = area_addresses(split)[0]
    for value in WORDS:
        words = patched(split, tmp_path, {first + 4 * FIELDS.index(field): value})
        result = mpheap.run("map", *words, *tier_words(split, tier))
        if field in ("last_free", "last_used"):
            assert (result.status, result.stdout) == (0, split.map)
        elif field == "next":
            assert result.status == 0
            assert area_maps(result.stdout)[0] == area_maps(split.map)[0]
        else:
            assert_no_heap(result)


@pytest.mark.parametrize("field", FIELDS)
def test_damage_to_a_further_area_is_said(split: Dump, tmp_path: Path, field: str) -> None:
    """The first area is still right, and nothing is passed off as if it were."""
    second = area_addresses(split)[1]
    for value in WORDS:
        words = patched(split, tmp_path, {second + 4 * FIELDS.index(field): value})
        result = mpheap.run("map", *words, *split.elf())
        assert result.status == 0
        assert area_maps(result.stdout)[0] == area_maps(split.map)[0]
        if field in ("last_free", "last_used"):
            assert result.stdout == split.map
        elif (field, value) != ("next", 0):
            assert any(note.startswith("heap: the ") for note in result.notes), (field, value)


@pytest.mark.parametrize("tier", TIERS)
def test_lists_of_areas_that_loop(split: Dump, tmp_path: Path, tier: str) -> None:
    first, second = area_addresses(split)[:2]
    for at, to, count in ((second, first, 2), (second, second, 2)):
        words = patched(split, tmp_path, {at: to})
        result = mpheap.run("map", *words, *tier_words(split, tier))
        assert result.status == 0
        assert area_maps(result.stdout) == area_maps(split.map)[:count]
        assert result.notes == [f"heap: the list of areas loops back to {to:#x}"]


def test_an_area_that_follows_itself(split: Dump, tmp_path: Path) -> None:
    first = area_addresses(split)[0]
    result = mpheap.run("map", *patched(split, tmp_path, {first: first}), *split.elf())
    assert area_maps(result.stdout) == area_maps(split.map)[:1]
    assert result.notes == [f"heap: the list of areas loops back to {first:#x}"]


@pytest.mark.parametrize("tier", TIERS)
def test_a_list_that_leads_out_of_memory(split: Dump, tmp_path: Path, tier: str) -> None:
    second = area_addresses(split)[1]
    words = patched(split, tmp_path, {second: 0x68000000})
    result = mpheap.run("map", *words, *tier_words(split, tier))
    assert area_maps(result.stdout) == area_maps(split.map)[:2]
    assert result.notes == ["heap: the list of areas leads to unreadable 0x68000000"]


# A damaged table


def table_of(dump: Dump) -> tuple[int, int]:
    (area,) = mpheap.info(*dump.images())["heap"]["areas"]
    return int(area["table_address"], 0) - RAM, area["table_bytes"]


def with_table(dump: Dump, folder: Path, start: int, table: bytes) -> list[str]:
    """Options for the dump with part of its allocation table replaced."""
    ram = dump.bytes_of("ram")
    at, size = table_of(dump)
    assert start + len(table) <= size
    ram[at + start : at + start + len(table)] = table
    (folder / "ram").write_bytes(ram)
    return dump.images(ram=folder / "ram")


def test_a_table_of_free_blocks_is_said_to_be_implausible(dump: Dump, tmp_path: Path) -> None:
    _, size = table_of(dump)
    words = with_table(dump, tmp_path, 0, bytes(size))
    result = mpheap.run("info", *words)
    assert result.status == 0
    assert "used: 0, " in result.stdout
    assert any("every block is free" in note for note in result.notes)


def test_orphan_tails_are_counted_and_said(dump: Dump, tmp_path: Path) -> None:
    """Three tails where free blocks were, in two places near the end."""
    _, size = table_of(dump)
    words = with_table(dump, tmp_path, size - 8, bytes([0b10_10_00_00, 0, 0b10, 0]))
    result = mpheap.run("info", *words)
    before, after = (mpheap.info(*images)["heap"] for images in (dump.images(), words))
    pool_end = int(before["areas"][0]["pool_end_address"], 0)
    first = pool_end - 4 * 8 * 16 + 2 * 16

    assert result.status == 0
    note = f"2 runs of tails follow no head, the first at {first:#x}"
    assert any(note in line for line in result.notes)
    assert after["used_bytes"] == before["used_bytes"] + 3 * 16
    assert after["used_bytes"] + after["free_bytes"] == after["total_bytes"]


@pytest.mark.parametrize("fill", [0x55, 0xAA, 0xFF, 0x99])
def test_tables_full_of_one_kind(dump: Dump, tmp_path: Path, fill: int) -> None:
    _, size = table_of(dump)
    words = with_table(dump, tmp_path, 0, bytes([fill]) * size)
    for report in ("map", "info"):
        assert mpheap.run(report, *words).status == 0
    heap = mpheap.info(*words)["heap"]
    assert heap["used_bytes"] == heap["total_bytes"]


def test_a_first_link_that_leads_nowhere_is_said(split: Dump, tmp_path: Path) -> None:
    """Without symbols the other areas are found, but not how they belong together."""
    first, *others = area_addresses(split)
    words = patched(split, tmp_path, {first: 0xFFFFFFFF})
    result = mpheap.run("map", *words)
    whole = area_maps(mpheap.run("map", *split.images()).stdout)
    assert (result.status, area_maps(result.stdout)) == (0, whole[:1])
    assert [note for note in result.notes if f"{len(others)} structures of further areas" in note]


def test_an_elf_without_micropython_is_named(dump: Dump, tmp_path: Path) -> None:
    """Its word size is not the dump's either, so that nothing fits."""
    result = mpheap.run("map", *dump.images(), "--elf", "/bin/true")
    assert_no_heap(result, "mp_state_ctx", "/bin/true")
