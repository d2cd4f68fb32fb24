# SPDX-License-Identifier: MIT
"""The heaps that are measured hold what they are said to hold."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from generated import ADDRESS, FOLDER, Heap, generate
from mpheap import Result, run
from rig.debugport import build_folder

ROOT = Path(__file__).resolve().parents[2]
POOL_BYTES = 1 << 18


@pytest.fixture(scope="module", name="heap")
def _heap(tmp_path_factory: pytest.TempPathFactory) -> Heap:
    build = os.path.relpath(build_folder(), ROOT)
    made = [os.path.relpath(FOLDER / name, ROOT) for name in ("generate", "large.elf")]
    subprocess.run(["make", "-s", f"BUILD={build}", *made], cwd=ROOT, check=True)
    return generate(POOL_BYTES, tmp_path_factory.mktemp("heap") / "ram")


def report(heap: Heap, *words: str) -> Result:
    """What mpheap says about it."""
    result = run(*words, f"--elf={heap.elf}", f"--image={heap.path}@{ADDRESS:#x}")
    assert result.status == 0, result
    return result


def test_every_object_is_counted_as_what_it_was_made_as(heap: Heap) -> None:
    """The generator counts what it makes, and the report has no other row."""
    rows = report(heap, "types", "--format=json").json["types"]
    counts = {row["type"]: row["count"] for row in rows}
    assert counts == heap.counts
    assert counts["list"] > 100


def test_nothing_about_it_is_doubtful(heap: Heap) -> None:
    """No notes, and no problem in its numbers."""
    result = report(heap, "info", "--format=json")
    assert not result.notes
    assert result.json["heap"]["areas"][0]["block_count"] == heap.blocks
