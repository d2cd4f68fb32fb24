# SPDX-License-Identifier: MIT
"""The Python line that a stopped board is executing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .board import Board, NoAnswer

NOWHERE = "(no Python code)"


@dataclass(frozen=True)
class Position:
    """The innermost frame of `mpheap bt`: file, function and line, as far as its code tells.

    Where no Python code is executed all are None. Where that could not be found out, `unknown`
    says why. `is_uncertain`: the frame may have ended already."""

    file: str | None = None
    line: int | None = None
    function: str | None = None
    is_uncertain: bool = False
    unknown: str | None = None

    def text(self) -> str:
        """For a person: main.py:7 in loop."""
        if self.unknown:
            return f"(not known: {self.unknown})"
        if self.file is None and self.function is None:
            return NOWHERE
        line = "?" if self.line is None else self.line
        doubt = "?" if self.is_uncertain else ""
        return f"{self.file or '?'}:{line} in {self.function or '?'}{doubt}"

    def fields(self) -> dict[str, Any]:
        """For a program. What does not apply is left out."""
        names = ("file", "line", "function", "unknown")
        found = {name: getattr(self, name) for name in names if getattr(self, name) is not None}
        return found | ({"is_uncertain": True} if self.is_uncertain else {})


def find(board: Board) -> Position:
    """Where the selected thread stands."""
    try:
        frames = board.document("bt")["frames"]
    except NoAnswer as error:
        return Position(unknown=str(error))
    inner = next((frame for frame in reversed(frames) if frame["kind"] == "python"), None)
    if inner is None:
        return Position()
    where = (inner.get(name) for name in ("file", "line", "function"))
    return Position(*where, is_uncertain="uncertain" in inner)
