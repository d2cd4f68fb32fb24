# SPDX-License-Identifier: MIT
"""A BBC micro:bit with Debian's MicroPython firmware."""

from __future__ import annotations

from pathlib import Path

from .machine import Machine
from .repl import Repl

FIRMWARE = Path("/usr/share/firmware-microbit-micropython/firmware.hex")
RAM = (0x20000000, 0x4000)  # base and size in bytes (nRF51822 Product Specification, section 5.1)
FLASH = (0x00000000, 0x40000)

# All that is neither RAM, nor flash, nor device registers answers with a bus fault: options of a
# debug port.
NOTHING_THERE = tuple(
    f"--fault={start:#x},{end - start:#x}"
    for start, end in (
        (FLASH[0] + FLASH[1], RAM[0]),
        (RAM[0] + RAM[1], 0x40000000),
        (0x60000000, 0xE0000000),
    )
)

FREEZE = """\
import micropython
micropython.mem_info(1)
print('frozen')
while True: pass
"""
FROZEN = b"frozen\r\n"


class Board(Machine):
    """A booted board. Its prompt is `repl`."""

    def __init__(self) -> None:
        super().__init__(
            "microbit",
            ["-device", f"loader,file={FIRMWARE}"],
            core="m0",
            regions=(FLASH, RAM),
        )

    def _booted(self) -> None:
        self.repl = Repl(self.serial)
        self.repl.wait_prompt()

    def read_ram(self) -> bytes:
        """All of RAM at this moment."""
        return self.read_memory(*RAM)

    def freeze(self, code: str = "") -> str:
        """Runs `code`, then mem_info(1), and leaves the board in an empty endless loop.

        Gives the text that mem_info(1) printed, from "stack:" to the map's last line. From then on
        the heap does not change, so memory read by any means agrees with that text, until thaw().
        (RAM outside the heap does change: clock ticks, and the stack of their interrupt.)
        """
        self.repl.start(code.rstrip("\n") + "\n" + FREEZE if code else FREEZE)
        text = self.repl.read_until(FROZEN)[: -len(FROZEN)].decode().replace("\r\n", "\n")
        return text[text.rindex("stack: ") :]

    def thaw(self) -> None:
        """Ends the loop of freeze(); the prompt is back."""
        self.repl.interrupt()
