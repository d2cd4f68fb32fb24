# SPDX-License-Identifier: MIT
"""Real heaps of WebAssembly builds, from nothing but their memory: as the board printed them."""

from __future__ import annotations

import functools
import re
from typing import Any

import pytest
from captures import MOMENTS, VERSIONS, capture
from oracle import LETTERS
from wasm_heap import oracle_of

import mpheap

every_capture = pytest.mark.parametrize("version", VERSIONS)
every_moment = pytest.mark.parametrize("moment", MOMENTS)


def image(version: str, moment: int) -> tuple[str, str]:
    return "--image", f"{capture(version).memory(moment)}@0"


def provenance(document: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Value and source of each fact, by its name."""
    return {fact["name"]: (fact["value"], fact["how"]) for fact in document["provenance"]}


def board_lines(text: str) -> str:
    """The two lines of totals, without what splitting the heap further would give."""
    lines = re.search(r"^GC: .*\n No\. of .*\n", text, re.M)[0]
    return re.sub(r", max new split: \d+", "", lines)


@functools.cache
def verbose_info(version: str, moment: int) -> dict[str, Any]:
    return mpheap.info("--verbose", *image(version, moment))


@every_capture
@every_moment
def test_map_is_the_board_s(version: str, moment: int) -> None:
    assert mpheap.board_map(*image(version, moment)) == capture(version).map(moment)


@every_capture
@every_moment
def test_numbers_are_the_board_s(version: str, moment: int) -> None:
    result = mpheap.run("info", *image(version, moment))
    assert result.status == 0
    assert result.stderr == ""
    assert board_lines(capture(version).text(moment)) in result.stdout


@every_capture
@every_moment
def test_version_is_the_board_s(version: str, moment: int) -> None:
    tag = re.search(r"MicroPython (\S+) on ", capture(version).meta["sys_version"])[1]
    firmware = verbose_info(version, moment)["firmware"]
    assert firmware["version"] == tag
    assert firmware["tier"] == "memory alone"


@every_capture
@every_moment
def test_state_is_that_of_a_dump_in_python(version: str, moment: int) -> None:
    """The memory is taken inside of mem_info(), where nothing is locked and nothing collects."""
    document = verbose_info(version, moment)
    limit = re.search(r"^stack: \d+ out of (\d+)$", capture(version).text(moment), re.M)
    assert document["state"]["target"] == "dump"
    assert document["state"]["lock_depth"] == 0
    assert not document["state"]["is_collecting"]
    # A build that does not check its stack has no limit, and prints none.
    assert document["stack"].get("limit_bytes") == (int(limit[1]) if limit else None)


@every_capture
@every_moment
def test_facts_are_the_oracle_s(version: str, moment: int) -> None:
    facts = provenance(verbose_info(version, moment))
    heap = oracle_of(version, moment)
    lengths = "+".join(str(pool.length) for pool in reversed(heap.qstr_pools))
    letters = {
        int(value, 0): LETTERS[name.removeprefix("type ")]
        for name, (value, _) in facts.items()
        if name.startswith("type ") and value != "-"
    }
    shown = set(re.findall("[A-Z]", re.sub("GC.*", "", capture(version).map(moment))))

    assert facts["metatype"] == (f"{heap.metatype:#x}", "found in memory")
    assert facts["qstr pools"][0].partition(",")[0] == lengths
    assert facts["first area"][0] == f"{heap.areas[0].address:#x}"
    assert {address: heap.letters[address] for address in letters} == letters
    assert set(letters.values()) >= shown


@every_capture
@every_moment
def test_areas_are_the_oracle_s(version: str, moment: int) -> None:
    heap = oracle_of(version, moment)
    found = [
        (area["table_address"], area["table_bytes"], area["pool_start_address"])
        for area in verbose_info(version, moment)["heap"]["areas"]
    ]
    assert found == [
        (f"{area.table:#x}", area.table_bytes, f"{area.pool_start:#x}") for area in heap.areas
    ]


@every_capture
def test_floats_on_the_heap_are_of_representation_a(version: str) -> None:
    """A build whose floats are objects has none of the other 32-bit representations."""
    assert "F" in capture(version).map(1)
    assert provenance(verbose_info(version, 1))["representation"] == ("A", "found in memory")
