# SPDX-License-Identifier: MIT
"""RingIO on real heaps: its buffer belongs to it, and how full it is can be seen."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest
from captures import VERSIONS, capture
from live.listing import Listing, image, listing

import mpheap

CAPACITY = 32  # of the scene's RingIO(32)


@functools.cache
def ring_of(version: str) -> int | None:
    """The address of the scene's ring in a capture; None before 1.24."""
    kept, _ = capture(version).scene(1)
    return kept["ring_io"].address if "ring_io" in kept else None


VERSIONS_WITH_RING = [version for version in VERSIONS if int(version.split(".")[1]) >= 24]
every_version = pytest.mark.parametrize("version", VERSIONS_WITH_RING)


def word(memory: bytes, address: int) -> int:
    return int.from_bytes(memory[address : address + 4], "little")


def value_at(file: Path, address: int) -> str:
    result = mpheap.run("show", hex(address), "--format=json", "--image", f"{file}@0")
    assert result.status == 0, result
    return result.json["value"]


@every_version
def test_a_new_ring_is_empty_and_holds_its_buffer(version: str) -> None:
    address = ring_of(version)
    found: Listing = listing(*image(version, 1))
    ring = found.objects[address]
    assert ring["value"] == f"<RingIO object at {address:#x}: 0 of {CAPACITY} bytes in use>"
    memory = capture(version).memory(1).read_bytes()
    buffer = found.helpers[word(memory, address + 4)]
    assert (buffer["kind"], buffer["owner_address"]) == ("ring buffer", ring["address"])
    assert buffer["bytes"] == ring["helper_bytes"] >= CAPACITY + 1


@pytest.mark.parametrize("get, put, used", [(0, 5, 5), (30, 2, 5), (1, 0, 32), (32, 32, 0)])
def test_it_is_as_full_as_its_positions_say(
    tmp_path: Path, get: int, put: int, used: int
) -> None:
    version = VERSIONS_WITH_RING[-1]
    address = ring_of(version)
    memory = bytearray(capture(version).memory(1).read_bytes())
    assert word(memory, address + 8) == CAPACITY + 1
    memory[address + 10 : address + 14] = get.to_bytes(2, "little") + put.to_bytes(2, "little")
    file = tmp_path / "memory"
    file.write_bytes(memory)
    assert f": {used} of {CAPACITY} bytes in use>" in value_at(file, address)


def test_positions_beyond_the_buffer_are_said(tmp_path: Path) -> None:
    version = VERSIONS_WITH_RING[0]
    address = ring_of(version)
    memory = bytearray(capture(version).memory(1).read_bytes())
    memory[address + 10 : address + 12] = (CAPACITY + 1).to_bytes(2, "little")
    file = tmp_path / "memory"
    file.write_bytes(memory)
    assert value_at(file, address) == f"<bad: positions of a RingIO at {address + 8:#x}>"
