# SPDX-License-Identifier: MIT
"""bounds on OpenOCD's console: the chip's RAM is known there as in a shell."""

from __future__ import annotations

from openocd_rig import frozen_board


def test_the_console_says_what_the_shell_says() -> None:
    words = "bounds --chip=nRF51 --probe-ram"
    with frozen_board() as rig:
        shown = rig.shell(*words.split())
        with rig.console() as console:
            assert console.run(f"mpheap {words}") == shown.stdout
        assert rig.port.stats()["memory_writes"] == 0
    assert shown.status == 0
    assert "0x20000000  0x20004000       16384  RAM  what can be read (--probe-ram)" in shown.stdout
