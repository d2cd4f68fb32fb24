# SPDX-License-Identifier: MIT
"""Heaps of 2 MB, 64 MB and 1 GiB: time a block, and memory besides the mapped file."""

from __future__ import annotations

import os
import re
import resource
import shutil
import subprocess
import time
from pathlib import Path

from board import MPHEAP
from generated import TABLE_AT, Heap, generate
from table import heading, row, skipped

MIB = 1 << 20
SIZES = [2 * MIB, 64 * MIB, 1024 * MIB]
RUNS = 5
AIMS = {"types": 100.0, "map --rich": 100.0}  # ns a block
ROOM = 3  # a heap is measured where disk and memory have this many times its size


def read_seconds(heap: Heap) -> float:
    """Reading the allocation table once."""
    with open(heap.path, "rb", buffering=0) as file:
        start = time.perf_counter()
        os.pread(file.fileno(), heap.blocks // 4, TABLE_AT)
        return time.perf_counter() - start


def anonymous_bytes(pid: int) -> int:
    """Memory of a process that is no file's; 0 once it has ended."""
    try:
        text = Path(f"/proc/{pid}/status").read_text("ascii")
    except (FileNotFoundError, ProcessLookupError):
        return 0
    found = re.search(r"RssAnon:\s+(\d+) kB", text)
    return int(found[1]) * 1024 if found else 0


def run_report(report: str, heap: Heap, *options: str) -> tuple[float, int]:
    """Seconds of a report, and the most anonymous memory that was seen.

    Of the time that the report says it took and the processor time of the whole process the
    shorter one: other load adds to the first, starting adds to the second.
    """
    argv = [MPHEAP, *report.split(), "--stats", f"--image={heap.path}@0x20000000", *options]
    peak = 0
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                          text=True) as process:
        while process.poll() is None:
            peak = max(peak, anonymous_bytes(process.pid))
            time.sleep(0.001)
        log = process.stderr.read()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    found = re.search(r"report ([\d.]+) ms", log)
    if process.returncode or not found:
        raise RuntimeError(f"{report}: exit status {process.returncode}: {log}")
    used = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return min(float(found[1]) / 1e3, used), peak


def has_room(size: int, folder: Path) -> bool:
    """Whether a heap of that size can be measured without harm to others."""
    free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return min(free, shutil.disk_usage(folder).free) > ROOM * size


def measure_heap(heap: Heap, name: str, first: dict[str, float]) -> None:
    """The rows of one size; `first` keeps the time a block of the smallest."""
    reading = min(read_seconds(heap) for _ in range(RUNS))
    for report in ("info", "map", "types", "map --rich"):
        runs = [run_report(report, heap, f"--elf={heap.elf}") for _ in range(RUNS)]
        seconds = min(run[0] for run in runs)  # other load only adds
        a_block = seconds * 1e9 / heap.blocks
        first.setdefault(report, a_block)
        row(f"{report} of {name}: a block", a_block, AIMS.get(report), " ns")
        row(f"{report} of {name}: a block beside the smallest heap's", a_block / first[report], 1.5,
            "x")
        row(f"{report} of {name}: beside reading the table once", seconds / reading, unit="x")
        most = max(run[1] for run in runs)
        row(f"{report} of {name}: anonymous memory at most", most / MIB, unit=" MiB")
        row(f"{report} of {name}: anonymous memory a block", most / heap.blocks, unit=" bytes")
    row(f"info of {name}, no ELF: a block", run_report("info", heap)[0] * 1e9 / heap.blocks,
        unit=" ns")


def measure_large(folder: Path) -> None:
    """All sizes there is room for."""
    heading("large heaps, generated, with an ELF that says where they are")
    first: dict[str, float] = {}
    for size in SIZES:
        name = f"{size // MIB} MiB"
        if not has_room(size, folder):
            skipped(f"heap of {name}", "not enough memory or disk")
            continue
        heap = generate(size, folder / "heap")
        measure_heap(heap, name, first)
        heap.path.unlink()
