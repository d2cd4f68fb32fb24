# SPDX-License-Identifier: MIT
"""The collector's mark over heaps of 2 MB, 64 MB and 1 GiB that are all in use."""

from __future__ import annotations

import subprocess

from generated import FOLDER
from large import MIB, SIZES, has_room
from table import heading, row, skipped

RUNS = 3
AIM_NS = 200  # a block, where every step is to memory that no cache has
BLOCK_BYTES = 16
HEAD_BYTES = 16  # of memory for each head, and an eighth of the pool


def allowed_bytes(blocks: float, heads: float) -> float:
    """Memory of an answer about the whole heap."""
    return blocks * BLOCK_BYTES / 8 + heads * HEAD_BYTES


def beside_walk(runs: list[list[float]]) -> float:
    """How many times as long as a plain walk: the same for all sizes where time is linear in
    the heap, however far away its memory is."""
    return min(line[3] for line in runs) / min(line[5] for line in runs)


def run(size: int) -> list[float]:
    """Blocks, heads, reached heads, seconds, bytes, seconds of a plain walk."""
    text = subprocess.run([FOLDER / "mark", str(size)], check=True, text=True,
                          stdout=subprocess.PIPE).stdout
    return [float(word) for word in text.split()]


def measure_marking() -> None:
    """All sizes there is room for."""
    heading("the collector's mark, every block in use and reached")
    for size in SIZES:
        name = f"{size // MIB} MiB"
        if not has_room(size, FOLDER):
            skipped(f"mark of {name}", "not enough memory")
            continue
        runs = [run(size) for _ in range(RUNS)]
        blocks, heads, reached, *_ = runs[0]
        if reached != heads:
            raise RuntimeError(f"{reached:.0f} of {heads:.0f} heads reached")
        row(f"mark of {name}: a block", min(line[3] for line in runs) * 1e9 / blocks, AIM_NS, " ns")
        row(f"mark of {name}: beside a plain walk", beside_walk(runs), unit="x")
        most = max(line[4] for line in runs)
        row(f"mark of {name}: memory beside what is allowed",
            most / allowed_bytes(blocks, heads), 1, "x")
