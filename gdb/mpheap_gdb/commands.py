# SPDX-License-Identifier: MIT
"""The command `mpheap REPORT [ARGS] [options]`."""

from __future__ import annotations

import codecs
import os
import re

import gdb

from . import abi, completion, inferior, link
from .board import Board

SUMMARY = "Reports on the heap of a MicroPython board."
REPORT_LIST = re.compile(r"^ Reports:\n(?:  .*\n)+\n", re.M)

# Reports on what other threads hold or execute, and those that keep it. The others do without
# their registers, each of which costs a request.
LOOK_AT_THREADS = frozenset(
    "bt check diagnose diff fit garbage info refs report retained snapshot watch why".split())


class Output:
    """GDB's own streams, so that its pager, logging, `pipe` and MI get what they expect.

    gdb.write takes text; a character that two pieces share is put together first. Reports escape
    what is not UTF-8.
    """

    STREAMS = {abi.REPORT: gdb.STDOUT, abi.NOTES: gdb.STDERR}

    def __init__(self) -> None:
        decoder = codecs.getincrementaldecoder("utf-8")
        self._decoders = {stream: decoder("backslashreplace") for stream in self.STREAMS}

    def write(self, stream: int, data: bytes) -> None:
        """One piece, as the library gives it."""
        gdb.write(self._decoders[stream].decode(data), self.STREAMS[stream])


def has_color() -> bool:
    """What --color=auto means here."""
    return bool(gdb.parameter("style enabled")) and os.isatty(1)


def _with_color(words: list[str]) -> list[str]:
    """`auto` in plain words: the library cannot see GDB's terminal, and takes it for none."""
    if not has_color():
        return words
    ret = ["--color=always"]
    for word in words:
        if ret[-1] == "--color" and word == "auto":
            ret[-1] = "--color=always"
        else:
            ret.append("--color=always" if word == "--color=auto" else word)
    return ret


def _finish(outcome: abi.Outcome) -> None:
    """Keep the exit status; raise what ends a script."""
    lost = isinstance(outcome.raised, inferior.TargetLost)
    status = abi.STATUS_UNREADABLE if lost else outcome.status
    gdb.set_convenience_variable("_mpheap_status", status)
    if lost:
        raise gdb.GdbError(f"mpheap: {outcome.raised}")
    if outcome.raised:
        raise outcome.raised
    if status > 1:
        raise gdb.GdbError(f"mpheap: {outcome.error or 'failed'}")


class Reports:
    """Runs reports of the library on what GDB debugs."""

    def __init__(self, where: link.Link, board: Board) -> None:
        self._link = where
        self._board = board

    def library(self) -> abi.Library:
        """gdb.GdbError if there is none."""
        try:
            return self._board.library()
        except abi.LibraryError as error:
            raise gdb.GdbError(f"mpheap: {error}") from None

    def _full_words(self, library: abi.Library, words: list[str]) -> list[str]:
        """A report's words with what GDB knows in front, so that the user's own still win."""
        if not words or words[0] not in library.report_names():
            return words
        return [words[0], *self._link.options(words[1:]), *_with_color(words[1:])]

    def run(self, argument: str) -> None:
        """Run a command line; its exit status is in $_mpheap_status. Errors end a script."""
        library = self.library()
        words = [os.path.expanduser(word) for word in gdb.string_to_argv(argument)]
        full = self._full_words(library, words)
        target = inferior.target(has_threads=not LOOK_AT_THREADS.isdisjoint(words[:1]))
        try:
            _finish(library.run(full, target, Output().write))
        except abi.LibraryError as error:
            raise gdb.GdbError(f"mpheap: {error}") from None

    def complete(self, text: str, word: str | None) -> list[str]:
        """Report names, options and their values, file names."""
        try:
            return completion.complete(self.library(), text, word)
        except gdb.GdbError:
            return []


class Mpheap(gdb.Command):
    """The command. GDB looks for one behind it first, and comes here when there is none."""

    def __init__(self, reports: Reports) -> None:
        self._reports = reports
        self.__doc__ = f"{SUMMARY}\n\n{self._help()}"
        super().__init__("mpheap", gdb.COMMAND_DATA, prefix=True)

    def _help(self) -> str:
        """The library's, without its list of reports, since GDB has one of its own."""
        try:
            text = self._reports.library().text("--help")
        except gdb.GdbError as error:
            return str(error)
        return REPORT_LIST.sub("", text).rstrip("\n")

    def invoke(self, argument: str, from_tty: bool) -> None:
        """Called by GDB with words that are no command: options, errors."""
        self._reports.run(argument)

    def complete(self, text: str, word: str | None) -> list[str]:
        """Called by GDB."""
        return self._reports.complete(text, word)


class Report(gdb.Command):
    """The command of one report. Its help is the library's."""

    def __init__(self, reports: Reports, name: str, summary: str) -> None:
        self._reports = reports
        self._name = name
        self.__doc__ = f"{summary}\n\n{reports.library().text(name, '--help')}".rstrip("\n")
        super().__init__(f"mpheap {name}", gdb.COMMAND_DATA)

    def invoke(self, argument: str, from_tty: bool) -> None:
        """Called by GDB."""
        self._reports.run(f"{self._name} {argument}")

    def complete(self, text: str, word: str | None) -> list[str]:
        """Called by GDB."""
        return self._reports.complete(f"{self._name} {text}", word)


def register(where: link.Link, board: Board) -> None:
    """Define the commands. Again is fine."""
    reports = Reports(where, board)
    Mpheap(reports)
    try:
        summaries = reports.library().report_summaries()
    except gdb.GdbError:
        return
    for name, summary in summaries.items():
        Report(reports, name, summary)
