# SPDX-License-Identifier: MIT
"""A machine under QEMU that a debug port, GDB and the script itself can look into."""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Self

from .process import Process, Scratch, wait_until

Range = tuple[int, int]  # base and size in bytes


def _connect(path: Path) -> socket.socket:
    stream = socket.socket(socket.AF_UNIX)
    stream.connect(str(path))
    return stream


class Machine:
    """A running machine; `arguments` are QEMU's own, such as the firmware to load.

    `core` and `regions` (RAM and ROM, each in one piece) are what a debug port has to know.
    `serial` is connected before the first instruction runs. `gdb_path` and `qmp_path` are unix
    sockets; QEMU serves one client at a time on each, so the machine itself holds neither.
    """

    def __init__(
        self, machine: str, arguments: Sequence[str], *, core: str, regions: Sequence[Range]
    ) -> None:
        self.core = core
        self.regions = tuple(regions)
        self._scratch = Scratch()
        folder = self._scratch.path
        self.serial_path = folder / "serial"
        self.qmp_path = folder / "qmp"
        self.gdb_path = folder / "gdb"
        self._host: dict[int, int] = {}
        self._process = Process(
            ["qemu-system-arm", "-M", machine, "-display", "none", "-nic", "none", "-S"]
            + [*arguments]
            + ["-serial", f"unix:{self.serial_path},server=on,wait=off"]
            + ["-qmp", f"unix:{self.qmp_path},server=on,wait=off"]
            + ["-gdb", f"unix:{self.gdb_path},server=on,wait=off"],
            "qemu",
        )

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            stack.callback(self._scratch.remove)
            stack.enter_context(self._process)
            wait_until(self._sockets_exist, 10, "QEMU's sockets")
            self.serial = stack.enter_context(contextlib.closing(_connect(self.serial_path)))
            self.qmp("cont")
            self._booted()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stack.close()

    def _booted(self) -> None:
        """Waits until the firmware is ready, where there is a way to tell."""

    def _sockets_exist(self) -> bool:
        self._process.check_running()
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
        """Where QEMU keeps the memory at `base`."""
        if base not in self._host:
            answer = self.qmp("human-monitor-command", **{"command-line": f"gpa2hva {base:#x}"})
            found = re.search(r" is (0x[0-9a-f]+)", str(answer))
            if not found:
                raise ValueError(f"no memory at {base:#x}: {answer}")
            self._host[base] = int(found[1], 16)
        return self._host[base]

    def read_memory(self, address: int, size: int) -> bytes:
        """RAM or ROM at this moment, straight from QEMU, beside the running CPU."""
        for base, length in self.regions:
            if base <= address and address + size <= base + length:
                host = self._host_address(base) + address - base
                with open(f"/proc/{self._process.pid}/mem", "rb", buffering=0) as memory:
                    return os.pread(memory.fileno(), size, host)
        raise ValueError(f"no memory of {size} bytes at {address:#x}")

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """The CPU stands still. Not while a debug port is attached: it would see a halt."""
        self.qmp("stop")
        try:
            yield
        finally:
            self.qmp("cont")
