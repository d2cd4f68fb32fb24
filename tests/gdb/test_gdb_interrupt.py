# SPDX-License-Identifier: MIT
"""Ctrl-C ends a report, and GDB goes on as if nothing had been."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import doors
from doors import command
from frozen import Frozen, frozen_board
from rig.gdb import PROMPT
from rig.process import wait_until

THROTTLE = "--throttle=16384,1"  # bytes a second, ms a request: all flash takes 16 s
COMPLAINTS = ("Traceback", "Exception ignored", "internal-error")


@pytest.fixture(scope="module")
def slow() -> Iterator[Frozen]:
    """A micro:bit behind a slow probe."""
    with frozen_board(THROTTLE) as board:
        yield board


@pytest.mark.parametrize("link", ["gdb", "openocd"])
def test_ctrl_c_ends_a_long_read(slow: Frozen, link: str, tmp_path: Path) -> None:
    core = tmp_path / "slow.core"
    where = f"openocd :{slow.openocd.tcl_port}" if link == "openocd" else "gdb"
    with doors.gdb_by_hand() as gdb:
        command(gdb, slow.connect)
        command(gdb, f"set mpheap link {where}")
        read = slow.port.stats()["bus_bytes_read"]
        gdb.sendline(f"mpheap snapshot {core} --ram 0+256K")
        wait_until(lambda: slow.port.stats()["bus_bytes_read"] > read + 8192, 10, "a long read")
        begun = time.monotonic()
        gdb.sendintr()
        gdb.expect(PROMPT)
        assert time.monotonic() - begun < 5
        assert gdb.before.replace("^C", "").split() == ["Quit"]
        assert not core.exists()
        assert "= 5" in command(gdb, "print $_mpheap_status")
        assert command(gdb, "mpheap map") == slow.map
        assert "pc " in command(gdb, "info registers pc")


def test_ctrl_c_at_any_moment(frozen: Frozen) -> None:
    delays = random.Random(8)
    with doors.gdb_by_hand() as gdb:
        command(gdb, frozen.connect)
        for round_number in range(60):
            gdb.sendline("mpheap info")
            time.sleep(delays.uniform(0, 0.03))  # the moment is what is tried
            gdb.kill(signal.SIGINT)
            gdb.sendline(f"echo round {round_number}.")
            gdb.expect_exact(f"round {round_number}.")
            said = gdb.before
            assert not any(word in said for word in COMPLAINTS), said
        gdb.expect(PROMPT)
        gdb.sendline("echo end.")
        gdb.expect_exact("end.")
        gdb.expect(PROMPT)
        assert command(gdb, "mpheap map") == frozen.map
