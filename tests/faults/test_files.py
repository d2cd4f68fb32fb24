# SPDX-License-Identifier: MIT
"""Files that are missing, empty, cut short, or something else than they should be.

Each ends with its documented status and one line that names the file.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from dumps import Dump

import mpheap

FILE_ERROR, NO_HEAP = 3, 4
RAM = 0x20000000
KINDS = {"core": "--core", "hex": "--hex", "elf": "--elf", "image": "--image"}


@pytest.fixture(name="dump", scope="module")
def dump_fixture(dump_of) -> Dump:
    return dump_of("v1.27.0")


@pytest.fixture(name="core", scope="module")
def core_fixture(dump: Dump, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A core of the fixture: RAM, flash and the stack pointer."""
    core = tmp_path_factory.mktemp("core") / "core"
    words = [*dump.images(), *dump.elf(), "--reg", f"sp={dump.sp:#x}"]
    assert mpheap.run("snapshot", core, *words).status == 0
    return core


def words_for(kind: str, file: Path, dump: Dump) -> list[str]:
    """Options that make the command open `file` as that kind of file."""
    if kind == "image":
        return ["--image", f"{file}@{RAM:#x}"]
    if kind == "elf":
        return [*dump.images(), "--elf", str(file)]
    return [KINDS[kind], str(file)]


def assert_fails(result: mpheap.Result, status: int, *said: object) -> None:
    """It ended with that status, said nothing on stdout, and one line with all of `said`."""
    assert result.status == status, result
    assert result.stdout == ""
    for text in said:
        assert str(text) in result.error


every_kind = pytest.mark.parametrize("kind", KINDS)
every_report = pytest.mark.parametrize("report", ["map", "info"])


@every_kind
@every_report
def test_missing_file(dump: Dump, tmp_path: Path, kind: str, report: str) -> None:
    file = tmp_path / "missing"
    result = mpheap.run(report, *words_for(kind, file, dump))
    assert_fails(result, FILE_ERROR, "No such file", file)


@every_kind
def test_directory(dump: Dump, tmp_path: Path, kind: str) -> None:
    result = mpheap.run("map", *words_for(kind, tmp_path, dump))
    assert_fails(result, FILE_ERROR, "is a directory", tmp_path)


@every_kind
def test_empty_file(dump: Dump, tmp_path: Path, kind: str) -> None:
    file = tmp_path / "empty"
    file.touch()
    assert_fails(mpheap.run("map", *words_for(kind, file, dump)), FILE_ERROR, "is empty", file)


@pytest.mark.parametrize("kind", ["core", "hex", "elf"])
def test_noise(dump: Dump, tmp_path: Path, kind: str) -> None:
    file = tmp_path / "noise"
    file.write_bytes(bytes(range(7, 256)) * 40)
    assert_fails(mpheap.run("map", *words_for(kind, file, dump)), FILE_ERROR, file)


def test_elf_header_and_nothing_else(dump: Dump, core: Path, tmp_path: Path) -> None:
    """Its tables of segments and sections lie behind the end of the file."""
    file = tmp_path / "file"
    file.write_bytes(core.read_bytes()[:52])
    assert_fails(mpheap.run("map", "--core", file), FILE_ERROR, file)
    file.write_bytes(Path(dump.elf()[1]).read_bytes()[:52])
    result = mpheap.run("map", *words_for("elf", file, dump))
    assert (result.status, result.stdout) == (0, dump.map)
    assert any("no symbol mp_state_ctx" in note and str(file) in note for note in result.notes)


@pytest.mark.parametrize("other", ["elf", "host"])
def test_an_elf_that_is_no_core(dump: Dump, other: str) -> None:
    file = dump.elf()[1] if other == "elf" else "/bin/true"
    assert_fails(mpheap.run("map", "--core", file), FILE_ERROR, "not a core", file)


def test_elf_of_another_machine_beside_a_core(core: Path) -> None:
    result = mpheap.run("map", "--core", core, "--elf", "/bin/true")
    assert_fails(result, NO_HEAP, "machine", "/bin/true")


def test_elf_of_another_machine_beside_images(dump: Dump) -> None:
    result = mpheap.run("map", *dump.images(), "--elf", "/bin/true")
    assert_fails(result, NO_HEAP)


def test_unwritable_output(dump: Dump, tmp_path: Path) -> None:
    for file in (tmp_path / "missing" / "file", tmp_path, Path("/dev/full")):
        result = mpheap.run("map", "--output", file, *dump.images())
        assert_fails(result, FILE_ERROR, "output: ", file)
    assert not (tmp_path / "missing").exists()


def test_a_snapshot_takes_the_place_of_files_only(dump: Dump, tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    for file in (tmp_path / "missing" / "file", tmp_path, fifo):
        result = mpheap.run("snapshot", file, *dump.images())
        assert_fails(result, FILE_ERROR, file)
    assert [path.name for path in tmp_path.iterdir()] == ["fifo"]
    assert fifo.is_fifo()


def test_a_failed_snapshot_leaves_nothing(tmp_path: Path) -> None:
    kept = tmp_path / "core"
    kept.write_text("kept")
    result = mpheap.run("snapshot", kept, "--core", tmp_path / "missing")
    assert_fails(result, FILE_ERROR)
    assert [path.name for path in tmp_path.iterdir()] == ["core"]
    assert kept.read_text() == "kept"


# Cut short, but not useless


def test_image_cut_inside_the_pool(dump: Dump, tmp_path: Path) -> None:
    """The table is whole: its numbers are right. Heads that are gone have no letter."""
    ram = tmp_path / "ram"
    table_end = int(mpheap.info(*dump.images())["heap"]["areas"][0]["pool_start_address"], 0)
    ram.write_bytes(dump.bytes_of("ram")[: table_end + 0x300 - RAM])
    result = mpheap.run("map", *dump.images(ram=ram))
    kept, expected = (re.sub(r"\?", "", text) for text in (result.stdout, dump.map))
    heads = [re.findall("[A-Zh?]", re.sub("GC.*", "", text)) for text in (result.stdout, dump.map)]

    assert result.status == 0
    assert kept != expected
    assert len(heads[0]) == len(heads[1])
    assert any(
        re.match(rf"heap: {heads[0].count('?')} heads could not be read, the first at 0x", note)
        for note in result.notes
    )
    assert "GC: total" in mpheap.run("info", *dump.images(ram=ram)).stdout


def test_image_cut_inside_the_table(dump: Dump, tmp_path: Path) -> None:
    """What is left of the table is shown, and from where on it is missing."""
    area = mpheap.info(*dump.images())["heap"]["areas"][0]
    end = int(area["table_address"], 0) + 100
    ram = tmp_path / "ram"
    ram.write_bytes(dump.bytes_of("ram")[: end - RAM])
    result = mpheap.run("map", *dump.images(ram=ram))
    letters = "".join(re.findall(r"^[0-9a-f]+: (\S+)$", result.stdout, re.M))

    assert result.status == 0
    assert len(letters) == 400
    assert any(f"cannot be read from {end:#x} on" in note for note in result.notes)


def test_image_cut_before_the_heap(dump: Dump, tmp_path: Path) -> None:
    ram = tmp_path / "ram"
    ram.write_bytes(dump.bytes_of("ram")[:0x80])
    assert_fails(mpheap.run("map", *dump.images(ram=ram)), NO_HEAP, "no MicroPython heap")
    result = mpheap.run("map", *dump.images(ram=ram), *dump.elf())
    assert_fails(result, FILE_ERROR, "cannot read (0x200001")


@pytest.mark.parametrize("share", [0.5, 0.7, 0.9])
def test_core_cut_short_keeps_what_is_there(core: Path, tmp_path: Path, share: float) -> None:
    """What is used of the heap lies in the first half."""
    whole = core.read_bytes()
    cut = tmp_path / "cut"
    cut.write_bytes(whole[: int(len(whole) * share)])
    result = mpheap.run("map", "--core", cut)

    assert result.status == 0
    assert result.stdout == mpheap.board_map("--core", core)
    missing = [note for note in result.notes if "core: truncated: " in note]
    assert missing
    assert all(re.search(r"0x[0-9a-f]+ bytes missing from 0x[0-9a-f]+ on", n) for n in missing)
    assert all(str(cut) in note for note in missing)


def test_core_at_every_length(core: Path, tmp_path: Path) -> None:
    """However much is left, it is an error in one line, or an answer."""
    whole = core.read_bytes()
    cut = tmp_path / "cut"
    lengths = [*range(1, 400, 13), *range(400, len(whole), 8191)]
    statuses = set()
    for length in lengths:
        cut.write_bytes(whole[:length])
        result = mpheap.run("info", "--core", cut)
        statuses.add(result.status)
        if result.status:
            assert result.status in (FILE_ERROR, NO_HEAP)
            assert result.error
    assert statuses == {0, FILE_ERROR, NO_HEAP}


def test_core_without_notes(core: Path, tmp_path: Path) -> None:
    """Memory is all that a map needs; what has no registers has no stack."""
    data = bytearray(core.read_bytes())
    table, size, count = (int.from_bytes(data[at : at + n], "little")
                          for at, n in ((28, 4), (42, 2), (44, 2)))
    for index in range(count):
        at = table + index * size
        if data[at] == 4:  # PT_NOTE becomes PT_NULL
            data[at] = 0
    bare = tmp_path / "bare"
    bare.write_bytes(data)
    result = mpheap.run("map", "--core", bare)
    document = mpheap.info("--core", bare)

    assert result.status == 0
    assert result.stdout == mpheap.board_map("--core", core)
    assert any("registers" in note for note in result.notes)
    assert "used_bytes" not in document["stack"]
    assert "used_bytes" in mpheap.info("--core", core)["stack"]


def test_hex_cut_short(tmp_path: Path) -> None:
    lines = Path("/usr/share/firmware-microbit-micropython/firmware.hex").read_text().splitlines()
    file = tmp_path / "cut.hex"
    file.write_text("\n".join(lines[:1000]) + "\n")
    assert_fails(mpheap.run("map", "--hex", file), FILE_ERROR, "no end record", file)
    file.write_text("\n".join(lines[:1000])[:-3])
    assert_fails(mpheap.run("map", "--hex", file), FILE_ERROR, "line 1000", file)
