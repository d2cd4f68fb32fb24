# SPDX-License-Identifier: MIT
"""Commands of GDB's door alone: they let the program run. Reports are the library's."""

from __future__ import annotations

import argparse
import re
from typing import NoReturn

import gdb

from . import abi, completion
from .board import Board
from .places import NoPlace
from .stops import CannotStop

STATUS_USAGE = 2  # as of reports
UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20}


def fail(status: int, text: str) -> NoReturn:
    """End the command, and the script that it is in; the status is in $_mpheap_status."""
    gdb.set_convenience_variable("_mpheap_status", status)
    raise gdb.GdbError(f"mpheap: {text}")


class Parser(argparse.ArgumentParser):
    """Options, whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        fail(STATUS_USAGE, f"usage: {message}")


def size(text: str) -> int:
    """A number of bytes, as `fit` takes it: 4096, 4K, 0x1000."""
    found = re.fullmatch(r"(0x[0-9a-f]+|\d+)([km]?)", text.lower())
    if not found:
        raise argparse.ArgumentTypeError(f"{text}: not a number of bytes")
    return int(found[1], 0) * UNITS[found[2]]


def count(text: str) -> int:
    """A number from 1 on."""
    if not re.fullmatch(r"[1-9]\d*", text):
        raise argparse.ArgumentTypeError(f"{text}: not a number from 1 on")
    return int(text)


def seconds(text: str) -> float:
    """Some time: 30, 0.5."""
    if not re.fullmatch(r"\d+(\.\d+)?", text) or not float(text):
        raise argparse.ArgumentTypeError(f"{text}: not a number of seconds")
    return float(text)


class Action(gdb.Command):
    """A command `mpheap NAME`. The docstring is its help, from which options are completed."""

    NAME = ""

    def __init__(self, board: Board) -> None:
        self.board = board
        self._parser = Parser(prog=self.NAME, add_help=False)
        self.add_options(self._parser)
        super().__init__(f"mpheap {self.NAME}", gdb.COMMAND_RUNNING)

    def add_options(self, parser: Parser) -> None:
        """Say which options there are."""

    def run(self, options: argparse.Namespace) -> None:
        """Do it."""
        raise NotImplementedError

    def invoke(self, argument: str, from_tty: bool) -> None:
        """Called by GDB."""
        words = gdb.string_to_argv(argument)
        if "--help" in words:
            gdb.execute(f"help mpheap {self.NAME}")
            return
        try:
            self.run(self._parser.parse_args(words))
        except (CannotStop, NoPlace, abi.LibraryError, OSError) as error:
            fail(abi.STATUS_UNREADABLE, f"{self.NAME}: {error}")
        gdb.set_convenience_variable("_mpheap_status", 0)

    def complete(self, text: str, word: str | None) -> list[str]:
        """Called by GDB: options, their values, and files."""
        return completion.of_options(self.__doc__ or "", text, word)
