# SPDX-License-Identifier: MIT
"""A real GDB, in batch and by hand."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass

import pexpect

from .terminal import Terminal

GDB = ["gdb-multiarch", "-nx", "-q"]
PROMPT = r"\(gdb\) "
SETUP = [
    "set pagination off",
    "set confirm off",
    "set width 0",
    "set height 0",
    "set style enabled off",
    "set tcp auto-retry off",
]


@dataclass(frozen=True)
class GdbResult:
    """How a batch of commands went."""

    stdout: str
    stderr: str
    exit: int


def run_gdb(
    commands: Sequence[str], arguments: Sequence[str] = (), timeout: float = 60
) -> GdbResult:
    """Runs GDB commands as a script: the first one that fails ends it, and the exit status is 1.

    `arguments` are GDB's own, such as the ELF file.
    """
    with tempfile.NamedTemporaryFile("w", suffix=".gdb") as script:
        script.write("\n".join([*SETUP, *commands]) + "\n")
        script.flush()
        argv = ["setpriv", "--pdeathsig", "KILL", "--", *GDB, "-batch", *arguments]
        done = subprocess.run(
            [*argv, "-x", script.name],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
    return GdbResult(done.stdout, done.stderr, done.returncode)


def gdb_interactive(arguments: Sequence[str] = (), timeout: float = 30) -> pexpect.spawn:
    """A GDB on a terminal of its own, at its first prompt. Use it as a context manager::

        with gdb_interactive() as gdb:
            gdb.sendline("target extended-remote :3333")
            gdb.expect(PROMPT)
    """
    argv = ["--pdeathsig", "KILL", "--", *GDB, *arguments]
    for command in SETUP:
        argv += ["-ex", command]
    child = Terminal(
        "setpriv",
        argv,
        env={**os.environ, "TERM": "dumb"},  # no escape sequences between the words
        encoding="utf-8",
        timeout=timeout,
        echo=False,
        dimensions=(50, 200),
    )
    child.expect(PROMPT)
    return child
