# SPDX-License-Identifier: MIT
"""A BBC micro:bit with Debian's MicroPython firmware, under QEMU."""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
from collections.abc import Iterator
from pathlib import Path

from .process import Process, Scratch, wait_until
from .repl import Repl

FIRMWARE = Path("/usr/share/firmware-microbit-micropython/firmware.hex")
RAM = (0x20000000, 0x4000)  # base and size in bytes (nRF51822 Product Specification, section 5.1)
FLASH = (0x00000000, 0x40000)

FREEZE = """\
import micropython
micropython.mem_info(1)
print('frozen')
while True: pass
"""
FROZEN = b"frozen\r\n"


def _connect(path: Path) -> socket.socket:
    stream = socket.socket(socket.AF_UNIX)
    stream.connect(str(path))
    return stream


class Board:
    """A running board. Its prompt is `repl`; `gdb_path` and `qmp_path` are unix sockets.

    QEMU serves one client at a time on each of them, so the board holds neither.
    """

    core = "m0"
    regions = (FLASH, RAM)

    def __init__(self) -> None:
        self._scratch = Scratch()
        folder = self._scratch.path
        self.serial_path = folder / "serial"
        self.qmp_path = folder / "qmp"
        self.gdb_path = folder / "gdb"
        self._host: dict[int, int] = {}
        self._process = Process(
            ["qemu-system-arm", "-M", "microbit", "-display", "none", "-S"]
            + ["-device", f"loader,file={FIRMWARE}"]
            + ["-serial", f"unix:{self.serial_path},server=on,wait=off"]
            + ["-qmp", f"unix:{self.qmp_path},server=on,wait=off"]
            + ["-gdb", f"unix:{self.gdb_path},server=on,wait=off"],
            "qemu",
        )

    def __enter__(self) -> Board:
        with contextlib.ExitStack() as stack:
            stack.callback(self._scratch.remove)
            stack.enter_context(self._process)
            wait_until(self._sockets_exist, 10, "QEMU's sockets")
            serial = stack.enter_context(contextlib.closing(_connect(self.serial_path)))
            self.repl = Repl(serial)
            self.qmp("cont")
            self.repl.read_until(b">>> ")
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stack.close()

    def _sockets_exist(self) -> bool:
        if not self._process.running:
            self._process.wait_log("no such line", 0)  # raises with QEMU's own words
        return all(path.exists() for path in (self.serial_path, self.qmp_path, self.gdb_path))

    def qmp(self, command: str, **arguments: object) -> object:
        """One command of QEMU's machine protocol."""
        with _connect(self.qmp_path) as stream, stream.makefile("rw") as lines:
            for request in ({"execute": "qmp_capabilities"}, {"execute": command}):
                if arguments and request["execute"] == command:
                    request["arguments"] = arguments
                lines.write(json.dumps(request) + "\n")
                lines.flush()
                while "return" not in (answer := json.loads(lines.readline())):
                    if "error" in answer:
                        raise RuntimeError(f"QMP {command}: {answer['error']}")
        return answer["return"]

    def _host_address(self, base: int) -> int:
        if base not in self._host:
            answer = self.qmp("human-monitor-command", **{"command-line": f"gpa2hva {base:#x}"})
            self._host[base] = int(re.search(r" is (0x[0-9a-f]+)", str(answer))[1], 16)
        return self._host[base]

    def read_memory(self, address: int, size: int) -> bytes:
        """RAM or flash at this moment, straight from QEMU, beside the running CPU."""
        for base, length in self.regions:
            if base <= address and address + size <= base + length:
                with open(f"/proc/{self._process.pid}/mem", "rb", buffering=0) as memory:
                    return os.pread(memory.fileno(), size, self._host_address(base) + address - base)
        raise ValueError(f"no memory of {size} bytes at {address:#x}")

    def read_ram(self) -> bytes:
        """All of RAM at this moment."""
        return self.read_memory(*RAM)

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """The CPU stands still. Not while a debug port is attached: it would see a halt."""
        self.qmp("stop")
        try:
            yield
        finally:
            self.qmp("cont")

    def freeze(self, code: str = "") -> str:
        """Runs `code`, then mem_info(1), and leaves the board in an empty endless loop.

        Gives the text that mem_info(1) printed. From then on the heap does not change, so memory
        read by any means agrees with that text, until thaw().
        """
        self.repl.start(code.rstrip("\n") + "\n" + FREEZE if code else FREEZE)
        text = self.repl.read_until(FROZEN)[: -len(FROZEN)].decode().replace("\r\n", "\n")
        return text[text.index("stack: ") :]

    def thaw(self) -> None:
        """Ends the loop of freeze(); the prompt is back."""
        self.repl.interrupt()
