# SPDX-License-Identifier: MIT
"""Objects in every layout: what mpheap says of them is what the fixture firmware says.

The firmware prints each object's type and repr. Where MicroPython's repr says only what type an
object has, mpheap looks inside, and the tables below say what it must find.
"""

from __future__ import annotations

import functools
import re
from typing import Any

import pytest
from dumps import VARIANTS, Dump

import mpheap
from live.listing import listing
from live.test_fixture import TIERS, words_of

every_tier = pytest.mark.parametrize("tier", TIERS)
tiers_shown = pytest.mark.parametrize("tier", ["dwarf", "symbols"])

# One variant for each layout of objects, and two tiers: they are asked about object by object.
LAYOUTS = ["v1.8", "v1.9.4", "v1.12-nanbox", "v1.13", "v1.19.1", "v1.22.2-nompy", "v1.27.0-nanbox",
           "v1.27.0-rv64", "v1.28.0-split"]

# What mpheap says where MicroPython names a type alone; @ is the object's address, @@ another.
INSIDE = {
    "view": "<memoryview of 7 'B' from item 0 at @@>",
    "view_of_part": "<memoryview of 4 'B' from item 3 at @@>",
    "text_stream": "<StringIO object at @: 'some text', position 9>",
    "octet_stream": "<BytesIO object at @: b'\\x01\\x02', position 2>",
    "closed_stream": "<StringIO object at @, closed>",
    "ring": "deque(['second', 'third'], maxlen=3)",
    "closure_step_on": "<closure step_on at @>",
    "bound_python": "<bound_method @ [1].<function nothing at @@>>",
    "bound_native": "<bound_method @ {}.<function at @@>>",
    "generator_suspended": "<generator object 'ticks' at @, line 41>",
    "generator_fresh": "<generator object 'ticks' at @, line 40>",
    "generator_finished": "<generator object 'ticks' at @, finished>",
    "generator_awaiting": "<generator object 'outer' at @, line 51>",
    "dict_in_flash": "{'__name__': 'gc', 'collect': <function at @@>}",
}

# Members and elements that `show` must name, each with its value.
MEMBERS = {
    "closure_step_on": {"closed[0]": "<cell 41>", "closed[1]": "<cell 'label_text'>"},
    "function_add": {"extra_args[0]": "2", "extra_args[1]": "{'scale': 3}"},
    "it_enumerate": {"cur": "1"},
    "it_zip": {"n_iters": "2"},
    "it_list": {"container": "[10, 20, 30]", "cur": "1"},
    "it_array": {"container": "bytearray(b'\\x00\\x00\\x00\\x00')", "cur": "2"},
    "it_range": {"cur": "3", "stop": "9", "step": "1"},
    "it_dict": {"container": "{}", "cur": "0"},
    "it_getitem": {"container": "[10, 20, 30]", "index": "2"},
    "it_filter": {"fun": "None"},
    "it_reversed": {"seq": "[10, 20, 30]", "cur_index": "3"},
    "range_down": {"start": "10", "stop": "-1000000", "step": "-2"},
    "slice_open": {"start": "None", "step": "-1"},
    "array_H": {"len": "2"},
    "log_file": {".value": "19.25"},
    "over_list": {".index": "1"},
    "dict_deleted": {"[1]": "1", "[2]": "4", "[4]": "16"},
    "error_traced": {"args": "('bad value', 3)"},
    "config": {".led_pin": "13", ".__name__": "'config'"},
    "task_first": {"data": "None", "ph_key": "1000"},
}


@pytest.fixture(name="dump", params=VARIANTS, scope="module")
def dump_fixture(request: pytest.FixtureRequest, dump_of) -> Dump:
    return dump_of(request.param)


@pytest.fixture(name="layout", params=LAYOUTS, scope="module")
def layout_fixture(request: pytest.FixtureRequest, dump_of) -> Dump:
    return dump_of(request.param)


def without_addresses(text: str, own: int) -> str:
    """Own and other addresses replaced by what the tables have in their place."""
    text = re.sub(rf"\b(0x)?{own:x}\b", "@", text)
    return re.sub(r"\b0x[0-9a-f]+\b", "@@", text)


def expected_value(dump: Dump, name: str) -> str:
    """What mpheap should say of an object's value, without addresses."""
    said = dump.objects[name]
    text = without_addresses(said.repr, said.address)
    if name == "generator_function":
        return "<generator function ticks at @>"
    return INSIDE.get(name, re.sub(r"^<(\w+)>$", r"<\1 object at @>", text))


def is_on_heap(dump: Dump, address: int) -> bool:
    return dump.symbols["_flash_start"] > address or address >= dump.symbols["_flash_end"]


@every_tier
def test_values_are_the_firmware_s(dump: Dump, tier: str) -> None:
    objects = listing(*words_of(dump, tier)).objects
    on_heap = {name: said for name, said in dump.objects.items()
               if is_on_heap(dump, said.address)}
    found = {name: objects[said.address] for name, said in on_heap.items()}

    assert {name: entry["type"] for name, entry in found.items()} == {
        name: said.type for name, said in on_heap.items()}
    assert {name: without_addresses(entry["value"], on_heap[name].address)
            for name, entry in found.items()} == {
        name: expected_value(dump, name) for name in on_heap}


@every_tier
def test_globals_have_their_own_names(dump: Dump, tier: str) -> None:
    objects = listing(*words_of(dump, tier)).objects
    named = {name: objects[said.address]["name"] for name, said in dump.objects.items()
             if is_on_heap(dump, said.address)}
    assert named == {name: name for name in named}


@functools.cache
def shown(words: tuple[str, ...], address: int) -> dict[str, Any]:
    result = mpheap.run("show", f"{address:#x}", "--format", "json", *words)
    assert result.status == 0, result
    return result.json


@tiers_shown
def test_show_says_the_same(layout: Dump, tier: str) -> None:
    """Of objects in flash too."""
    words = tuple(words_of(layout, tier))
    found = {name: shown(words, said.address) for name, said in layout.objects.items()}

    assert {name: entry["type"] for name, entry in found.items()} == {
        name: said.type for name, said in layout.objects.items()}
    assert {name: without_addresses(entry["value"], layout.objects[name].address)
            for name, entry in found.items()} == {
        name: expected_value(layout, name) for name in layout.objects}


@tiers_shown
def test_show_names_what_is_inside(layout: Dump, tier: str) -> None:
    words = tuple(words_of(layout, tier))
    for name, expected in MEMBERS.items():
        if name not in layout.objects:
            continue
        entry = shown(words, layout.objects[name].address)
        found = {part["name"]: part["value"] for part in entry["fields"]}
        found |= {part["step"]: part["value"] for part in entry["elements"]}
        assert {part: found.get(part) for part in expected} == expected, name
