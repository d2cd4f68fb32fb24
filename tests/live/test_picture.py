# SPDX-License-Identifier: MIT
"""Pictures of the map: each cell has the colour of what `map` says is there.

The expected colours are those of the letters in the JSON form of `map`, whose letters other tests
compare with the board's.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from dumps import Dump
from live.patched import Patched
from live.png import Png
from rig import Board, DebugPort, OpenOcd, run_gdb
from rig.debugport import build_folder

import mpheap

FILE_ERROR = 3
# Hues of M. Okabe and K. Ito, and greys, by the letters of `map` and of `map --rich`
HUES = {
    ".": 0xE3E3E3, "=": 0xA6A6A6, "SsqP": 0x56B4E9, "LTNQril": 0xE69F00, "DOyEdu": 0x009E73,
    "FXZz": 0xF0E442, "AVavHf": 0xCC79A7, "BncebgGMkWtjUY": 0x0072B2, "CIpxJKw": 0xD55E00,
    "ohm*": 0x6B6B6B, "?": 0x000000,
}
HUE_OF = {letter: rgb for letters, rgb in HUES.items() for letter in letters}
FREE = HUE_OF["."]
ROW_SIZES = [(64, 14), (128, 10), (256, 4), (512, 2), (1024, 1)]  # columns, pixels of a cell
SVG = "{http://www.w3.org/2000/svg}"
POOL = 0x60000000
BLOCK_BYTES = 16


def picture(path: Path, *words: str | Path) -> Path:
    """Write a picture; the file's ending says which form."""
    result = mpheap.run("map", f"--{path.suffix[1:]}={path}", *words)
    assert result.status == 0 and str(path) in result.stdout, result
    return path


def row_size(areas: list[str]) -> tuple[int, int]:
    """Columns and pixels: the first size whose picture is not higher than wide."""
    for columns, pixels in ROW_SIZES:
        if sum(-(-len(blocks) // columns) for blocks in areas) <= columns:
            return columns, pixels
    raise AssertionError("a heap this large has several blocks a cell")


def find_map(png: Png, top: int) -> tuple[int, int]:
    """Where the first cell below `top` begins: the first run of one hue."""
    runs = [rgb.to_bytes(3, "big") * 8 for rgb in HUE_OF.values()]
    for y in range(top, png.height):
        found = [at // 3 for run in runs if (at := png.line(y).find(run)) >= 0]
        if found:
            return min(found), y
    raise AssertionError(f"no cells below {top}")


def with_tails(blocks: str) -> Iterator[str]:
    """The letter of the head that each block belongs to."""
    letter = "."
    for block in blocks:
        if block != "=" or letter == ".":
            letter = block
        yield letter


def check_cells(path: Path, *words: str | Path) -> Counter[int]:
    """Compare the corner of each cell, which no letter covers; gives how often a hue is there."""
    areas = [area["blocks"] for area in mpheap.run("map", "--format=json", *words).json["areas"]]
    columns, pixels = row_size(areas)
    png, bottom = Png(path), 0
    seen: Counter[int] = Counter()
    for blocks in areas:
        left, top = find_map(png, bottom)
        for i, letter in enumerate(with_tails(blocks)):
            x, y = left + i % columns * pixels, top + i // columns * pixels
            assert png.pixel(x, y) == HUE_OF[letter], (i, letter, x, y)
            seen[png.pixel(x, y)] += 1
        bottom = top + -(-len(blocks) // columns) * pixels
    return seen


# --- what is drawn ---


@pytest.mark.parametrize("rich", [False, True])
def test_every_cell_has_its_hue(dump_of: Callable[[str], Dump], tmp_path: Path,
                                rich: bool) -> None:
    dump = dump_of("v1.27.0")
    words = [*dump.images(), *dump.elf(), *["--rich"][:rich]]
    seen = check_cells(picture(tmp_path / "map.png", *words), *words)
    assert len(seen) >= 7
    assert FREE in seen and HUE_OF["h"] in seen


def test_areas_are_below_each_other(dump_of: Callable[[str], Dump], tmp_path: Path) -> None:
    dump = dump_of("v1.28.0-split")
    assert dump.map.count("GC memory layout") == 3
    check_cells(picture(tmp_path / "map.png", *dump.images()), *dump.images())


def test_all_letters_have_a_hue_in_mind() -> None:
    """A new kind of object must be given one: none falls to the others by accident."""
    source = Path(__file__).resolve().parents[2] / "src" / "object"
    letters = re.findall(r"\.letter = '(.)'", "".join(
        path.read_text() for path in source.glob("family_*.c")))
    assert len(letters) > 40
    assert set(letters) <= HUE_OF.keys()


def fills(svg: Path) -> set[int]:
    """The colours that shapes of a picture are filled with."""
    found = set()
    for path in ElementTree.parse(svg).iter(f"{SVG}path"):
        parts = re.findall(r"([\d.]+)%", path.get("style", ""))
        if parts:
            found.add(int.from_bytes((round(float(part) * 2.55) for part in parts), "big"))
    return found


def test_svg_has_the_hues_and_the_size(dump_of: Callable[[str], Dump], tmp_path: Path) -> None:
    dump = dump_of("v1.27.0")
    words = [*dump.images(), *dump.elf()]
    both = mpheap.run("map", "--format=json", f"--svg={tmp_path / 'map.svg'}",
                      f"--png={tmp_path / 'map.png'}", *words).json["pictures"]
    blocks = mpheap.run("map", "--format=json", *words).json["areas"]
    png = Png(tmp_path / "map.png")
    root = ElementTree.parse(tmp_path / "map.svg").getroot()
    assert [one["form"] for one in both] == ["svg", "png"]
    for one in both:
        assert (one["width_pixels"], one["height_pixels"]) == (png.width, png.height)
        assert one["cell_bytes"] == BLOCK_BYTES
    assert root.get("viewBox") == f"0 0 {png.width} {png.height}"
    letters = "".join(area["blocks"] for area in blocks)
    assert {HUE_OF[letter] for letter in letters if letter != "="} <= fills(tmp_path / "map.svg")


def test_the_same_heap_gives_the_same_bytes(dump_of: Callable[[str], Dump],
                                            tmp_path: Path) -> None:
    words = [*dump_of("v1.27.0").images(), "--rich"]
    for form in ("svg", "png"):
        first, second = (picture(tmp_path / f"{i}.{form}", *words).read_bytes() for i in (1, 2))
        assert first == second


# --- heaps of any shape ---


class Shape(Patched):
    """A firmware whose heap lies elsewhere and is what a test likes."""

    def of(self, table: bytes) -> list[str | Path]:
        """Options for a heap with this allocation table; its pool is zeros."""
        area = mpheap.info(*self.dump.images())["heap"]["areas"][0]
        finalisers = POOL + len(table)
        pool = (finalisers + (len(table) * 4 + 7) // 8 + BLOCK_BYTES - 1) & -BLOCK_BYTES
        pool_end = pool + len(table) * 4 * BLOCK_BYTES
        words = (POOL, len(table), finalisers, pool, pool_end)
        for number, word in enumerate(words):  # of v1.27.0's area
            self.put(int(area["area_address"], 0) + 4 * number, word)
        with open(self.folder / "pool", "wb") as heap:
            heap.write(table)
            heap.truncate(pool_end - POOL)
        return [*self.words(), *self.dump.elf(), f"--image={self.folder / 'pool'}@{POOL:#x}"]


@pytest.fixture(name="shape")
def shape_fixture(dump_of: Callable[[str], Dump], tmp_path: Path) -> Shape:
    return Shape(dump_of("v1.27.0"), tmp_path)


TABLES = {
    "empty": bytes(100),
    "full of heads": b"\x55" * 100,
    "full of marks": b"\xff" * 100,
    "one object": b"\xa9" + b"\xaa" * 99,
    "tails without a head": b"\xaa" * 100,
    "smallest": b"\x01",
    "letters no more": b"\x09" * (256 * 200 // 4),
}


@pytest.mark.parametrize("name", TABLES)
def test_shapes(shape: Shape, tmp_path: Path, name: str) -> None:
    words = shape.of(TABLES[name])
    seen = check_cells(picture(tmp_path / "map.png", *words), *words)
    assert sum(seen.values()) == 4 * len(TABLES[name])
    assert (FREE in seen) == (name in ("empty", "smallest", "letters no more"))
    ElementTree.parse(picture(tmp_path / "map.svg", *words))


def test_of_a_large_heap_a_cell_is_several_blocks(shape: Shape, tmp_path: Path) -> None:
    """2 M blocks: two a cell. One in use makes a cell of its hue, none makes it free."""
    pairs = b"\x01\x04\x05\x00"  # head and free; free and head; two heads; free and free
    words = shape.of(pairs * (1 << 17))
    svg, png = tmp_path / "map.svg", tmp_path / "map.png"
    done = mpheap.run("map", "--format=json", f"--svg={svg}", f"--png={png}", *words).json
    assert {one["cell_bytes"] for one in done["pictures"]} == {2 * BLOCK_BYTES}
    assert all(one["height_pixels"] < 2048 for one in done["pictures"])
    assert svg.stat().st_size < 1 << 20
    assert b"One cell" not in svg.read_bytes()  # text is drawn as shapes, whatever fonts there are


# --- errors ---


def test_files_that_cannot_be_written(dump_of: Callable[[str], Dump], tmp_path: Path) -> None:
    (tmp_path / "zeros").write_bytes(bytes(1 << 16))
    no_heap = [f"--image={tmp_path / 'zeros'}@0x20000000"]  # said before a heap is looked for
    for path, why in ((tmp_path / "no" / "map", "No such file"), (tmp_path, "not a regular file"),
                      (Path("/dev/full"), "not a regular file")):
        for form in ("svg", "png"):
            for words in dump_of("v1.27.0").images(), no_heap:
                result = mpheap.run("map", f"--{form}={path}", *words)
                assert (result.status, result.stdout) == (FILE_ERROR, ""), result
                assert why in result.error and str(path) in result.error
    assert [path.name for path in tmp_path.iterdir()] == ["zeros"]


def test_a_full_disk_leaves_what_was_there(dump_of: Callable[[str], Dump],
                                           tmp_path: Path) -> None:
    """The shell allows files of 1024 bytes only."""
    limited, folder = tmp_path / "limited", tmp_path / "pictures"
    limited.write_text("#!/bin/bash\ntrap '' XFSZ\nulimit -f 1\n"
                       f"exec {mpheap.command_path().resolve()} \"$@\"\n")
    limited.chmod(0o755)
    folder.mkdir()
    for form in ("svg", "png"):
        path = folder / f"map.{form}"
        path.write_text("before")
        result = mpheap.run("map", f"--{form}={path}", *dump_of("v1.27.0").images(), path=limited)
        assert result.status == FILE_ERROR and "cannot write: File too large" in result.error
        assert path.read_text() == "before"
    assert len(list(folder.iterdir())) == 2


def test_a_hostile_name(dump_of: Callable[[str], Dump], tmp_path: Path) -> None:
    svg = tmp_path / "<a>&\x1b]0;\x07.svg"
    result = mpheap.run("map", f"--svg={svg}", *dump_of("v1.27.0").images())
    assert result.status == 0 and r"<a>&\x1b]0;\x07.svg" in result.stdout
    assert not re.search(rb"[^\n -~]", svg.read_bytes())
    ElementTree.parse(svg)


# --- doors ---


def test_all_doors_draw_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = Path(__file__).resolve().parents[2]
    monkeypatch.setenv("MPHEAP_LIBRARY", str(build_folder() / "libmpheap.so"))
    commands = [f"source {root / 'openocd/mpheap.tcl'}",
                f"set mpheap_command {mpheap.command_path().resolve()}"]
    drawing = "map --rich --png={0}.png --svg={0}.svg"
    shell, gdb, openocd = (str(tmp_path / door) for door in ("shell", "gdb", "openocd"))
    with Board() as board, DebugPort(board) as port, OpenOcd(port, commands) as server:
        board.freeze()
        server.tcl("halt")
        mpheap.run(*drawing.format(shell).split(), f"--openocd=:{server.tcl_port}")
        server.tcl("mpheap " + drawing.format(openocd))
        run_gdb([f"target extended-remote 127.0.0.1:{server.gdb_port}",
                 f"source {root / 'gdb/mpheap.py'}", "mpheap " + drawing.format(gdb)])
    for form in (".png", ".svg"):
        first = Path(shell + form).read_bytes()
        assert len(first) > 5000
        assert Path(gdb + form).read_bytes() == first
        assert Path(openocd + form).read_bytes() == first
