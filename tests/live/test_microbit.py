# SPDX-License-Identifier: MIT
"""A live micro:bit through every way in: what is read is what the board printed.

No test may write to the board's memory: each debug port is asked for its counters when it closes.
"""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from live.qemu_stub import qemu_stub
from rig import Board, DebugPort, OpenOcd, run_gdb
from rig.microbit import FLASH, NOTHING_THERE, RAM

import mpheap

FRONT_ENDS = ["stlink", "bitbang"]
VERSION = "v1.9.2-34-gd64154c73"
COUNT = "n = 0\nwhile True:\n  n += 1\n"
ALLOCATE = "n = 0\nwhile True:\n  n += 1\n  x = [n] * (n & 31)\n"


@pytest.fixture(name="board", scope="module")
def board_fixture() -> Iterator[Board]:
    with Board() as board:
        board.read_ram()  # from now on it needs no further connection to QEMU
        board.read_memory(*FLASH)
        yield board


@pytest.fixture(name="frozen")
def frozen_fixture(board: Board) -> Iterator[str]:
    """mem_info(1)'s text of a board whose heap stands still, though it runs."""
    text = board.freeze("kept = [bytearray(40), {1: 2}, (3, 4.5), 'six' * 9, lambda: 7]")
    yield text
    board.thaw()


@contextlib.contextmanager
def opened(board: Board, front_end: str = "stlink") -> Iterator[tuple[DebugPort, OpenOcd]]:
    """OpenOCD before the board; nothing may have been written when it closes."""
    with DebugPort(board, front_end=front_end, options=NOTHING_THERE) as port:
        with OpenOcd(port) as openocd:
            yield port, openocd
        stats = port.stats()
        assert (stats["memory_writes"], stats["bus_writes"], stats["resets"]) == (0, 0, 0)


def tcl(openocd: OpenOcd) -> tuple[str, str]:
    return "--openocd", f":{openocd.tcl_port}"


def goes_on(board: Board, seconds: float = 5) -> bool:
    """Whether the program runs: its counter and the clock are in RAM."""
    before = board.read_ram()
    deadline = time.monotonic() + seconds
    while board.read_ram() == before:
        if time.monotonic() > deadline:
            return False
    return True


def map_in(text: str) -> str:
    return text[text.index("GC memory layout") :]


def numbers_in(text: str) -> str:
    return re.search(r"^GC: .*\n No\. of .*\n", text, re.M)[0]


def save(board: Board, folder: Path) -> list[str]:
    """Dumps of RAM and flash, as options."""
    words = []
    for base, size in board.regions:
        file = folder / f"{base:08x}"
        file.write_bytes(board.read_memory(base, size))
        words += ["--image", f"{file}@{base:#x}"]
    return words


def hex_record(kind: int, address: int, data: bytes) -> str:
    """One line of Intel HEX."""
    body = bytes([len(data)]) + address.to_bytes(2, "big") + bytes([kind]) + data
    return f":{body.hex().upper()}{-sum(body) & 0xFF:02X}\n"


def hex_text(regions: list[tuple[int, bytes]]) -> str:
    """A whole file of 32-byte records, with the upper half of the address where it changes."""
    lines = []
    for base, data in regions:
        for offset in range(0, len(data), 32):
            address = base + offset
            if offset % 0x10000 == 0:
                lines.append(hex_record(4, 0, (address >> 16).to_bytes(2, "big")))
            lines.append(hex_record(0, address & 0xFFFF, data[offset : offset + 32]))
    return "".join(lines) + hex_record(1, 0, b"")


# The same text from every way in


def test_images(board: Board, frozen: str, tmp_path: Path) -> None:
    words = save(board, tmp_path)
    assert mpheap.board_map(*words) == map_in(frozen)
    result = mpheap.run("info", *words)
    assert numbers_in(frozen) in result.stdout
    assert f"MicroPython {VERSION}," in result.stdout
    assert "target: dump\n" in result.stdout


def test_intel_hex(board: Board, frozen: str, tmp_path: Path) -> None:
    file = tmp_path / "board.hex"
    regions = [(base, board.read_memory(base, size)) for base, size in board.regions]
    file.write_text(hex_text(regions))
    assert mpheap.board_map("--hex", file) == map_in(frozen)


def test_intel_hex_of_ram_beside_the_firmware_s_own(board: Board, frozen: str, tmp_path: Path):
    """The firmware is published as Intel HEX: with a RAM dump that is all one needs."""
    (tmp_path / "ram").write_bytes(board.read_ram())
    firmware = "/usr/share/firmware-microbit-micropython/firmware.hex"
    words = ["--hex", firmware, "--image", f"{tmp_path / 'ram'}@{RAM[0]:#x}"]
    assert mpheap.board_map(*words) == map_in(frozen)


@pytest.mark.parametrize("front_end", FRONT_ENDS)
def test_openocd(board: Board, frozen: str, front_end: str) -> None:
    with opened(board, front_end) as (_, openocd):
        assert mpheap.board_map(*tcl(openocd)) == map_in(frozen)
        result = mpheap.run("info", *tcl(openocd))
    assert numbers_in(frozen) in result.stdout
    assert f"MicroPython {VERSION}," in result.stdout


@pytest.mark.parametrize("front_end", FRONT_ENDS)
def test_openocd_s_gdb_port(board: Board, frozen: str, front_end: str) -> None:
    """The port halts whoever connects, and OpenOCD leaves the board so."""
    with opened(board, front_end) as (_, openocd):
        read = mpheap.board_map("--gdb", f":{openocd.gdb_port}")
        result = mpheap.run("info", "--gdb", f":{openocd.gdb_port}")
        openocd.tcl("resume")
    assert read == map_in(frozen)
    assert numbers_in(frozen) in result.stdout
    assert "target: halted\n" in result.stdout


def test_qemu_s_stub(board: Board, frozen: str) -> None:
    with qemu_stub(board) as port:
        read = mpheap.board_map("--gdb", f":{port}")
        result = mpheap.run("info", "--gdb", f":{port}")
    assert read == map_in(frozen)
    assert numbers_in(frozen) in result.stdout
    assert goes_on(board)


# Running, halted, and what a read does to either


@pytest.mark.parametrize("front_end", FRONT_ENDS)
def test_reading_a_running_board_does_not_stop_it(board: Board, front_end: str) -> None:
    board.repl.start(COUNT)
    with opened(board, front_end) as (port, openocd):
        before = port.stats()
        for report in ("info", "map"):
            assert mpheap.run(report, *tcl(openocd)).status == 0
        after = port.stats()
        state = openocd.tcl("mp.cm curstate")
        assert goes_on(board)
    board.repl.interrupt()
    counters = ("cpu_halts", "cpu_resumes", "cpu_stops")
    assert [after[name] for name in counters] == [before[name] for name in counters]
    assert state == "running"


def test_running_is_said(board: Board, frozen: str) -> None:
    with opened(board) as (_, openocd):
        result = mpheap.run("info", *tcl(openocd))
        state = mpheap.info(*tcl(openocd))["state"]
    assert "target: running, tables read until two reads agreed (0 changed)\n" in result.stdout
    assert "stack: not known out of 1800" in result.stdout
    assert (state["target"], state["is_torn"], state["reread_count"]) == ("running", False, 0)


def test_a_halted_board_stays_halted(board: Board, frozen: str) -> None:
    with opened(board) as (port, openocd):
        openocd.tcl("halt")
        resumes = port.stats()["cpu_resumes"]
        sp = int(openocd.tcl("dict get [get_reg sp] sp"), 0)
        result = mpheap.run("info", "--halt", *tcl(openocd))
        document = mpheap.info(*tcl(openocd))
        assert openocd.tcl("mp.cm curstate") == "halted"
        assert port.stats()["cpu_resumes"] == resumes
        assert not goes_on(board, 0.3)
        openocd.tcl("resume")
    used = int(document["stack"]["top_address"], 0) - sp
    assert "target: halted\n" in result.stdout
    assert f"stack: {used} out of 1800\n" in result.stdout
    assert numbers_in(frozen) in result.stdout


@pytest.mark.parametrize("front_end", FRONT_ENDS)
def test_halt_halts_once_and_lets_go(board: Board, front_end: str) -> None:
    board.repl.start(COUNT)
    with opened(board, front_end) as (port, openocd):
        before = port.stats()
        result = mpheap.run("info", "--halt", *tcl(openocd))
        after = port.stats()
        state = openocd.tcl("mp.cm curstate")
        assert goes_on(board)
    board.repl.interrupt()
    assert "target: halted for this read\n" in result.stdout
    assert re.search(r"^stack: \d+ out of 1800$", result.stdout, re.M)
    assert after["cpu_halts"] - before["cpu_halts"] == 1
    assert after["cpu_resumes"] - before["cpu_resumes"] == 1
    assert state == "running"


def test_halt_lets_go_after_an_error_too(board: Board, tmp_path: Path) -> None:
    board.repl.start(COUNT)
    with opened(board) as (_, openocd):
        missing = tmp_path / "missing.elf"
        result = mpheap.run("info", "--halt", "--elf", missing, *tcl(openocd))
        assert openocd.tcl("mp.cm curstate") == "running"
        assert goes_on(board)
    board.repl.interrupt()
    assert result.status == 3
    assert str(missing) in result.error


def test_tables_that_change_are_never_passed_off_as_one_moment(board: Board) -> None:
    """While the board allocates, either two reads agree or the report says that none did."""
    board.repl.start(ALLOCATE)
    with opened(board) as (_, openocd):
        results = [mpheap.run("info", "--tries", "2", *tcl(openocd)) for _ in range(8)]
        steady = mpheap.run("info", "--halt", *tcl(openocd))
    board.repl.interrupt()
    torn = [result for result in results if "tables changed under every read" in result.stdout]
    for result in results:
        noted = any("the tables changed under each of 2 reads" in note for note in result.notes)
        assert result.status == 0
        assert noted == (result in torn)
    assert torn
    assert not any("tables changed" in note for note in steady.notes)
    used, free = (int(re.search(rf"{word}: (\d+)", steady.stdout)[1]) for word in ("used", "free"))
    assert used + free == int(re.search(r"total: (\d+)", steady.stdout)[1])


def test_tables_that_change_are_read_again(board: Board) -> None:
    """With enough tries two reads agree sooner or later, between two allocations."""
    board.repl.start("x = 0\nwhile True:\n  for i in range(300): x ^= i\n  y = [x] * 9\n")
    with opened(board) as (_, openocd):
        for _ in range(50):  # a look may fall between two allocations at once
            state = mpheap.info("--tries", "1000", *tcl(openocd))["state"]
            assert not state["is_torn"]
            if state["reread_count"]:
                break
    board.repl.interrupt()
    assert state["reread_count"]


# Snapshots


def gdb_says(core: Path, *commands: str) -> tuple[str, str]:
    done = run_gdb([f"core-file {core}", *commands])
    assert done.exit == 0, done
    return done.stdout, done.stderr


@pytest.mark.parametrize("front_end", FRONT_ENDS)
def test_snapshot_of_a_halted_board(board: Board, frozen: str, tmp_path: Path, front_end: str):
    core = tmp_path / "core"
    with opened(board, front_end) as (_, openocd):
        result = mpheap.run("snapshot", core, "--halt", *tcl(openocd))
        assert openocd.tcl("mp.cm curstate") == "running"
    said, _ = gdb_says(core, "info registers", "x/4xw 0x20000000", "print/x $sp")
    sp = int(re.search(r"^\$1 = (\w+)$", said, re.M)[1], 16)
    document = mpheap.info("--core", core)

    assert (result.status, result.stderr) == (0, "")
    assert f"{RAM[0]:#x}..{RAM[0] + RAM[1]:#x} ram\n" in result.stdout
    assert mpheap.board_map("--core", core) == map_in(frozen)
    assert re.search(r"^pc +0x[0-9a-f]+ ", said, re.M)
    assert re.search(r"^xpsr ", said, re.M)
    assert int(document["stack"]["top_address"], 0) - sp == document["stack"]["used_bytes"]
    words = re.search(r"^0x20000000:(.*)$", said, re.M)[1].split()
    shown = b"".join(int(word, 0).to_bytes(4, "little") for word in words)
    assert shown == board.read_memory(RAM[0], 16)


def test_snapshot_of_a_running_board_has_no_registers(board: Board, frozen: str, tmp_path: Path):
    core = tmp_path / "core"
    with opened(board) as (port, openocd):
        result = mpheap.run("snapshot", core, *tcl(openocd))
        assert port.stats()["cpu_halts"] == 0
    said, warned = gdb_says(core, "x/4xw 0x20000000")
    read = mpheap.run("map", "--core", core)

    assert result.status == 0
    assert any("no registers: the target runs" in note for note in result.notes)
    assert read.stdout == map_in(frozen)
    assert any("no registers" in note for note in read.notes)
    assert "registers" in warned
    assert re.search(r"^0x20000000:(\s+0x[0-9a-f]{8}){4}$", said, re.M)


def test_snapshot_of_a_snapshot_is_the_same(board: Board, frozen: str, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    with opened(board) as (_, openocd):
        assert mpheap.run("snapshot", first, "--halt", *tcl(openocd)).status == 0
    assert mpheap.run("snapshot", second, "--core", first).status == 0
    assert mpheap.board_map("--core", second) == map_in(frozen)
    assert mpheap.info("--core", second) == mpheap.info("--core", first)


# What crosses the link


def test_stats_say_what_crossed(board: Board, frozen: str) -> None:
    with opened(board) as (port, openocd):
        before = port.stats()["bus_bytes_read"]
        result = mpheap.run("map", "--stats", *tcl(openocd))
        crossed = port.stats()["bus_bytes_read"] - before
    counts = re.fullmatch(
        r"mpheap: stats: (\d+) requests, (\d+) pieces, (\d+) bytes, (\d+) needed, .*\n",
        result.stderr,
    )
    requests, pieces, size, needed = map(int, counts.groups())
    assert result.stdout == map_in(frozen)
    assert needed <= size <= crossed
    assert 0 < requests <= pieces * 2
    assert needed < RAM[1] / 2  # the pool itself is not; how much comes along is a matter of pace


def test_output_file_and_quiet(board: Board, frozen: str, tmp_path: Path) -> None:
    file = tmp_path / "map"
    with opened(board) as (_, openocd):
        result = mpheap.run("map", "--output", file, "--quiet", *tcl(openocd))
    assert (result.status, result.stdout, result.stderr) == (0, "", "")
    assert file.read_text() == map_in(frozen)
