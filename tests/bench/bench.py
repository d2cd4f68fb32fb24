#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Take all measurements, or those of some parts, and print them beside what is aimed at."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from board import Dump  # noqa: E402  (needs the path above)
from dominators import measure_dominators  # noqa: E402
from in_gdb import measure_in_gdb  # noqa: E402
from large import measure_large  # noqa: E402
from link import measure_link  # noqa: E402
from marking import measure_marking  # noqa: E402
from pages import measure_page  # noqa: E402
from paths import measure_paths  # noqa: E402
from rig.debugport import build_folder  # noqa: E402
from shell import measure_shell  # noqa: E402
from watching import measure_watching  # noqa: E402

PARTS = ["link", "watching", "shell", "large", "marking", "paths", "dominators", "page", "gdb"]


def main() -> None:
    """Measure the parts named."""
    parser = argparse.ArgumentParser(description="Measure mpheap.")
    parser.add_argument("parts", nargs="+", choices=PARTS)
    parts = parser.parse_args().parts
    with tempfile.TemporaryDirectory(dir=build_folder() / "tests" / "bench") as scratch:
        folder = Path(scratch)
        dump = Dump(folder / "dump")
        if "link" in parts:
            measure_link(dump)
        if "watching" in parts:
            measure_watching(dump)
        if "shell" in parts:
            measure_shell(dump)
        if "large" in parts:
            measure_large(folder)
        if "marking" in parts:
            measure_marking()
        if "paths" in parts:
            measure_paths()
        if "dominators" in parts:
            measure_dominators()
        if "page" in parts:
            measure_page(folder)
        if "gdb" in parts:
            measure_in_gdb(dump, folder)


if __name__ == "__main__":
    main()
