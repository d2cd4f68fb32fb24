# SPDX-License-Identifier: MIT
"""What `mpheap objects` lists, as tests ask for it."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from captures import capture

import mpheap

UNKNOWN = "?"


@dataclass(frozen=True)
class Listing:
    """Every allocation by address, sorted by what it is, and the summary that ends the list."""

    objects: Mapping[int, dict[str, Any]]
    helpers: Mapping[int, dict[str, Any]]  # what an object, or the interpreter itself, holds
    unowned: Mapping[int, dict[str, Any]]  # no objects, and held by nobody
    summary: dict[str, int]

    @functools.cached_property
    def blocks(self) -> dict[int, dict[str, Any]]:
        """All three."""
        return {**self.objects, **self.helpers, **self.unowned}


def entries(*words: str) -> list[dict[str, Any]]:
    """The lines of `objects`, which must succeed; the last is the summary."""
    result = mpheap.run("objects", "--format", "json", *words)
    assert result.status == 0, result
    lines = result.stdout.split("\n")
    end = lines.index("{") if "{" in lines else len(lines) - 2
    return [json.loads(line) for line in lines[:end]] + [json.loads("\n".join(lines[end:]))]


def listing(*words: str) -> Listing:
    """The list of everything on the heap of a target."""
    *found, last = entries("--all", *words)
    objects: dict[int, Any] = {}
    helpers: dict[int, Any] = {}
    unowned: dict[int, Any] = {}
    for entry in found:
        held = "owner_address" in entry or "holder" in entry
        group = objects if "value" in entry else helpers if held else unowned
        group[int(entry["address"], 0)] = entry
    return Listing(objects, helpers, unowned, last["summary"])


def image(version: str, moment: int) -> tuple[str, str]:
    """The option that opens a captured WebAssembly heap."""
    return "--image", f"{capture(version).memory(moment)}@0"


@functools.cache
def listing_of(version: str, moment: int) -> Listing:
    """The list of a captured WebAssembly heap."""
    return listing(*image(version, moment))
