# SPDX-License-Identifier: MIT
"""A real OpenOCD, connected to a debug port."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Sequence
from typing import Self

from .debugport import DebugPort
from .process import Process, ProcessError, Scratch

END = b"\x1a"  # ends a command and a result on the Tcl port

# What OpenOCD expects to find at the other end (DPIDR, and IDCODE of the JTAG-DP), by core
SWD_IDS = {
    "m0": 0x0BB11477,
    "m0p": 0x0BC11477,
    "m3": 0x2BA01477,
    "m4": 0x2BA01477,
    "m7": 0x5BA02477,
}
JTAG_IDS = {
    "m0": 0x0BB11477,
    "m0p": 0x0BC11477,
    "m3": 0x4BA00477,
    "m4": 0x4BA00477,
    "m7": 0x5BA00477,
}

CONFIG = """\
bindto 127.0.0.1
tcl_port 0
telnet_port 0
gdb_port 0
{adapter}adapter speed 4000
reset_config none
{tap} mp cpu -irlen 4 -expected-id {idcode:#010x}
dap create mp.dap -chain-position mp.cpu
target create mp.cm cortex_m -dap mp.dap -ap-num 0 -gdb-max-connections 3
{extra}
"""


class TclError(Exception):
    """A command failed in OpenOCD."""


class OpenOcd:
    """OpenOCD, ready for clients on `tcl_port`, `telnet_port` and `gdb_port`. The target is mp.cm.

    `config` are further configuration lines, run before OpenOCD connects to the target.
    """

    def __init__(self, port: DebugPort, config: Sequence[str] = ()) -> None:
        self._scratch = Scratch()
        swd = port.front_end == "stlink"
        file = self._scratch.path / "openocd.cfg"
        file.write_text(
            CONFIG.format(
                adapter=port.adapter_config(),
                tap="swd newdap" if swd else "jtag newtap",
                idcode=(SWD_IDS if swd else JTAG_IDS)[port.core],
                extra="\n".join(config),
            )
        )
        self._process = Process(["openocd", "-f", file], "openocd")
        self._stream: socket.socket | None = None

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            stack.callback(self._scratch.remove)
            stack.enter_context(self._process)
            stack.callback(self._close_stream)
            # The GDB service comes last, when the target has been examined.
            self.gdb_port = self._listening("gdb")
            self.tcl_port = self._listening("tcl")
            self.telnet_port = self._listening("telnet")
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stack.close()

    def _listening(self, service: str) -> int:
        pattern = rf"Listening on port (\d+) for {service} connections"
        return int(self._process.wait_log(pattern, timeout=20)[1])

    def _close_stream(self) -> None:
        if self._stream:
            self._stream.close()

    @property
    def log(self) -> str:
        return self._process.log

    def wait_log(self, pattern: str, timeout: float = 10) -> None:
        self._process.wait_log(pattern, timeout)

    def tcl(self, command: str, timeout: float = 30) -> str:
        """The result of a Tcl command. Raises TclError with the message if it fails."""
        if self._stream is None:
            self._stream = socket.create_connection(("127.0.0.1", self.tcl_port))
        self._stream.settimeout(timeout)
        guarded = f"set rig_code [catch {{{command}}} rig_result]; list $rig_code $rig_result"
        self._stream.sendall(guarded.encode() + END)
        answer = b""
        while not answer.endswith(END):
            data = self._stream.recv(65536)
            if not data:
                raise ProcessError(f"openocd closed the Tcl port\n{self.log}")
            answer += data
        code, _, result = answer[:-1].decode(errors="replace").partition(" ")
        result = _unquote(result)
        if code != "0":
            raise TclError(result or f"{command}: failed without a message")
        return result

    def read_memory(self, address: int, size: int) -> bytes:
        """Bytes of the target, read by dump_image."""
        file = self._scratch.path / "dump"
        self.tcl(f"dump_image {file} {address:#x} {size:#x}")
        return file.read_bytes()


def _unquote(element: str) -> str:
    """The value of a Tcl list element that is in braces, or plain."""
    if element.startswith("{") and element.endswith("}"):
        return element[1:-1]
    return element.replace("\\ ", " ").replace("\\n", "\n")
