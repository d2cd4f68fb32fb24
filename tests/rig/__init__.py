# SPDX-License-Identifier: MIT
"""The test rig: a live MicroPython board, a debug port in front of it, OpenOCD and GDB.

Every part is a context manager around one process, usable from pytest and from plain scripts::

    with Board() as board, DebugPort(board) as port, OpenOcd(port) as openocd:
        table = board.freeze()
        print(openocd.tcl("mp.cm read_memory 0x20000000 32 4"))
        board.thaw()

No part uses a fixed port, and none outlives the script that started it.
"""

from .debugport import DebugPort, Region
from .gdb import GdbResult, gdb_interactive, run_gdb
from .machine import Machine
from .microbit import Board
from .openocd import OpenOcd, TclError
from .ports import free_port
from .process import Process, ProcessError
from .repl import BoardError, Repl

__all__ = [
    "Board",
    "BoardError",
    "DebugPort",
    "GdbResult",
    "Machine",
    "OpenOcd",
    "Process",
    "ProcessError",
    "Region",
    "Repl",
    "TclError",
    "free_port",
    "gdb_interactive",
    "run_gdb",
]
