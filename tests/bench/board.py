# SPDX-License-Identifier: MIT
"""The board that is measured: the fixture with a 140 KB heap and some 2000 heads."""

from __future__ import annotations

import subprocess
from pathlib import Path

from fixture import run
from rig import Region
from rig.debugport import build_folder

VARIANT = "v1.27.0-bench"
MPHEAP = build_folder() / "mpheap"
HEADS_OF = ".="  # letters of a map that are no heads


class Dump:
    """Memories and registers of the board, saved in a folder."""

    def __init__(self, folder: Path) -> None:
        with run.run(VARIANT) as board:
            self.files = board.dump(folder)
        lines = self.files.pop("registers").read_text("ascii").split()
        self.registers = {name: int(value, 0)
                          for name, value in (line.split("=") for line in lines)}
        self.elf = run.build(VARIANT)
        self.stripped = run.build(VARIANT, stripped=True)

    def _address(self, path: Path) -> int:
        return int(path.stem.rpartition("-")[2], 16)

    def regions(self) -> list[Region]:
        """The memories as a debug port wants them."""
        return [Region(self._address(path), path.stat().st_size, path, name == "flash")
                for name, path in self.files.items()]

    def options(self) -> list[str]:
        """The memories as mpheap's options."""
        return [f"--image={path}@{self._address(path):#x}" for path in self.files.values()]

    def report(self, *words: str | Path) -> str:
        """What mpheap says about the dump."""
        return subprocess.run([MPHEAP, *words, "--quiet", *self.options()], check=True, text=True,
                              stdout=subprocess.PIPE).stdout
