# SPDX-License-Identifier: MIT
"""Dominators of heaps of 2 MB, 64 MB and 1 GiB that are all in use, of different shapes."""

from __future__ import annotations

import os
import subprocess

from generated import FOLDER
from large import MIB, SIZES
from marking import allowed_bytes, beside_walk
from table import heading, row, skipped

SHAPES = ("list", "chain", "tree", "graph")
RUNS = {2 * MIB: 3, 64 * MIB: 2, 1024 * MIB: 1}  # a gigabyte takes a minute a shape
AIM_NS = 1500  # a block, where every step is to memory that no cache has
ROOM = 4  # the heap itself, what makes it, and what the dominators take


def run(shape: str, size: int) -> list[float]:
    """Blocks, heads, reached heads, seconds, bytes, seconds of a plain walk."""
    text = subprocess.run([FOLDER / "dominators", shape, str(size)], check=True, text=True,
                          stdout=subprocess.PIPE).stdout
    return [float(word) for word in text.split()]


def free_bytes() -> int:
    return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def measure_shape(shape: str) -> None:
    """All sizes there is room for."""
    for size in SIZES:
        name = f"dominators of {size // MIB} MiB, {shape}"
        if free_bytes() < ROOM * size:
            skipped(name, "not enough memory")
            continue
        runs = [run(shape, size) for _ in range(RUNS[size])]
        blocks, heads, reached, *_ = runs[0]
        if reached != heads:
            raise RuntimeError(f"{reached:.0f} of {heads:.0f} heads reached")
        row(f"{name}: a block", min(line[3] for line in runs) * 1e9 / blocks, AIM_NS, " ns")
        row(f"{name}: beside a plain walk", beside_walk(runs), unit="x")
        row(f"{name}: memory beside what is allowed",
            max(line[4] for line in runs) / allowed_bytes(blocks, heads), 1, "x")


def measure_dominators() -> None:
    """All shapes."""
    heading("dominators, every block in use and reached")
    for shape in SHAPES:
        measure_shape(shape)
