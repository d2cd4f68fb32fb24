# SPDX-License-Identifier: MIT
"""mpheap in GDB, beside straightforward walkers in GDB Python."""

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
TIMEOUT_S = 300  # a read for each word takes its time

# Runs in GDB: the commands, each into a string, on the same stopped board. The walker that
# reads word by word takes so long over a stub that it runs `walks` times only.
SCRIPT = """\
python
import statistics, time
def seconds(command):
    start = time.perf_counter()
    text = gdb.execute(command, to_string=True)
    return time.perf_counter() - start, text
def counts(text):
    rows = (line.split() for line in text.splitlines())
    pairs = [(row[-1], row[0]) for row in rows if len(row) >= 2 and row[0].isdigit()]
    return dict(reversed(pairs))  # builtin types come before classes of that name
def same_counts(ours, walker):
    # A table whose first element is a type looks like an object to the walker: no tuples here.
    return all(ours.get(name) == walker[name] for name in ("str", "list", "dict", "float"))
def compare(name, ours, theirs, is_same):
    mine = [seconds(ours) for _ in range({runs})]
    print(name, "agree", is_same(mine[0][1], theirs[0][1]))
    print(name, "ours", statistics.median(t for t, _ in mine))
    print(name, "walker", statistics.median(t for t, _ in theirs))
bulk = [seconds("walker") for _ in range({runs})]
by_word = [seconds("walker-types") for _ in range({walks})]
compare("map", "mpheap map", bulk, lambda a, b: a.split() == b.split())
compare("types", "mpheap types", by_word, lambda a, b: same_counts(counts(a), counts(b)))
compare("objects", "mpheap objects", by_word, lambda a, b: len(a) > len(b))
end
"""

# What each report is aimed at, beside its walker.
AIMS = {"map": 1.0, "types": 1.0, "objects": None}


def compare(title: str, elf: Path, attach: str, walks: int) -> None:
    """The rows for one way to the board."""
    script = SCRIPT.format(runs=RUNS, walks=walks)
    result = run_gdb([attach, f"source {FACE}", f"source {WALKER}", script], [str(elf)], TIMEOUT_S)
    found = {(report, what): value for report, what, value in
             re.findall(r"^(\w+) (agree|ours|walker) (\S+)$", result.stdout, re.M)}
    if len(found) < 3 * len(AIMS):
        skipped(title, (result.stderr or result.stdout).strip().splitlines()[-1])
        return
    for report, aim in AIMS.items():
        ours, walker = float(found[report, "ours"]), float(found[report, "walker"])
        row(f"{title}: mpheap {report}", ours * 1e3, unit=" ms")
        row(f"{title}: its walker in GDB Python", walker * 1e3, unit=" ms")
        row(f"{title}: mpheap {report} beside the walker", ours / walker, aim, "x")
        row(f"{title}: both say the same", found[report, "agree"])


def measure_in_gdb(dump: Dump, folder: Path) -> None:
    """Over QEMU's GDB stub, and on a core, where no link takes its time."""
    heading("in GDB: map beside a walker with two bulk reads, types and objects beside one "
            "that reads word by word")
    if not FACE.exists():
        skipped("mpheap map in GDB", f"no {FACE.relative_to(ROOT)}")
        return
    os.environ.setdefault("MPHEAP_LIBRARY", str(build_folder() / "libmpheap.so"))
    core = folder / "board.core"
    dump.report("snapshot", core, f"--elf={dump.elf}")
    compare("core", dump.elf, f"core-file {core}", RUNS)
    with run.run(VARIANT) as board:
        compare("remote stub", board.elf, f"target remote 127.0.0.1:{board.gdb_port}", 1)
