# SPDX-License-Identifier: MIT
"""Dumps of the fixture to be damaged by blocks, and what check says of them.

Addresses are those that the fixture itself prints, and that GDB reads from its debug information.
"""

from __future__ import annotations

import functools
import re
import subprocess
from pathlib import Path
from typing import Any

from dumps import Dump, elf_of
from live.patched import Patched

import mpheap

FREE, HEAD, TAIL, MARK = range(4)
BLOCK = 16
Finding = dict[str, Any]


def check(*words: str | Path) -> dict[str, Any]:
    """The document; the text and the status say the same."""
    result = mpheap.run("check", "--format=json", *words)
    document = result.json
    assert result.status == int(document["is_damaged"]), result
    text = mpheap.run("check", *words)
    assert text.status == result.status
    lines = [line for line in text.stdout.splitlines() if re.match("(damage|unsure)  0x", line)]
    certain = {True: "damage", False: "unsure"}
    assert lines == [
        f"{certain[one['is_certain']]}  {int(one['address'], 0):#010x}  {one['text']}"
        for one in document["findings"]
    ]
    assert ("no damage found" in text.stdout) == (not document["is_damaged"])
    return document


MEMBERS_WANTED = ("gc_alloc_table_start", "gc_alloc_table_byte_len", "gc_pool_start", "next",
                  "gc_finaliser_table_start", "gc_weakref_table_start", "gc_last_free_atb_index",
                  "gc_last_used_block")


@functools.cache
def addresses(variant: str) -> dict[str, int]:
    """Of members of mp_state_ctx, as far as a release has them, by GDB."""
    paths = ["vm.last_pool", "thread.gc_lock_depth"]
    paths += [f"mem.{area}{name}" for area in ("", "area.") for name in MEMBERS_WANTED]
    words = [word for path in paths for word in (
        "-ex", f"output/x (long)&mp_state_ctx.{path}", "-ex", f"echo \\ {path}\\n")]
    done = subprocess.run(["gdb-multiarch", "-nx", "-batch", *words, elf_of(variant, False)],
                          check=False, capture_output=True, text=True)
    found = re.findall(r"^(0x[0-9a-f]+) (\S+)$", done.stdout, re.M)
    return {path: int(value, 16) for value, path in found}


class Board(Patched):
    """A dump to be damaged, by blocks and by the fixture's own names of objects."""

    def __init__(self, dump: Dump, folder: Path) -> None:
        super().__init__(dump, folder)
        self.area = "mem.area" if self.has_area else "mem"
        self.table = self.member("gc_alloc_table_start")
        self.table_bytes = self.member("gc_alloc_table_byte_len")
        self.pool = self.member("gc_pool_start")

    def address(self, member: str) -> int:
        return addresses(self.dump.variant)[member]

    @property
    def has_area(self) -> bool:
        return int(self.dump.variant.split("-")[0].split(".")[1]) >= 20

    def at(self, name: str) -> int:
        return self.dump.objects[name].address

    def place(self, member: str) -> int:
        return self.address(f"{self.area}.{member}")

    def member(self, member: str) -> int:
        return self.word(self.place(member))

    def block(self, address: int) -> int:
        index = (address - self.pool) // BLOCK
        return self.word(self.table + index // 4, 1) >> index % 4 * 2 & 3

    def set_block(self, address: int, kind: int) -> int:
        """The address of the byte of the allocation table."""
        index = (address - self.pool) // BLOCK
        byte, shift = self.table + index // 4, index % 4 * 2
        self.put(byte, self.word(byte, 1) & ~(3 << shift) | kind << shift, 1)
        return byte

    def blocks(self) -> list[int]:
        return [self.block(self.pool + i * BLOCK) for i in range(4 * self.table_bytes)]

    def first(self, *pattern: int) -> int:
        """Where these blocks follow each other first."""
        kinds = self.blocks()
        places = range(len(kinds) - len(pattern))
        index = next(i for i in places if tuple(kinds[i : i + len(pattern)]) == pattern)
        return self.pool + index * BLOCK

    def free_block(self) -> int:
        return self.first(FREE, FREE) + BLOCK

    def end(self, address: int) -> int:
        """Of an allocation."""
        address += BLOCK
        while self.block(address) == TAIL:
            address += BLOCK
        return address

    def slots_of(self, word: int) -> list[int]:
        """Where a word stands in the pool."""
        end = self.pool + 4 * self.table_bytes * BLOCK
        return [at for at in range(self.pool, end, 4) if self.word(at) == word]

    def findings(self, *more: str) -> list[Finding]:
        return check(*self.words(*more))["findings"]

    def with_elf(self) -> list[Finding]:
        """Where it is known that neither allocator nor collector are at work."""
        pc = f"pc={self.dump.symbols['main'] & ~1:#x}"
        return check(*self.words(pc), *self.dump.elf())["findings"]
