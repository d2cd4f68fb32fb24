# SPDX-License-Identifier: MIT
"""objects' options against the whole list, filtered and sorted here."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any

import pytest
from captures import VERSIONS
from live.listing import UNKNOWN, entries, image

import mpheap

Row = dict[str, Any]
MOMENT = 1
BIG = 200


@functools.cache
def fixture_words(dump_of: Callable[..., Any]) -> tuple[str, ...]:
    """A heap of three areas, with garbage and blocks of no kind."""
    dump = dump_of("v1.28.0-split")
    return (*dump.images(), "--reg", f"sp={dump.sp:#x}", *dump.elf())


@pytest.fixture(name="words", params=["fixture", "webassembly"], scope="module")
def words_fixture(request: pytest.FixtureRequest, dump_of) -> tuple[str, ...]:
    if request.param == "fixture":
        return fixture_words(dump_of)
    return image(VERSIONS[-1], MOMENT)


@functools.cache
def whole(words: tuple[str, ...]) -> tuple[Row, ...]:
    """Every block, in order of areas and addresses."""
    return tuple(entries("--all", *words)[:-1])


@functools.cache
def areas(words: tuple[str, ...]) -> list[range]:
    found = mpheap.run("info", "--verbose", "--format=json", *words).json["heap"]["areas"]
    return [range(int(area["pool_start_address"], 0), int(area["pool_end_address"], 0))
            for area in found]


def address(row: Row) -> int:
    return int(row["address"], 0)


def size(row: Row) -> int:
    """With the blocks that an object holds."""
    return row["bytes"] + row["helper_bytes"]


def is_object(row: Row) -> bool:
    return "value" in row


def is_held(row: Row) -> bool:
    return "owner_address" in row or "holder" in row


def is_usual(row: Row) -> bool:
    """What is listed without --all: what is no part of an object."""
    return is_object(row) or not is_held(row)


def listed(words: tuple[str, ...], *options: str) -> list[Row]:
    return entries(*options, *words)[:-1]


def check(words: tuple[str, ...], wanted: Callable[[Row], bool], *options: str) -> None:
    """The same rows in the same order; and neither none nor all of them."""
    expected = [row for row in whole(words) if wanted(row)]
    assert 0 < len(expected) < len(whole(words))
    assert listed(words, *options) == expected


def test_without_options_what_objects_hold_is_left_out(words: tuple[str, ...]) -> None:
    check(words, is_usual)


def test_type_is_a_type_a_class_or_a_kind(words: tuple[str, ...]) -> None:
    names = {row["type"] for row in whole(words)} & {row["kind"] for row in whole(words)}
    assert {"dict", "list", "str", "tuple"} <= names
    classes = {row["type"] for row in whole(words) if row["kind"] == "instance"}
    blocks = {row["kind"] for row in whole(words) if not is_object(row)} - {UNKNOWN}
    assert classes and "map table" in blocks
    for name in (*sorted(classes)[:3], "dict", "function", "map table", "string data"):
        check(words, lambda row, name=name: name in (row["type"], row["kind"]), "--type", name)


def test_a_question_mark_is_what_nobody_holds() -> None:
    words = image(VERSIONS[-1], MOMENT)
    check(words, lambda row: not is_object(row) and not is_held(row), "--type=?")


def test_a_type_that_is_not_there_lists_nothing(words: tuple[str, ...]) -> None:
    assert listed(words, "--type=no such type") == []


def test_min_counts_what_an_object_holds(words: tuple[str, ...]) -> None:
    check(words, lambda row: is_usual(row) and size(row) >= BIG, f"--min={BIG}")
    check(words, lambda row: size(row) >= 1024, "--min=1K", "--all")
    check(words, lambda row: is_usual(row) and size(row) >= BIG, "-m", hex(BIG))
    assert listed(words, "--min=1G") == []
    assert listed(words, "--min=0") == listed(words)


def test_each_area_has_its_own(words: tuple[str, ...]) -> None:
    found = [listed(words, "--all", f"--area={number}") for number in range(len(areas(words)))]
    assert [row for rows in found for row in rows] == list(whole(words))
    for pool, rows in zip(areas(words), found, strict=True):
        assert all(address(row) in pool for row in rows)


def test_range_includes_both_ends(words: tuple[str, ...]) -> None:
    usual = [row for row in whole(words) if is_usual(row)]
    first, last = address(usual[5]), address(usual[20])
    inside = range(min(first, last), max(first, last) + 1)
    check(words, lambda row: is_usual(row) and address(row) in inside,
          f"--range={inside[0]:#x}..{inside[-1]:#x}")
    check(words, lambda row: is_usual(row) and address(row) in inside[1:-1],
          f"--range={inside[1]:#x}..{inside[-2]}")
    assert listed(words, "--range=1..1") == []


def test_sort(words: tuple[str, ...]) -> None:
    usual = [row for row in whole(words) if is_usual(row)]
    assert listed(words, "--sort=size") == sorted(usual, key=lambda row: (-size(row), address(row)))
    assert listed(words, "--sort=address") == usual


def shown_lines(words: tuple[str, ...], *options: str) -> list[tuple[int, int, str]]:
    """Address, blocks and type of each line of the text."""
    heading, *lines, _ = mpheap.run("objects", *options, *words).stdout.splitlines()
    assert heading.split() == ["address", "blocks", "type", "name", "value"]
    parts = [re.match(r"(\S+) +(\d+)  (.+?)  ", line) for line in lines]
    return [(int(part[1], 0), int(part[2]), part[3]) for part in parts]


def test_sort_by_type_is_by_what_the_text_calls_it(words: tuple[str, ...]) -> None:
    lines = shown_lines(words, "--sort=type")
    assert lines == sorted(lines, key=lambda line: (line[2].encode(), line[0]))
    assert sorted(at for at, *_ in lines) == sorted(address(row) for row in listed(words))


def test_top_is_the_first_of_what_is_left(words: tuple[str, ...]) -> None:
    usual = [row for row in whole(words) if is_usual(row)]
    assert listed(words, "--top=7") == usual[:7]
    assert listed(words, "-n", "0") == []
    assert listed(words, "--top=99999999") == usual
    largest = sorted(usual, key=lambda row: (-size(row), address(row)))
    assert listed(words, "--top=5", "--sort=size") == largest[:5]


def test_options_together(words: tuple[str, ...]) -> None:
    pool = areas(words)[0]
    start, end = pool[0], pool[len(pool) // 2]
    wanted = [row for row in whole(words)
              if row["kind"] == "map table" and start <= address(row) <= end and size(row) >= 48]
    wanted.sort(key=lambda row: (-size(row), address(row)))
    assert len(wanted) > 4
    options = ("--type=map table", "--area=0", f"--range={start}..{end}", "--min=48",
               "--sort=size", "--top=4")
    assert listed(words, *options) == wanted[:4]


def test_the_text_lists_the_same(words: tuple[str, ...]) -> None:
    options = ("--min=100", "--sort=size", "--top=20")
    rows = listed(words, *options)
    assert len(rows) == 20
    shown = shown_lines(words, *options)
    assert [line[:2] for line in shown] == [(address(row), row["blocks"]) for row in rows]
    assert all(line[2] in (row["type"], row["kind"]) for line, row in zip(shown, rows))
    text = mpheap.run("objects", *options, *words).stdout
    assert text.splitlines()[-1].startswith("20 listed. In the heap: ")


def test_the_summary_is_of_the_heap_not_of_the_list(words: tuple[str, ...]) -> None:
    everything = entries("--all", *words)[-1]["summary"]
    for options in ((), ("--type=dict",), ("--top=0",), ("--area=0", "--min=1K")):
        assert entries(*options, *words)[-1]["summary"] == everything


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--min=abc"], "--min: not a size"),
        (["--min="], "--min: not a size"),
        (["--min=-1"], "--min: not a size"),
        (["--min=99999999999999999999"], "--min: not a size"),
        (["--min=99999999999G"], "--min: not a size"),
        (["--area=x"], "--area: not the number of an area"),
        (["--area=-1"], "--area: not the number of an area"),
        (["--area=4294967296"], "--area: not the number of an area"),
        (["--range=5"], "--range: not A..B"),
        (["--range=9..3"], "--range: not A..B"),
        (["--range=..5"], "--range: not A..B"),
        (["--range=0x100.."], "--range: not A..B"),
        (["--range=1..2..3"], "--range: not A..B"),
        (["--sort=name"], "--sort: size, address or type"),
        (["--sort="], "--sort: size, address or type"),
        (["--top=x"], "--top: not a number"),
        (["--top=-1"], "--top: not a number"),
        (["--all=yes"], "unknown or incomplete: --all=yes (mpheap objects --help)"),
        (["0x20000000"], "unknown or incomplete: 0x20000000 (mpheap objects --help)"),
    ],
)
def test_bad_values(dump_of, options: list[str], problem: str) -> None:
    result = mpheap.run("objects", *options, *fixture_words(dump_of))
    assert (result.status, result.stdout, result.error) == (2, "", f"usage: {problem}")


def test_an_area_that_is_not_there(dump_of) -> None:
    result = mpheap.run("objects", "--area=3", *fixture_words(dump_of))
    assert (result.status, result.stdout) == (2, "")
    assert result.error == "--area 3: the heap has 3 areas, numbered from 0"


def test_bad_values_are_json_too(dump_of) -> None:
    result = mpheap.run("objects", "--format=json", "--sort=name", *fixture_words(dump_of))
    assert result.status == 2
    assert result.json["error"]["text"] == "usage: --sort: size, address or type"
