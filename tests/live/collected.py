# SPDX-License-Identifier: MIT
"""What a board's own collections freed, beside what `garbage` and `fit` said before."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from captures import HERE, TIMEOUT_S, VERSIONS

import mpheap

Heads = Mapping[int, int]  # every allocation: address of its first block -> bytes


@dataclass(frozen=True)
class Prediction:
    """What `garbage --all` says of a board that stands still."""

    document: dict[str, Any]
    blocks: dict[int, int]  # allocations that would go -> bytes

    @property
    def certain(self) -> bool:
        return self.document["certain"]


def predict(*words: Any) -> Prediction:
    """Runs `garbage`, which must succeed and agree with itself."""
    result = mpheap.run("garbage", "--all", "--top=1000000", "--format=json", *words)
    assert result.status == 0, result
    document = result.json
    blocks = {int(entry["address"], 0): entry["bytes"] for entry in document["largest"]}
    assert len(blocks) == document["count"] == sum(row["count"] for row in document["types"])
    assert sum(blocks.values()) == document["bytes"]
    assert document["bytes"] == sum(row["bytes"] for row in document["types"])
    return Prediction(document, blocks)


def collect(folder: Path, program: str | Path, versions: Sequence[str] = VERSIONS) -> Path:
    """The folder, with the memory of each WebAssembly build before and after the collection of
    what the program (collect.py, release.py, or any file) leaves behind."""
    command = [shutil.which("node"), HERE / "collect.mjs", folder, HERE / program, *versions]
    subprocess.run(command, check=True, capture_output=True, timeout=TIMEOUT_S)
    return folder


def gone(before: Heads, after: Heads) -> dict[int, int]:
    """Allocations that are there no longer: nothing begins there, or something else."""
    return {at: size for at, size in before.items() if after.get(at) != size}


def free_runs(heads: Heads, start: int, end: int, block: int) -> list[int]:
    """Lengths of the free runs of one pool, in blocks."""
    runs, at = [], start
    for head in sorted(head for head in heads if start <= head < end):
        runs.append((head - at) // block)
        at = head + heads[head]
    runs.append((end - at) // block)
    return [run for run in runs if run]
