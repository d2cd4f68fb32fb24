# SPDX-License-Identifier: MIT
"""whatis says what an address is: the boards' own words, symbols and tables are the judges."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

from typing import Any

import pytest
from captures import VERSIONS, capture
from dumps import Dump
from elftools.elf.elffile import ELFFile
from live.listing import entries, image, listing_of
from live.microbit_scenes import Dump as Microbit
from live.microbit_scenes import find_area
from live.reachable import Memory
from rig import run_gdb
from rig.microbit import FLASH

import mpheap

# Every form of frame and table, 64-bit words, three areas.
VARIANTS = [
    *("v1.8", "v1.9.4-nocheck", "v1.18", "v1.27.0-nanbox", "v1.27.0-rv64"),
    *("v1.28.0-split", "v1.28.0-weakref"),
]
NOWHERE = 0x12345670
MOMENT = 1


@dataclass(frozen=True)
class Answer:
    """What one address is: text by place; and the word it holds, if it can be read."""

    places: dict[str, str]
    word: int | None
    meaning: str


def whatis(address: int | str, *words: str) -> Answer:
    """What the report says, which must succeed."""
    asked = address if isinstance(address, str) else f"{address:#x}"
    result = mpheap.run("whatis", asked, "--format=json", *words)
    assert result.status == 0, result
    found = result.json
    assert found["address"] == f"{int(asked, 0):#x}"
    word = int(found["word"], 0) if "word" in found else None
    places = {entry["place"]: entry["text"] for entry in found["places"]}
    assert len(places) == len(found["places"]) > 0
    return Answer(places, word, found.get("meaning", ""))


def words_of(dump: Dump) -> list[str]:
    return [*dump.images(), "--reg", f"sp={dump.sp:#x}", *dump.elf()]


@pytest.fixture(name="dump", params=VARIANTS, scope="module")
def dump_fixture(request: pytest.FixtureRequest, dump_of) -> Dump:
    return dump_of(request.param)


def word_bytes(dump: Dump) -> int:
    return 8 if dump.variant.endswith("rv64") else 4


def value_bytes(dump: Dump) -> int:
    """Of an object word."""
    return 8 if dump.variant.endswith(("rv64", "nanbox")) else 4


@functools.cache
def areas_of(words: tuple[str, ...]) -> list[dict[str, Any]]:
    """The areas by `info`, whose numbers have tests of their own."""
    return mpheap.run("info", "--verbose", "--format=json", *words).json["heap"]["areas"]


def number(area: dict[str, Any], key: str) -> int:
    return int(area[key], 0)


# --- the heap ---


def test_objects_are_what_the_firmware_says(dump: Dump) -> None:
    area, *_ = areas_of(tuple(words_of(dump)))
    start, end = number(area, "pool_start_address"), number(area, "pool_end_address")
    for name in ("text", "list_roomy", "dict_mixed", "tuple_one", "array_i"):
        statement = dump.objects[name]
        assert start <= statement.address < end
        size = (end - start) // area["block_count"]
        block = f"block {(statement.address - start) // size}"
        text = whatis(statement.address, *words_of(dump)).places["heap"]
        assert re.match(rf"\+0 in {block}(?: of area 0)? \({statement.address:#x}, \d+ bytes\): "
                        rf"{statement.type} {name}, type$", text), text


def test_members_and_items_are_named(dump: Dump) -> None:
    """A list is its type, alloc, len and items (py/objlist.h); a tuple its type, len and items."""
    word, value = word_bytes(dump), value_bytes(dump)
    words = words_of(dump)
    roomy = dump.objects["list_roomy"].address
    for index, member in enumerate(("type", "alloc", "len", "items")):
        text = whatis(roomy + index * word, *words).places["heap"]
        assert text.startswith(f"+{index * word} in ") and text.endswith(f" list_roomy, {member}")
    items = whatis(roomy + 3 * word, *words)
    assert items.meaning == "list items of list list_roomy"
    first, second = (whatis(items.word + index * value, *words) for index in range(2))
    assert first.places["heap"].endswith("list items of list list_roomy, [0]")
    assert second.places["heap"].endswith("list items of list list_roomy, [1]")
    if value == word:
        assert first.meaning == "qstr 'a'"
    nested = dump.objects["tuple_nested"].address
    inner = whatis(nested + 2 * word + value, *words)
    assert inner.places["heap"].endswith("tuple tuple_nested, [1]")
    assert inner.meaning == "list tuple_nested[1]"


def test_unaligned_addresses_lie_in_the_same_member(dump: Dump) -> None:
    roomy, word = dump.objects["list_roomy"].address, word_bytes(dump)
    text = whatis(roomy + 2 * word + 1, *words_of(dump)).places["heap"]
    assert text.startswith(f"+{2 * word + 1} in ") and text.endswith("list list_roomy, len")


def free_runs(dump: Dump, area: dict[str, Any]) -> list[tuple[int, int]]:
    """First block and length of each run of zero pairs in an area's table, from memory."""
    table = number(area, "table_address")
    name, base = next((name, base) for name, (file, base) in dump.files.items()
                      if 0 <= table - base < file.stat().st_size)
    memory = dump.bytes_of(name)[table - base :]
    free = "".join("f" if not memory[block // 4] >> block % 4 * 2 & 3 else "u"
                   for block in range(area["block_count"]))
    return [(found.start(), len(found[0])) for found in re.finditer("f+", free)]


def test_free_blocks_and_their_runs(dump: Dump) -> None:
    words = words_of(dump)
    areas = areas_of(tuple(words))
    for position, area in enumerate(areas):
        start = number(area, "pool_start_address")
        size = (number(area, "pool_end_address") - start) // area["block_count"]
        of = f" of area {position}" if len(areas) > 1 else ""
        runs = free_runs(dump, area)
        for first, length in (runs[0], max(runs, key=lambda run: run[1]), runs[-1]):
            for block in {first, first + length - 1}:
                assert whatis(start + block * size + 1, *words).places["heap"] == (
                    f"free block {block}{of}, in a run of {length * size} bytes "
                    f"from {start + first * size:#x}"
                )


# --- tables and areas ---


def test_tables_name_the_blocks_of_a_byte(dump: Dump) -> None:
    """Four blocks a byte in the allocation table, eight in the others; none beyond the last."""
    words = words_of(dump)
    for position, area in enumerate(areas_of(tuple(words))):
        count = area["block_count"]
        tables = [("allocation table", number(area, "table_address"), 4)]
        starts = [number(table, "start_address") for table in area.get("bit_tables", [])]
        names = ("finaliser table", "weak reference table")
        tables += [(name, start, 8) for name, start in zip(names, starts)]
        for name, start, blocks in tables:
            for byte in (0, 3, (count - 1) // blocks):
                last = min(byte * blocks + blocks, count) - 1
                assert whatis(start + byte, *words).places["table"] == (
                    f"{name}, blocks {byte * blocks} to {last} of area {position}"
                )


def test_structures_of_areas(dump_of) -> None:
    dump = dump_of("v1.28.0-split")
    words = words_of(dump)
    for position, area in enumerate(areas_of(tuple(words))):
        address = number(area, "area_address")
        inside = whatis(address + 4, *words)
        assert inside.places["table"] == (
            f"+4 in the structure of area {position}, gc_alloc_table_start"
        )
        assert inside.word == number(area, "table_address")


# --- the interpreter's state ---

IN_AREA = ("gc_alloc_table_start", "gc_pool_start", "gc_pool_end")
IN_STATE = ("stack_top", "gc_lock_depth", "dict_locals", "last_pool", "gc_stack_overflow")
# Name, address and size of members, however deep in structures they lie.
GDB_WALK = f"""\
python
def walk(value):
    for field in value.type.fields():
        member = value[field.name]
        if field.name in {IN_AREA + IN_STATE!r}:
            print(field.name, int(member.address), member.type.sizeof)
        elif member.type.strip_typedefs().code == gdb.TYPE_CODE_STRUCT:
            walk(member)
walk(gdb.parse_and_eval("mp_state_ctx"))
end"""


def test_members_of_the_state_are_the_debugger_s(dump: Dump) -> None:
    """GDB says by debug information where the members are."""
    lines = run_gdb([GDB_WALK], dump.elf()[1:]).stdout.splitlines()
    found = [line.split() for line in lines]
    assert len(found) >= len(IN_AREA + IN_STATE) - 1
    base = dump.symbols["mp_state_ctx"]
    for name, address, size in found:
        for at in (int(address), int(address) + int(size) - 1):
            places = whatis(at, *words_of(dump)).places
            offset, _, member = places["state"].partition(", ")
            assert offset == f"mp_state_ctx+{at - base:#x}"
            if name in IN_AREA:
                assert re.fullmatch(rf"\+\d+ in the structure of area 0, {name}", places["table"])
            else:
                assert member == name


# --- the stack ---


def frames_of(dump: Dump) -> list[dict[str, Any]]:
    return mpheap.run("bt", "--format=json", *words_of(dump)).json["frames"]


def test_frames_and_their_locals(dump: Dump) -> None:
    """Local 0 of each frame is an object that only its frame holds (tests/fixture/scene.c)."""
    words, value = words_of(dump), value_bytes(dump)
    for frame in frames_of(dump):
        start = int(frame["frame_address"], 0)
        head = whatis(start, *words).places["stack"]
        named = f"frame at {start:#x} of {frame['function']}"
        assert head == f"C stack, {start - dump.sp} bytes above the stack pointer, {named}"
        texts = {at: whatis(at, *words) for at in range(start, start + 16 * value, value)}
        (local,) = [answer for answer in texts.values()
                    if re.search(r", local 0( or value stack)?$", answer.places["stack"])]
        assert f", {named}, " in local.places["stack"]
        assert re.match("str|list", local.meaning)


def word_at(dump: Dump, address: int) -> int:
    size, base = word_bytes(dump), dump.files["ram"][1]
    return int.from_bytes(dump.bytes_of("ram")[address - base :][:size], "little")


def nlr_top(dump: Dump) -> int:
    """The address of the member, by debug information; up to v1.8.1 it was elsewhere."""
    for part in ("thread", "vm"):
        said = run_gdb([f"print/x &mp_state_ctx.{part}.nlr_top"], dump.elf()[1:])
        if said.exit == 0:
            return int(re.search(r"= (0x[0-9a-f]+)", said.stdout)[1], 16)
    raise AssertionError(said)


def test_registers_saved_by_exception_buffers(dump: Dump) -> None:
    inner = word_at(dump, nlr_top(dump))
    outer = word_at(dump, inner)
    size, words = word_bytes(dump), words_of(dump)
    for buffer in (inner, outer):
        for index in (0, 1, 2, 11):
            answer = whatis(buffer + index * size, *words)
            assert answer.places["registers"] == (
                f"+{index * size} in the registers saved by nlr_push at {buffer:#x}"
            )
            assert answer.places["stack"].startswith("C stack, ")
    assert "registers" not in whatis(inner - size, *words).places


# --- code and data of the firmware ---


def symbols_of(dump: Dump) -> list[tuple[str, int, int, str]]:
    """Name, address, size and type of the ELF's symbols."""
    with open(dump.elf()[1], "rb") as file:
        table = ELFFile(file).get_section_by_name(".symtab")
        return [(symbol.name, symbol["st_value"], symbol["st_size"], symbol["st_info"]["type"])
                for symbol in table.iter_symbols()]


def test_symbols_are_the_elf_s(dump: Dump) -> None:
    is_arm = "rv" not in dump.variant
    functions = [(name, address & ~int(is_arm), size)
                 for name, address, size, kind in symbols_of(dump)
                 if kind == "STT_FUNC" and size > 8][:6]
    assert functions
    for name, address, size in functions:
        for offset in (2, size - size % 2 - 2):
            text = whatis(address + offset, *words_of(dump)).places["symbol"]
            assert text == f"symbol {name}+{offset:#x}"


def test_objects_and_types_in_rom(dump: Dump) -> None:
    words = words_of(dump)
    empty = whatis(dump.objects["tuple_empty"].address, *words)
    assert empty.places == {"object": "tuple ()", "symbol": "symbol mp_const_empty_tuple_obj"}
    assert empty.word == dump.symbols["mp_type_tuple"]
    kind = whatis(dump.symbols["mp_type_list"], *words)
    assert kind.places["object"] == "type list (mp_type_list)"


# --- nothing there ---


def test_what_cannot_be_read_is_said(dump: Dump) -> None:
    for address in (NOWHERE, NOWHERE + 1):
        answer = whatis(address, *words_of(dump))
        assert answer.places == {"memory": "memory that cannot be read"}
        assert (answer.word, answer.meaning) == (None, "")


def test_the_last_address_is_only_an_address(dump: Dump) -> None:
    for address in (0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF):
        assert whatis(address, *words_of(dump)).places == {"memory": "memory that cannot be read"}


def test_memory_without_a_name(dump_of) -> None:
    """Between the tables and the pool of v1.28 lies a gap of some bytes."""
    dump = dump_of("v1.28.0-split")
    area = areas_of(tuple(words_of(dump)))[0]
    gap = number(area, "pool_start_address") - 1
    assert whatis(gap, *words_of(dump)).places == {"memory": "memory outside the heap"}


# --- how an address is given ---


@pytest.mark.parametrize("form", ["{:#x}", "{:#X}", "{}", "0x0000{:X}"])
def test_forms_of_numbers(dump_of, form: str) -> None:
    dump = dump_of("v1.28.0-split")
    address = dump.objects["text"].address
    text = form.format(address).replace("0X", "0x")
    result = mpheap.run("whatis", text, *words_of(dump))
    assert result.stdout.startswith(f"{address:#010x}  +0 in block ")


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ([], "ADDR is missing"),
        ([""], "ADDR is not a number"),
        (["0x"], "ADDR is not a number"),
        (["text"], "ADDR is not a number"),
        (["12z"], "ADDR is not a number"),
        (["0x1ffffffffffffffff"], "ADDR is not a number"),
        (["1", "2"], "unknown or incomplete: 2 "),
    ],
)
def test_bad_addresses(dump_of, words: list[str], problem: str) -> None:
    dump = dump_of("v1.28.0-split")
    result = mpheap.run("whatis", *words, *words_of(dump))
    assert result.status == 2
    assert result.error.startswith(f"usage: {problem}")


def test_the_text_has_what_json_has(dump: Dump) -> None:
    address = dump.objects["list_roomy"].address
    answer = whatis(address, *words_of(dump))
    expected = "".join(f"{address:#010x}  {text}\n" for text in answer.places.values())
    expected += f"  holds {answer.word:#x}: {answer.meaning}\n"
    assert mpheap.run("whatis", hex(address), *words_of(dump)).stdout == expected


# --- boards that are no fixture ---


@pytest.mark.parametrize("version", (VERSIONS[0], VERSIONS[-1]))
def test_webassembly(version: str) -> None:
    kept, _ = capture(version).scene(MOMENT)
    words = image(version, MOMENT)
    for name in ("list_empty", "dict_gaps", "str_10000"):
        found = listing_of(version, MOMENT).objects[kept[name].address]
        text = whatis(kept[name].address, *words).places["heap"]
        assert f"({kept[name].address:#x}, {found['bytes']} bytes): {kept[name].type} " in text
        assert f"scene['{name}'], type" in text
    assert whatis(NOWHERE * 8, *words).places == {"memory": "memory that cannot be read"}


def test_microbit(microbit_dumps: dict[str, Microbit]) -> None:
    dump = next(iter(microbit_dumps.values()))
    area = find_area(Memory(dump.regions))
    for byte in (0, area.table_bytes - 1):
        assert whatis(area.table + byte, *dump.images).places["table"] == (
            f"allocation table, blocks {byte * 4} to {byte * 4 + 3} of area 0"
        )
    for entry in list(dump.kept.values())[:8]:
        if area.pool_start <= entry.address < area.pool_end:
            text = whatis(entry.address, *dump.images).places["heap"]
            block = (entry.address - area.pool_start) // 16
            assert text.startswith(f"+0 in block {block} ({entry.address:#x}, ")
            assert f": {entry.type} " in text
    sp = dump.registers[13]
    assert whatis(sp + 8, *dump.images).places["stack"].startswith("C stack, 8 bytes above the ")
    assert whatis(FLASH[0] + 0x100, *dump.images).places == {"memory": "memory outside the heap"}


def test_every_kind_of_block_has_an_answer(dump_of) -> None:
    """One of each kind that `objects` lists, in the words of that list."""
    dump = dump_of("v1.28.0-split")
    *blocks, _ = entries("--all", *words_of(dump))
    for entry in {block["kind"]: block for block in blocks}.values():
        text = whatis(entry["address"], *words_of(dump)).places["heap"]
        assert f"({entry['address']}, {entry['bytes']} bytes): " in text
