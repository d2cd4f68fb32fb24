# SPDX-License-Identifier: MIT
"""QEMU's GDB stub, as a user would connect to it."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

from rig import Board


@contextlib.contextmanager
def qemu_stub(board: Board) -> Iterator[int]:
    """QEMU's own GDB stub on a TCP port, in place of the unix socket."""

    def monitor(line: str) -> None:
        board.qmp("human-monitor-command", **{"command-line": line})

    monitor("gdbserver none")
    monitor("gdbserver tcp:127.0.0.1:0,server=on,wait=off")
    try:
        names = [chardev["filename"] for chardev in board.qmp("query-chardev")]
        yield int(re.search(r"tcp:127\.0\.0\.1:(\d+)", " ".join(names))[1])
    finally:
        monitor("gdbserver none")
        monitor(f"gdbserver unix:{board.gdb_path},server=on,wait=off")
