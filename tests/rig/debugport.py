# SPDX-License-Identifier: MIT
"""The simulated debug port, in front of a live machine or of a memory dump."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from .machine import Machine
from .process import Process, ProcessError, Scratch, wait_until


def build_folder() -> Path:
    """Where the project's programs are built: MPHEAP_BUILD, or build/ of this checkout."""
    default = Path(__file__).resolve().parents[2] / "build"
    return Path(os.environ.get("MPHEAP_BUILD", default))


@dataclass(frozen=True)
class Region:
    """A range of a dump's memory, filled from `file` (zeros without one)."""

    base: int
    size: int
    file: Path | None = None
    read_only: bool = False

    def option(self) -> str:
        text = f"--memory={self.base:#x},{self.size:#x}"
        if self.file:
            text += f",{self.file}" + (",ro" if self.read_only else "")
        return text


class DebugPort:
    """A debug port for OpenOCD. `target` is a live machine, or the regions of a dump.

    `front_end` is "stlink" (SWD, fast) or "bitbang" (JTAG, bit by bit). `options` go to the
    program as they are: see `debugport --help`.
    """

    def __init__(
        self,
        target: Machine | Sequence[Region],
        *,
        front_end: str = "stlink",
        core: str | None = None,
        registers: Mapping[str, int] | None = None,
        options: Sequence[str] = (),
    ) -> None:
        self.front_end = front_end
        self.core = core or (target.core if isinstance(target, Machine) else "m4")
        self._scratch = Scratch()
        folder = self._scratch.path
        self._stats_file = folder / "stats"
        argv: list[str | Path] = [build_folder() / "tests" / "debugport"]
        argv += [f"--core={self.core}", f"--stats={self._stats_file}"]
        argv += ["--stlink=0"] if front_end == "stlink" else [f"--bitbang={folder / 'jtag'}"]
        if isinstance(target, Machine):
            argv += [f"--gdb={target.gdb_path}", f"--qmp={target.qmp_path}"]
            argv += [Region(base, size).option() for base, size in target.regions]
        else:
            argv += [region.option() for region in target]
        if registers:
            file = folder / "registers"
            file.write_text("".join(f"{name} {value:#x}\n" for name, value in registers.items()))
            argv.append(f"--registers={file}")
        self._process = Process(argv + list(options), "debugport")

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            stack.callback(self._scratch.remove)
            stack.enter_context(self._process)
            self.address = self._process.wait_log(rf"^{self.front_end} (.*)$")[1]
            self._stack = stack.pop_all()
        return self

    def __exit__(self, exc_type: type[BaseException] | None, *exc: object) -> None:
        self._process.stop()
        self._stack.close()
        if exc_type is None and self._process.exit_status != 0:
            raise ProcessError(f"debugport ended with {self._process.exit_status}\n{self.log}")

    @property
    def log(self) -> str:
        return self._process.log

    def adapter_config(self) -> str:
        """OpenOCD's configuration lines for the adapter."""
        if self.front_end == "stlink":
            return (
                "adapter driver st-link\n"
                "st-link vid_pid 0x0483 0x3748\n"
                f"st-link backend tcp {self.address}\n"
                "transport select dapdirect_swd\n"
            )
        return (
            "adapter driver remote_bitbang\n"
            "remote_bitbang port 0\n"
            f"remote_bitbang host {self.address}\n"
            "transport select jtag\n"
        )

    def _read_stats(self) -> dict[str, int]:
        if not self._stats_file.exists():
            return {"reports": 0}
        pairs = (line.split("=") for line in self._stats_file.read_text().splitlines())
        return {name: int(value) for name, value in pairs}

    def stats(self) -> dict[str, int]:
        """The counters at this moment (stats.h says what each one counts)."""
        seen = self._read_stats()["reports"]
        self._process.send_signal(signal.SIGUSR1)
        wait_until(lambda: self._read_stats()["reports"] > seen, 10, "the debug port's counters")
        return self._read_stats()

    def arm(self) -> None:
        """Lets the faults begin that --arm-on-signal holds back."""
        self._process.send_signal(signal.SIGUSR2)
        self.stats()  # it takes signals in order: the faults are armed when this answers

    def disarm(self) -> None:
        """Ends what arm() began."""
        self.arm()
