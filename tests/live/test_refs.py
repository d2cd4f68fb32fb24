# SPDX-License-Identifier: MIT
"""What points at an object, by `refs`: all words that a second reader finds, and no others."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from live import held
from live.chained import chain
from live.test_why import SAMPLE, boards_fixture, opinion_on, paused_fixture

import mpheap

__all__ = ["boards_fixture", "paused_fixture"]
ADDRESSES = 12  # of each version


def refs(address: int, *words: Any) -> dict[str, Any]:
    result = mpheap.run("refs", hex(address), "--format=json", *words)
    assert result.status == 0, result
    return result.json


def number(ref: dict[str, Any], key: str) -> int:
    return int(ref[key], 0)


@pytest.mark.parametrize("version", SAMPLE)
def test_every_word_is_found(boards: Path, version: str) -> None:
    """In the heap: the words of all allocations, reached or not, that hold the address."""
    file = boards / f"{version}.bin"
    memory, heads, _ = opinion_on(file)
    for address in sorted(heads)[5 :: len(heads) // ADDRESSES]:
        wanted = {at for at in memory.holders(address)
                  if any(head <= at < head + heads[head] for head in near(heads, at))}
        document = refs(address + 8, "--top=100000", "--image", f"{file}@0")
        inside = [ref for ref in document["refs"] if "address" in ref]
        assert number(document, "block_address") == address
        assert {number(ref, "word_address") for ref in inside} == wanted
        assert document["count"] == len(document["refs"])
        for ref in inside:
            head = number(ref, "address")
            assert 0 <= number(ref, "word_address") - head < heads[head]


def near(heads: dict[int, int], at: int) -> list[int]:
    """The head that an address may belong to."""
    block = at & -16
    while block > 0 and block not in heads:
        block -= 16
    return [block] if block else []


@pytest.mark.parametrize("version", SAMPLE)
def test_fields_have_names(boards: Path, version: str) -> None:
    """Each by the entry, item or attribute that the program made; a ring that nothing reaches
    is garbage."""
    addresses = held.parse((boards / f"{version}.txt").read_text())
    image = ("--image", f"{boards / version}.bin@0")
    for name, steps in held.WAYS.items():
        exact = [ref["by"] for ref in refs(addresses[name], *image)["refs"]
                 if ref["exact"] and ref["kept"] and "address" in ref]
        by = steps[-1].replace("type.shared", "dict['shared']")  # a class has its names there
        assert (by if len(steps) > 1 else f"dict{by}") in exact
    found = refs(addresses["lost"], *image)["refs"]
    (table,) = [ref for ref in found if ref["by"] == "Node.next"]
    assert table["exact"] and not table["kept"]
    text = mpheap.run("refs", hex(addresses["lost"]), *image).stdout
    assert re.search(r"Node\.next .*\(garbage\)$", text, re.MULTILINE)


def test_depth(dump_of, tmp_path: Path) -> None:
    """Each level is what points at the level before; a loop ends."""
    words, addresses = chain(dump_of("v1.28.0-weakref"), tmp_path, 10)
    deep = mpheap.run("refs", "--depth=3", "--format=json", hex(addresses[9]), *words).json["refs"]
    assert [(ref["depth"], number(ref, "address"), number(ref, "target_address")) for ref in deep] \
        == [(1, addresses[8], addresses[9]), (2, addresses[7], addresses[8]),
            (3, addresses[6], addresses[7])]
    all_of_it = mpheap.run("refs", "--depth=16", "--format=json", hex(addresses[9]), *words).json
    (root,) = [ref for ref in all_of_it["refs"] if "address" not in ref]
    assert (root["by"], root["set"], root["depth"]) == ("r4", "registers", 10)


def test_the_first_are_the_nearest(dump_of, tmp_path: Path) -> None:
    words, addresses = chain(dump_of("v1.28.0-weakref"), tmp_path, 10)
    result = mpheap.run("refs", "--depth=9", "--top=2", hex(addresses[9]), *words)
    assert "7 more are left out (--top)" in result.stdout
    assert [line.split()[0] for line in result.stdout.splitlines()[2:4]] == ["1", "2"]


def test_nothing_points_at_it(boards: Path) -> None:
    """The head of a chain that only a register held."""
    version = SAMPLE[0]
    file = boards / f"{version}.bin"
    memory, heads, _ = opinion_on(file)
    alone = next(head for head in heads if not any(True for _ in memory.holders(head)))
    result = mpheap.run("refs", hex(alone), "--image", f"{file}@0")
    assert result.status == 0 and "nothing points at it" in result.stdout


def test_a_graph(boards: Path) -> None:
    """Referrers as nodes, with what they point by; a quote in a name stays in its label."""
    version = SAMPLE[-1]
    addresses = held.parse((boards / f"{version}.txt").read_text())
    result = mpheap.run("refs", "--format=dot", "--depth=3", hex(addresses["attribute"]),
                        "--image", f"{boards / version}.bin@0")
    assert result.status == 0
    assert result.stdout.startswith("digraph {\n") and result.stdout.endswith("}\n")
    assert f'-> "{addresses["attribute"]:#x}" [label="Node.next"];' in result.stdout
    assert f'-> "{addresses["item"]:#x}" [label=' in result.stdout
