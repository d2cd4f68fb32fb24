# SPDX-License-Identifier: MIT
"""Every variant of the fixture firmware, from dumps: with debug info, with symbols, with neither.

The oracle is what the firmware itself printed before it hung. A halt in the middle of a collection
is compared with what it printed before the collection began, since marked heads count as used.
"""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import Any

import pytest
from dumps import VARIANTS, Dump

import mpheap

TIERS = {"dwarf": "ELF with debug info", "symbols": "ELF with symbols", "memory": "memory alone"}


def words_of(dump: Dump, tier: str) -> list[str]:
    """Options for all memories, the stack pointer, and the ELF of a tier."""
    elf = [] if tier == "memory" else dump.elf(stripped=tier == "symbols")
    return [*dump.images(), "--reg", f"sp={dump.sp:#x}", *elf]


@pytest.fixture(name="dump", params=VARIANTS, scope="module")
def dump_fixture(request: pytest.FixtureRequest, dump_of) -> Dump:
    return dump_of(request.param)


every_tier = pytest.mark.parametrize("tier", TIERS)


def is_1_8(dump: Dump) -> bool:
    return dump.banner.startswith("MicroPython v1.8 ")


def is_collecting(dump: Dump) -> bool:
    return dump.variant.endswith("-collecting")


def lock_depth(dump: Dump) -> int:
    """How often the heap is locked: a collection counted as a lock until v1.24."""
    if is_collecting(dump):
        return 0 if dump.variant.startswith("v1.27") else 1
    return int(dump.variant.endswith("-locked"))


@functools.cache
def info_of(dump_words: tuple[str, ...]) -> dict[str, Any]:
    result = mpheap.run("info", "--verbose", "--format", "json", *dump_words)
    assert (result.status, result.stderr) == (0, ""), result
    return result.json


@every_tier
def test_map_is_the_firmware_s(dump: Dump, tier: str) -> None:
    assert mpheap.board_map(*words_of(dump, tier)) == dump.map


@every_tier
def test_numbers_are_the_firmware_s(dump: Dump, tier: str) -> None:
    result = mpheap.run("info", *words_of(dump, tier))
    assert result.status == 0
    lines = "".join(re.findall(r"^(?:GC:| No\.) .*\n", result.stdout, re.M))
    if not is_1_8(dump):
        assert lines == dump.at_rest
        return
    # v1.8 forgot the allocation that ends with the heap, one block here, and had no max free sz.
    ones = int(re.search(r"1-blocks: (\d+)", dump.at_rest)[1])
    expected = dump.at_rest.replace(f"1-blocks: {ones}", f"1-blocks: {ones + 1}")
    assert re.sub(r", max free sz: \d+", "", lines) == expected


@every_tier
def test_a_collection_is_said(dump: Dump, tier: str) -> None:
    result = mpheap.run("info", *words_of(dump, tier))
    marked = len(re.findall("m", re.sub("GC memory.*", "", dump.map)))
    notes = [f"heap: {marked} heads are marked: halted inside a collection"] if marked else []
    state = info_of(tuple(words_of(dump, tier)))["state"]

    assert result.notes == notes
    assert ("collector: collecting" in result.stdout) == is_collecting(dump)
    assert (state["is_collecting"], state["marked_count"]) == (is_collecting(dump), marked)
    assert state.get("has_overflowed") in (is_collecting(dump), None)


@every_tier
def test_lock_depth_is_right_or_not_known(dump: Dump, tier: str) -> None:
    state = info_of(tuple(words_of(dump, tier)))["state"]
    release = int(re.match(r"v1\.(\d+)", dump.variant)[1])
    checks_stack = not dump.variant.endswith("-nocheck")

    assert state.get("lock_depth") in (lock_depth(dump), None)
    # Debug information always tells. Without, it can be found from v1.16 on, behind the stack.
    if tier == "dwarf" or (release >= 16 and checks_stack):
        assert state["lock_depth"] == lock_depth(dump)


@every_tier
def test_stack_is_right_or_not_known(dump: Dump, tier: str) -> None:
    stack = info_of(tuple(words_of(dump, tier)))["stack"]
    limit = re.search(r"out of (\d+)", dump.stack)
    top = dump.symbols["_estack"]
    expected = {"top_address": f"{top:#x}", "used_bytes": top - dump.sp}
    if limit:
        expected["limit_bytes"] = int(limit[1])

    # The two that v1.8 kept elsewhere, and a top without a limit, are told by debug info only.
    if tier == "dwarf" or (limit and not is_1_8(dump)):
        assert stack == expected
    else:
        assert stack == {}


@every_tier
def test_firmware_and_tier_are_named(dump: Dump, tier: str) -> None:
    firmware = info_of(tuple(words_of(dump, tier)))["firmware"]
    assert firmware["version"] == dump.banner.split()[1]
    assert firmware["tier"] == TIERS[tier]


def test_tiers_agree_on_the_areas(dump: Dump) -> None:
    areas = [info_of(tuple(words_of(dump, tier)))["heap"]["areas"] for tier in TIERS]
    assert areas[0] == areas[1] == areas[2]
    assert len(areas[0]) == (3 if dump.variant.endswith("-split") else 1)


def facts(dump: Dump, tier: str) -> dict[str, str]:
    """The value of each fact that a tier knows."""
    provenance = info_of(tuple(words_of(dump, tier)))["provenance"]
    return {fact["name"]: fact["value"] for fact in provenance if fact["how"] != "not known"}


# Told in words that depend on the tier.
WORDED = {"structures"}


@pytest.mark.parametrize("tier", ["symbols", "memory"])
def test_what_a_poorer_tier_knows_is_what_debug_info_says(dump: Dump, tier: str) -> None:
    """Less may be known without debug information, but nothing else."""
    rich, poor = facts(dump, "dwarf"), facts(dump, tier)
    shared = (rich.keys() & poor.keys()) - WORDED
    assert {name: poor[name] for name in shared} == {name: rich[name] for name in shared}
    assert {"word", "block", "first area", "metatype", "qstr pools"} <= shared


def representation(variant: str) -> str:
    old = int(re.match(r"v1\.(\d+)", variant)[1]) < 13
    if variant.endswith("-nanbox"):
        return "D"
    letter = "B" if "-reprb" in variant else "C" if "-reprc" in variant else "A"
    return f"{letter} (before 1.13)" if old else letter


@every_tier
def test_representation_is_found(dump: Dump, tier: str) -> None:
    assert facts(dump, tier)["representation"] == representation(dump.variant)


def without(dump: Dump, folder: Path, text: bytes) -> Path:
    """A copy of the flash in which `text` does not occur."""
    original = dump.bytes_of("flash")
    assert text in original
    copy = folder / "flash"
    copy.write_bytes(original.replace(text, b"*" * len(text)))
    return copy


def test_without_a_version_string_the_structures_decide(dump: Dump, tmp_path: Path) -> None:
    """All that v1.8 printed differently from v1.8.1 leaves no trace in memory."""
    words = dump.images(flash=without(dump, tmp_path, b"MicroPython v"))
    document = mpheap.info(*words)

    assert document["firmware"]["version"] == ""
    assert document["state"].get("lock_depth") in (lock_depth(dump), None)
    if not is_1_8(dump):
        assert mpheap.board_map(*words) == dump.map


def test_ram_alone_has_no_letters_and_says_so(dump: Dump) -> None:
    """Blocks are right without flash; what the heads are is not known there."""
    words = [word for name, (file, address) in dump.files.items() if name != "flash"
             for word in ("--image", f"{file}@{address:#x}")]
    result = mpheap.run("map", *words)

    def blocks(text: str) -> list[str]:
        rows = re.findall(r"^[0-9a-f]+: (\S+)$", text, re.M)
        return [re.sub("t", "=", re.sub("[A-Z]", "h", row)) for row in rows]

    assert result.status == 0
    assert blocks(result.stdout) == blocks(dump.map)
    assert "types: not known, so every head prints as h" in result.notes
