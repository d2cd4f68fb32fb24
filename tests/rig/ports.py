# SPDX-License-Identifier: MIT
"""Free TCP ports on loopback."""

import socket


def free_port() -> int:
    """A port that nobody listened on a moment ago.

    Another process may take it first; a server that accepts port 0 and says what it got is better.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
