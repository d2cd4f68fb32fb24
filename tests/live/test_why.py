# SPDX-License-Identifier: MIT
"""Who keeps an object, by `why`: what boards built themselves, and a second opinion on the rest."""

from __future__ import annotations

import functools
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from captures import HERE, TIMEOUT_S, VERSIONS
from live import held
from live.chained import chain
from live.microbit_scenes import SOFT_RESET
from live.patched import Patched
from live.reachable import Memory, find_roots, heads_of
from live.test_fit import registers
from oracle import Heap
from rig import Board

import mpheap

SAMPLE = ("1.20.0-268", "1.23.0", "1.27.0", "1.29.0-6-settrace")
ADDRESSES = 12  # of each


def why(address: int, *words: Any) -> tuple[int, dict[str, Any]]:
    """Exit status and document."""
    result = mpheap.run("why", hex(address), "--format=json", *words)
    assert result.status in (0, 1), result
    document = result.json
    assert (result.status == 0) == bool(document["paths"])
    return result.status, document


def way(document: dict[str, Any]) -> tuple[str, list[str]]:
    """The root and the steps behind it, of the first path's line."""
    root, *steps = document["paths"][0]["line"].split(" -> ")
    return root, steps


# --- WebAssembly ---


@pytest.fixture(name="boards", scope="module")
def boards_fixture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with memory and words of all versions after the program."""
    folder = tmp_path_factory.mktemp("held")
    program = folder / "program.py"
    program.write_text(held.PROGRAM)
    command = [shutil.which("node"), HERE / "run.mjs", folder, program, *VERSIONS]
    subprocess.run(command, check=True, capture_output=True, timeout=TIMEOUT_S)
    return folder


@pytest.mark.parametrize("version", VERSIONS)
def test_chains(boards: Path, version: str) -> None:
    """Every step is the member, entry or item that the program put the object into."""
    addresses = held.parse((boards / f"{version}.txt").read_text())
    image = ("--image", f"{boards / version}.bin@0")
    for name, steps in held.WAYS.items():
        status, document = why(addresses[name], *image)
        assert (status, document["verdict"]) == (0, "kept")
        assert way(document) == ("root dict_main", steps)
    root, steps = way(why(addresses["enclosed"], *image)[1])
    assert (root, steps[0]) == ("root dict_main", "['closure']")
    assert re.fullmatch(r"closure\.closed\[0\] cell\.\w+", " ".join(steps[1:]))
    root, steps = way(why(addresses["local"], *image)[1])
    assert (root, steps[0]) == ("root dict_main", "['generator']")
    assert re.fullmatch(r"generator counting:local 0", " ".join(steps[1:]))
    document = why(addresses["constant"], *image)[1]
    root, steps = way(document)
    assert (root, steps[1]) == ("root dict_main", "function.context")
    assert re.fullmatch(r"function\.constants\[\d+\]", " ".join(steps[2:]))
    assert [step["exact"] for step in document["paths"][0]["steps"]] == [True] * 5
    titles = [step["title"] for step in document["paths"][0]["steps"]]
    assert titles[0] == "map table of globals of __main__"
    assert titles[-1] == document["title"] == "str 'a text that is too long for a name'"


@pytest.mark.parametrize("version", VERSIONS)
def test_a_ring_that_nothing_reaches(boards: Path, version: str) -> None:
    """A memory file has no registers: that nothing leads there is not certain, and it is said."""
    addresses = held.parse((boards / f"{version}.txt").read_text())
    result = mpheap.run("why", hex(addresses["lost"]), "--image", f"{boards / version}.bin@0")
    assert result.status == 1
    assert "nothing that is known reaches it" in result.stdout
    assert any("registers" in note for note in result.notes)


@functools.cache
def opinion_on(file: Path) -> tuple[Memory, dict[int, int], Mapping[int, int]]:
    """A memory, its allocations, and how many words away from mp_state_ctx each is."""
    heap = Heap(file)
    memory = Memory({0: heap.words.tobytes()})
    heads = heads_of(memory, heap.areas)
    roots = find_roots(memory, heads, heap.qstr_pools[-1])
    words = memory.words(roots.dict_locals, roots.qstr_last_chunk)
    level = {word for word in words if word in heads}
    distances: dict[int, int] = {}
    distance = 0
    while level:
        distance += 1
        distances |= dict.fromkeys(level, distance)
        level = {word for address in level
                 for word in memory.words(address, address + heads[address])
                 if word in heads} - distances.keys()
    return memory, heads, distances


@pytest.mark.parametrize("version", SAMPLE)
def test_paths_are_real_and_none_is_shorter(boards: Path, version: str) -> None:
    """Each word of a path holds what it is said to lead to; a second reader finds no shorter."""
    file = boards / f"{version}.bin"
    memory, heads, distances = opinion_on(file)
    for address in sorted(heads)[:: len(heads) // ADDRESSES]:
        _, document = why(address + 4, "--image", f"{file}@0")
        assert int(document["block_address"], 0) == address
        assert (document["verdict"] == "kept") == (address in distances)
        for path in document["paths"]:
            steps = path["steps"]
            assert int(steps[-1]["address"], 0) == address
            assert len(steps) == path["length"]
            for step in steps:
                assert memory.word(int(step["word_address"], 0)) == int(step["address"], 0)
            for before, step in zip(steps, steps[1:]):
                inside = int(step["word_address"], 0) - int(before["address"], 0)
                assert 0 <= inside < heads[int(before["address"], 0)]
        if document["verdict"] == "kept":
            assert document["paths"][0]["length"] == distances[address]


# --- micro:bit ---


@dataclass(frozen=True)
class Paused:
    """A board in pause(), looked at with all its registers."""

    words: list[str]
    addresses: dict[str, int]


@pytest.fixture(name="paused", scope="module")
def paused_fixture(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Paused]:
    folder = tmp_path_factory.mktemp("paused")
    words = []
    with Board() as board:
        board.repl.send(SOFT_RESET)
        board.repl.wait_prompt()
        text = board.repl.exec(held.PROGRAM)
        board.repl.start(held.PAUSE)
        text += board.repl.read_until(b"paused\r\n").decode()
        with board.paused():
            for name, value in registers(board).items():
                words += ["--reg", f"{name}={value:#x}"]
            for base, size in board.regions:
                file = folder / f"{base:08x}"
                file.write_bytes(board.read_memory(base, size))
                words += ["--image", f"{file}@{base:#x}"]
        board.repl.interrupt()
    yield Paused(words, held.parse(text))


def test_chains_on_a_board(paused: Paused) -> None:
    for name, steps in held.WAYS.items():
        status, document = why(paused.addresses[name], *paused.words)
        assert (status, document["verdict"]) == (0, "kept")
        assert way(document) == ("root dict_main", steps)


def test_an_argument_of_a_running_function(paused: Paused) -> None:
    """Nothing but the call holds it."""
    status, document = why(paused.addresses["argument"], *paused.words)
    assert (status, document["verdict"]) == (0, "running")
    root, steps = way(document)
    assert re.fullmatch(r"(local mine|value stack) of (pause|<module>) \(<stdin>:\d+\)", root)
    assert steps == []
    result = mpheap.run("why", "--all=50", hex(paused.addresses["argument"]), *paused.words)
    assert re.search(r"^local mine of pause \(<stdin>:\d\)$", result.stdout, re.MULTILINE)


def test_garbage_on_a_board(paused: Paused) -> None:
    """With all roots known the answer is certain."""
    result = mpheap.run("why", hex(paused.addresses["lost"]), *paused.words)
    assert (result.status, result.notes) == (1, [])
    assert "nothing reaches it: garbage, which a collection frees" in result.stdout


# --- the fixture: words that may be left over, long paths ---


def test_a_word_that_is_left_over(dump_of, tmp_path: Path) -> None:
    """Only a word of the stack holds it, in no frame of Python."""
    words, addresses = chain(dump_of("v1.28.0-weakref"), tmp_path, 3)
    status, document = why(addresses[2], *words)
    assert (status, document["verdict"]) == (0, "stale")
    line = document["paths"][0]["line"]
    step = r"(data|block of unknown kind) \+0x8 \(looks like the address\)"
    assert re.fullmatch(rf"r4( -> {step}){{2}}", line)
    without = [word for word in words if not str(word).startswith("--reg=r4")]
    assert why(addresses[2], *without)[1]["verdict"] in ("garbage", "unknown")


def test_a_long_path_is_cut_in_the_middle(dump_of, tmp_path: Path) -> None:
    words, addresses = chain(dump_of("v1.28.0-weakref"), tmp_path, 100)
    _, document = why(addresses[-1], *words)
    (path,) = document["paths"]
    assert path["length"] == 100
    (left_out,) = [step["left_out"] for step in path["steps"] if "left_out" in step]
    shown = [int(step["address"], 0) for step in path["steps"] if "address" in step]
    assert shown == addresses[:32] + addresses[-32:] and left_out == 36
    assert "36 steps are left out" in mpheap.run("why", hex(addresses[-1]), *words).stdout


def test_names_of_roots_from_debug_information(dump_of) -> None:
    """What the firmware's source calls them, as GDB does."""
    dump = dump_of("v1.28.0-weakref")
    patched = Patched(dump, Path())
    words = [*dump.images(), "--reg", f"sp={dump.sp:#x}", *dump.elf()]
    at = patched.address("vm.dict_main.map.table")
    status, document = why(patched.word(at), *words)
    assert status == 0
    root = document["paths"][0]["root"]
    assert (root["name"], int(root["word_address"], 0)) == ("root vm.dict_main.map.table", at)


def test_all_holders(paused: Paused) -> None:
    """As many as there are, the shortest first, each by another word."""
    result = mpheap.run("why", "--all=100", "--format=json", hex(paused.addresses["cache"]),
                        *paused.words)
    document = result.json
    lengths = [path["length"] for path in document["paths"]]
    assert len(lengths) == document["holder_count"] and lengths == sorted(lengths)
    assert "root dict_main -> ['cache']" in [path["line"] for path in document["paths"]]
    ends = [path["steps"][-1].get("word_address", path["root"].get("register"))
            for path in document["paths"]]
    assert len(set(ends)) == len(ends)


# --- graphs ---

EDGE = re.compile(r'^  ("(?:[^"\\]|\\.)*") -> ("(?:[^"\\]|\\.)*") \[(.*)\];$', re.MULTILINE)
NODE = re.compile(r'^  ("(?:[^"\\]|\\.)*") \[(?:label=.*|shape=ellipse)\];$', re.MULTILINE)


def test_a_graph(paused: Paused) -> None:
    """The same path for Graphviz: every node is declared, quotes are escaped."""
    address = paused.addresses["attribute"]
    result = mpheap.run("why", "--format=dot", hex(address), *paused.words)
    assert result.status == 0 and result.stdout.startswith("digraph {\n")
    edges = EDGE.findall(result.stdout)
    nodes = set(NODE.findall(result.stdout))
    assert {end for edge in edges for end in edge[:2]} <= nodes
    assert edges[-1][1] == f'"{address:#x}"'
    assert [label for *_, label in edges if label][-1] == 'label="Node.next"'
    refused = mpheap.run("retained", "--format=dot", *paused.words)
    assert refused.status == 2 and "no graph" in refused.stderr


def test_paths_that_meet_are_drawn_once(boards: Path) -> None:
    version = VERSIONS[-1]
    addresses = held.parse((boards / f"{version}.txt").read_text())
    words = ["--image", f"{boards / version}.bin@0", f"--reg=r4={addresses['item']:#x}"]
    _, document = why(addresses["attribute"], *words)
    roots, ends = zip(*[(path["root"]["name"], path["steps"][-1]) for path in document["paths"]])
    assert roots == ("root dict_main", "r4") and ends[0] == ends[1]
    graph = mpheap.run("why", "--format=dot", hex(addresses["attribute"]), *words).stdout
    edges = EDGE.findall(graph)
    assert len(set(edges)) == len(edges) > document["paths"][0]["length"]
