# SPDX-License-Identifier: MIT
"""Dumps of the fixture with words changed, at the places that a debugger names."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from dumps import Dump, elf_of


class Patched:
    """A dump's RAM to be changed; 32-bit little-endian variants."""

    def __init__(self, dump: Dump, folder: Path) -> None:
        self.dump = dump
        self.folder = folder
        self.base = dump.files["ram"][1]
        self.ram = dump.bytes_of("ram")
        self.sp = dump.sp

    def address(self, member: str) -> int:
        """Of a member of mp_state_ctx, such as "vm.sched_state", by GDB."""
        done = subprocess.run(
            ["gdb-multiarch", "-nx", "-batch", "-ex", f"print/x (long)&mp_state_ctx.{member}",
             str(elf_of(self.dump.variant, False))],
            check=True, capture_output=True, text=True)
        return int(re.search(r"= (0x[0-9a-f]+)$", done.stdout, re.M)[1], 16)

    def word(self, address: int, size: int = 4) -> int:
        offset = address - self.base
        return int.from_bytes(self.ram[offset : offset + size], "little")

    def put(self, address: int, value: int, size: int = 4) -> None:
        offset = address - self.base
        self.ram[offset : offset + size] = (value % (1 << 8 * size)).to_bytes(size, "little")

    def words(self, *regs: str) -> list[str | Path]:
        """The options that open it, without an ELF."""
        file = self.folder / "patched-ram"
        file.write_bytes(self.ram)
        registers = [f"sp={self.sp:#x}", *regs]
        return [*self.dump.images(ram=file), *(f"--reg={reg}" for reg in registers)]
