# SPDX-License-Identifier: MIT
"""Dumps of the fixture firmware, and what the firmware said of itself."""

from __future__ import annotations

import fcntl
import pickle
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from fixture import run as fixture_run

VARIANTS = fixture_run.variants()
elf_of = fixture_run.build


@dataclass(frozen=True)
class Dump:
    """A halted fixture's memories and stack pointer, and its own text."""

    variant: str
    files: dict[str, tuple[Path, int]]  # by name of memory: file and address
    banner: str
    stack: str  # mem_info's first line
    map: str
    at_rest: str  # mem_info's two lines of numbers, before a collection began
    sp: int
    symbols: dict[str, int]
    objects: dict[str, fixture_run.Statement]  # what the interpreter would say of them

    def images(self, **instead: Path) -> list[str]:
        """Options for all memories; `instead` names other files for some of them."""
        words = []
        for name, (file, address) in self.files.items():
            words += ["--image", f"{instead.get(name, file)}@{address:#x}"]
        return words

    def elf(self, stripped: bool = False) -> list[str]:
        """Options for the firmware's ELF."""
        return ["--elf", str(elf_of(self.variant, stripped))]

    def bytes_of(self, name: str) -> bytearray:
        """A copy of one memory, to be changed."""
        return bytearray(self.files[name][0].read_bytes())


def take(variant: str, folder: Path) -> Dump:
    """Boot a variant and dump it into the folder."""
    with fixture_run.run(variant) as board:
        files = board.dump(folder)
        return Dump(
            variant,
            {name: (files[name], start) for name, (start, _) in board.firmware.regions().items()},
            board.banner,
            re.search(r"^stack: .*", board.text, re.M)[0],
            board.map,
            "".join(board.mem_info_at_rest.splitlines(keepends=True)[:2]),
            board.registers()["sp"],
            board.firmware.symbols,
            board.objects,
        )


def kept(variant: str, folder: Path) -> Dump:
    """A variant's dump from the folder, where it is kept as long as its ELF stays the same: each
    is booted once, whichever process of the tests needs it first."""
    sources = [elf_of(variant), Path(__file__), Path(fixture_run.__file__)]
    inputs = [(str(source), source.stat().st_mtime_ns) for source in sources]
    place = folder / variant
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / f"{variant}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        record = place / "dump.pickle"
        if record.exists():
            made_of, dump = pickle.loads(record.read_bytes())
            if made_of == inputs:
                return dump
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        dump = take(variant, place)
        record.write_bytes(pickle.dumps((inputs, dump)))
    return dump
