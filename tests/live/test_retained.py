# SPDX-License-Identifier: MIT
"""What `retained` says would go with an object is what goes when a board releases it, and what
plain Python loses from a heap without it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from captures import VERSIONS
from live.collected import collect, gone, predict
from live.reachable import Memory, find_roots, heads_of, reachable, root_words
from live.test_fit import look, start
from oracle import Heap
from rig import Board

import mpheap

COLLECTS_AT_END = 1.27  # of the line that asks for it; before, at the start of one
LINE_BYTES = 8 * 16  # what a short line leaves behind
BLOCK = 16


def retained(*words: Any) -> dict[str, Any]:
    result = mpheap.run("retained", "--format=json", *words)
    assert result.status == 0, result
    return result.json


def entry_of(document: dict[str, Any], what: str) -> dict[str, Any]:
    (found,) = [entry for entry in document["largest"] if entry["what"] == what]
    return found


# --- WebAssembly: nothing on the stack ---


@pytest.fixture(name="releases", scope="module")
def releases_fixture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the memory of all versions before and after the list is released."""
    return collect(tmp_path_factory.mktemp("releases"), "release.py")


class Reference:
    """All allocations of a memory file, and what roots lead to, by an independent reader."""

    def __init__(self, file: Path) -> None:
        heap = Heap(file)
        self.memory = Memory({0: heap.words.tobytes()})
        self.heads = heads_of(self.memory, heap.areas)
        self.roots = root_words(
            self.memory, find_roots(self.memory, self.heads, heap.qstr_pools[-1])
        )
        self.reachable = reachable(self.memory, self.heads, self.roots)

    def lost_without(self, address: int) -> set[int]:
        """What roots do not lead to when one allocation is not there."""
        heads = {at: size for at, size in self.heads.items() if at != address}
        return self.reachable - reachable(self.memory, heads, self.roots)

    def bytes_of(self, addresses: set[int]) -> int:
        return sum(self.heads[address] for address in addresses)


@pytest.mark.parametrize("version", VERSIONS)
def test_what_a_list_retains_goes_with_it(releases: Path, version: str) -> None:
    exact = float(version[:4]) >= COLLECTS_AT_END
    before = releases / f"{version}-before.bin"
    # A line that starts with a collection releases only behind it what it names.
    after = releases / f"{version}-{'after' if exact else 'next'}.bin"
    words = ["--image", f"{before}@0"]
    said = entry_of(retained("--depth=1", *words), "list log")
    assert said["retained_bytes"] > 60 * 1000
    garbage = predict(*words).blocks
    heads = Reference(before).heads
    collected = gone(heads, Reference(after).heads)
    rest = sum(garbage.values()) + said["retained_bytes"] - sum(collected.values())
    # It leaves a few blocks where there were others, too.
    assert rest == 0 if exact else 0 <= rest <= LINE_BYTES
    if exact:
        assert len(garbage) + said["count"] == len(collected)


@pytest.mark.parametrize("version", VERSIONS[::4])
def test_the_largest_beside_plain_python(releases: Path, version: str) -> None:
    """Each beside what is lost without it; roots, containers and items of chains alike."""
    file = releases / f"{version}-before.bin"
    reference = Reference(file)
    document = retained("--top=400", "--depth=9", "--image", f"{file}@0")
    largest = document["largest"]
    assert len(largest) > 200
    for entry in [*largest[:10], *largest[10::20]]:
        lost = reference.lost_without(int(entry["address"], 0))
        assert (len(lost), reference.bytes_of(lost)) == (entry["count"], entry["retained_bytes"])
    assert document["reached_bytes"] == reference.bytes_of(reference.reachable)
    assert document["reached_count"] == len(reference.reachable)


@pytest.mark.parametrize("version", VERSIONS[::4])
def test_what_nothing_dominates_is_all_that_is_reached(releases: Path, version: str) -> None:
    words = ["--image", f"{releases / f'{version}-before.bin'}@0"]
    document = retained("--top=10000", "--depth=0", *words)
    assert sum(entry["retained_bytes"] for entry in document["largest"]) == (
        document["reached_bytes"]
    )
    assert {entry["depth"] for entry in document["largest"]} == {0}
    assert document["used_bytes"] - document["reached_bytes"] == predict(*words).document["bytes"]


@pytest.mark.parametrize("version", VERSIONS[::4])
def test_what_is_used_is_reachable_or_garbage(releases: Path, version: str) -> None:
    words = ["--image", f"{releases / f'{version}-before.bin'}@0"]
    reference = Reference(releases / f"{version}-before.bin")
    kept = reference.bytes_of(reference.reachable)
    used = reference.bytes_of(set(reference.heads))
    said = mpheap.run("info", *words)
    line = f"used {used} = reachable {kept} (at least) + garbage {used - kept} (at most)\n"
    assert line in said.stdout and not said.stderr
    asked = mpheap.run("info", "--reachable", *words)
    assert asked.stdout == said.stdout and any("registers" in note for note in asked.notes)
    document = mpheap.run("info", "--format=json", *words).json
    assert document["reachable"] == {
        "reachable_bytes": kept, "garbage_bytes": used - kept, "certain": False}


def test_what_no_root_is_known_of_is_not_said_to_be_garbage(dump_of: Any) -> None:
    """Without flash nothing tells where roots are; who asks gets what there is, and notes."""
    file, address = dump_of("v1.27.0").files["ram"]
    words = ["--image", f"{file}@{address:#x}"]
    said = mpheap.run("info", *words).stdout
    assert "GC: total" in said and "reachable" not in said
    asked = mpheap.run("info", "--reachable", *words)
    assert "reachable 0 (at least)" in asked.stdout
    assert any("mp_state_ctx" in note for note in asked.notes)


def test_one_object(releases: Path) -> None:
    """Its keepers up to a root, and by type what would go with it."""
    words = ["--image", f"{releases / f'{VERSIONS[-1]}-before.bin'}@0"]
    overview = retained("--depth=1", *words)
    said = entry_of(overview, "list log")
    document = retained("--top=100", said["address"], *words)
    for key in ("address", "what", "type", "retained_bytes", "own_bytes", "count"):
        assert document["object"][key] == said[key]
    keepers = [keeper["what"] for keeper in document["kept_by"]]
    assert keepers == ["map table of globals of __main__"]
    assert [root["name"] for root in document["roots"]] == ["root dict_main"]
    assert [root["set"] for root in document["roots"]] == ["mp_state_ctx"]
    counts = {row["type"]: row["count"] for row in document["types"]}
    assert (counts["bytearray"], counts["Node"], counts["dict"]) == (61, 32, 2)
    # Without the values that nodes have in common with `deep`, or the ring's list itself.
    assert counts["list"] == 1 + 40 + 30
    assert sum(row["bytes"] for row in document["types"]) == said["retained_bytes"]


def test_many_under_one_are_suspects(releases: Path) -> None:
    """A list of buffers, and a chain by its first node, but no table of names."""
    words = ["--image", f"{releases / f'{VERSIONS[-1]}-before.bin'}@0"]
    suspects = {line["holder"]["what"]: line for line in retained(*words)["suspects"]}
    assert suspects["list log"]["type"] == "bytearray" and suspects["list log"]["count"] == 60
    # The list shares the chain from its third node on.
    chain = suspects["Node log[82]"]
    assert (chain["type"], chain["count"], chain["is_chain"]) == ("Node", 497, True)
    assert not any("__main__" in what for what in suspects)
    text = mpheap.run("retained", *words).stdout
    assert re.search(r"^  list log at 0x\w+ holds 60 bytearray, \d+ bytes with all", text, re.M)
    assert re.search(r"^  Node log\[82\] at 0x\w+ leads on to 497 Node, ", text, re.M)


def test_constants_of_code_are_no_suspects(tmp_path: Path) -> None:
    """A program has as many as were written: only the list that has grown is one."""
    texts = "".join(f"    {'constant number ' + str(i) * 20!r},\n" for i in range(10, 50))
    (tmp_path / "code.py").write_text(
        f"import gc\ndef texts():\n  return [\n{texts}  ]\n"
        "grown = [bytearray(100 + i) for i in range(40)]\ndef drop():\n  pass\n", "ascii")
    collect(tmp_path, tmp_path / "code.py", VERSIONS[-1:])
    suspects = retained("--image", f"{tmp_path / f'{VERSIONS[-1]}-before.bin'}@0")["suspects"]
    assert [(line["holder"]["what"], line["count"]) for line in suspects] == [("list grown", 40)]


def test_the_small_are_left_out_unless_asked_for(releases: Path) -> None:
    words = ["--image", f"{releases / f'{VERSIONS[-1]}-before.bin'}@0"]
    short, long = retained(*words), retained("--top=20", *words)
    assert len(short["largest"]) < len(long["largest"]) == 20
    least = min(entry["retained_bytes"] for entry in short["largest"])
    assert 100 * least >= short["used_bytes"]
    large = [entry for entry in long["largest"]
             if 100 * entry["retained_bytes"] >= long["used_bytes"]]
    assert short["largest"] == large


def test_garbage_is_called_that(releases: Path) -> None:
    """In a version that has not collected before the memory was kept."""
    words = ["--image", f"{releases / f'{VERSIONS[0]}-before.bin'}@0"]
    address = min(predict(*words).blocks)
    document = retained(hex(address), *words)
    assert (document["is_reached"], document["address"]) == (False, hex(address))
    assert "it is garbage" in mpheap.run("retained", hex(address), *words).stdout


@pytest.mark.parametrize(
    ("word", "error"),
    [("0x10", "no used block is at 0x10"), ("x", "ADDR is not a number"),
     ("--top=x", "--top: not a number"), ("--depth=101", "--depth: not a number up to 100")],
)
def test_what_cannot_be_asked(releases: Path, word: str, error: str) -> None:
    file = releases / f"{VERSIONS[-1]}-before.bin"
    assert error in mpheap.run("retained", word, "--image", f"{file}@0").error


# --- the micro:bit, which says itself how much it got back ---

SCENE = """\
def build():
    return [bytearray(10 + i) for i in range(30)]
def wipe(depth):
    a = b = c = d = depth
    return a and wipe(a - 1)
def release():
    global log
    before = gc.mem_free()
    log = None
    gc.collect()
    print('released', gc.mem_free() - before)
log = build()
wipe(3)
gc.collect()
pause()
release()
"""


def test_a_list_on_the_microbit(board: Board, tmp_path: Path) -> None:
    """gc.mem_free() before and after the name is released, with registers and stack as roots."""
    start(board, SCENE)
    moment = look(board, tmp_path)
    board.repl.send(b"\x03")
    released = int(re.search(r"released (\d+)", board.repl.wait_prompt())[1])
    said = entry_of(retained("--depth=1", *moment.words), "list log")
    garbage = predict(*moment.words)
    assert garbage.certain
    assert said["retained_bytes"] + garbage.document["bytes"] == released
    assert said["count"] == 30 * 2 + 2
