# SPDX-License-Identifier: MIT
"""Objects are what the board says they are: on every version, and on a live micro:bit."""

from __future__ import annotations

import pytest
from captures import MOMENTS, VERSIONS, capture
from live import scenes
from live.listing import UNKNOWN, Listing, entries, image, listing, listing_of
from live.microbit_scenes import Dump
from live.values import agrees, is_telling
from wasm_heap import heap_of

every_version = pytest.mark.parametrize("version", VERSIONS)
every_moment = pytest.mark.parametrize("moment", MOMENTS)

MOST_UNNAMED = 0.001  # of the reachable allocations
CYCLES = {name: value for batch in scenes.BATCHES for name, (_, value) in batch.cycles.items()}
# Where repr() says little, or old boards say less: what the value must contain.
PARTS = {
    "deque_empty": ("deque([], maxlen=3)",),
    "deque_rotated": ("deque([22, 33, 44, 55, 66], maxlen=5)",),
    "deque_popped": ("deque(['1', '2', '3'], maxlen=4)",),
    "memoryview_whole": ("16 'B' from item 0",),
    "memoryview_part": ("6 'B' from item 3",),
    "memoryview_words": ("2 'I' from item 1",),
    "memoryview_of_bytes": ("24 'B' from item 0",),
    "string_io": ("'written written written written written '", "position 7"),
    "string_io_fixed": ("'never written to, only read'", "position 0"),
    "bytes_io": ("b'the bytes of a stream'", "position 4"),
    "bytes_io_empty": ("b''", "position 0"),
    "function_plain": ("<function plain at 0x",),
    "function_defaults": ("<function defaults at 0x",),
    "function_star": ("<function star at 0x",),
    "function_keywords": ("<function keywords at 0x",),
    "function_locals": ("<function locals_of_all_kinds at 0x",),
    "function_lambda": ("<function <lambda> at 0x",),
    "function_method": ("<function method at 0x",),
    "closure_two_cells": ("<closure add at 0x",),
    "partial_lambda": ("<closure <lambda> at 0x",),
    "bound_method": ("<bound_method 0x", "<Owner object at 0x", "<function method at 0x"),
    "bound_class_method": ("<bound_method 0x", "<class 'Owner'>", "<function make at 0x"),
    "bound_builtin": ("<bound_method 0x", "[1, 2]"),
    "bound_str": ("<bound_method 0x", "'joined by this text'"),
    "generator_function": ("generator function squares",),
    "generator_middle": ("<generator object 'squares' at 0x", ", line 4>"),
    "generator_finished": ("<generator object 'squares' at 0x", ", finished>"),
    "generator_nested": ("<generator object 'relay' at 0x", ", line 7>"),
    "generator_guarded": ("<generator object 'guarded' at 0x", ", line 16>"),
    "generator_expression": ("<generator object '<genexpr>' at 0x",),
    "coroutine_function": ("generator function pause",),
    "coroutine_mid": ("<generator object 'pause' at 0x", ", line 4>"),
    "module_imported": ("<module 'scene_module",),
}
# What mpheap does not look into.
CLOSED = {"ndarray", "ndarray_view", "template", "interpolation", "image", "image_blank"}
# Numbers that repr() of some version rounds.
DOUBLES = {"float_tenth": 0.1, "float_third": 1 / 3, "float_denormal": 5e-324, "float_pi": 3.14159}


def check_kept(kept: dict[str, scenes.Kept], heads: dict[int, int], found: Listing) -> int:
    """Every kept object is listed, of its type and size; gives how many are on the heap."""
    on_heap = {name: entry for name, entry in kept.items() if entry.address in heads}
    listed = {name: found.objects.get(entry.address) for name, entry in on_heap.items()}
    assert {name for name, entry in listed.items() if entry is None} == set()
    wrong = {
        name: (listed[name]["type"], listed[name]["kind"], entry.type)
        for name, entry in on_heap.items()
        if listed[name]["type"] != entry.type
        or listed[name]["kind"] == UNKNOWN
        or listed[name]["bytes"] != heads[entry.address]
    }
    assert wrong == {}
    return len(on_heap)


def check_values(kept: dict[str, scenes.Kept], found: Listing) -> int:
    """Values are those of repr(), where that says something; gives how many were compared."""
    values = {
        name: found.objects[entry.address].get("value", "")
        for name, entry in kept.items()
        if entry.address in found.objects
    }
    words = {name: CYCLES.get(name, kept[name].repr) for name in values.keys() - CLOSED}
    telling = {name: word for name, word in words.items() if word and is_telling(word)}
    wrong = {
        name: (values[name], word[:200])
        for name, word in telling.items()
        if name not in DOUBLES and not agrees(values[name], word)
    }
    for name, parts in PARTS.items():
        if not all(part in values.get(name, "".join(parts)) for part in parts):
            wrong[name] = (values[name], parts)
    assert wrong == {}
    return len(telling)


def check_names(kept: dict[str, scenes.Kept], found: Listing) -> None:
    """An object that is named as an item of the scene is that item."""
    named = {
        name: found.objects[entry.address].get("name", "")
        for name, entry in kept.items()
        if entry.address in found.objects
    }
    items = {name: path for name, path in named.items() if path.startswith("scene[")}
    shared = {entry.address for entry in kept.values() if entry.name in items}
    assert len(shared) > len(items) // 2
    assert {name: path for name, path in items.items() if path != f"scene['{name}']"} == {}


def check_sums(heads: dict[int, int], found: Listing) -> None:
    """The list is of all allocations, and the summary's parts add up to the pool."""
    summary = found.summary
    blocks = found.blocks
    assert {address: entry["bytes"] for address, entry in blocks.items()} == heads
    assert summary["objects"] == len(found.objects)
    assert summary["helpers"] == len(found.helpers)
    assert summary["unowned"] == len(found.unowned)
    for key, group in (("object", found.objects), ("helper", found.helpers)):
        assert summary[f"{key}_bytes"] == sum(entry["bytes"] for entry in group.values())
    used = summary["object_bytes"] + summary["helper_bytes"] + summary["unowned_bytes"]
    assert used == sum(heads.values())
    assert used + summary["free_bytes"] == summary["pool_bytes"]


def unnamed_in(reachable: set[int] | frozenset[int], found: Listing) -> set[int]:
    """Reachable allocations of no known kind, or that no object and no holder accounts for."""
    unknown = {address for address, entry in found.blocks.items() if entry["kind"] == UNKNOWN}
    return set(reachable) & (unknown | set(found.unowned))


@pytest.mark.parametrize(
    ("value", "word", "same"),
    [
        ("[1, 2.5, 'a']", "[1, 2.5, 'a']", True),
        ("[1, 2.5, 'a']", "[1, 2.6, 'a']", False),
        ("<Node object at 0x20001350>", "<Node object at 20001350>", True),
        ("<Node object at 0x20001350>", "<Node object at 20001360>", False),
        ("4.9e-324", "4.90000000000001e-324", True),
        ("10", "10.0", False),
        (r"'\xe4'", "'\xe4'", True),
        ("[1, 2, 3, 4, 5, 6, 7, 8, ...]", "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]", True),
        ("[1, 2, 3, 4, 5, 6, 7, 7, ...]", "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]", False),
        ("[...]", "[1, 2]", False),
        (f"'{60 * 'x'}'...", f"'{70 * 'x'}'", True),
        (f"'{60 * 'x'}'...", f"'{59 * 'x'}{10 * 'y'}'", False),
    ],
)
def test_what_agrees(value: str, word: str, same: bool) -> None:
    assert agrees(value, word) == same


@every_version
@every_moment
def test_every_kept_object_is_listed(version: str, moment: int) -> None:
    kept, _ = capture(version).scene(moment)
    assert check_kept(kept, heap_of(version, moment).heads, listing_of(version, moment)) > 200


@every_version
@every_moment
def test_values_are_the_board_s(version: str, moment: int) -> None:
    kept, _ = capture(version).scene(moment)
    found = listing_of(version, moment)
    assert check_values(kept, found) > 130
    values = {name: found.objects[kept[name].address]["value"] for name in DOUBLES}
    assert {name: float(value) for name, value in values.items()} == DOUBLES


@every_version
@every_moment
def test_names_lead_to_the_objects(version: str, moment: int) -> None:
    check_names(capture(version).scene(moment)[0], listing_of(version, moment))


@every_version
@every_moment
def test_what_else_the_program_keeps(version: str, moment: int) -> None:
    """The objects that the program keeps beside the scene."""
    found = listing_of(version, moment)
    kept = [entry for entry in capture(version).objects(moment).values()
            if entry["address"] in found.blocks]
    assert len(kept) > 40
    for entry in kept:
        listed = found.objects[entry["address"]]
        assert listed["type"] == entry["type"], entry
        if is_telling(entry.get("repr", "<")):
            assert agrees(listed["value"], entry["repr"]), (listed, entry["repr"][:200])


@every_version
@every_moment
def test_parts_add_up(version: str, moment: int) -> None:
    check_sums(heap_of(version, moment).heads, listing_of(version, moment))


@every_version
@every_moment
def test_reachable_allocations_are_named(version: str, moment: int) -> None:
    reachable = heap_of(version, moment).reachable
    unnamed = unnamed_in(reachable, listing_of(version, moment))
    assert len(unnamed) <= MOST_UNNAMED * len(reachable), [hex(address) for address in unnamed]


@pytest.mark.parametrize("version", (VERSIONS[0], VERSIONS[-1]))
def test_unowned_ones_are_listed_by_themselves(version: str) -> None:
    *listed, _ = entries("--type", UNKNOWN, *image(version, 1))
    assert listed == list(listing_of(version, 1).unowned.values())


def test_kept_objects_of_the_microbit(microbit_dumps: dict[str, Dump]) -> None:
    count = compared = total = 0
    unnamed: list[tuple[str, str]] = []
    for dump in microbit_dumps.values():
        heads, reachable = dump.reachable()
        found = listing(*dump.images)
        count += check_kept(dump.kept, heads, found)
        compared += check_values(dump.kept, found)
        check_sums(heads, found)
        total += len(reachable)
        unnamed += [(dump.batch, hex(address)) for address in unnamed_in(reachable, found)]
    assert count > 150
    assert compared > 100
    assert len(unnamed) <= MOST_UNNAMED * total, unnamed
