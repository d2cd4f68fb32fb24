# SPDX-License-Identifier: MIT
"""Sums by type, and the map of kinds: both say what the list of objects says."""

from __future__ import annotations

import functools
import re
from collections import Counter, defaultdict
from typing import Any

import pytest
from captures import MOMENTS, VERSIONS, capture
from live.listing import Listing, image, listing, listing_of
from live.microbit_scenes import Dump
from oracle import BLOCK

import mpheap

every_version = pytest.mark.parametrize("version", VERSIONS)
every_moment = pytest.mark.parametrize("moment", MOMENTS)


def types(*words: str) -> dict[str, Any]:
    """The JSON document of `types`, which must succeed."""
    result = mpheap.run("types", "--format", "json", *words)
    assert result.status == 0, result
    return result.json


@functools.cache
def types_of(version: str, moment: int) -> dict[str, Any]:
    return types(*image(version, moment))


def counts(document: dict[str, Any], *names: str) -> dict[str, int]:
    """How many objects of these types there are; no key for none."""
    return {row["type"]: row["count"] for row in document["types"] if row["type"] in names}


def is_part(entry: dict[str, Any], found: Listing) -> bool:
    """Whether an object on the heap holds the block, directly or through other blocks."""
    blocks = found.blocks
    top = entry
    while "owner_address" in top:
        top = blocks[int(top["owner_address"], 0)]
    return top is not entry and "holder" not in top


def check_sums(document: dict[str, Any], found: Listing) -> None:
    """Every kind's rows are the sum of the list's entries, and everything is the pool."""
    listed: dict[str, Counter[str]] = defaultdict(Counter)
    summed: dict[str, Counter[str]] = defaultdict(Counter)
    for entry in found.blocks.values():
        if not is_part(entry, found):
            sums = {"count": 1, "own": entry["bytes"], "helpers": entry["helper_bytes"]}
            listed[entry["kind"]].update(sums)
    for row in document["types"]:
        sums = {"count": row["count"], "own": row["own_bytes"], "helpers": row["helper_bytes"]}
        summed[row["kind"]].update(sums)
        share = (row["own_bytes"] + row["helper_bytes"]) / document["pool_bytes"]
        assert row["share"] == pytest.approx(share)
    assert summed == listed
    used = sum(sums["own"] + sums["helpers"] for sums in summed.values())
    rest = document["loose_bytes"] + document["free_bytes"]
    assert used + rest == document["pool_bytes"]


def check_rich_map(text: str, plain: str, found: Listing) -> None:
    """The letters of heads are those of the list; all else is as in the plain map."""
    letters = {address: entry["letter"] for address, entry in found.blocks.items()}
    pool = 0
    lines = text.splitlines()
    starts = [index for index, line in enumerate(lines) if line.startswith("GC memory layout")]
    for rich, old in zip(lines[starts[0] :], plain.splitlines()):
        row = re.fullmatch(r"([0-9a-f]{5,}): (\S+)", rich)
        if not row:
            pool = int(rich.split()[-1].rstrip(":"), 16) if "from" in rich else pool
            assert rich == old
            continue
        start = pool + int(row[1], 16)
        blocks = zip(range(start, start + BLOCK * len(row[2]), BLOCK), row[2])
        shown = "".join("h" if letters.get(at) == letter else letter for at, letter in blocks)
        assert f"{row[1]}: {shown}" == re.sub(r"(?<=: )\S+", lambda old_row: re.sub(
            "[A-Za-z]", "h", old_row[0]), old)


@every_version
@every_moment
def test_types_are_sums_of_the_list(version: str, moment: int) -> None:
    check_sums(types_of(version, moment), listing_of(version, moment))


@every_version
def test_counts_are_the_program_s(version: str) -> None:
    """program.py keeps a ring of five nodes, and until moment 2 another of two hundred."""
    shapes = {"shape", "many_names", "weak_target"} & set(capture(version).objects(1))
    for moment, nodes in ((1, {205}), (2, {5, 205})):  # a stale word may keep the ring
        found = counts(types_of(version, moment), "Node", "Shape")
        assert found.pop("Node") in nodes
        assert found == {"Shape": len(shapes)}


@every_version
@every_moment
def test_rich_map_has_the_letters_of_the_list(version: str, moment: int) -> None:
    result = mpheap.run("map", "--rich", *image(version, moment))
    assert result.status == 0, result
    check_rich_map(result.stdout, capture(version).map(moment), listing_of(version, moment))


def test_types_and_rich_map_of_the_microbit(microbit_dumps: dict[str, Dump]) -> None:
    for dump in microbit_dumps.values():
        found = listing(*dump.images)
        check_sums(types(*dump.images), found)
        rich = mpheap.run("map", "--rich", *dump.images).stdout
        check_rich_map(rich, dump.map[dump.map.index("GC memory") :], found)
