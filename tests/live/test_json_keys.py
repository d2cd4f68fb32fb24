# SPDX-License-Identifier: MIT
"""docs/json.md lists every key of every document, with its type, and nothing else."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from captures import VERSIONS, capture
from dumps import Dump
from json_page import check, listed, paths, section
from live.chained import chain
from rig import DebugPort, OpenOcd, Region, free_port

import mpheap

TOP = Path(__file__).resolve().parents[2]
CODE_ROW = re.compile(r"^\| `(\w+)` \| (\d) \| \S.* \|$", re.MULTILINE)

# A heap of three areas, one in a collection, and one of the first release, whose firmware
# has least to tell.
VARIANTS = ["v1.28.0-split", "v1.28.0-weakref", "v1.27.0-collecting", "v1.8"]


def words_of(dump: Dump) -> list[str]:
    return [*dump.images(), "--reg", f"sp={dump.sp:#x}"]


def document(report: str, *words: str | Path) -> Any:
    result = mpheap.run(report, "--format=json", *words)
    assert result.status == 0, result
    return result.json


def test_info(dump_of) -> None:
    documents = []
    for variant in VARIANTS:
        dump = dump_of(variant)
        for elf in ([], dump.elf(stripped=True), dump.elf()):
            documents.append(document("info", "--verbose", *words_of(dump), *elf))
        documents.append(document("info", "--verbose", "--reachable", *words_of(dump)))
    check("info", documents)


def test_info_without_verbose_has_no_provenance(dump_of) -> None:
    dump = dump_of("v1.28.0-split")
    found = paths([document("info", *words_of(dump))])
    promised = listed("info").items()
    always = {path for path, (_, there) in promised if there == "always"}
    assert always - found.keys() == {path for path, _ in promised if path.startswith("provenance")}


def damaged(dump: Dump, folder: Path) -> list[str]:
    """The dump without the second half of its RAM, of which a note must tell."""
    file = folder / "half"
    ram = dump.bytes_of("ram")
    file.write_bytes(ram[: len(ram) // 2])
    return dump.images(ram=file)


def test_map(dump_of, tmp_path: Path) -> None:
    dumps = [dump_of(variant) for variant in VARIANTS]
    documents = [document("map", *words_of(dump), *dump.elf()) for dump in dumps]
    documents += [document("map", "--rich", *words_of(dump), *dump.elf()) for dump in dumps]
    short = document("map", *damaged(dumps[-1], tmp_path), *dumps[-1].elf(stripped=True))
    assert short["notes"]
    check("map", [*documents, short])


def streamed(text: str) -> list[Any]:
    """The documents that follow each other in a text."""
    decoder, found, at = json.JSONDecoder(), [], 0
    while at < len(text):
        value, end = decoder.raw_decode(text, at)
        found.append(value)
        at = end + len(text[end:]) - len(text[end:].lstrip())
    return found


def all_blocks(words: list[str]) -> list[Any]:
    """What `objects` lists of a heap, and the summary."""
    result = mpheap.run("objects", "--all", "--format=json", *words)
    assert result.status == 0, result
    return streamed(result.stdout)


def ram_of(dump: Dump) -> list[str]:
    """The option for RAM alone, without which no type is known, as a note must tell."""
    file, address = dump.files["ram"]
    return ["--image", f"{file}@{address:#x}"]


def test_objects(dump_of) -> None:
    lists, summaries = [], []
    for variant in VARIANTS:
        dump = dump_of(variant)
        *lines, summary = all_blocks([*words_of(dump), *dump.elf()])
        lists += lines
        summaries.append(summary)
        parts = summary["summary"]
        assert parts["pool_bytes"] == sum(
            value for key, value in parts.items() if key.endswith("_bytes") and key != "pool_bytes"
        )
        assert sum(line["bytes"] for line in lines) == sum(
            parts[key] for key in ("object_bytes", "helper_bytes", "unowned_bytes")
        )
    summaries.append(all_blocks(ram_of(dump_of(VARIANTS[-1])))[-1])
    assert summaries[-1]["notes"]
    check("objects", lists)
    check("objects: the last document", summaries)


def test_objects_is_one_document_a_line(dump_of) -> None:
    dump = dump_of(VARIANTS[0])
    result = mpheap.run("objects", "--top=3", "--format=json", *words_of(dump), *dump.elf())
    lines = result.stdout.splitlines()
    assert ["address" in json.loads(line) for line in lines[:3]] == [True] * 3
    assert "summary" in json.loads("\n".join(lines[3:]))


def test_types(dump_of) -> None:
    documents = []
    for variant in VARIANTS:
        words = [*words_of(dump_of(variant)), *dump_of(variant).elf()]
        documents += [document("types", *words), document("types", "--top=2", *words)]
    documents.append(document("types", *ram_of(dump_of(VARIANTS[-1]))))
    assert documents[-1]["notes"]
    assert {"(others)"} < {row["type"] for row in documents[1]["types"]}
    check("types", documents)


def addresses_to_ask(words: list[str]) -> list[str]:
    """One allocation of each kind, and something inside a block."""
    by_kind = {line["kind"]: line["address"] for line in all_blocks(words)[:-1]}
    return [*by_kind.values(), hex(int(by_kind["dict"], 0) + 4)]


@pytest.mark.parametrize("report", ["show", "whatis"])
def test_addresses(dump_of, report: str) -> None:
    documents = []
    for variant in VARIANTS:
        dump = dump_of(variant)
        words = [*words_of(dump), *dump.elf()]
        addresses = addresses_to_ask(words)
        if report == "whatis":
            addresses += [hex(dump.sp), "0xdead0000"]
        documents += [document(report, address, *words) for address in addresses]
    without_types = ram_of(dump_of(VARIANTS[-1]))
    anything = all_blocks(without_types)[0]["address"]
    documents.append(document(report, anything, *without_types))
    assert documents[-1]["notes"]
    check(report, documents)


@pytest.mark.parametrize("report", ["why", "refs"])
def test_holders(dump_of, report: str, tmp_path: Path) -> None:
    words, addresses = chain(dump_of("v1.28.0-weakref"), tmp_path, 100)
    documents = [document(report, hex(addresses[-1]), *words)]
    for variant in VARIANTS:
        dump = dump_of(variant)
        words = [*words_of(dump), *dump.elf(), "--reg", "r4={address}"]
        for block in all_blocks([*words_of(dump), *dump.elf()])[:-1:40]:
            held = [word.format(address=block["address"]) for word in words]
            more = ["--all=5"] if report == "why" else ["--depth=3", "--top=50"]
            documents += [document(report, block["address"], *held),
                          document(report, block["address"], *more, *held)]
    anything = ram_of(dump_of(VARIANTS[-1]))
    last = all_blocks(anything)[-2]["address"]
    documents.append(mpheap.run(report, last, "--format=json", *anything).json)
    assert documents[-1]["notes"]
    check(report, documents)


def words_to_collect(dump_of) -> list[list[str]]:
    """Heaps known to a different degree: with registers, a stack pointer alone, nothing."""
    words = [[*words_of(dump_of(variant)), *dump_of(variant).elf()] for variant in VARIANTS]
    return [[*words[0], "--reg", "r4=0"], *words, ram_of(dump_of(VARIANTS[-1]))]


def test_garbage(dump_of) -> None:
    documents = [document("garbage", *words) for words in words_to_collect(dump_of)]
    assert {line["certain"] for line in documents} == {True, False}
    check("garbage", documents)


def test_diff(tmp_path: Path) -> None:
    heap = capture(VERSIONS[-1])
    cut = tmp_path / "cut"
    cut.write_bytes(heap.memory(2).read_bytes()[: 1 << 18])  # of which a note must tell
    documents = [document("diff", f"{before}@0", f"{after}@0")
                 for before, after in ((heap.memory(1), heap.memory(2)),
                                       (heap.memory(2), heap.memory(1)), (cut, heap.memory(1)))]
    # Garbage is known as such with registers
    documents += [
        document("diff", "--reg=r4=0", "--top=100", f"{before}@0", f"{after}@0")
        for before, after in ((heap.memory(1), heap.memory(2)), (heap.memory(2), heap.memory(1)))]
    check("diff", documents)


def test_retained(dump_of) -> None:
    """Of a heap with many of a kind under one object, too; a register holds the largest."""
    words = ["--image", f"{capture('1.27.0').memory(1)}@0"]
    first = document("retained", *words)["largest"][0]["address"]
    garbage = document("garbage", "--top=1", *words)["largest"][0]["address"]
    documents = [document("retained", *words, "--reg", f"r4={first}") for words in
                 [words, *words_to_collect(dump_of)]]
    assert any(line["suspects"] for line in documents)
    kept = documents[0]["largest"][1]["address"]
    documents += [document("retained", address, *words, "--reg", f"r4={first}")
                  for address in (first, kept, garbage)]
    assert {line["certain"] for line in documents} == {True, False}
    check("retained", documents)


def test_fit(dump_of) -> None:
    documents = []
    for words in words_to_collect(dump_of):
        small = mpheap.run("fit", "--format=json", "--after-collect", "16", *words)
        large = mpheap.run("fit", "--format=json", "--between", "1G", *words)
        assert (small.status, large.status) == (small.json["is_locked"], 1)
        assert large.json["after"]["fits"] is False
        documents += [small.json, large.json]
    assert {document["is_locked"] for document in documents} == {True, False}
    check("fit", documents)


def test_snapshot(dump_of, tmp_path: Path) -> None:
    dump = dump_of("v1.28.0-split")
    with_elf = document("snapshot", tmp_path / "a.core", *words_of(dump), *dump.elf())
    without = document("snapshot", tmp_path / "b.core", *dump.images())
    assert without["notes"]
    check("snapshot", [with_elf, without])


def test_pictures(dump_of, tmp_path: Path) -> None:
    words = [f"--svg={tmp_path / 'a.svg'}", f"--png={tmp_path / 'a.png'}"]
    whole = document("map", *words, *words_of(dump_of("v1.28.0-split")))
    damaged_one = document("map", *words, *damaged(dump_of("v1.28.0-split"), tmp_path))
    assert damaged_one["notes"]
    check("map, with --svg or --png", [whole, damaged_one])


def test_report(dump_of, tmp_path: Path) -> None:
    dump = dump_of("v1.28.0-split")
    whole = document("report", tmp_path / "a.html", *words_of(dump), *dump.elf())
    damaged_one = document("report", tmp_path / "b.html", *damaged(dump, tmp_path))
    assert damaged_one["notes"]
    check("report", [whole, damaged_one])


def test_watch(dump_of, tmp_path: Path) -> None:
    """A board that runs and gets nowhere, whose largest free run is too short; and a dump that
    ends within the table of its last area, of which a note must tell."""
    dump = dump_of("v1.28.0-split")
    regions = [Region(address, file.stat().st_size, file, name == "flash")
               for name, (file, address) in dump.files.items()]
    with DebugPort(regions) as port, OpenOcd(port) as openocd:
        result = mpheap.run("watch", "--count=2", "--interval=0", "--alarm=1G", "--format=json",
                            f"--openocd=:{openocd.tcl_port}", *dump.elf())
    assert result.status == 1
    cut = tmp_path / "cut"
    cut.write_bytes(dump.bytes_of("psram")[:100])
    short = mpheap.run("watch", "--format=json", *dump.images(psram=cut), *dump.elf())
    documents = streamed(result.stdout) + streamed(short.stdout)
    assert documents[-1]["notes"]
    for title, kind in (("watch", "sample"), ("watch: an event", "event"),
                        ("watch: the last document", "end")):
        check(title, [line for line in documents if line["kind"] == kind])


ERRORS = {
    "usage": [],
    "file": ["--image", "no-such-file@0"],
    "no_heap": ["--image", "{zeros}@0x20000000"],
    "link": ["--gdb", "127.0.0.1:{port}"],
}


def test_errors(dump_of, tmp_path: Path) -> None:
    zeros = tmp_path / "zeros"
    zeros.write_bytes(bytes(4096))
    codes = dict(CODE_ROW.findall(section("Errors")))
    documents = []
    for code, words in ERRORS.items():
        words = [word.format(zeros=zeros, port=free_port()) for word in words]
        result = mpheap.run("info", "--format=json", *words)
        assert (result.json["error"]["code"], str(result.status)) == (code, codes[code])
        documents.append(result.json)
    elf = dump_of("v1.28.0-split").elf()
    with_address = mpheap.run("map", "--format=json", "--image", f"{zeros}@0x20000000", *elf).json
    assert "address" in with_address["error"]
    promised = {path for path in listed("Errors") if path != "notes[]"}
    assert paths([*documents, with_address]).keys() == promised


def test_every_code_of_an_error_is_listed() -> None:
    header = (TOP / "src" / "base" / "error.h").read_text("utf-8")
    count = len(re.findall(r"^ +MPH_ERR_\w+ = -\d+,", header, re.MULTILINE))
    assert len(CODE_ROW.findall(section("Errors"))) == count
