# SPDX-License-Identifier: MIT
"""The HTML report of heaps of 140 KB and 8 MB that are full of objects whose values differ."""

from __future__ import annotations

from pathlib import Path

from browsing import measure_browsing
from generated import generate
from large import MIB, run_report
from table import heading, row

SIZES = {"140 KB": 140032, "8 MB": 8 * MIB}
RUNS = 3
PAGE_MB = 3.0


def measure_page(folder: Path) -> None:
    """Time and memory beside those of listing the same objects, and the size of the page."""
    heading("report: an HTML page of a heap that is full of objects")
    page = folder / "heap.html"
    for name, size in SIZES.items():
        heap = generate(size, folder / "heap")
        elf = f"--elf={heap.elf}"
        pages = [run_report(f"report {page}", heap, elf) for _ in range(RUNS)]
        lists = [run_report("objects --all --format=json", heap, elf) for _ in range(RUNS)]
        seconds, listing = (min(run[0] for run in runs) for runs in (pages, lists))
        row(f"report of {name}", seconds * 1e3, unit=" ms")
        row(f"report of {name}: beside `objects --all --format=json`", seconds / listing, unit="x")
        row(f"report of {name}: the page", page.stat().st_size / 1e6, PAGE_MB, " MB")
        row(f"report of {name}: anonymous memory at most", max(run[1] for run in pages) / MIB,
            unit=" MiB")
        row(f"report of {name}: anonymous memory a block",
            max(run[1] for run in pages) / heap.blocks, unit=" bytes")
        measure_browsing(page, f"report of {name}")
        heap.path.unlink()
