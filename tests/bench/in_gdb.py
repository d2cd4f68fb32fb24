# SPDX-License-Identifier: MIT
"""`mpheap map` in GDB, beside a straightforward walker in GDB Python."""

from __future__ import annotations

import os
import re
from pathlib import Path

from board import VARIANT, Dump
from fixture import run
from rig import run_gdb
from rig.debugport import build_folder
from table import heading, row, skipped

ROOT = Path(__file__).resolve().parents[2]
FACE = ROOT / "gdb" / "mpheap.py"
WALKER = Path(__file__).with_name("gdb_walker.py")
RUNS = 5

# Runs in GDB: both commands in turn, each into a string, on the same stopped board.
SCRIPT = """\
python
import statistics, time
def seconds(command):
    start = time.perf_counter()
    text = gdb.execute(command, to_string=True)
    return time.perf_counter() - start, text
mine, theirs = [], []
for _ in range({runs}):
    theirs.append(seconds("walker"))
    mine.append(seconds("mpheap map"))
print("agree", mine[0][1].split() == theirs[0][1].split())
print("ours", statistics.median(t for t, _ in mine))
print("walker", statistics.median(t for t, _ in theirs))
end
"""


def compare(title: str, elf: Path, attach: str) -> None:
    """The rows for one way to the board."""
    result = run_gdb([attach, f"source {FACE}", f"source {WALKER}", SCRIPT.format(runs=RUNS)],
                     [str(elf)])
    found = dict(re.findall(r"^(agree|ours|walker) (\S+)$", result.stdout, re.M))
    if len(found) < 3:
        skipped(title, (result.stderr or result.stdout).strip().splitlines()[-1])
        return
    ours, walker = float(found["ours"]), float(found["walker"])
    row(f"{title}: mpheap map", ours * 1e3, unit=" ms")
    row(f"{title}: walker in GDB Python", walker * 1e3, unit=" ms")
    row(f"{title}: mpheap map beside the walker", ours / walker, 1, "x")
    row(f"{title}: both print the same map", found["agree"])


def measure_in_gdb(dump: Dump, folder: Path) -> None:
    """Over QEMU's GDB stub, and on a core, where no link takes its time."""
    heading("map in GDB, beside a walker in GDB Python with two bulk reads")
    if not FACE.exists():
        skipped("mpheap map in GDB", f"no {FACE.relative_to(ROOT)}")
        return
    os.environ.setdefault("MPHEAP_LIBRARY", str(build_folder() / "libmpheap.so"))
    core = folder / "board.core"
    dump.report("snapshot", core, f"--elf={dump.elf}")
    compare("core", dump.elf, f"core-file {core}")
    with run.run(VARIANT) as board:
        compare("remote stub", board.elf, f"target remote 127.0.0.1:{board.gdb_port}")
