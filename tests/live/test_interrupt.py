# SPDX-License-Identifier: MIT
"""Ctrl-C in the shell: a board that was halted for a read goes on, and nothing is left behind."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

from rig import Board, DebugPort, OpenOcd
from rig.process import wait_until

import mpheap

INTERRUPTED = 5
SLOW = "--throttle=300000,0.2"  # 16 KB of RAM and 256 KB of flash take a second


def test_ctrl_c_lets_a_halted_board_go(tmp_path: Path) -> None:
    with Board() as board, DebugPort(board, options=[SLOW]) as port, OpenOcd(port) as openocd:
        command = [mpheap.command_path(), "snapshot", tmp_path / "board.core", "--halt",
                   f"--openocd=:{openocd.tcl_port}"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True) as process:
            try:
                wait_until(lambda: openocd.tcl("mp.cm curstate") == "halted", 10, "the halt")
                process.send_signal(signal.SIGINT)
                shown, said = process.communicate(timeout=20)
            finally:
                process.kill()
        assert (process.returncode, shown) == (INTERRUPTED, "")
        assert said == f"mpheap: openocd: interrupted (127.0.0.1:{openocd.tcl_port})\n"
        assert openocd.tcl("mp.cm arp_poll; mp.cm curstate") == "running"
        assert not list(tmp_path.iterdir())
        assert board.repl.exec("print(6 * 7)").strip() == "42"
