# SPDX-License-Identifier: MIT
"""A second opinion on what a collection would keep: plain Python over the bytes of a dump.

It shares nothing with the engine in C. The roots are found by their shape, in 32-bit little-endian
memory:

- `last_pool` holds the address of the newest qstr pool (py/qstr.c);
- `dict_locals` and `dict_globals`, a few words before it, both hold the address of dict_main, which
  lies a little behind it in the same structure, as long as the program is in __main__
  (py/mpstate.h);
- `qstr_last_chunk` is the block that holds the newest interned text; `qstr_last_alloc` and
  `qstr_last_used` follow it.

gc_collect_start() takes every word from dict_locals up to qstr_last_chunk as a possible pointer
(py/gc.c, v1.8.2 and later), and the words of the Python stack where there is one; the port adds the
registers and the C stack. A word keeps a block when it is the exact address of an allocation's
first block.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

WORD = 4
BLOCK = 16
FREE, HEAD, TAIL, MARK = range(4)  # the values in the allocation table
MAX_THREAD_WORDS = 16  # from dict_locals to last_pool; 6 without options
MAX_STATE_BYTES = 0x1000  # of all of mp_state_vm_t
MIN_PYSTACK_BYTES = 256


class ReachableError(Exception):
    """The memory has not the shape described above."""


class Area(Protocol):
    """Where one area's allocation table and pool are."""

    table: int
    table_bytes: int
    pool_start: int
    pool_end: int


class Qstrs(Protocol):
    """A qstr pool: its address, how many qstrs it has, where its pointers to them are."""

    address: int
    length: int
    strings: int


class Memory:
    """Bytes at addresses: word-aligned regions by their first address."""

    def __init__(self, regions: Mapping[int, bytes]) -> None:
        self._regions = [(base, array("I", data)) for base, data in regions.items()]

    def words(self, start: int, end: int) -> Sequence[int]:
        """The words from `start` up to `end`; only those that are there."""
        for base, words in self._regions:
            if base <= start < base + WORD * len(words):
                return words[(start - base) // WORD : (end - base + WORD - 1) // WORD]
        return ()

    def word(self, address: int) -> int:
        """The word at an address; 0 where there is no memory."""
        return (*self.words(address & -WORD, (address & -WORD) + WORD), 0)[0]

    def byte(self, address: int) -> int:
        return self.word(address) >> 8 * (address % WORD) & 0xFF

    def holders(self, value: int) -> Iterator[int]:
        """The addresses of all words that hold a value."""
        for base, words in self._regions:
            index = -1
            for _ in range(words.count(value)):
                index = words.index(value, index + 1)
                yield base + WORD * index


@dataclass(frozen=True)
class Roots:
    """Addresses in mp_state_ctx: [dict_locals, qstr_last_chunk), and the Python stack if any."""

    dict_locals: int
    qstr_last_chunk: int
    pystack: tuple[int, int] | None  # start, and where it is in use up to


def heads_of(memory: Memory, areas: Iterable[Area]) -> dict[int, int]:
    """Every allocation: address of its first block -> bytes."""
    heads: dict[int, int] = {}
    for area in areas:
        last = 0
        fours = map(memory.byte, range(area.table, area.table + area.table_bytes))
        kinds = (four >> shift & 3 for four in fours for shift in (0, 2, 4, 6))
        for block, kind in enumerate(kinds):
            if kind in (HEAD, MARK):
                last = area.pool_start + BLOCK * block
                heads[last] = BLOCK
            elif kind == TAIL:
                heads[last] += BLOCK
    return heads


def _dict_locals(memory: Memory, last_pool: int) -> int | None:
    """The address of the words that hold dict_main, before the one that holds the newest pool."""
    for words in range(2, MAX_THREAD_WORDS):
        first, second = memory.words(last_pool - WORD * words, last_pool - WORD * words + 2 * WORD)
        if first == second and last_pool < first < last_pool + MAX_STATE_BYTES:
            return last_pool - WORD * words
    return None


def _qstr_last_chunk(memory: Memory, heads: Mapping[int, int], start: int, text: int) -> int:
    """The address of the word that holds the block of the newest interned text."""
    for address in range(start, start + MAX_STATE_BYTES, WORD):
        chunk, alloc, used = memory.words(address, address + 3 * WORD)
        if used <= alloc <= heads.get(chunk, 0) and chunk <= text < chunk + used:
            return address
    raise ReachableError(f"no chunk holds the text at {text:#x}")


def _pystack(memory: Memory, heads: Mapping[int, int], dict_locals: int) -> tuple[int, int] | None:
    """py/mpstate.h: pystack_start, pystack_end, pystack_cur stand before dict_locals."""
    for words in (3, 4):  # from v1.16 on gc_lock_depth comes between
        address = dict_locals - WORD * words
        start, end, current = memory.words(address, address + 3 * WORD)
        if start <= current <= end and end - start >= MIN_PYSTACK_BYTES and start not in heads:
            return start, current
    return None


def find_roots(memory: Memory, heads: Mapping[int, int], newest: Qstrs) -> Roots:
    """Raises ReachableError unless there is exactly one place that has the shape."""
    found = {}
    for holder in memory.holders(newest.address):
        dict_locals = _dict_locals(memory, holder)
        if dict_locals is not None:
            found[holder] = dict_locals
    if len(found) != 1:
        raise ReachableError(f"{len(found)} candidates for last_pool: {found}")
    ((last_pool, dict_locals),) = found.items()
    text = memory.word(newest.strings + WORD * (newest.length - 1))
    chunk = _qstr_last_chunk(memory, heads, last_pool, text)
    return Roots(dict_locals, chunk, _pystack(memory, heads, dict_locals))


def reachable(memory: Memory, heads: Mapping[int, int], roots: Iterable[int]) -> set[int]:
    """The allocations that these words keep, directly and through each other."""
    kept: set[int] = set()
    pending = [word for word in roots if word in heads]
    while pending:
        address = pending.pop()
        if address not in kept:
            kept.add(address)
            words = memory.words(address, address + heads[address])
            pending.extend(word for word in words if word in heads)
    return kept


def root_words(memory: Memory, roots: Roots) -> list[int]:
    """The words that the collector itself scans, without registers and C stack."""
    words = list(memory.words(roots.dict_locals, roots.qstr_last_chunk))
    if roots.pystack:
        words += memory.words(*roots.pystack)
    return words
