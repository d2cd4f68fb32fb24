# SPDX-License-Identifier: MIT
"""Dumps with bytes flipped where it hurts: never a crash, a hang, or much memory.

Runs the build with the sanitizers where there is one. A failure names its seed:
    MPHEAP_SEEDS=1234-1234 pytest tests/faults/test_random.py
"""

from __future__ import annotations

import os
import random
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from captures import capture
from dumps import Dump
from oracle import Heap
from survival import FORMATS, commands_about, run_sound

import mpheap

SEEDS = os.environ.get("MPHEAP_SEEDS", "0-149")
INTERESTING = (0, 1, 2, 0xFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFF0, 0xFFFFFFFC, 0xFFFFFFFF)


@dataclass(frozen=True)
class Victim:
    """Memory to damage: files by address, and the ranges that matter, as (address, size)."""

    memories: dict[int, bytes]
    targets: list[tuple[int, int]]
    options: list[list[str]]  # one of these goes with each run

    def address(self, rng: random.Random) -> int:
        start, size = rng.choice(self.targets)
        return start + rng.randrange(size)


def targets_of(document: dict[str, Any]) -> list[tuple[int, int]]:
    """The structures that the command itself says it used."""
    ranges = []
    for fact in document["provenance"]:
        value = fact["value"]
        if value.startswith("0x"):
            ranges.append((int(value.split()[0], 16) & ~3, 64))
    for area in document["heap"]["areas"]:
        ranges.append((int(area["area_address"], 16) & ~3, 40))
        ranges.append((int(area["table_address"], 16), area["table_bytes"]))
        ranges.append((int(area["pool_start_address"], 16), 256))
    return ranges


@pytest.fixture(name="fixture_victim", scope="module")
def fixture_victim_fixture(dump_of: Callable[[str], Dump]) -> Victim:
    dump = dump_of("v1.28.0-split")
    memories = {address: bytes(dump.bytes_of(name)) for name, (_, address) in dump.files.items()}
    document = mpheap.info("--verbose", *dump.images())
    # The pools of names hang from last_pool; types and static pools lie in flash.
    targets = [*targets_of(document), (dump.symbols["mp_state_ctx"], 0x200), (0x100, 0x1000)]
    return Victim(memories, targets, [[], dump.elf(), dump.elf(stripped=True)])


@pytest.fixture(name="wasm_victim", scope="module")
def wasm_victim_fixture() -> Victim:
    board = capture("1.27.0")
    heap = Heap(board.memory(1))
    # Everything lies in the first two megabytes.
    memories = {0: board.memory(1).read_bytes()[: 2 << 20]}
    document = mpheap.info("--verbose", "--image", f"{board.memory(1)}@0")
    targets = targets_of(document) + [(pool.address, 64) for pool in heap.qstr_pools]
    targets += [(address, 64) for address in heap.letters]
    return Victim(memories, targets, [[]])


def damage(victim: Victim, rng: random.Random) -> dict[int, bytes]:
    """The memories with 1 to 12 words, bytes or bits changed."""
    ret = {address: bytearray(data) for address, data in victim.memories.items()}
    for _ in range(rng.randint(1, 12)):
        at = victim.address(rng)
        for start, data in ret.items():
            offset = at - start
            if not 0 <= offset <= len(data) - 8:
                continue
            kind = rng.randrange(4)
            if kind == 0:
                data[offset] ^= 1 << rng.randrange(8)
            elif kind == 1:
                data[offset] = rng.randrange(256)
            elif kind == 2:
                struct.pack_into("<I", data, offset & ~3, rng.choice(INTERESTING))
            else:
                struct.pack_into("<I", data, offset & ~3, victim.address(rng) & ~3)
    return {address: bytes(data) for address, data in ret.items()}


def images(memories: dict[int, bytes], folder: Path) -> list[str]:
    words = []
    for address, data in memories.items():
        file = folder / f"{address:x}"
        file.write_bytes(data)
        words += ["--image", f"{file}@{address:#x}"]
    return words


def assert_survives(victim: Victim, seed: int, folder: Path) -> None:
    rng = random.Random(seed)
    words = images(damage(victim, rng), folder)
    commands = commands_about([victim.address(rng), victim.address(rng)])
    run_sound(*rng.choice(commands), *rng.choice(FORMATS), *words, *rng.choice(victim.options))


def seeds() -> range:
    first, last = map(int, SEEDS.split("-"))
    return range(first, last + 1)


@pytest.mark.parametrize("block", range(4))
def test_a_damaged_dump_of_the_fixture(fixture_victim: Victim, tmp_path: Path, block: int) -> None:
    for seed in seeds()[block::4]:
        assert_survives(fixture_victim, seed, tmp_path)


@pytest.mark.parametrize("block", range(4))
def test_a_damaged_wasm_heap(wasm_victim: Victim, tmp_path: Path, block: int) -> None:
    for seed in seeds()[block::4]:
        assert_survives(wasm_victim, seed, tmp_path)


def test_the_damage_is_felt(fixture_victim: Victim, tmp_path: Path) -> None:
    """Most seeds change what is said; otherwise these tests would test nothing."""
    words = images(fixture_victim.memories, tmp_path)
    sound = mpheap.run("info", "--verbose", *words)
    changed = 0
    for seed in range(40):
        words = images(damage(fixture_victim, random.Random(seed)), tmp_path)
        changed += mpheap.run("info", "--verbose", *words) != sound
    assert changed > 20
