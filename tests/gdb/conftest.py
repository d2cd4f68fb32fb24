# SPDX-License-Identifier: MIT
"""What the tests of GDB's door share."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import ModuleType

import pytest

import doors
from fixture import run
from frozen import Frozen, frozen_board


@pytest.fixture(autouse=True)
def _library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MPHEAP_LIBRARY", str(doors.LIBRARY))


@pytest.fixture
def without_gdb(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Modules of mpheap_gdb can be imported here: its own __init__ would want GDB."""
    package = ModuleType("mpheap_gdb")
    package.__path__ = [str(doors.ROOT / "gdb" / "mpheap_gdb")]
    monkeypatch.setitem(sys.modules, "mpheap_gdb", package)
    yield
    for name in [name for name in sys.modules if name.startswith("mpheap_gdb")]:
        monkeypatch.delitem(sys.modules, name)


@pytest.fixture(scope="session", name="_board")
def _shared_board() -> Iterator[Frozen]:
    with frozen_board() as board:
        yield board


@pytest.fixture
def frozen(_board: Frozen) -> Iterator[Frozen]:
    """A micro:bit behind OpenOCD, its heap at rest; running, however the last test left it.

    Between tests it is halted: its empty loop would take a whole processor from all other tests.
    """
    if _board.openocd.tcl("mp.cm curstate") == "halted":
        _board.openocd.tcl("resume")
    yield _board
    _board.openocd.tcl("halt")


@pytest.fixture(name="one_board", scope="module")
def _one_board() -> Iterator[run.FixtureRun]:
    """The fixture under QEMU, with debug information."""
    with run.run("v1.27.0") as board:
        yield board
