# SPDX-License-Identifier: MIT
"""What it costs to follow a heap: the link, and this computer."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass

from board import MPHEAP, Dump
from link import THROTTLE
from rig import DebugPort, OpenOcd
from table import heading, row

BYTES_AIM = 1.05  # beside the tables
CPU_AIM = 0.02  # of a core, at the interval that watch has by itself
QUICK_SECONDS, USUAL_SECONDS = 3, 10


@dataclass(frozen=True)
class Watch:
    """What one run said, and what it took of this computer."""

    samples: list[dict[str, float]]  # without the first one, which finds the heap
    cpu_seconds: float
    seconds: float

    @property
    def bytes(self) -> float:
        """Of a sample, on average."""
        return sum(sample["link_bytes"] for sample in self.samples) / len(self.samples)

    @property
    def rate(self) -> float:
        """Samples a second."""
        return (len(self.samples) - 1) / (self.samples[-1]["seconds"] - self.samples[0]["seconds"])


def run_watch(openocd: OpenOcd, *words: str) -> Watch:
    """Watch with these words; the time of the processor is that of the one child."""
    argv = [MPHEAP, "watch", "--format=json", "--quiet", f"--openocd=:{openocd.tcl_port}", *words]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        lines = [json.loads(line) for line in process.stdout]
        _, _, used = os.wait4(process.pid, 0)
        process.returncode = 0
    samples = [line for line in lines if line["kind"] == "sample"]
    return Watch(samples[1:], used.ru_utime + used.ru_stime, lines[-1]["seconds"])


def measure_usual(dump: Dump, table_bytes: int, openocd: OpenOcd) -> None:
    """Over a port that is as fast as it can be."""
    elf = f"--elf={dump.elf}"
    quick = run_watch(openocd, elf, "--interval=0", f"--for={QUICK_SECONDS}")
    row("a sample: bytes beside the table", quick.bytes / table_bytes, BYTES_AIM, "x")
    row("a sample: bytes", quick.bytes)
    row("samples a second, one after the other", quick.rate)
    row("a sample: time of this computer's processor",
        quick.cpu_seconds / len(quick.samples) * 1e3, unit=" ms")
    verified = run_watch(openocd, elf, "--verify", "--interval=0", f"--for={QUICK_SECONDS}")
    row("a sample with --verify: bytes beside the table", verified.bytes / table_bytes, unit="x")
    usual = run_watch(openocd, elf, f"--for={USUAL_SECONDS}")
    row("part of a core at the usual interval", usual.cpu_seconds / usual.seconds, CPU_AIM)


def measure_watching(dump: Dump) -> None:
    """A board that runs, behind a simulated ST-Link and a real OpenOCD."""
    info = json.loads(dump.report("info", "--format=json", f"--elf={dump.elf}"))
    table_bytes = sum(area["table_bytes"] for area in info["heap"]["areas"])
    heading(f"watch over SWD, a table of {table_bytes:,} bytes")
    with DebugPort(dump.regions(), core="m4", registers=dump.registers) as port, \
            OpenOcd(port) as openocd:
        measure_usual(dump, table_bytes, openocd)
        stats = port.stats()
        row("halts, and writes to memory", stats["cpu_halts"] + stats["memory_writes"], 0)
    with DebugPort(dump.regions(), core="m4", registers=dump.registers,
                   options=[THROTTLE]) as port, OpenOcd(port) as openocd:
        slow = run_watch(openocd, f"--elf={dump.elf}", "--interval=0", f"--for={QUICK_SECONDS}")
        row("samples a second at 28 KiB/s and 1 ms an adapter command", slow.rate)
        row("a sample there: bytes beside the table", slow.bytes / table_bytes, BYTES_AIM, "x")
