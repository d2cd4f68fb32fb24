# SPDX-License-Identifier: MIT
"""A second opinion on a WebAssembly heap: the map of mem_info(1), from a memory file alone.

Plain Python that shares nothing with the engine in C. It knows 32-bit little-endian builds with a
finaliser table and a split heap, from v1.20 on, and finds everything by invariants:

- an area: the words of mp_state_mem_area_t (py/mpstate.h) that satisfy gc_setup_area's arithmetic
  (py/gc.c), and the areas linked through the word before them;
- the type of types: the one word that holds its own address (py/objtype.c, mp_type_type);
- the names of types: the chain of qstr pools that starts at the static one (py/qstr.c).

    oracle.py MEMORY.bin            prints the map
    oracle.py --facts MEMORY.bin    prints where everything was found
"""

import contextlib
import mmap
import sys
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

WORD = 4
BLOCK = 16
BLOCKS_PER_ROW = 64
PAGE = bytes(0x10000)  # one of WebAssembly's, before anything is written to it
MIN_FOLDED = 2 * BLOCKS_PER_ROW  # gc_dump_alloc_table folds free runs of two rows and more
HEAD = 1
KIND_LETTERS = ".h=m"  # free, head, tail, marked: the values in the allocation table

# gc_dump_alloc_table's letters for heads, by the name of the built-in type.
LETTERS = dict(tuple="T", list="L", dict="D", str="S", bytes="S", bytearray="A", array="A")
LETTERS |= dict(float="F", function="B", module="M")
FLAG_BUILTIN_FUNCTION = 0x40  # MP_TYPE_FLAG_BUILTIN_FUN, py/obj.h
# Names that several types carry, and the slot index (its offset in mp_obj_type_t) that only the
# one meant has: attrtuple has no make_new, the functions in machine code have no print.
TELLING_SLOT = {"tuple": 8, "function": 9}


class OracleError(Exception):
    """The memory holds no heap of the kind the oracle knows, or more than one."""


@dataclass
class Area:
    """One mp_state_mem_area_t: addresses, and the allocation table's length in bytes."""

    address: int
    next: int
    table: int
    table_bytes: int
    pool_start: int
    pool_end: int
    bit_tables: int


@dataclass
class QstrPool:
    """One qstr_pool_t: its address, the id of its first qstr, how many, where the pointers are."""

    address: int
    first: int
    length: int
    strings: int


def only(found: list, what: str):
    """The single element, or an error that says how many there are."""
    if len(found) != 1:
        raise OracleError(f"{len(found)} candidates for {what}")
    return found[0]


class Heap:
    """A memory file and what is found in it. Raises OracleError from the constructor only."""

    def __init__(self, path: Path) -> None:
        with open(path, "rb") as file:
            self.data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        used = len(self.data)  # trailing zeros hold nothing and cost time
        while self.data[used - len(PAGE) : used] == PAGE:
            used -= len(PAGE)
        self.words = array("I", self.data[: (used + 64) // WORD * WORD])
        self.areas = self._find_areas()
        self.qstr_pools = self._find_qstr_pools()
        self.metatype = WORD * only(
            [index for index, word in enumerate(self.words) if word == WORD * index and word],
            "the type of types",
        )
        self.letters = self._find_letters()

    def _area_at(self, index: int) -> Area | None:
        """The area whose table pointer is that word, if all of the arithmetic agrees."""
        start, length, finaliser = self.words[index : index + 3]
        half = (length + 1) // 2
        for bits in (1, 2):
            pool_start, pool_end = self.words[index + 2 + bits : index + 4 + bits]
            slack = pool_start - (finaliser + bits * half)
            expected = (pool_end - start - 1) * 8 // (8 + 4 * bits + 32 * BLOCK)
            weakref_agrees = bits == 1 or self.words[index + 3] == finaliser + half
            if pool_end - pool_start == 4 * length * BLOCK and pool_end <= len(self.data):
                if weakref_agrees and 0 <= slack <= 4 * BLOCK + 1 and length == expected:
                    next_area, address = self.words[index - 1], WORD * (index - 1)
                    return Area(address, next_area, start, length, pool_start, pool_end, bits)
        return None

    def _find_areas(self) -> list[Area]:
        """The live areas in list order.

        Every further area stands right before its own table, so the first is the one that does
        not. An area that the board has given back may still look valid: only the chain counts.
        """
        found = {}
        triples = zip(self.words, self.words[1:], self.words[2:-3])
        for index, (start, length, finaliser) in enumerate(triples):
            # The finaliser table follows the allocation table after one gap byte.
            if length and finaliser - start - length == 1 and index:
                area = self._area_at(index)
                if area:
                    found[area.address] = area
        alone = [area for area in found.values() if not 0 <= area.table - area.address <= 64]
        chain = [only(alone, "the first area")]
        while chain[-1].next:
            area = found.get(chain[-1].next)
            if area is None or area in chain:
                raise OracleError(f"no area at {chain[-1].next:#x}, after {chain[-1].address:#x}")
            chain.append(area)
        return chain

    def _find_qstr_pools(self) -> list[QstrPool]:
        """The chain from the static pool, whose qstr 2 is `__dir__`, to the newest in RAM."""
        words = self.words
        by_previous: dict[int, list[QstrPool]] = {}
        headers = zip(words, words[1:], words[2:], words[3:-6])
        for index, (previous, first, alloc, length) in enumerate(headers):
            if alloc and 0 < length < 0x10000:
                first &= 0x7FFFFFFF  # the top bit says whether the pool is sorted
                pool = QstrPool(WORD * index, first, length, WORD * (index + 6))
                by_previous.setdefault(previous, []).append(pool)
        roots = [pool for pool in by_previous[0] if pool.first == 0 and pool.length >= 50]
        roots = [pool for pool in roots if self._string(pool, 2) == "__dir__"]
        chain = [only(roots, "the static qstr pool")]
        while True:
            end = chain[-1].first + chain[-1].length
            following = by_previous.get(chain[-1].address, [])
            following = [pool for pool in following if pool.first == end]
            if not following:
                return chain
            chain.append(only(following, f"the qstr pool after {chain[-1].address:#x}"))

    def _string(self, pool: QstrPool, index: int) -> str:
        """A pool's NUL-terminated string; empty where there is none."""
        start = self.words[pool.strings // WORD + index]
        end = self.data.find(b"\0", start)
        return self.data[start:end].decode("utf-8", "replace") if 0 <= end - start < 256 else ""

    def qstr(self, number: int) -> str:
        """The text of a qstr id; empty for an id that no pool holds."""
        for pool in self.qstr_pools:
            if pool.first <= number < pool.first + pool.length:
                return self._string(pool, number - pool.first)
        return ""

    def word(self, address: int) -> int:
        """The word at an aligned address; 0 past the end of what is used."""
        index = address // WORD
        return self.words[index] if index < len(self.words) else 0

    def type_name(self, address: int) -> str:
        """The name of the type at an address; empty if no type is there."""
        if self.word(address) != self.metatype:
            return ""
        return self.qstr(self.word(address + WORD) >> 16)

    def _addresses_of(self, value: int) -> Iterator[int]:
        """Where that word is."""
        index = -1
        with contextlib.suppress(ValueError):
            while True:
                index = self.words.index(value, index + 1)
                yield WORD * index

    def _find_letters(self) -> dict[int, str]:
        """Address of a built-in type -> its letter."""
        named: dict[str, list[int]] = {name: [] for name in LETTERS}
        for address in self._addresses_of(self.metatype):
            if self.area_of(address):
                continue
            name = self.type_name(address)
            if name not in LETTERS or self.word(address + WORD) & FLAG_BUILTIN_FUNCTION:
                continue
            if name not in TELLING_SLOT or self.data[address + TELLING_SLOT[name]]:
                named[name].append(address)
        return {only(named[name], f"the type {name}"): LETTERS[name] for name in LETTERS}

    def area_of(self, address: int) -> Area | None:
        """The area whose pool holds the address."""
        for area in self.areas:
            if area.pool_start <= address < area.pool_end:
                return area
        return None

    def block_kind(self, area: Area, block: int) -> int:
        """A block's two bits in the allocation table."""
        return self.data[area.table + block // 4] >> 2 * (block % 4) & 3

    def _letter(self, area: Area, block: int) -> str:
        kind = self.block_kind(area, block)
        if kind == HEAD:
            return self.letters.get(self.word(area.pool_start + block * BLOCK), "h")
        return KIND_LETTERS[kind]

    def area_map(self, area: Area) -> str:
        """gc_dump_alloc_table's text for one area."""
        blocks = "".join(self._letter(area, block) for block in range(4 * area.table_bytes))
        lines = [f"GC memory layout; from {area.pool_start:x}:"]
        at = 0
        while at < len(blocks):
            free = len(blocks) - at - len(blocks[at:].lstrip("."))
            if free >= MIN_FOLDED:
                lines.append(f"       ({free // BLOCKS_PER_ROW} lines all free)")
                at = (at + free) // BLOCKS_PER_ROW * BLOCKS_PER_ROW
                if at >= len(blocks):
                    break
            lines.append(f"{at * BLOCK:08x}: {blocks[at:at + BLOCKS_PER_ROW]}")
            at += BLOCKS_PER_ROW
        return "\n".join(lines) + "\n"

    def map(self) -> str:
        """The map of all areas, from the first `GC memory layout` to the last newline."""
        return "".join(self.area_map(area) for area in self.areas)

    def facts(self) -> str:
        """Where everything was found, one fact a line."""
        newest = self.qstr_pools[-1].address
        holders = [hex(WORD * index) for index, word in enumerate(self.words) if word == newest]
        facts = [*self.areas, *self.qstr_pools, f"last_pool {holders}", f"type {self.metatype:#x}"]
        return "".join(f"{fact}\n" for fact in facts)


if __name__ == "__main__":
    heap = Heap(Path(sys.argv[-1]))
    sys.stdout.write(heap.facts() if sys.argv[1] == "--facts" else heap.map())
