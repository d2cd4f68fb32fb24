# SPDX-License-Identifier: MIT
"""Shortest paths in heaps of 2 MB, 64 MB and 1 GiB that are all in use, of different shapes."""

from __future__ import annotations

import subprocess

from generated import FOLDER
from large import MIB, SIZES, has_room
from marking import allowed_bytes, beside_walk
from table import heading, row, skipped

SHAPES = ("list", "chain", "tree", "graph")
RUNS = 3
AIM_NS = 400  # a block, where every step is to memory that no cache has


def run(shape: str, size: int) -> list[float]:
    """Blocks, heads, reached heads, seconds, bytes, seconds of a plain walk, length of the
    longest path."""
    text = subprocess.run([FOLDER / "paths", shape, str(size)], check=True, text=True,
                          stdout=subprocess.PIPE).stdout
    return [float(word) for word in text.split()]


def measure_shape(shape: str) -> None:
    """All sizes there is room for."""
    for size in SIZES:
        name = f"paths of {size // MIB} MiB, {shape}"
        if not has_room(size, FOLDER):
            skipped(name, "not enough memory")
            continue
        runs = [run(shape, size) for _ in range(RUNS)]
        blocks, heads, reached, *_, length = runs[0]
        if reached != heads:
            raise RuntimeError(f"{reached:.0f} of {heads:.0f} heads reached")
        row(f"{name}: a block", min(line[3] for line in runs) * 1e9 / blocks, AIM_NS, " ns")
        row(f"{name}: beside a plain walk", beside_walk(runs), unit="x")
        row(f"{name}: the longest path", length, unit=" steps")
        most = max(line[4] for line in runs)
        row(f"{name}: memory beside what is allowed",
            most / allowed_bytes(blocks, heads), 1, "x")


def measure_paths() -> None:
    """All shapes."""
    heading("shortest paths, every block in use and reached")
    for shape in SHAPES:
        measure_shape(shape)
