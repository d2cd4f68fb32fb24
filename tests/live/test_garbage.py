# SPDX-License-Identifier: MIT
"""What `garbage` says a collection would free is what the board's own collection then frees."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest
from captures import VERSIONS
from live.collected import collect, gone, predict
from live.reachable import Memory, heads_of
from oracle import Heap

import mpheap

COLLECTS_AT_END = 1.27  # of the line that asks for it; before, at the start of one
LINE_BLOCKS = 8  # what a short line leaves behind

# --- WebAssembly: a collection with nothing on the stack ---


@pytest.fixture(name="collections", scope="module")
def collections_fixture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the memory of all versions before and after a collection."""
    return collect(tmp_path_factory.mktemp("collections"), "collect.py")


@functools.cache
def heads_in(file: Path) -> dict[int, int]:
    """What an independent reader finds: every allocation."""
    heap = Heap(file)
    return heads_of(Memory({0: heap.words.tobytes()}), heap.areas)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_collection_takes_what_was_said(collections: Path, version: str) -> None:
    """To the block, in each version: rings, generators, closures, finalisers, whole areas."""
    before, after, following = (
        collections / f"{version}-{moment}.bin" for moment in ("before", "after", "next")
    )
    said = predict("--image", f"{before}@0")
    assert len(said.blocks) > 1000
    taken = next(file for file in (after, following) if gone(heads_in(before), heads_in(file)))
    collected = gone(heads_in(before), heads_in(taken))
    assert collected.items() <= said.blocks.items()
    # A line that starts with the collection leaves a few blocks where there were others.
    left = said.blocks.keys() - collected.keys()
    assert len(left) <= (0 if float(version[:4]) >= COLLECTS_AT_END else LINE_BLOCKS)
    if left:
        assert left <= predict("--image", f"{taken}@0").blocks.keys()


def test_what_is_not_known_is_said(collections: Path) -> None:
    """A file of memory has no registers: sizes are the most that may go."""
    file = collections / f"{VERSIONS[-1]}-before.bin"
    said = predict("--image", f"{file}@0")
    found = {entry["name"]: entry["found"] for entry in said.document["roots"]}
    assert (found["mp_state_ctx"], found["pystack"]) == ("read", "read")
    assert (found["registers"], found["other threads"]) == ("missing", "unknown")
    assert not said.certain and any("registers" in note for note in said.document["notes"])
    assert f"at most {said.document['bytes']} of" in mpheap.run(
        "garbage", "--image", f"{file}@0"
    ).stdout
