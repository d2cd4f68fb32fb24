#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Hold what every text file of the tree keeps to: no control bytes, no tabs, no leftovers.

Checked are the files git knows, or all but what is built where there is no git.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WITHOUT_GIT = re.compile(r"(build|node_modules|\.git)")  # beginnings of folders left out
TABS_ALLOWED = re.compile(r"(^|/)(Makefile|[\w-]+\.(mk|1))$")  # make's own syntax, and man pages
GENERATED = {"package-lock.json"}
PICTURES = {".png"}
LINE_MAX = 100
CODE = {".c", ".h", ".py", ".tcl", ".mjs", ".js", ".css"}

# Words in pieces, so that this file holds to its own rules.
LEFTOVERS = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")
MACHINE_PATHS = re.compile(r"(?<![\w.])/(wo" r"rk|ho" r"me|Us" r"ers|ro" r"ot)/\w")
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def files() -> list[Path]:
    """The files to check."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode == 0:
        names = listed.stdout.decode().rstrip("\0").split("\0")
        return [ROOT / name for name in names if (ROOT / name).is_file()]
    return sorted(path for path in ROOT.rglob("*") if path.is_file()
                  and not WITHOUT_GIT.match(str(path.relative_to(ROOT))))


def check_line(name: str, line: str) -> Iterator[str]:
    """What is wrong with a line."""
    if CONTROL.search(line):
        yield "a control byte"
    if "\t" in line and not TABS_ALLOWED.search(name):
        yield "a tab"
    if line.endswith(" "):
        yield "a space at its end"
    if Path(name).suffix in CODE and LEFTOVERS.search(line):
        yield "a leftover"
    if MACHINE_PATHS.search(line):
        yield "a path of one machine"
    if Path(name).suffix in CODE and len(line) > LINE_MAX:
        yield f"more than {LINE_MAX} columns"


def check_file(path: Path) -> Iterator[str]:
    """What is wrong with a file, with line numbers."""
    name = str(path.relative_to(ROOT))
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        yield f"{name}: is no text"
        return
    if text and not text.endswith("\n"):
        yield f"{name}: does not end with a newline"
    if path.suffix in CODE and "SPDX-License-Identifier: MIT" not in text[:200]:
        yield f"{name}: names no licence"
    for number, line in enumerate(text.split("\n"), 1):
        for problem in check_line(name, line):
            yield f"{name}:{number}: {problem}"


def main() -> int:
    """Print what is wrong; 1 if anything is."""
    problems = [problem for path in files()
                if path.name not in GENERATED and path.suffix not in PICTURES
                for problem in check_file(path)]
    print("\n".join(problems), end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
