# SPDX-License-Identifier: MIT
"""Chromium, and the pages that tests look at."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from dumps import Dump
from chromium.browser import Browser

import mpheap


@dataclass(frozen=True)
class Written:
    """A page, and the options with which the command sees the same heap."""

    file: Path
    words: tuple[Any, ...]

    @functools.cache
    def lines(self, *words: str) -> list[dict[str, Any]]:
        """The documents of `objects`, without the last."""
        text = mpheap.run("objects", *words, "--format=json", *self.words).stdout
        return [json.loads(line) for line in text.splitlines()[:-1]]

    @functools.cache
    def document(self, *words: str) -> Any:
        """The document of a report."""
        return mpheap.run(*words, "--format=json", *self.words).json


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for the tests of a file: a browser that waits for other tests works all the same."""
    with Browser() as started:
        yield started


@pytest.fixture(scope="session")
def fixture_page(dump_of: Any, tmp_path_factory: pytest.TempPathFactory) -> Written:
    """Of the fixture firmware, with everything that is known of it."""
    dump: Dump = dump_of("v1.27.0")
    words = (*dump.images(), *dump.elf(), "--reg", f"sp={dump.sp:#x}")
    file = tmp_path_factory.mktemp("page") / "heap.html"
    result = mpheap.run("report", file, *words)
    assert result.status == 0, result
    return Written(file, words)
