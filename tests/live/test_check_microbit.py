# SPDX-License-Identifier: MIT
"""check on a live micro:bit whose program allocates, frees and collects all the time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from live.test_bt import running
from rig import Board, DebugPort, OpenOcd

import mpheap

HALTS = 4
CHURN = """
class Note:
    def __init__(self, number):
        self.number = number
        self.seen = {number: [number] * 3, "text": str(number) * 3}
def churn():
    kept = []
    number = 0
    print("spins")
    while True:
        kept.append(Note(number))
        number += 1
        kept[number % len(kept)].seen[number] = bytearray(number % 50)
        kept[0].numbers = set(range(number % 20))
        "".join(str(one) for one in range(10))
        if len(kept) > 12:
            kept = kept[6:]
churn()
"""


@pytest.fixture(name="link", scope="module")
def link_fixture() -> Iterator[str]:
    """OpenOCD in front of a board that runs the program."""
    with Board() as board, DebugPort(board) as port, OpenOcd(port) as openocd:
        with running(board, CHURN):
            yield f"--openocd=:{openocd.tcl_port}"


def test_wherever_it_is_halted(link: str) -> None:
    """Inside the allocator, a collection or a bytecode: nothing that is certain is wrong."""
    counts = set()
    for _ in range(HALTS):
        result = mpheap.run("check", "--halt", "--format=json", link)
        assert (result.status, result.json["damages"]) == (0, 0), result
        assert result.json["checked"]["objects"] > 20
        counts.add(result.json["checked"]["references"])
    assert len(counts) > 1  # not the same moment each time


def test_a_board_that_runs(link: str) -> None:
    """What changes while it is read proves nothing."""
    result = mpheap.run("check", "--format=json", link)
    assert (result.status, result.json["is_damaged"]) == (0, False), result
    assert not any(one["is_certain"] for one in result.json["findings"])
