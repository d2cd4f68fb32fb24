# SPDX-License-Identifier: MIT
"""Where the events go that a catch meets while the program runs on."""

from __future__ import annotations

import argparse
import json
import os
from typing import Any, Protocol

import gdb

from .action import STATUS_USAGE, Parser, fail


class Event(Protocol):
    """Something that happened: in words, and as the fields of a JSON object."""

    def text(self) -> str: ...

    def fields(self) -> dict[str, Any]: ...


class Journal:
    """One line an event, to a file or, without a path, to GDB's output. JSON Lines if `as_json` or
    if the file's name ends so. OSError where the file cannot be written."""

    def __init__(self, path: str, as_json: bool) -> None:
        self._as_json = as_json or path.endswith(".jsonl")
        # Each line is there at once, whoever reads along.
        self._file = open(path, "w", buffering=1, encoding="utf-8") if path else None

    def write(self, event: Event) -> None:
        """Add an event."""
        line = json.dumps(event.fields()) if self._as_json else event.text()
        if self._file:
            self._file.write(line + "\n")
        else:
            gdb.write(line + "\n")


def add_options(parser: Parser) -> None:
    """The options of a catch that can log."""
    parser.add_argument("--log", nargs="?", const="")
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.add_argument("--temporary", action="store_true")


def of_options(options: argparse.Namespace) -> Journal | None:
    """The journal that --log asks for, None without it."""
    if options.log is None:
        return None
    if options.temporary:
        fail(STATUS_USAGE, "usage: --log never stops, and --temporary ends with a stop")
    return Journal(os.path.expanduser(options.log), options.format == "json")
