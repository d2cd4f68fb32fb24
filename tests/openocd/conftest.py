# SPDX-License-Identifier: MIT
"""The program under test, a folder that must stay empty, and a frozen board behind OpenOCD."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import mpheap

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "live" / "wasm"))

from openocd_rig import Rig, frozen_board  # noqa: E402


@pytest.fixture(scope="module", autouse=True)
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


@pytest.fixture(name="frozen", scope="module")
def frozen_fixture() -> Iterator[Rig]:
    """One for all tests that leave it as it is: running, in an empty loop."""
    with frozen_board(code="kept = [[i] for i in range(30)]") as parts:
        yield parts
