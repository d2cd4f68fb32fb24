# SPDX-License-Identifier: MIT
"""OpenOCD's telnet console, and words as its Tcl wants them."""

from __future__ import annotations

import socket
from typing import Self

PROMPTS = (b"\r> ", b"\n> ")  # the second one behind a line of the log


def quote(word: str) -> str:
    """One word of a Tcl command, whatever its characters."""
    return "".join(
        "\\n" if char == "\n" else char if char.isalnum() else "\\" + char for char in word
    )


class Console:
    """A telnet client at OpenOCD's prompt."""

    def __init__(self, port: int, timeout: float = 30) -> None:
        self._port = port
        self._timeout = timeout
        self._command = ""

    def __enter__(self) -> Self:
        self._stream = socket.create_connection(("127.0.0.1", self._port), self._timeout)
        self._wait_prompt(b"")
        return self

    def __exit__(self, *exc: object) -> None:
        self._stream.close()

    def _wait_prompt(self, echo: bytes) -> bytes:
        """Everything up to the prompt that comes behind `echo`."""
        data = b""
        while not (echo in data and data.endswith(PROMPTS)):
            more = self._stream.recv(65536)
            if not more:
                raise EOFError(f"openocd closed the console after {data!r}")
            data += more
        return data[: -len(PROMPTS[0])]

    def start(self, command: str) -> None:
        """Types a command and does not wait for its end."""
        self._command = command
        self._stream.sendall(command.encode() + b"\n")

    def finish(self) -> str:
        """What the command that was started showed, as lines that end in newlines.

        That is all behind the echo of what was typed; before it comes what OpenOCD had to say.
        """
        echo = self._command.encode() + b"\r\n"
        shown = self._wait_prompt(echo).replace(b"\0", b"")
        return shown.rpartition(echo)[2].decode().replace("\r\n", "\n")

    def run(self, command: str) -> str:
        """What a command shows."""
        self.start(command)
        return self.finish()
