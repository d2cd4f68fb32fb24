# SPDX-License-Identifier: MIT
"""`garbage` and `fit` on a live micro:bit, beside what its collector and allocator then do.

The program stands in an empty loop, is looked at, and goes on at Ctrl-C without a line of the
prompt in between: what it does next is what was asked about.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from live.collected import Heads, gone, predict
from live.microbit_scenes import SOFT_RESET, find_area
from live.reachable import Memory, heads_of
from rig import Board

import mpheap

SCENE = """\
import gc
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
def pause():
    try:
        print('paused')
        while True: pass
    except KeyboardInterrupt:
        pass
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
PAUSED = b"paused\r\n"


@dataclass(frozen=True)
class Moment:
    """A board that stands still: options that open its memory, and all allocations."""

    words: list[str]
    heads: Heads


@pytest.fixture(name="board", scope="module")
def board_fixture() -> Iterator[Board]:
    with Board() as board:
        yield board


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


def start(board: Board, code: str) -> None:
    board.repl.send(SOFT_RESET)
    board.repl.wait_prompt()
    board.repl.start(SCENE + code)


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
