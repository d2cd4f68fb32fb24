# SPDX-License-Identifier: MIT
"""A driver of the MicroPython prompt over a stream socket.

Code goes in through paste mode, which echoes every character: the echo paces the driver, so that a
board with a small receive buffer loses nothing.
"""

from __future__ import annotations

import ast
import socket
import time

PROMPT = b">>> "
PASTE_PROMPT = b"=== "
CTRL_C, CTRL_D, CTRL_E = b"\x03", b"\x04", b"\x05"
CHUNK = 16  # characters under way before their echo; the micro:bit's UART holds 6, its driver more


class BoardError(Exception):
    """The board raised an exception, or does not answer."""


class Repl:
    """The prompt of a board; `stream` is connected to its serial port."""

    def __init__(self, stream: socket.socket) -> None:
        self._stream = stream
        self._received = b""

    def _receive(self, deadline: float, wanted: bytes) -> None:
        self._stream.settimeout(max(deadline - time.monotonic(), 0.001))
        try:
            data = self._stream.recv(4096)
        except TimeoutError:
            raise BoardError(f"no {wanted!r} from the board, only {self._received!r}") from None
        if not data:
            raise BoardError("the board's serial port closed")
        self._received += data

    def read_until(self, wanted: bytes, timeout: float = 10) -> bytes:
        """Everything up to and including `wanted`, which must come within `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while wanted not in self._received:
            self._receive(deadline, wanted)
        end = self._received.index(wanted) + len(wanted)
        data, self._received = self._received[:end], self._received[end:]
        return data

    def send(self, data: bytes) -> None:
        """Raw bytes, without waiting for an echo."""
        self._stream.sendall(data)

    def wait_prompt(self, timeout: float = 10) -> str:
        """Waits for the prompt; gives what was printed before it."""
        data = self.read_until(PROMPT, timeout)
        while not data.endswith(b"\n" + PROMPT) and data != PROMPT:  # printed by the program
            data += self.read_until(PROMPT, timeout)
        return data[: -len(PROMPT)].decode().replace("\r\n", "\n")

    def interrupt(self, timeout: float = 10) -> str:
        """Ctrl-C; gives what was printed before the prompt came back."""
        self.send(CTRL_C)
        return self.wait_prompt(timeout)

    def _type_line(self, line: str) -> None:
        data = line.encode()
        for start in range(0, len(data), CHUNK):
            chunk = data[start : start + CHUNK]
            self.send(chunk)
            self.read_until(chunk)

    def start(self, code: str) -> None:
        """Starts to run `code` and does not wait for its end."""
        self.send(CTRL_E)
        self.read_until(PASTE_PROMPT)
        for line in code.rstrip("\n").split("\n"):
            self._type_line(line)
            self.send(b"\r")
            self.read_until(b"\r\n" + PASTE_PROMPT)
        self.send(CTRL_D)
        self.read_until(b"\r\n")

    def exec(self, code: str, timeout: float = 10) -> str:
        """Runs `code`; gives what it printed. Raises BoardError with the traceback if it raised."""
        self.start(code)
        text = self.wait_prompt(timeout)
        if "Traceback (most recent call last):\n" in text:
            raise BoardError(text)
        return text

    def eval(self, expression: str, timeout: float = 10) -> object:
        """The value of an expression whose repr is a literal."""
        return ast.literal_eval(self.exec(f"print(repr({expression}))", timeout).strip())

    def mem_info(self) -> str:
        """The text of mem_info(1). The heap moves on at once: see Board.freeze()."""
        return self.exec("import micropython\nmicropython.mem_info(1)")
