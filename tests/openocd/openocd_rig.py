# SPDX-License-Identifier: MIT
"""A frozen board behind OpenOCD with our command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import mpheap
from openocd_console import Console
from rig import Board, DebugPort, OpenOcd
from rig.microbit import NOTHING_THERE

SOURCE = Path(__file__).resolve().parents[2] / "openocd" / "mpheap.tcl"



@dataclass(frozen=True)
class Rig:
    """A board behind a debug port behind OpenOCD, and the map that the board printed."""

    board: Board
    port: DebugPort
    openocd: OpenOcd
    map: str

    def shell(self, *words: str) -> mpheap.Result:
        """The shell command on the same target, through OpenOCD's Tcl port."""
        return mpheap.run(*words, f"--openocd=:{self.openocd.tcl_port}")

    def console(self) -> Console:
        return Console(self.openocd.telnet_port)


@contextmanager
def frozen_board(config: tuple[str, ...] = (), code: str = "") -> Iterator[Rig]:
    """A board that has run `code`; the configuration has our command, then what `config` says."""
    with Board() as board:
        text = board.freeze(code)
        with DebugPort(board, options=NOTHING_THERE) as port:
            with OpenOcd(port, [f"source {SOURCE}", *config]) as openocd:
                yield Rig(board, port, openocd, text[text.index("GC memory layout") :])
