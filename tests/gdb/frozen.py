# SPDX-License-Identifier: MIT
"""A live board whose heap stands still, behind OpenOCD."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rig import Board, DebugPort, OpenOcd


def block_map(text: str) -> str:
    """The part of mem_info(1)'s text that is the block map."""
    return text[text.index("GC memory layout") :]


@dataclass(frozen=True)
class Frozen:
    """The board, what stands before it, and what it printed of its heap."""

    board: Board
    port: DebugPort
    openocd: OpenOcd
    map: str

    @property
    def connect(self) -> str:
        """GDB's command to attach to it."""
        return f"target extended-remote 127.0.0.1:{self.openocd.gdb_port}"


@contextmanager
def frozen_board(*options: str) -> Iterator[Frozen]:
    """A micro:bit of its own; `options` are the debug port's."""
    with Board() as board, DebugPort(board, options=options) as port, OpenOcd(port) as openocd:
        yield Frozen(board, port, openocd, block_map(board.freeze()))
