# SPDX-License-Identifier: MIT
"""The scene on a live micro:bit, batch by batch: dumps of its memory, and its word on the objects.

Its heap is too small for all objects at once, so the board starts afresh for each batch.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from live import scenes
from live.reachable import BLOCK, WORD, Memory, find_roots, heads_of, reachable, root_words
from rig import Board
from rig.microbit import RAM

LONG = "long = 200"  # characters of the longest text: the heap has 10 KB
COLLECT = "import gc\ngc.collect()"
SOFT_RESET = b"\x04"
MIN_STATIC_QSTRS = 100


@dataclass(frozen=True)
class Area:
    """The one area; v1.9 has neither a finaliser table nor a gap behind the allocation table."""

    table: int
    table_bytes: int
    pool_start: int
    pool_end: int


@dataclass(frozen=True)
class Qstrs:
    """A qstr pool as in v1.9: previous, qstrs before, allocated, length, pointers."""

    address: int
    length: int
    strings: int


@dataclass(frozen=True)
class Dump:
    """A board that stood still in __main__ with one batch of objects: files are named by address.

    `map` is what mem_info(1) printed; `registers` are r0 to r15.
    """

    batch: str
    folder: Path
    kept: dict[str, scenes.Kept]
    missing: dict[str, str]
    map: str
    registers: tuple[int, ...]
    regions: dict[int, bytes]

    @property
    def images(self) -> list[str]:
        """The options that open it."""
        words = [word for base in self.regions for word in ("--image", self._image(base))]
        return [*words, "--reg", f"sp={self.registers[13]:#x}"]

    def _image(self, base: int) -> str:
        return f"{self.folder / f'{self.batch}-{base:08x}'}@{base:#x}"

    def reachable(self) -> tuple[dict[int, int], set[int]]:
        """All allocations with their bytes, and those that a collection would keep."""
        memory = Memory(self.regions)
        heads = heads_of(memory, [find_area(memory)])
        roots = find_roots(memory, heads, newest_qstrs(memory, heads))
        stack = memory.words(self.registers[13], sum(RAM))
        words = [*root_words(memory, roots), *self.registers, *stack]
        return heads, reachable(memory, heads, words)


def find_area(memory: Memory) -> Area:
    """The words S, A, P0, P1 of py/mpstate.h that satisfy gc_init's arithmetic."""
    found = []
    for address in range(RAM[0], sum(RAM) - 4 * WORD, WORD):
        table, length, start, end = memory.words(address, address + 4 * WORD)
        fits = 0 < length == (end - table) // (1 + 4 * BLOCK) and end - start == 4 * length * BLOCK
        if fits and RAM[0] <= table < start < end <= sum(RAM):
            found.append(Area(table, length, start, end))
    (area,) = found
    return area


def newest_qstrs(memory: Memory, heads: dict[int, int]) -> Qstrs:
    """The pool in RAM that no other continues, in the chain that starts in flash."""
    pools = {}
    for address, size in heads.items():
        previous, before, alloc, length = memory.words(address, address + 4 * WORD)
        if 0 < length <= alloc <= size // WORD - 4 and before >= MIN_STATIC_QSTRS:
            ahead = memory.words(previous, previous + 4 * WORD)
            if len(ahead) == 4 and ahead[1] + ahead[3] == before:
                pools[previous] = Qstrs(address, length, address + 4 * WORD)
    (newest,) = [pool for pool in pools.values() if pool.address not in pools]
    return newest


def _registers(board: Board) -> tuple[int, ...]:
    text = str(board.qmp("human-monitor-command", **{"command-line": "info registers"}))
    found = dict(re.findall(r"\bR(\d\d)=([0-9a-f]{8})", text))
    return tuple(int(found[f"{number:02}"], 16) for number in range(16))


def _build(board: Board, batch: scenes.Batch) -> None:
    board.repl.send(SOFT_RESET)
    board.repl.wait_prompt()
    for step in (LONG, *scenes.steps([batch])):
        board.repl.exec(step)
        board.repl.exec(COLLECT)  # what the step left in pieces would be in the next one's way


def take_batch(board: Board, batch: scenes.Batch, folder: Path, last: str = "") -> Dump:
    """Builds a batch, runs `last`, and dumps memory into files of the folder."""
    _build(board, batch)
    kept, missing = scenes.parse(board.repl.exec(scenes.REPORT))
    text = board.freeze(last)
    with board.paused():
        registers = _registers(board)
        regions = {base: board.read_memory(base, size) for base, size in board.regions}
    board.thaw()
    for base, data in regions.items():
        (folder / f"{batch.name}-{base:08x}").write_bytes(data)
    return Dump(batch.name, folder, kept, missing, text, registers, regions)


def take(folder: Path) -> dict[str, Dump]:
    """A dump for every batch of which the board can build anything, by name."""
    with Board() as board:
        dumps = [take_batch(board, batch, folder) for batch in scenes.BATCHES]
    return {dump.batch: dump for dump in dumps if len(dump.kept) > 1}
