# SPDX-License-Identifier: MIT
"""The two doors that the tests compare: the shell command, and GDB with mpheap.py sourced."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pexpect

from fixture.run import FixtureRun
from rig import GdbResult, gdb_interactive, run_gdb
from rig.debugport import build_folder
from rig.gdb import PROMPT

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "gdb" / "mpheap.py"
LIBRARY = build_folder() / "libmpheap.so"


def shell(*words: object) -> subprocess.CompletedProcess[str]:
    """The shell command."""
    argv = [str(word) for word in (build_folder() / "mpheap", *words)]
    return subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)


def gdb(*commands: str, arguments: Sequence[str] = ()) -> GdbResult:
    """GDB in batch."""
    return run_gdb([f"source {SCRIPT}", *commands], arguments)


def qemu(board: FixtureRun) -> str:
    """GDB's command to attach to QEMU's own stub."""
    return f"target remote 127.0.0.1:{board.gdb_port}"


def report(connect: Sequence[str], command: str, arguments: Sequence[str] = ()) -> str:
    """What a command writes to GDB's stdout, without GDB's own words around it."""
    result = gdb(*connect, "echo <<<", command, "echo >>>", arguments=arguments)
    assert result.exit == 0, result.stderr
    return result.stdout.partition("<<<")[2].partition(">>>")[0]


def gdb_by_hand(*arguments: str) -> pexpect.spawn:
    """GDB on a terminal of its own, at its prompt."""
    return gdb_interactive([*arguments, "-ex", f"source {SCRIPT}"])


def command(spawned: pexpect.spawn, text: str) -> str:
    """One command by hand; gives what it printed."""
    spawned.sendline(text)
    spawned.expect(PROMPT)
    return spawned.before.replace("\r\n", "\n")
