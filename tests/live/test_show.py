# SPDX-License-Identifier: MIT
"""One object whole: its members and elements are what the program put there."""

from __future__ import annotations

import re
from typing import Any

import pytest
from captures import VERSIONS, capture
from live import scenes
from live.listing import Listing, image, listing, listing_of
from live.microbit_scenes import Dump
from live.reachable import Memory
from live.values import agrees

import mpheap

MOMENT = 2
WORD = 4
MOST_WORDS = 1024  # that a dump shows

# What the members and elements say, as patterns of whole values.
SAYS = {
    "float_half": ["0.5"],
    "complex_both": ["1.5", "-2.5"],
    "range_step": ["3", "30", "4"],
    "slice_part": ["1", "9", "2"],
    "tuple_mixed": ["1", "'two'", "3.5", "None", "True", "False", "b'six'", "-7"],
    "list_shrunk": [r"\[0\]", r"\[1\]", r"\[2\]"],
    "dict_int_keys": ["'a'", "'b'", "'c'"],
    "set_ints": ["1", "2", "3", "100", "-5"],
    "namedtuple": ["3", "-4"],
    "deque_popped": ["'1'", "'2'", "'3'"],
    "function_defaults": ["2", "'text'"],
    "function_keywords": [r"\{'b': 1\}"],
    "closure_two_cells": ["<function add at .*>", "<cell 105>", "<cell 1>"],
    "bound_method": ["<function method at .*>", "<Owner object at .*>"],
    "generator_new": ["3"],
    "generator_middle": ["<(generator )?function squares at .*>", "9"],
    "generator_nested": ["<generator object 'squares' at .*>"],
    "class_one_base": ["<class 'list'>", "'Items'"],
    "class_two_bases": [r"\(<class 'Base'>, <class 'Other'>\)", "'Both'"],
    "class_method": ["<function make at .*>"],
    "static_method": ["<function twice at .*>"],
    "property_both": ["<function get at .*>", "<function put at .*>", "None"],
    "super": ["<class 'Both'>", "<Both object at .*>"],
    "instance": ["'plain'"],
    "instance_many": ["'many'", *(str(1000 * number) for number in range(12))],
    "instance_list": ["'subclass of list'", r"\[1, 2, 3\]"],
    "exception_new": [r"\('never raised', 1\)"],
    "exception_user_init": ["7", r"Exception\(7, 'worse'\)"],
    "iter_list": [r"\[10, 20, 30, 40\]", "1"],
    "iter_tuple": [r"\(1, 2, 3\)", "1"],
    "iter_str": ["'letters'", "1"],
    "iter_bytes": ["b'bytes'", "1"],
    "iter_bytearray": [r"bytearray\(b'bytes'\)", "1"],
    "iter_array": [r"array\('H', \[1, 2, 3\]\)", "1"],
    "iter_dict": [r"\{'.': ., '.': .\}", "1"],
    "iter_set": [r"\{., ., .\}"],
    "iter_range": ["14", "100", "7"],
    "iter_getitem": ["<function __getitem__ at .*>", "<Walk object at .*>", "3"],
    "iter_enumerate": ["<iterator object at .*>", "2"],
    "iter_zip": ["<iterator object at .*>"],
    "iter_map": ["<function at .*>", "<iterator object at .*>"],
    "iter_filter": ["None", "<iterator object at .*>"],
    "iter_reversed": [r"\[10, 20, 30, 40\]", "3"],
    "dict_values": [r"\{'.': ., '.': .\}"],
    "string_io": ["7"],
    "bytes_io": ["4"],
    "module_imported": ["'scene_module'", "<function here at .*>"],
    "task_holder": ["<generator object 'holder' at .*>", "<TaskQueue object at .*>"],
    "task_short": ["<generator object 'short' at .*, finished>", r"StopIteration\('done',\)"],
    "asyncio_lock": ["1", "<TaskQueue object at .*>"],
    "weak_ref": ["<Target object at .*>", "None"],
    "weak_lost": ["None"],
}
# Elements in the order in which the program would go through them.
ELEMENTS = {
    "deque_rotated": ["22", "33", "44", "55", "66"],
    "deque_popped": ["'1'", "'2'", "'3'"],
    "ordered_holes": ["0", "1", "4", "16", "25", "36"],
    "list_mixed": ["0", "False", "None", "'item'", "1.25", "[1, [2, [3]]]", "()", "{}"],
}


def shown(address: int, *words: str) -> dict[str, Any]:
    """The JSON document of `show`, which must succeed."""
    result = mpheap.run("show", f"{address:#x}", "--format", "json", *words)
    assert result.status == 0, result
    return result.json


def problems(name: str, document: dict[str, Any]) -> list[str]:
    """What members and elements should say, and do not."""
    members = [item.get("value", "") for item in (*document["fields"], *document["elements"])]
    missing = [
        f"{name}: no {pattern} in {members}"[:300]
        for pattern in SAYS.get(name, ())
        if not any(re.fullmatch(pattern, member) for member in members)
    ]
    elements = [item["value"] for item in document["elements"]]
    if elements != ELEMENTS.get(name, elements):
        missing.append(f"{name}: {elements}")
    return missing


def check_frame(document: dict[str, Any], found: Listing, memory: Memory) -> None:
    """Size, kind and what it holds are as in the list; the dump is what memory holds."""
    entry = found.objects[int(document["address"], 0)]
    for key in ("address", "bytes", "blocks", "kind", "type"):
        assert document[key] == entry[key]
    assert sum(block["bytes"] for block in document["owned"]) == entry["helper_bytes"]
    for block in document["owned"]:
        assert found.helpers[int(block["address"], 0)]["kind"] == block["kind"]
    start = int(document["address"], 0)
    end = start + min(entry["bytes"], WORD * MOST_WORDS)
    dump = [(int(line["address"], 0), int(line["word"], 0)) for line in document["dump"]]
    assert dump == list(zip(range(start, end, WORD), memory.words(start, end)))


def check_shown(
    kept: dict[str, scenes.Kept], found: Listing, memory: Memory, *words: str
) -> int:
    """Shows every object of the tables that the board has; gives how many."""
    wrong, count = [], 0
    for name in sorted({*SAYS, *ELEMENTS} & set(kept)):
        if kept[name].address in found.objects:
            document = shown(kept[name].address, *words)
            check_frame(document, found, memory)
            wrong += problems(name, document)
            count += 1
    assert wrong == []
    return count


@pytest.mark.parametrize("version", (VERSIONS[0], VERSIONS[-1]))
def test_members_are_what_the_program_put_there(version: str) -> None:
    board = capture(version)
    memory = Memory({0: board.memory(MOMENT).read_bytes()})
    kept, _ = board.scene(MOMENT)
    assert check_shown(kept, listing_of(version, MOMENT), memory, *image(version, MOMENT)) > 40


def test_long_values_are_whole() -> None:
    """What `objects` cuts, `show` prints."""
    version = VERSIONS[-1]
    kept, _ = capture(version).scene(MOMENT)
    for name in ("str_10000", "bytes_10000", "list_deep", "dict_gaps", "int_hundred_digits"):
        value = shown(kept[name].address, *image(version, MOMENT))["value"]
        assert agrees(value, kept[name].repr)
        assert "..." not in value


def test_members_on_the_microbit(microbit_dumps: dict[str, Dump]) -> None:
    count = 0
    for dump in microbit_dumps.values():
        found, memory = listing(*dump.images), Memory(dump.regions)
        count += check_shown(dump.kept, found, memory, *dump.images)
    assert count > 30
