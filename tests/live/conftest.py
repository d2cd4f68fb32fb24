# SPDX-License-Identifier: MIT
"""Makes the captured WebAssembly heaps importable, and the micro:bit's scene a fixture."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from live import microbit_scenes
from rig import Board

sys.path.insert(0, str(Path(__file__).resolve().parent / "wasm"))


@pytest.fixture(scope="session")
def microbit_dumps(
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, microbit_scenes.Dump]:
    """A live micro:bit's memory with every batch of the scene, taken once."""
    return microbit_scenes.take(tmp_path_factory.mktemp("microbit"))


@pytest.fixture(name="board", scope="module")
def board_fixture() -> Iterator[Board]:
    """A micro:bit at its prompt."""
    with Board() as board:
        yield board
