# SPDX-License-Identifier: MIT
"""A dump of the fixture with a chain of allocations: each holds the next, r4 the first."""

from __future__ import annotations

from pathlib import Path

from dumps import Dump
from live.patched import Patched

import mpheap

HEAD = 1  # in the allocation table
BLOCK = 16


def chain(dump: Dump, folder: Path, length: int) -> tuple[list[str | Path], list[int]]:
    """The options that open it, and the addresses: the last free blocks of the first area."""
    patched = Patched(dump, folder)
    info = mpheap.run("info", "--verbose", "--format=json", *patched.words()).json
    area = info["heap"]["areas"][0]
    table, pool = int(area["table_address"], 0), int(area["pool_start_address"], 0)
    addresses: list[int] = []
    for block in reversed(range(area["block_count"])):
        at, shift = table + block // 4, 2 * (block % 4)
        if len(addresses) < length and not patched.word(at, 1) >> shift & 3:
            patched.put(at, patched.word(at, 1) | HEAD << shift, 1)
            addresses.append(pool + BLOCK * block)
    assert len(addresses) == length
    for at, following in zip(addresses, [*addresses[1:], 0]):
        for offset in range(0, BLOCK, 4):
            patched.put(at + offset, following if offset == 8 else 0)
    return patched.words(f"r4={addresses[0]:#x}"), addresses
