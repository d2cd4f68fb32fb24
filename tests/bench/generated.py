# SPDX-License-Identifier: MIT
"""Generated heaps: images of RAM that generate.c writes for the firmware of firmware.c."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from fixture.run import Firmware
from rig.debugport import build_folder

FOLDER = build_folder() / "tests" / "bench"
ADDRESS = 0x20000000
TABLE_AT = 0x100  # of the allocation table in the image


@dataclass(frozen=True)
class Heap:
    """A generated image."""

    path: Path
    blocks: int
    counts: dict[str, int]  # objects by what `types` calls them

    @property
    def elf(self) -> Path:
        """Of its firmware."""
        return FOLDER / "large.elf"


def generate(pool_bytes: int, path: Path) -> Heap:
    """Write an image whose pool is full of objects."""
    symbols = "".join(f"{address:x} R {name}\n"
                      for name, address in Firmware(FOLDER / "large.elf").symbols.items() if name)
    text = subprocess.run([FOLDER / "generate", str(pool_bytes), path], check=True, text=True,
                          input=symbols, stdout=subprocess.PIPE).stdout
    lines = (line.split(maxsplit=1) for line in text.splitlines())
    counts = {name: int(count) for count, name in lines}
    return Heap(path, counts.pop("(blocks)"), counts)
