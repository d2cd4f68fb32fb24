# SPDX-License-Identifier: MIT
"""Programs on a terminal of their own."""

from __future__ import annotations

import signal
import time

import pexpect

END_S = 10.0
LOOK_S = 0.02


class Terminal(pexpect.spawn):
    """pexpect's, which gives a program 0.1 s to end: a busy host takes longer."""

    def close(self, force: bool = True) -> None:
        """Hang up, wait until the program has ended, and end it if it does not."""
        if not self.closed and self.isalive():
            self.kill(signal.SIGHUP)
            deadline = time.monotonic() + END_S
            while self.isalive() and time.monotonic() < deadline:
                time.sleep(LOOK_S)
            if self.isalive():
                self.kill(signal.SIGKILL)
                self.wait()
        super().close(force)
