# SPDX-License-Identifier: MIT
"""The captured memory is that of the instant at which the board printed its map.

Everything else that uses the captures rests on this: the oracle, which shares nothing with the
engine, must read out of the memory exactly what the board said.
"""

import pytest
from captures import HERE, MODULES, MOMENTS, PREFIX, VERSIONS, Capture, CaptureError, capture
from oracle import BLOCK, HEAD
from wasm_heap import oracle_of

every_version = pytest.mark.parametrize("version", VERSIONS)
every_moment = pytest.mark.parametrize("moment", MOMENTS)


def areas_in(board: Capture, moment: int) -> int:
    return board.map(moment).count("GC memory layout")


def test_every_installed_build_is_captured():
    builds = MODULES.glob(f"{PREFIX}*/micropython*.wasm")
    names = {
        path.parent.name.removeprefix(PREFIX) + path.stem.removeprefix("micropython")
        for path in builds
    }
    assert names == set(VERSIONS)


@every_version
@every_moment
def test_oracle_prints_the_map_of_the_board(version: str, moment: int):
    assert oracle_of(version, moment).map() == capture(version).map(moment)


@every_version
@every_moment
def test_objects_are_where_the_board_says(version: str, moment: int):
    heap = oracle_of(version, moment)
    on_heap = 0
    for entry in capture(version).objects(moment).values():
        area = heap.area_of(entry["address"])
        if area is not None:
            on_heap += 1
            offset = entry["address"] - area.pool_start
            assert offset % BLOCK == 0, entry
            assert heap.block_kind(area, offset // BLOCK) == HEAD, entry
        assert heap.type_name(heap.word(entry["address"])) == entry["type"], entry
    assert on_heap > 50


@every_version
def test_heap_is_worth_decoding(version: str):
    board = capture(version)
    assert areas_in(board, 1) >= 2
    assert areas_in(board, 2) >= 2
    assert board.map(1) != board.map(2)
    assert board.memory(1).read_bytes() != board.memory(2).read_bytes()
    assert board.map(2).count("lines all free)") >= 2


def test_board_gives_areas_back():
    board = capture("1.27.0")
    assert areas_in(board, 2) < areas_in(board, 1)


@every_version
@every_moment
def test_traceback_ends_at_the_call_of_mem_info(version: str, moment: int):
    source = (HERE / "program.py").read_text().splitlines()
    (line,) = [number for number, text in enumerate(source, 1) if "mem_info(1);" in text]
    *_, innermost, error = capture(version).moment(moment)["traceback"].splitlines()
    assert innermost == f'  File "<stdin>", line {line}, in descend'
    assert error == f"Moment: moment {moment}"


def test_unknown_version_names_the_missing_file():
    with pytest.raises(CaptureError, match="mpy-0.1/micropython.wasm is missing: run 'npm ci'"):
        capture("0.1")
