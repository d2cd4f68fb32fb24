# SPDX-License-Identifier: MIT
"""`garbage` and `fit` on a live micro:bit, beside what its collector and allocator then do.

The program stands in an empty loop, is looked at, and goes on at Ctrl-C without a line of the
prompt in between: what it does next is what was asked about.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from captures import capture
from live.collected import Heads, gone, predict
from live.microbit_scenes import SOFT_RESET, find_area
from live.reachable import Memory, heads_of
from oracle import Heap
from rig import Board

import mpheap

PAUSE = """\
import gc
def pause():
    try:
        print('paused')
        while True: pass
    except KeyboardInterrupt:
        pass
"""
SCENE = PAUSE + """\
class Node:
    def __init__(self, value):
        self.value = value
        self.next = self
def ring(length):
    first = node = Node(0)
    for value in range(1, length):
        node.next = Node([value, str(value)])
        node = node.next
    node.next = first
def build():
    kept = []
    for i in range(12):
        ring(3)
        kept.append(bytearray(40))
        bytearray(i * 7)
        {i: str(i)}
    return kept
kept = build()
"""
COLLECT = "pause()\ngc.collect()\npause()\n"
# The largest buffer that the board can make, found by trying. Small blocks find holes before it;
# the largest run is there only after a collection.
LARGEST = """\
def can(size):
    try:
        bytearray(size)
        return True
    except MemoryError:
        return False
def largest():
    low, high = 1, 16000
    while low < high:
        middle = (low + high + 1) // 2
        if can(middle): low = middle
        else: high = middle - 1
    return low
large = bytearray(1200)
wall = bytearray(20)
gc.collect()
large = None
pause()
print('largest', largest())
"""
# A tuple is one allocation. Three of them follow each other; what fills the rest of the heap leaves
# no run as large as one of them. The last line printed takes the place of what the stack of values
# still has of the one before.
WALL = """\
gc.collect()
rows = [None] * 20
try:
    for i in range(20): rows[i] = (0,) * 200
except MemoryError: pass
def follow(first, second):
    return first and second and id(second) - id(first) == 816
i = 0
while not (follow(rows[i], rows[i + 1]) and follow(rows[i + 1], rows[i + 2])): i += 1
wall = rows[i + 1]
rows[i + 1] = rest = None
print('at', id(rows[i]), id(wall), id(rows[i + 2]))
print('placed')
try:
    while True: rest = (rest,) + (0,) * 19
except MemoryError: pass
rows[i] = rows[i + 2] = None
print(0, 0, 0, 0, 0, 0)
pause()
"""
PLACED = re.compile(rb"at (\d+) (\d+) (\d+)\r\nplaced\r\n")
PAUSED = b"paused\r\n"


@dataclass(frozen=True)
class Moment:
    """A board that stands still: options that open its memory, and all allocations."""

    words: list[str]
    heads: Heads


def registers(board: Board) -> dict[str, int]:
    text = str(board.qmp("human-monitor-command", **{"command-line": "info registers"}))
    found = re.findall(r"\bR(\d\d)=([0-9a-f]{8})", text)
    names = {"13": "sp", "14": "lr", "15": "pc"}
    return {names.get(number, f"r{int(number)}"): int(value, 16) for number, value in found}


def look(board: Board, folder: Path) -> Moment:
    """Waits for the program's pause, and takes the memory."""
    board.repl.read_until(PAUSED)
    words = []
    with board.paused():
        for name, value in registers(board).items():
            words += ["--reg", f"{name}={value:#x}"]
        regions = {base: board.read_memory(base, size) for base, size in board.regions}
    for base, data in regions.items():
        file = folder / f"{len(list(folder.iterdir()))}"
        file.write_bytes(data)
        words += ["--image", f"{file}@{base:#x}"]
    memory = Memory(regions)
    return Moment(words, heads_of(memory, [find_area(memory)]))


def start(board: Board, code: str, scene: str = SCENE) -> None:
    board.repl.send(SOFT_RESET)
    board.repl.wait_prompt()
    board.repl.start(scene + code)


def test_a_collection_takes_what_was_said(board: Board, tmp_path: Path) -> None:
    """The blocks that go are those that were said, with registers and the C stack as roots."""
    start(board, COLLECT)
    before = look(board, tmp_path)
    said = predict(*before.words)
    board.repl.send(b"\x03")
    after = look(board, tmp_path)
    board.repl.interrupt()
    collected = gone(before.heads, after.heads)
    assert said.certain and len(said.blocks) > 60
    assert said.blocks == collected


def fit(size: int, *words: Any) -> mpheap.Result:
    return mpheap.run("fit", str(size), "--after-collect", "--format=json", *words)


def test_the_largest_buffer_is_the_one_that_was_said(board: Board, tmp_path: Path) -> None:
    """The board finds its own limit by trying: one byte more than that fails."""
    start(board, LARGEST)
    moment = look(board, tmp_path)
    board.repl.send(b"\x03")
    largest = int(re.search(r"largest (\d+)", board.repl.wait_prompt())[1])
    fits, fails = fit(largest, *moment.words), fit(largest + 1, *moment.words)
    assert (fits.status, fails.status) == (0, 1)
    assert fits.json["after"]["fits"] is True and fails.json["after"]["fits"] is False
    assert fits.json["after"]["largest_run_bytes"] == largest
    assert fits.json["now"]["fits"] is False


def test_what_keeps_runs_apart(board: Board, tmp_path: Path) -> None:
    """One object is kept between two that are gone: it is named, with what keeps it."""
    start(board, WALL, PAUSE)
    placed = PLACED.search(board.repl.read_until(b"placed\r\n"))
    before, wall, behind = (int(word) for word in placed.groups())
    moment = look(board, tmp_path)
    board.repl.interrupt()
    assert before < wall < behind == wall + moment.heads[wall]
    between = fit(16, "--between", *moment.words).json["between"]
    first, second = between["first"], between["second"]
    assert int(first["address"], 0) <= before
    assert int(first["address"], 0) + first["bytes"] == wall
    assert int(second["address"], 0) == behind
    assert between["joined_bytes"] == first["bytes"] + moment.heads[wall] + second["bytes"]
    assert between["joinable"] and between["used_bytes"] == moment.heads[wall]
    line = mpheap.run("why", hex(wall), "--format=json", *moment.words).json["paths"][0]["line"]
    assert line.endswith("['wall']")
    assert between["blocks"] == [{
        "address": hex(wall), "bytes": moment.heads[wall], "type": "tuple",
        "what": "tuple wall", "why": line}]
    text = mpheap.run("fit", "16", "--between", *moment.words).stdout
    assert "\n1 allocation in between, " in text and f"why: {line}\n" in text
    ram = [word for word in moment.words if word.endswith("@0x20000000")]
    alone = mpheap.run("fit", "16", "--between", "--image", *ram)  # where roots are, is not known
    assert "after a collection there are no two free runs to join" in alone.stdout


@pytest.mark.parametrize("version", ["1.20.0-268", "1.27.0", "1.29.0-6-settrace"])
def test_runs_of_different_areas(version: str) -> None:
    """Heaps of several areas, with both runs in one of them at one of two moments."""
    answers = []
    for moment in (1, 2):
        image = ("--image", f"{capture(version).memory(moment)}@0")
        between = fit(16, "--between", *image).json["between"]
        text = mpheap.run("fit", "16", "--between", *image).stdout
        areas = Heap(capture(version).memory(moment)).areas
        starts = [int(between[run]["address"], 0) for run in ("first", "second")]
        places = [next(area for area in areas if area.pool_start <= start < area.pool_end)
                  for start in starts]
        answers.append(between["joinable"])
        assert between["joinable"] == (places[0] == places[1])
        assert between["joinable"] != ("in different areas: nothing can join them" in text)
        assert len(between["blocks"]) == min(8, between.get("count", 0))
        more = between.get("count", 0) - 8
        assert (f"and {more} more\n" in text) == (more > 0)
    assert sorted(answers) == [False, True]
