# SPDX-License-Identifier: MIT
"""The program that GDB has stopped, asked about single words."""

from __future__ import annotations

import json
from typing import Any

import gdb

from . import abi, inferior

# What ends the truth of what was read. A stop alone is not enough: GDB lets a program run and
# tells of the stop later, and a memory write by the user is neither.
EVENTS = ("cont", "stop", "exited", "inferior_call", "memory_changed", "new_objfile")


class NoAnswer(Exception):
    """Why there is none. One line."""


class Board:
    """Answers about the selected inferior, from one look at it a stop.

    The library is looked for when it is first needed, and again as long as it is not found.
    """

    def __init__(self) -> None:
        self._library: abi.Library | None = None
        self._asker: abi.Asker | None = None
        self._looked_at: tuple[object, ...] | None = None
        for name in EVENTS:
            getattr(gdb.events, name).connect(self.forget)

    def library(self) -> abi.Library:
        """LibraryError if there is none."""
        if not self._library:
            self._library = abi.load()
        return self._library

    def forget(self, _event: object = None) -> None:
        """The program has run since. The handle is left open: the event may come from within a
        read that it asked for."""
        self._looked_at = None

    def _open(self) -> abi.Asker:
        now = inferior.identity()
        if not self._asker or self._looked_at != now:
            self.close()
            target = inferior.target()
            if not target:
                raise NoAnswer("gdb: no program to look at")
            self._asker = self.library().asker(target)
            self._looked_at = now
        return self._asker

    def close(self) -> None:
        """Let go of what was read. Again is fine."""
        if self._asker:
            self._asker.close()
        self._asker = None

    def text(self, question: int, value: int) -> str:
        """The answer to a question for text; NoAnswer says why there is none."""
        try:
            return self._open().text(question, value)
        except (abi.LibraryError, inferior.TargetLost, gdb.error) as error:
            raise NoAnswer(str(error)) from None

    def word(self, question: int, name: str) -> int:
        """The answer to a question for a word, likewise."""
        try:
            return self._open().word(question, name)
        except (abi.LibraryError, inferior.TargetLost, gdb.error) as error:
            raise NoAnswer(str(error)) from None

    def document(self, *words: str) -> Any:
        """What a report says in JSON, of the target as it is now; NoAnswer says why there is
        none."""
        chunks: list[bytes] = []
        try:
            outcome = self.library().run(
                [*words, "--format=json", "--quiet"],
                inferior.target(),
                lambda _, data: chunks.append(data),
            )
        except (abi.LibraryError, gdb.error) as error:
            raise NoAnswer(str(error)) from None
        if isinstance(outcome.raised, KeyboardInterrupt):
            raise outcome.raised
        if outcome.raised or outcome.status > 1:
            raise NoAnswer(str(outcome.raised or outcome.error))
        return json.loads(b"".join(chunks))
