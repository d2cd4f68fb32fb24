# SPDX-License-Identifier: MIT
"""The HTML report holds what the other reports say, no more and no less, and nothing as HTML."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from dumps import Dump
from live.page import DATA, data_of, rows_of

import mpheap

# Of each era and word size; several areas, objects of two words, a collection in progress.
VARIANTS = ["v1.28.0-split", "v1.27.0-collecting", "v1.27.0-rv64", "v1.12-nanbox", "v1.8"]
REPORTS = {
    "info", "bounds", "qstr", "fault", "bt", "fit", "diagnose", "types", "retained", "garbage",
    "check", "tasks",
}
ARGUMENTS = {"fit": ["1024"]}


def words_of(dump: Dump) -> list[str]:
    return [*dump.images(), "--reg", f"sp={dump.sp:#x}", *dump.elf()]


def page_of(folder: Path, *words: Any, before: Any = None) -> Path:
    """Write a page and return its path."""
    page = folder / "heap.html"
    result = mpheap.run("report", page, *([before] if before else []), *words)
    assert result.status == 0, result
    return page


def own_document(report: str, words: list[Any]) -> Any:
    """What a report prints, or None where it fails."""
    result = mpheap.run(report, *ARGUMENTS.get(report, []), "--format=json", *words)
    return result.json if result.status in (0, 1) else None


@pytest.mark.parametrize("variant", VARIANTS)
def test_it_holds_what_reports_print(dump_of, tmp_path: Path, variant: str) -> None:
    words = words_of(dump_of(variant))
    moment, = data_of(page_of(tmp_path, *words))["moments"]
    own = {report: own_document(report, words) for report in REPORTS}
    assert moment["reports"] == {name: document for name, document in own.items() if document}
    assert set(moment["errors"]) == {name for name, document in own.items() if not document}


@pytest.mark.parametrize("variant", VARIANTS)
def test_it_holds_all_objects(dump_of, tmp_path: Path, variant: str) -> None:
    words = words_of(dump_of(variant))
    moment, = data_of(page_of(tmp_path, *words))["moments"]
    *lines, last = map(json.loads, mpheap.run("objects", "--all", "--format=json",
                                              *words).stdout.splitlines())
    rows = rows_of(moment["objects"])
    assert [{**row, "held_by": 0, "hop": ""} for row in rows] == [
        {**line, "held_by": 0, "hop": ""} for line in lines]
    assert moment["objects"]["summary"] == last["summary"]


def path_to(rows: list[dict[str, Any]], row: int) -> list[tuple[str, str]]:
    """Address and hop of each step from the root to a row."""
    steps = []
    while row != -1:
        steps.append((rows[row]["address"], rows[row]["hop"]))
        row = rows[row]["held_by"]
    return steps[::-1]


def path_of_why(address: str, words: list[Any]) -> list[tuple[str, str]]:
    """The same, as `why` has it; [] when nothing leads there."""
    paths = mpheap.run("why", address, "--format=json", *words).json["paths"]
    doubt = " (looks like the address)"
    return [
        (step["address"], step["by"] + ("" if step["exact"] or not i else doubt))
        for i, step in enumerate(paths[0]["steps"])
    ] if paths else []


@pytest.mark.parametrize("variant", VARIANTS[:3])
def test_paths_are_those_of_why(dump_of, tmp_path: Path, variant: str) -> None:
    words = words_of(dump_of(variant))
    moment, = data_of(page_of(tmp_path, *words))["moments"]
    rows = rows_of(moment["objects"])
    sample = range(0, len(rows), len(rows) // 60 + 1)
    assert len(sample) >= 30
    found = {i: path_to(rows, i) if "held_by" in rows[i] else [] for i in sample}
    assert found == {i: path_of_why(rows[i]["address"], words) for i in sample}
    assert {bool(path) for path in found.values()} == {True, False}
    assert max(map(len, found.values())) > 3


def test_the_same_target_gives_the_same_bytes(dump_of, tmp_path: Path) -> None:
    words = words_of(dump_of("v1.27.0"))
    first = page_of(tmp_path, *words).read_bytes()
    assert page_of(tmp_path, *words).read_bytes() == first


def test_only_the_data_depends_on_the_target(dump_of, tmp_path: Path) -> None:
    pages = {
        DATA.sub("", page_of(tmp_path, *words_of(dump_of(variant))).read_text())
        for variant in ("v1.27.0", "v1.8")
    }
    assert len(pages) == 1
