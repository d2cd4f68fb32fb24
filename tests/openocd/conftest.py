# SPDX-License-Identifier: MIT
"""A frozen board behind OpenOCD with our command, and a folder that must stay empty."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

import mpheap
from console import Console
from rig import Board, DebugPort, OpenOcd

# All that is neither RAM, nor flash, nor device registers answers with a bus fault.
NOTHING_THERE = (
    "--fault=0x40000,0x1ffc0000",
    "--fault=0x20004000,0x1fffc000",
    "--fault=0x60000000,0x40000000",
)
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "live" / "wasm"))

SOURCE = Path(__file__).resolve().parents[2] / "openocd" / "mpheap.tcl"


@pytest.fixture(scope="session", autouse=True)
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where commands keep their temporary files, and the program under test for all of them."""
    folder = tmp_path_factory.mktemp("scratch")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(folder))
        patch.setenv("MPHEAP", str(mpheap.command_path()))
        yield folder


@pytest.fixture(autouse=True)
def nothing_is_left(scratch: Path) -> Iterator[None]:
    """Every command removes its temporary files, whatever becomes of it."""
    yield
    assert os.listdir(scratch) == []


@dataclass(frozen=True)
class Rig:
    """A board behind a debug port behind OpenOCD."""

    board: Board
    port: DebugPort
    openocd: OpenOcd

    def shell(self, *words: str) -> mpheap.Result:
        """The shell command on the same target, through OpenOCD's Tcl port."""
        return mpheap.run(*words, f"--openocd=:{self.openocd.tcl_port}")

    def console(self) -> Console:
        return Console(self.openocd.telnet_port)


@contextmanager
def rig(
    config: tuple[str, ...] = (), options: tuple[str, ...] = (), code: str = ""
) -> Iterator[Rig]:
    """A frozen board; the configuration has our command, and then what `config` says."""
    with Board() as board:
        board.map = (table := board.freeze(code))[table.index("GC memory layout") :]
        with DebugPort(board, options=[*NOTHING_THERE, *options]) as port:
            with OpenOcd(port, [f"source {SOURCE}", *config]) as openocd:
                yield Rig(board, port, openocd)


@pytest.fixture(name="frozen", scope="module")
def frozen_fixture() -> Iterator[Rig]:
    """One for all tests that leave it as it is: running, in an empty loop."""
    with rig(code="kept = [[i] for i in range(30)]") as parts:
        yield parts
