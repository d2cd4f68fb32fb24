# SPDX-License-Identifier: MIT
"""A real board's firmware, of 2017, from dumps of its memory."""

from __future__ import annotations

import struct
from pathlib import Path

import mpheap
from rig import Board
from rig.microbit import FLASH, RAM

# py/obj.h of v1.9, representation C: a float's bits + 0x80800000, with 2 in the lowest two bits.
HALVES = [struct.unpack("<I", struct.pack("<f", i * 1.5))[0] for i in range(1, 5)]
INLINE = struct.pack("<4I", *((bits + 0x80800000 & 0xFFFFFFFC) | 2 for bits in HALVES))


def test_representation_is_that_of_its_floats(tmp_path: Path) -> None:
    """Floats lie in the words of a list, which only representation C has; their keys say the same,
    although half of them are other names' in representation A."""
    with Board() as board:
        text = board.freeze("floats = [i * 1.5 for i in range(60)]")
        memories = {base: board.read_memory(base, size) for base, size in (FLASH, RAM)}
    words = []
    for base, data in memories.items():
        (tmp_path / f"{base:x}").write_bytes(data)
        words += ["--image", f"{tmp_path}/{base:x}@{base:#x}"]
    facts = {fact["name"]: fact for fact in mpheap.info("--verbose", *words)["provenance"]}

    assert INLINE in memories[RAM[0]]
    assert facts["representation"]["value"] == "C (before 1.13)"
    assert mpheap.board_map(*words) == text[text.index("GC memory layout") :]
