#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Run fuzz targets side by side and print one line for each.

The first input that fails a target ends that target; it is kept in <out>/crashes.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

# A damaged board may ask for more memory than there is; that is an error to
# report, not an end. One input may take no longer than a person would wait.
ASAN_OPTIONS = "allocator_may_return_null=1:detect_stack_use_after_return=0"
LIMITS = ["-timeout=10", "-rss_limit_mb=2048", "-malloc_limit_mb=0"]
CAUSE_LINES = 12


def cause(log: str) -> str:
    """The part of a failed target's log that says what went wrong, and on which input."""
    lines = log.splitlines()
    first = next((i for i, line in enumerate(lines)
                  if re.search(r"ERROR:|runtime error:|broken promise:|no cores in", line)), 0)
    kept = [line for line in lines if "Test unit written to" in line]
    shown = [line for line in lines[first:first + CAUSE_LINES] if not line.startswith("stat::")]
    return "\n".join(shown + [line for line in kept if line not in shown])


def run(target: str, options: argparse.Namespace) -> tuple[bool, str]:
    """Whether a target held for the time given, and what to print about it."""
    out: Path = options.out
    seeds = out / "seeds" / target.removeprefix("fuzz_")
    folders = [seeds]
    if options.keep:
        folders = [out / "corpus" / target, seeds]
        folders[0].mkdir(parents=True, exist_ok=True)
    (out / "crashes").mkdir(exist_ok=True)
    done = subprocess.run(
        ["setpriv", "--pdeathsig", "KILL", "--", out / target, *LIMITS,
         f"-max_total_time={options.seconds}", "-print_final_stats=1",
         f"-artifact_prefix={out}/crashes/{target}-", *folders],
        env={**os.environ, "ASAN_OPTIONS": ASAN_OPTIONS},
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        text=True, errors="replace", check=False)
    if done.returncode != 0:
        return False, f"{target:<14} FAILED with {done.returncode}\n{cause(done.stderr)}"
    runs = re.search(r"number_of_executed_units: *(\d+)", done.stderr)
    covered = re.findall(r"cov: (\d+)", done.stderr)
    return True, f"{target:<14} {int(runs[1]) if runs else 0:>10} runs {covered[-1]:>7} edges"


def main() -> int:
    """Run the targets named; 1 if any failed."""
    parser = argparse.ArgumentParser(description="Run fuzz targets.")
    parser.add_argument("--out", type=Path, required=True, help="folder with programs and seeds")
    parser.add_argument("--seconds", type=int, default=60, help="time for each target")
    parser.add_argument("--jobs", type=int, default=1, help="targets at a time")
    parser.add_argument("--keep", action="store_true", help="keep what is found in the corpus")
    parser.add_argument("targets", nargs="+")
    options = parser.parse_args()
    with ThreadPoolExecutor(options.jobs) as pool:
        held = True
        for good, text in pool.map(lambda target: run(target, options), options.targets):
            print(text, flush=True)
            held &= good
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
