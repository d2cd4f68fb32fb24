# SPDX-License-Identifier: MIT
"""The HTML report holds what the other reports say, no more and no less, and nothing as HTML."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from captures import VERSIONS, capture
from dumps import Dump
from live.page import DATA, data_of, rows_of
from rig import Board, DebugPort, OpenOcd, run_gdb

import mpheap

TOP = Path(__file__).resolve().parents[2]
IN_GDB = TOP / "gdb/mpheap.py"
LIBRARY = mpheap.command_path().parent / "libmpheap.so"

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
    assert ("loose" in moment) == (moment["objects"]["summary"]["loose_bytes"] > 0)
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


def with_texts(dump: Dump, folder: Path, texts: list[bytes]) -> list[Any]:
    """Options of a dump of which that many strings have another text, each of its old length."""
    base, ram = dump.files["ram"][1], dump.bytes_of("ram")
    lines = [json.loads(line) for line in mpheap.run(
        "objects", "--all", "--format=json", *words_of(dump)).stdout.splitlines()]
    strings = {line["address"] for line in lines if line.get("kind") == "str"}
    blocks = [int(line["address"], 0) - base for line in lines
              if line.get("owner_address") in strings and line["blocks"] > 1]
    for at, text in zip(blocks, texts, strict=False):
        assert 0 not in ram[at : at + len(text)]
        ram[at : at + len(text)] = text
    file = folder / "ram"
    file.write_bytes(ram)
    return [*dump.images(ram=file), "--reg", f"sp={dump.sp:#x}", *dump.elf()]


def test_hostile_text_stays_in_the_data(dump_of, tmp_path: Path) -> None:
    dump = dump_of("v1.27.0")
    texts = [b"</script><b>", b'"><img src=x', b"\x1b[7m\xe2\x80\xae@DATA@"]
    page = page_of(tmp_path, *with_texts(dump, tmp_path, texts))
    moment, = data_of(page)["moments"]
    values = "".join(row.get("value", "") for row in rows_of(moment["objects"]))
    assert all(text in values for text in ("</script><b>", '"><img src=x', "\\x1b[7m", "@DATA@"))
    bare = DATA.sub("", page.read_text("ascii"))
    assert bare == DATA.sub("", page_of(tmp_path, *words_of(dump)).read_text("ascii"))


def without_heads(dump: Dump, folder: Path) -> list[Any]:
    """Options of a dump in whose table some allocations have lost their first block."""
    base, ram = dump.files["ram"][1], dump.bytes_of("ram")
    area = mpheap.run("info", "--format=json", *words_of(dump)).json["heap"]["areas"][0]
    table, pool = (int(area[f"{what}_address"], 0) for what in ("table", "pool_start"))
    lines = [json.loads(line) for line in mpheap.run(
        "objects", "--all", "--format=json", *words_of(dump)).stdout.splitlines()[:-1]]
    for line in [line for line in lines if line["blocks"] > 1][5:9]:
        block = (int(line["address"], 0) - pool) // 16
        ram[table - base + block // 4] &= ~(3 << block % 4 * 2)
    file = folder / "ram"
    file.write_bytes(ram)
    return [*dump.images(ram=file), "--reg", f"sp={dump.sp:#x}", *dump.elf()]


def test_blocks_of_no_allocation_are_listed(dump_of, tmp_path: Path) -> None:
    words = without_heads(dump_of("v1.27.0"), tmp_path)
    moment, = data_of(page_of(tmp_path, *words))["moments"]
    area, = mpheap.run("map", "--format=json", *words).json["areas"]
    start = int(area["pool_start_address"], 0)
    runs = [(hex(start + 16 * run.start()), len(run[0]))
            for run in re.finditer(r"(?<![^.])=+", area["blocks"])]
    assert len(runs) == 4
    assert [(row["address"], row["blocks"]) for row in rows_of(moment["loose"])] == runs
    assert moment["objects"]["summary"]["loose_bytes"] == 16 * sum(run[1] for run in runs)


# --- the file ---


def test_without_a_heap_there_is_no_page(tmp_path: Path) -> None:
    zeros = tmp_path / "zeros"
    zeros.write_bytes(bytes(1 << 16))
    result = mpheap.run("report", tmp_path / "heap.html", "--image", f"{zeros}@0x20000000")
    assert result.status == 4 and result.error
    assert [path.name for path in tmp_path.iterdir()] == ["zeros"]


def test_a_page_takes_the_place_of_files_only(dump_of, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "zeros").write_bytes(bytes(1 << 16))
    no_heap = ["--image", f"{tmp_path / 'zeros'}@0x20000000"]
    for file in (tmp_path / "missing" / "file", tmp_path / "folder"):
        for words in words_of(dump_of("v1.27.0")), no_heap:  # said before a heap is looked for
            result = mpheap.run("report", file, *words)
            assert result.status == 3 and str(file) in result.error
    assert {path.name for path in tmp_path.iterdir()} == {"folder", "zeros"}


def test_of_half_a_dump_the_page_says_what_is_missing(dump_of, tmp_path: Path) -> None:
    dump = dump_of("v1.27.0")
    file = tmp_path / "half"
    file.write_bytes(dump.bytes_of("ram")[: 3 << 12])
    words = [*dump.images(ram=file), *dump.elf()]
    moment, = data_of(page_of(tmp_path, *words))["moments"]
    own = {report: own_document(report, words) for report in REPORTS}
    assert moment["reports"] == {name: document for name, document in own.items() if document}
    assert moment["errors"].keys() == REPORTS - moment["reports"].keys()
    assert any("could not be read" in note for note in moment["reports"]["check"]["notes"])


# --- three doors ---


def test_all_doors_write_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MPHEAP_LIBRARY", str(LIBRARY))
    setup = [f"source {TOP / 'openocd/mpheap.tcl'}",
             f"set mpheap_command {mpheap.command_path().resolve()}"]
    with Board() as board:
        board.repl.exec("table = {i: [i, str(i), (i, None)] for i in range(6)}")
        with DebugPort(board) as port, OpenOcd(port, setup) as openocd:
            openocd.tcl("halt")
            mpheap.run("report", tmp_path / "shell", f"--openocd=:{openocd.tcl_port}")
            openocd.tcl(f"mpheap report {tmp_path / 'openocd'}")
            run_gdb([f"target extended-remote 127.0.0.1:{openocd.gdb_port}", f"source {IN_GDB}",
                     f"mpheap report {tmp_path / 'gdb'}"])
    pages = {door: (tmp_path / door).read_bytes() for door in ("shell", "openocd", "gdb")}
    assert pages["shell"] == pages["openocd"] == pages["gdb"]
    assert "table" in {row.get("name") for row in rows_of(
        data_of(tmp_path / "gdb")["moments"][0]["objects"])}


# --- two moments ---


def test_two_moments(tmp_path: Path) -> None:
    heap = capture(VERSIONS[-1])
    before, after = (f"{heap.memory(moment)}@0" for moment in (1, 2))
    page = data_of(page_of(tmp_path, "--image", after, before=before))
    assert page["moments"] == [
        data_of(page_of(tmp_path, "--image", moment))["moments"][0] for moment in (before, after)]
    assert page["diff"] == mpheap.run("diff", "--format=json", before, after).json


def test_two_moments_in_gdb(dump_of, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """GDB's program is that of both; the earlier core needs no --elf."""
    monkeypatch.setenv("MPHEAP_LIBRARY", str(LIBRARY))
    dump = dump_of("v1.27.0")
    cores = tmp_path / "before", tmp_path / "after"
    for core, texts in zip(cores, ([], [b"another text"])):
        assert mpheap.run("snapshot", core, *with_texts(dump, tmp_path, texts)).status == 0
    page = page_of(tmp_path, "--core", cores[1], *dump.elf(), before=cores[0])
    run_gdb([f"source {IN_GDB}", f"core-file {cores[1]}",
             f"mpheap report {tmp_path / 'gdb'} {cores[0]}"], (dump.elf()[1],))
    assert (tmp_path / "gdb").read_bytes() == page.read_bytes()
    assert len(data_of(page)["moments"]) == 2


def test_two_moments_of_other_firmware(tmp_path: Path) -> None:
    before, after = (f"{capture(version).memory(1)}@0" for version in VERSIONS[:2])
    result = mpheap.run("report", tmp_path / "heap.html", before, "--image", after)
    assert result.status in (3, 4) and result.error
    assert not list(tmp_path.iterdir())
