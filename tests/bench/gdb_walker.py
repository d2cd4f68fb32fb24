# SPDX-License-Identifier: MIT
"""The heap by plain GDB Python: what one would write without mpheap.

To be sourced in GDB with a firmware's ELF loaded. `walker` prints the block map after two
bulk reads, the allocation table and the pool. `walker-types` counts objects by their type,
with a read for each word that is looked at.
"""

from __future__ import annotations

import gdb  # type: ignore[import-not-found]

LETTERS = {
    "tuple": "T", "list": "L", "dict": "D", "str": "S", "bytes": "S", "bytearray": "A",
    "array": "A", "float": "F", "fun_bc": "B", "module": "M",
}
ROW = 64


def type_letters() -> dict[int, str]:
    """Letters by the address of the type."""
    letters = {}
    for name, letter in LETTERS.items():
        symbol = gdb.lookup_global_symbol(f"mp_type_{name}")
        if symbol is not None:
            letters[int(symbol.value().address)] = letter
    return letters


def block_letters(table: bytes, pool: bytes, block_bytes: int) -> str:
    """One letter a block."""
    types = type_letters()
    letters = []
    for block in range(len(pool) // block_bytes):
        kind = table[block // 4] >> block % 4 * 2 & 3
        if kind == 1:
            at = block * block_bytes
            letters.append(types.get(int.from_bytes(pool[at:at + 4], "little"), "h"))
        else:
            letters.append(".h=m"[kind])
    return "".join(letters)


def rows(letters: str, block_bytes: int) -> str:
    """As mem_info(1) prints them: runs of free rows are folded."""
    text, block = [], 0
    while block < len(letters):
        used = len(letters) - len(letters[block:].lstrip("."))
        free_rows = (used - block) // ROW
        if free_rows >= 2:
            text.append(f"\n       ({free_rows} lines all free)")
            block += free_rows * ROW
            continue
        text.append(f"\n{block * block_bytes:08x}: {letters[block:block + ROW]}")
        block += ROW
    return "".join(text)


def block_map() -> str:
    """The map of the heap's only area."""
    area = gdb.parse_and_eval("mp_state_ctx.mem.area")
    start, end = int(area["gc_pool_start"]), int(area["gc_pool_end"])
    size = int(area["gc_alloc_table_byte_len"])
    inferior = gdb.selected_inferior()
    table = inferior.read_memory(int(area["gc_alloc_table_start"]), size).tobytes()
    pool = inferior.read_memory(start, end - start).tobytes()
    block_bytes = (end - start) // (size * 4)
    letters = block_letters(table, pool, block_bytes)
    return f"GC memory layout; from {start:x}:{rows(letters, block_bytes)}\n"


class Walker(gdb.Command):
    """Print the block map by plain GDB Python."""

    def __init__(self) -> None:
        super().__init__("walker", gdb.COMMAND_DATA)

    def invoke(self, argument: str, from_tty: bool) -> None:
        """Run the command."""
        gdb.write(block_map())


def type_counts() -> dict[str, int]:
    """How many heads of the only area begin with each builtin type."""
    area = gdb.parse_and_eval("mp_state_ctx.mem.area")
    start, end = int(area["gc_pool_start"]), int(area["gc_pool_end"])
    table, size = int(area["gc_alloc_table_start"]), int(area["gc_alloc_table_byte_len"])
    inferior = gdb.selected_inferior()
    block_bytes = (end - start) // (size * 4)
    names = {}
    for name in LETTERS:
        symbol = gdb.lookup_global_symbol(f"mp_type_{name}")
        if symbol is not None:
            names[int(symbol.value().address)] = name
    counts = dict.fromkeys(names.values(), 0)
    bits = inferior.read_memory(table, size).tobytes()
    for block in range(size * 4):
        if bits[block // 4] >> block % 4 * 2 & 3 != 1:
            continue
        first = inferior.read_memory(start + block * block_bytes, 4).tobytes()
        word = int.from_bytes(first, "little")
        if word in names:
            counts[names[word]] += 1
    return counts


class TypesWalker(gdb.Command):
    """Count objects by plain GDB Python."""

    def __init__(self) -> None:
        super().__init__("walker-types", gdb.COMMAND_DATA)

    def invoke(self, argument: str, from_tty: bool) -> None:
        """Run the command."""
        for name, count in type_counts().items():
            gdb.write(f"{count} {name}\n")


Walker()
TypesWalker()
