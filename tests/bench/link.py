# SPDX-License-Identifier: MIT
"""What reports cost over SWD, beside the bytes that had to cross."""

from __future__ import annotations

import json
import re
import statistics
import subprocess
from dataclasses import dataclass
from pathlib import Path

from board import HEADS_OF, MPHEAP, Dump
from rig import DebugPort, OpenOcd, run_gdb
from table import heading, row

RUNS = 5
AIMS = {"types": 1.1, "map": 1.1, "objects": 1.25, "show": 1.1, "whatis": 1.1}  # bytes
LINK_BYTES_PER_SECOND = 28 * 1024  # a slow probe
LINK_REQUEST_SECONDS = 1e-3
WORD = 4

THROTTLE = f"--throttle={LINK_BYTES_PER_SECOND},{LINK_REQUEST_SECONDS * 1e3:g}"


@dataclass(frozen=True)
class Cost:
    """Of one command, from its own count and from the debug port's."""

    requests: int
    runs: int  # contiguous reads
    bytes: int
    needed: int  # that some stage has read, each once
    link_seconds: float  # spent waiting for answers
    commands: int  # of the adapter
    port_bytes: int

    def seconds(self, requests: int) -> float:
        """On the slow link, where each of `requests` is a round trip."""
        return requests * LINK_REQUEST_SECONDS + self.bytes / LINK_BYTES_PER_SECOND


def needed_bytes(dump: Dump) -> dict[str, int]:
    """What has to cross: area structures and tables; for a map, a word a head besides."""
    areas = json.loads(dump.report("map", "--format=json", f"--elf={dump.elf}"))["areas"]
    heads = sum(letter not in HEADS_OF for area in areas for letter in area["blocks"])
    tables = sum(-(-len(area["blocks"]) // 4) for area in areas)
    size = run_gdb(["print sizeof(mp_state_mem_area_t)"], [str(dump.elf)]).stdout
    info = tables + len(areas) * int(size.rpartition("= ")[2])
    return {"info": info, "map": info + heads * WORD}


def ctx_bytes(dump: Dump) -> int:
    """The size of the structure that holds the first area, as the symbol table has it."""
    return int(run_gdb(["print sizeof(mp_state_ctx)"], [str(dump.elf)]).stdout.rpartition("= ")[2])


def measure(words: list[str], elf: Path, port: DebugPort, openocd: OpenOcd) -> Cost:
    """One command."""
    before = port.stats()
    done = subprocess.run(
        [MPHEAP, *words, "--stats", f"--openocd=127.0.0.1:{openocd.tcl_port}", f"--elf={elf}"],
        check=True, capture_output=True, text=True)
    after = port.stats()
    found = re.search(r"stats: (\d+) requests, (\d+) pieces, (\d+) bytes, (\d+) needed, "
                      r"link ([\d.]+) ms", done.stderr)
    assert found, done.stderr
    return Cost(*map(int, found.groups()[:4]), float(found[5]) / 1e3,
                commands=after["adapter_commands"] - before["adapter_commands"],
                port_bytes=after["bus_bytes_read"] - before["bus_bytes_read"])


def typical(words: list[str], elf: Path, port: DebugPort, openocd: OpenOcd) -> Cost:
    """The median of some runs, by bytes: how runs are merged depends on the host's pace, too."""
    costs = [measure(words, elf, port, openocd) for _ in range(RUNS)]
    middle = statistics.median_low(cost.bytes for cost in costs)
    return next(cost for cost in costs if cost.bytes == middle)


def print_cost(name: str, cost: Cost, needed: int, aim: float, requests_aim: int | None) -> None:
    """All rows of one command."""
    row(f"{name}: bytes beside what had to cross", cost.bytes / needed, aim, "x")
    row(f"{name}: requests", cost.requests, requests_aim)
    row(f"{name}: bytes, as the debug port counts", f"{cost.port_bytes:,}")
    row(f"{name}: contiguous reads", f"{cost.runs:,}")
    row(f"{name}: adapter commands", f"{cost.commands:,}")
    row(f"{name}: at 28 KiB/s and 1 ms a request", cost.seconds(cost.requests), unit=" s")
    row(f"{name}: at 28 KiB/s and 1 ms an adapter command", cost.seconds(cost.commands), unit=" s")


def some_list(dump: Dump) -> str:
    """The address of the list that holds the most."""
    listing = dump.report("objects", f"--elf={dump.elf}", "--type=list", "--sort=size")
    return re.search(r"^0x[0-9a-f]+", listing, re.M)[0]


def measure_paced(dump: Dump) -> None:
    """A port that takes 1 ms for each adapter command: here runs are merged."""
    with DebugPort(dump.regions(), core="m4", registers=dump.registers,
                   options=[THROTTLE]) as port, OpenOcd(port) as openocd:
        openocd.tcl("halt")
        cost = measure(["map"], dump.elf, port, openocd)
    name = "map, through a port of 28 KiB/s and 1 ms a command"
    row(f"{name}: bytes", f"{cost.bytes:,}")
    row(f"{name}: commands", f"{cost.commands:,}")
    row(f"{name}: took", cost.link_seconds, unit=" s")


def measure_link(dump: Dump) -> None:
    """A halted board behind a simulated ST-Link and a real OpenOCD."""
    needed = needed_bytes(dump)
    heading(f"over SWD: {needed['info']:,} bytes had to cross for info, {needed['map']:,} for map")
    with DebugPort(dump.regions(), core="m4", registers=dump.registers) as port, \
            OpenOcd(port) as openocd:
        openocd.tcl("halt")
        for title, elf in (("ELF with DWARF", dump.elf), ("symbols only", dump.stripped)):
            # Without member offsets the area is found by reading mp_state_ctx, all of it.
            search = ctx_bytes(dump) if elf == dump.stripped else 0
            cost = typical(["info"], elf, port, openocd)
            print_cost(f"info, {title}", cost, needed["info"] + search, 1.05, None)
            cost = typical(["map"], elf, port, openocd)
            print_cost(f"map, {title}", cost, needed["map"] + search, 1.3, 12)
        heading("over SWD: reports on objects, beside the bytes they looked at")
        for words in (["types"], ["map", "--rich"], ["objects"], ["show", "ADDRESS"],
                      ["whatis", "ADDRESS"]):
            given = [word.replace("ADDRESS", some_list(dump)) for word in words]
            cost = typical(given, dump.elf, port, openocd)
            print_cost(" ".join(words), cost, cost.needed, AIMS[words[0]], 80)
    measure_paced(dump)
