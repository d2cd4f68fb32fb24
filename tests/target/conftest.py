# SPDX-License-Identifier: MIT
"""Makes the rig importable, and lends one booted board to the tests of a file."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rig import Board  # noqa: E402


@pytest.fixture(scope="module")
def board() -> Iterator[Board]:
    """A micro:bit at its prompt; each test leaves it there, and running."""
    with Board() as booted:
        yield booted
