# SPDX-License-Identifier: MIT
"""What plain Python finds in a captured WebAssembly heap, each found once."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from captures import capture
from live.reachable import Memory, find_roots, heads_of, reachable, root_words
from oracle import Heap


@dataclass(frozen=True)
class WasmHeap:
    """All allocations with their bytes, and those that a collection would keep."""

    heads: dict[int, int]
    reachable: frozenset[int]


@functools.cache
def oracle_of(version: str, moment: int) -> Heap:
    """The oracle's reading of one capture."""
    return Heap(capture(version).memory(moment))


@functools.cache
def heap_of(version: str, moment: int) -> WasmHeap:
    """The board collects between programs only, when its C stack holds nothing."""
    heap = oracle_of(version, moment)
    memory = Memory({0: heap.words.tobytes()})
    heads = heads_of(memory, heap.areas)
    roots = find_roots(memory, heads, heap.qstr_pools[-1])
    return WasmHeap(heads, frozenset(reachable(memory, heads, root_words(memory, roots))))
