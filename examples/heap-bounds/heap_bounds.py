#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A port whose linker script kept one number of another chip, and what that costs.

Two firmwares are built from one source with two linker scripts, and run under QEMU, whose
netduinoplus2 has as much RAM as an STM32F429. Real OpenOCD is connected through a simulated debug
port. `mpheap bounds` must find 64 KB that the first leaves unused, say which number gives them to
the heap, and find nothing wrong with the second. Exits with 0 when it does.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1])]

from page import Failure, Page, check_tools, play, shell  # noqa: E402

# Found by the paths that page.py adds
from rig import DebugPort, Machine, OpenOcd, Region  # noqa: E402

HERE = Path(__file__).resolve().parent
COMPILER = "arm-none-eabi-gcc"
READY = b"heap ready\n"

FLASH = (0x08000000, 0x100000)
RAM = (0x20000000, 0x30000)
# All else that a program could take for memory answers with a bus fault.
NOTHING_THERE = ("--fault=0x10000000,0x10000000", "--fault=0x20030000,0x1ffd0000",
                 "--fault=0x60000000,0x80000000")

# What an STM32F429 says of itself (RM0090, MCU device ID code and Flash size), and its CCM
IDCODE = (0xE0042000, 0x20036419)
FLASH_KB = (0x1FFF7A22, 1024)
CCM = (0x10000000, 0x10000)

FINDING = "_heap_end = 0x2002C000 would give the heap 0x10000 bytes more"


class Netduino(Machine):
    """A netduinoplus2 with this firmware."""

    def __init__(self, elf: Path) -> None:
        super().__init__("netduinoplus2", ["-kernel", str(elf)], core="m4", regions=(FLASH, RAM))

    def _booted(self) -> None:
        said = b""
        self.serial.settimeout(10)
        while READY not in said:
            said += self.serial.recv(64)


def build(page: Page, name: str) -> Path:
    """The firmware with a linker script, in the current folder."""
    page.typed("$", f"{COMPILER} -mcpu=cortex-m4 -Os -g firmware.c -T {name}.ld -o {name}.elf")
    elf = Path(f"{name}.elf")
    flags = ["-mthumb", "-mcpu=cortex-m4", "-Os", "-g", "-std=gnu11", "-ffreestanding"]
    flags += ["-fno-builtin", "-nostdlib", "-Wall", "-Wextra", "-Wl,--build-id=none"]
    subprocess.run([COMPILER, *flags, HERE / "firmware.c", f"-L{HERE}", f"-T{HERE / name}.ld",
                    f"-Wl,-Map={name}.map", "-o", elf], check=True)
    return elf


@contextlib.contextmanager
def behind_openocd(port: DebugPort) -> Iterator[OpenOcd]:
    """OpenOCD on a port; nothing may have been written through it."""
    with port, OpenOcd(port) as openocd:
        yield openocd
        writes = port.stats()["memory_writes"]
        if writes:
            raise Failure(f"{writes} writes to the board's memory")


def expect(page: Page, shown: str, *wanted: str) -> None:
    for text in wanted:
        if text not in shown:
            raise Failure(f"nothing that is shown says '{text}'")
        page.claim(text)


def find(page: Page, elf: Path) -> None:
    page.heading(
        "A board that runs",
        "The firmware runs on 192 KB of RAM. Its heap ends where that of a board with 128 KB does.",
        "The status is 1.",
    )
    with Netduino(elf) as board, behind_openocd(DebugPort(board, options=NOTHING_THERE)) as openocd:
        words = f"bounds --elf template.elf --chip STM32F429 --openocd :{openocd.tcl_port}"
        shown = shell(page, words, status=1)
        page.gap()
        expect(page, shown, FINDING, "65536 bytes at 0x2001C000 between the heap and the stack")
        page.heading(
            "Nobody knows the chip",
            "Then RAM is read until that fails. Nothing is written.",
        )
        shown = shell(page, words.replace("--chip STM32F429", "--probe-ram"), status=1)
        page.gap()
        expect(page, shown, FINDING)


def dump_of(board: Machine, folder: Path) -> list[Region]:
    """The board's memory, with the registers in which an STM32F429 says what it is."""
    regions = [Region(*CCM)]
    for name, (base, size) in {"flash": FLASH, "ram": RAM}.items():
        file = folder / f"{name}.bin"
        file.write_bytes(board.read_memory(base, size))
        regions.append(Region(base, size, file))
    for name, size, (base, value) in (("id", 4, IDCODE), ("size", 2, FLASH_KB)):
        file = folder / f"{name}.bin"
        file.write_bytes(value.to_bytes(size, "little"))
        regions.append(Region(base, size, file))
    return regions


def ask_chip(page: Page, elf: Path, folder: Path) -> None:
    page.heading(
        "The chip says what it is",
        "QEMU's chip has no DBGMCU_IDCODE. Here its memory stands behind the debug port together",
        "with that register, as an STM32F429 has it.",
    )
    with Netduino(elf) as board:
        regions = dump_of(board, folder)
    registers = {"sp": RAM[0] + RAM[1] - 64, "pc": FLASH[0] + 16, "xpsr": 1 << 24}
    port = DebugPort(regions, core="m4", registers=registers)
    with behind_openocd(port) as openocd:
        shown = shell(page, f"bounds --elf template.elf --openocd :{openocd.tcl_port}", status=1)
    page.gap()
    expect(page, shown, "DBGMCU_IDCODE 0x20036419", FINDING)


def check_offline(page: Page) -> None:
    page.heading(
        "On a build server",
        "No board is needed to see it: the ELF file and the chip's name are enough. The map file",
        "has what the linker was told of RAM.",
    )
    shown = shell(page, "bounds --offline --elf template.elf --map template.map --chip STM32F429",
                  status=1)
    page.gap()
    expect(page, shown, FINDING)


def correct(page: Page) -> None:
    page.heading("The number is changed", "template.ld and corrected.ld differ in it alone.")
    elf = build(page, "corrected")
    shell(page, "bounds --offline --elf corrected.elf --chip STM32F429")
    page.gap()
    with Netduino(elf) as board, behind_openocd(DebugPort(board, options=NOTHING_THERE)) as openocd:
        shown = shell(page, "bounds --elf corrected.elf --chip STM32F429 --halt "
                      f"--openocd :{openocd.tcl_port}")
    if "unused" in shown or "wrong" in shown:
        raise Failure("the corrected firmware is not right")
    page.gap()
    expect(page, shown, "the heap is what the linker gives it, _heap_start.._heap_end")


def story(page: Page) -> None:
    check_tools(COMPILER)
    with tempfile.TemporaryDirectory() as scratch:
        os.chdir(scratch)
        page.heading("A port is made", "From the linker script of a smaller chip.")
        elf = build(page, "template")
        find(page, elf)
        ask_chip(page, elf, Path(scratch))
        check_offline(page)
        correct(page)
        os.chdir(HERE)
    page.heading("What that shows")
    page.claim("64 KB of 192 were lost to one number. No read wrote anything.")


if __name__ == "__main__":
    sys.exit(play("heap-bounds", story))
