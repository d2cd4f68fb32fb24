#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Hold the direction of includes in src/, one dependency in one file, and who may print.

Data moves left to right through the folders of FOLDERS, once; a file includes only from
its own folder and those to the left of it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ["base", "target", "cpu", "elf", "layout", "gc", "object", "vm", "graph", "report", "cli"]

# Header of a dependency, and the one file that may include it (a folder: one file of it).
OWNERS = {
    r"(gelf|libelf|elfutils/libelf)\.h": "src/target/elf_file.c",
    r"(dwarf|elfutils/.*|libdw|libdwfl)\.h": "src/elf/dwarf.c",
    r"capstone/.*": "src/cpu/",
    r"cairo.*\.h": "src/report/canvas.c",
    r"zlib\.h": "src/report/page.c",
}
INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]', re.MULTILINE)

# Only src/cli prints or ends the process: the rest is a library.
FORBIDDEN = re.compile(r"(?<![\w.>])(printf|puts|putchar|perror|exit|abort|_exit)\s*\(")
COMMENT = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"', re.DOTALL)


def sources() -> Iterator[tuple[str, str]]:
    """Path and text of every C file of src/ and plugin/."""
    for folder in ("src", "plugin"):
        for path in sorted((ROOT / folder).rglob("*.[ch]")):
            yield str(path.relative_to(ROOT)), path.read_text("utf-8")


def check_direction(path: str, text: str) -> Iterator[str]:
    """Includes that point to the right."""
    folder = path.split("/")[1]
    if not path.startswith("src/"):
        return
    if folder not in FOLDERS:
        yield f"{path}: src/{folder} is not one of the pipeline's folders"
        return
    for quote, header in INCLUDE.findall(text):
        other = header.split("/")[0]
        if quote == '"' and other not in FOLDERS:
            yield f"{path}: includes {header}, which names no folder of src/"
        elif quote == '"' and FOLDERS.index(other) > FOLDERS.index(folder):
            yield f"{path}: includes {header}, which is to the right of src/{folder}"


def check_owners(path: str, text: str, users: dict[str, str]) -> Iterator[str]:
    """Dependencies included where they do not belong. `users` remembers who has which."""
    for _, header in INCLUDE.findall(text):
        for pattern, owner in OWNERS.items():
            if not re.fullmatch(pattern, header):
                continue
            if not path.startswith(owner):
                yield f"{path}: includes {header}, which belongs in {owner}"
            elif users.setdefault(pattern, path) != path:
                yield f"{path}: includes {header}, as {users[pattern]} does already"
            break


def check_calls(path: str, text: str) -> Iterator[str]:
    """Calls a library does not make."""
    if path.startswith("src/cli/"):
        return
    for call in FORBIDDEN.findall(COMMENT.sub("", text)):
        yield f"{path}: calls {call}: only src/cli prints or ends the process"


def main() -> int:
    """Print what is wrong; 1 if anything is."""
    users: dict[str, str] = {}
    problems = [problem for path, text in sources()
                for check in (check_direction(path, text), check_owners(path, text, users),
                              check_calls(path, text))
                for problem in check]
    print("\n".join(problems), end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
