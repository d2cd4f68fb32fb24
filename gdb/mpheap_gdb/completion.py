# SPDX-License-Identifier: MIT
"""Completion of a command line from the library's own names and help texts."""

from __future__ import annotations

import glob
import os
import re

from .abi import Library

# In a usage text: [--halt] [--color=auto|always|never] [--openocd[=[HOST]:PORT]]
OPTION = re.compile(r"\[(--[a-z-]+)(?:\[?=([^\s\]]+))?")
# In a list of options:   --log[=FILE]  Do not stop
ROW = re.compile(r"^ +(--[a-z-]+)(?:\[?=([^\s\]]+))?", re.M)


def options(library: Library, report: str) -> dict[str, str]:
    """The report's long options and what their values look like, "" without one."""
    return {name: value for name, value in OPTION.findall(library.text(report, "--help"))}


def _files(start: str) -> list[str]:
    """Files and folders whose path begins so. GDB's own completer takes one word only
    (gdb/completer.c filename_completer): here it would see the report's name as part of it."""
    found = glob.glob(glob.escape(start) + "*")
    return [path + "/" if os.path.isdir(path) else path for path in sorted(found)]


def _candidates(library: Library, words: list[str]) -> list[str]:
    """All that may stand where the last word is."""
    if len(words) == 1:
        return library.report_names()
    if words[0] not in library.report_names():
        return []
    return _option_candidates(options(library, words[0]), words)


def _option_candidates(known: dict[str, str], words: list[str]) -> list[str]:
    """Options, their values and files, where the last of some words is."""
    name, equals, start = words[-1].partition("=")
    value = known.get(name if equals else (words[-2:-1] or [""])[0], "")
    before = f"{name}=" if equals else ""
    if "|" in value:
        return [before + item for item in value.split("|")]
    if words[-1].startswith("-") and not equals:
        return list(known)
    return [before + path for path in _files(start if equals else words[-1])]


def _finish(found: list[str], last: str, word: str) -> list[str]:
    """Candidates for a last word as gdb.Command.complete() wants them.

    `word` is the part of it behind GDB's last break character, which `-`, `=` and `/` are; GDB puts
    candidates in its place."""
    kept = len(last) - len(word)
    return [item[kept:] for item in found if item.startswith(last)]


def complete(library: Library, text: str, word: str | None) -> list[str]:
    """The candidates for the end of `text`, a report's name and words. `word` is None when GDB only
    asks for break characters."""
    if word is None:
        return []
    words = re.split(r"\s+", text.lstrip())
    return _finish(_candidates(library, words), words[-1], word)


def of_options(help_text: str, text: str, word: str | None) -> list[str]:
    """The same for a command that takes nothing but options, from the list of them in its help."""
    if word is None:
        return []
    words = re.split(r"\s+", text.lstrip())
    return _finish(_option_candidates(dict(ROW.findall(help_text)), words), words[-1], word)
