# SPDX-License-Identifier: MIT
"""Real OpenOCD and GDB through the debug port: what it shows, what it breaks, what it counts."""

from __future__ import annotations

import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from rig import (
    Board,
    DebugPort,
    OpenOcd,
    Process,
    ProcessError,
    Region,
    TclError,
    gdb_interactive,
    run_gdb,
)
from rig.debugport import build_folder
from rig.microbit import RAM
from rig.process import wait_until

FRONT_ENDS = ["stlink", "bitbang"]
CORES = ["m0", "m0p", "m3", "m4", "m7"]
FLASH_BASE, FLASH_SIZE = 0x08000000, 0x6000
RAM_BASE, RAM_SIZE = 0x20000000, 0x2000
DHCSR, DHCSR_KEY = 0xE000EDF0, 0xA05F0000
C_DEBUGEN, C_HALT, C_STEP, S_HALT = 1 << 0, 1 << 1, 1 << 2, 1 << 17
REGISTERS = {"r0": 0x11, "r12": 0xCC, "sp": 0x20001FF0, "lr": 0x08000101, "pc": 0x08000200}


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """Image files of noise by base address, the same in every run."""
    noise = random.Random(20)
    folder = tmp_path_factory.mktemp("images")
    files = {FLASH_BASE: folder / "flash", RAM_BASE: folder / "ram"}
    files[FLASH_BASE].write_bytes(noise.randbytes(FLASH_SIZE))
    files[RAM_BASE].write_bytes(noise.randbytes(RAM_SIZE))
    return files


@contextmanager
def dump(images: dict[int, Path], **arguments: object) -> Iterator[tuple[DebugPort, OpenOcd]]:
    """OpenOCD before a dump of flash (read-only) and RAM."""
    regions = [
        Region(FLASH_BASE, FLASH_SIZE, images[FLASH_BASE], read_only=True),
        Region(RAM_BASE, RAM_SIZE, images[RAM_BASE]),
    ]
    with DebugPort(regions, **arguments) as port, OpenOcd(port) as openocd:
        yield port, openocd


@contextmanager
def live(board: Board, front_end: str) -> Iterator[tuple[DebugPort, OpenOcd]]:
    """OpenOCD before the live board."""
    with DebugPort(board, front_end=front_end) as port, OpenOcd(port) as openocd:
        yield port, openocd


@contextmanager
def frozen(board: Board) -> Iterator[str]:
    table = board.freeze()
    try:
        yield table
    finally:
        board.thaw()


# A dump


@pytest.mark.parametrize("front_end", FRONT_ENDS)
@pytest.mark.parametrize("core", CORES)
def test_every_core_reads_as_the_image(images, core, front_end):
    with dump(images, core=core, front_end=front_end) as (_, openocd):
        assert f"Cortex-{core.upper().replace('P', '+')} " in openocd.log
        assert openocd.read_memory(FLASH_BASE, FLASH_SIZE) == images[FLASH_BASE].read_bytes()


@pytest.mark.parametrize("front_end", FRONT_ENDS)
@pytest.mark.parametrize("width", [8, 16, 32])
def test_every_width_reads_as_the_image(images, width, front_end):
    start = 0x3FC  # on to the other side of a TAR wrap
    with dump(images, front_end=front_end) as (_, openocd):
        answer = openocd.tcl(f"mp.cm read_memory {RAM_BASE + start:#x} {width} 9")
    size = width // 8
    read = b"".join(int(word, 0).to_bytes(size, "little") for word in answer.split())
    assert read == images[RAM_BASE].read_bytes()[start : start + 9 * size]


@pytest.mark.parametrize("front_end", FRONT_ENDS)
def test_an_odd_range_reads_as_the_image(images, front_end):
    with dump(images, front_end=front_end) as (_, openocd):
        assert openocd.read_memory(RAM_BASE + 7, 1234) == images[RAM_BASE].read_bytes()[7:1241]


@pytest.mark.parametrize("front_end", FRONT_ENDS)
def test_a_halted_dump_shows_its_registers(images, front_end):
    with dump(images, front_end=front_end, registers=REGISTERS) as (_, openocd):
        assert openocd.tcl("mp.cm curstate") == "running"
        openocd.tcl("halt")
        values = openocd.tcl(f"get_reg -force {{{' '.join(REGISTERS)}}}").split()
        assert dict(zip(values[::2], (int(v, 0) for v in values[1::2]))) == REGISTERS
        openocd.tcl("resume")
        assert openocd.tcl("mp.cm curstate") == "running"


@pytest.mark.parametrize("front_end", FRONT_ENDS)
def test_reads_write_nothing_and_a_write_counts(images, front_end):
    with dump(images, front_end=front_end) as (port, openocd):
        openocd.read_memory(FLASH_BASE, FLASH_SIZE)
        openocd.tcl("halt")
        openocd.tcl("resume")
        before = port.stats()
        openocd.tcl(f"mww {RAM_BASE + 8:#x} 0xfeedbeef")
        after = port.stats()
        written = openocd.read_memory(RAM_BASE + 8, 4)
    assert before["bus_bytes_read"] == FLASH_SIZE
    assert (before["bus_writes"], before["memory_writes"]) == (0, 0)
    assert before["ppb_writes"] > 0
    assert (after["bus_writes"], after["memory_writes"]) == (1, 1)
    assert after["memory_bytes_written"] == 4
    assert written == bytes.fromhex("efbeedfe")


@pytest.mark.parametrize("front_end", FRONT_ENDS)
def test_read_only_memory_refuses_a_write(images, front_end):
    with dump(images, front_end=front_end) as (port, openocd):
        with pytest.raises(TclError):
            openocd.tcl(f"mww {FLASH_BASE:#x} 0")
        stats = port.stats()
        assert stats["bus_writes"] >= 1
        assert (stats["memory_writes"], stats["bus_faults"] > 0) == (0, True)
        assert openocd.read_memory(FLASH_BASE, 4) == images[FLASH_BASE].read_bytes()[:4]


def test_a_second_debugger_finds_the_target_as_the_first_left_it(images):
    with ExitStack() as stack:
        regions = [Region(RAM_BASE, RAM_SIZE, images[RAM_BASE])]
        port = stack.enter_context(DebugPort(regions))
        for expected in ("running", "halted"):
            with OpenOcd(port) as openocd:
                assert openocd.tcl("mp.cm curstate") == expected
                openocd.tcl("halt")
        assert port.stats()["connections"] == 2


# Faults


@pytest.mark.parametrize("front_end", FRONT_ENDS)
def test_a_faulting_range_is_an_error_and_its_neighbours_are_not(images, front_end):
    image = images[RAM_BASE].read_bytes()
    with dump(images, front_end=front_end, options=["--fault=0x20000100,0x10"]) as (_, openocd):
        with pytest.raises(TclError, match="failed to read memory"):
            openocd.tcl("mp.cm read_memory 0x200000f0 32 16")
        assert openocd.read_memory(RAM_BASE, 0x100) == image[:0x100]
        assert openocd.read_memory(RAM_BASE + 0x110, 0x100) == image[0x110:0x210]


@pytest.mark.parametrize("front_end", FRONT_ENDS)
def test_an_address_without_memory_is_an_error(images, front_end):
    with dump(images, front_end=front_end) as (_, openocd):
        with pytest.raises(TclError, match="failed to read memory"):
            openocd.tcl("mp.cm read_memory 0x50000000 32 1")


def test_memory_can_read_as_zeros(images):
    image = images[RAM_BASE].read_bytes()
    with dump(images, options=["--zeros=0x20000010,0x10"]) as (_, openocd):
        assert openocd.read_memory(RAM_BASE, 0x30) == image[:0x10] + bytes(0x10) + image[0x20:0x30]


@pytest.mark.parametrize("every", [2, 7, 50])
def test_waits_on_jtag_cost_no_data(images, every):
    with dump(images, front_end="bitbang", options=[f"--wait-every={every}"]) as (port, openocd):
        assert openocd.read_memory(RAM_BASE, RAM_SIZE) == images[RAM_BASE].read_bytes()
        assert port.stats()["waits"] > RAM_SIZE // 4 // every // 2


def test_a_wait_that_outlasts_the_stlink_is_an_error_once(images):
    options = ["--wait-every=3", "--arm-on-signal"]
    with dump(images, options=options) as (port, openocd):
        openocd.tcl("poll off")
        port.arm()
        results = []
        for _ in range(9):
            try:
                results.append(openocd.read_memory(RAM_BASE, 64))
            except TclError:
                results.append(None)
        assert None in results
        assert set(results) - {None} == {images[RAM_BASE].read_bytes()[:64]}


@pytest.mark.parametrize("front_end", FRONT_ENDS)
def test_a_late_power_up_is_waited_for(images, front_end):
    with dump(images, front_end=front_end, options=["--power-ack-delay=3"]) as (_, openocd):
        assert openocd.read_memory(RAM_BASE, 64) == images[RAM_BASE].read_bytes()[:64]


@pytest.mark.parametrize("front_end", FRONT_ENDS)
@pytest.mark.parametrize("ack", [0, 1, 7])
def test_a_stuck_acknowledge_is_an_error(images, front_end, ack):
    options = [f"--stuck-ack={ack}", "--arm-on-signal"]
    with dump(images, front_end=front_end, options=options) as (port, openocd):
        assert openocd.read_memory(RAM_BASE, 64) == images[RAM_BASE].read_bytes()[:64]
        port.arm()
        with pytest.raises(TclError):
            openocd.tcl(f"mp.cm read_memory {RAM_BASE:#x} 32 16")


@pytest.mark.parametrize(
    "front_end, error",
    [("stlink", TclError), ("bitbang", ProcessError)],  # OpenOCD 0.12 itself dies of the latter
)
def test_a_dropped_connection_is_an_error(images, front_end, error):
    options = ["--drop-after=20", "--arm-on-signal"]
    with dump(images, front_end=front_end, options=options) as (port, openocd):
        port.arm()
        with pytest.raises(error):
            for _ in range(20):
                openocd.tcl(f"mp.cm read_memory {RAM_BASE:#x} 32 16")


@pytest.mark.parametrize("front_end", FRONT_ENDS)
def test_a_stall_never_answers(images, front_end):
    options = ["--stall-after=1", "--arm-on-signal"]
    with dump(images, front_end=front_end, options=options) as (port, openocd):
        port.arm()
        with pytest.raises(TimeoutError):
            openocd.tcl(f"mp.cm read_memory {RAM_BASE:#x} 32 16", timeout=1)
        assert port.stats()["connections"] == 1  # the port itself is well


def test_a_throttle_sets_the_pace(images):
    with dump(images, options=["--throttle=20000,1"]) as (_, openocd):
        start = time.monotonic()
        openocd.read_memory(RAM_BASE, RAM_SIZE)
        assert time.monotonic() - start > RAM_SIZE / 20000


# The program


def test_stats_are_written_at_exit_and_on_request(tmp_path):
    stats, announced = tmp_path / "stats", tmp_path / "announced"
    program = build_folder() / "tests" / "debugport"
    argv = [program, "--stlink=0", "--memory=0,16", f"--stats={stats}", f"--announce={announced}"]
    with Process(argv, "debugport") as process:
        line = process.wait_log(r"^stlink \d+$")[0]
        assert announced.read_text() == line + "\n"
        process.send_signal(signal.SIGUSR1)
        wait_until(stats.exists, 5, "stats on SIGUSR1")
        assert "memory_writes=0\n" in stats.read_text()
        stats.unlink()
        process.send_signal(signal.SIGTERM)
        assert process.wait() == 0
    assert "reports=2\n" in stats.read_text()


def test_it_dies_with_its_parent():
    program = build_folder() / "tests" / "debugport"
    script = (
        "import subprocess, sys\n"
        f"port = subprocess.Popen([{str(program)!r}, '--stlink=0', '--memory=0,16'],\n"
        "                        stdout=subprocess.PIPE)\n"
        "port.stdout.readline()\n"
        "print(port.pid, flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        pid = int(parent.stdout.readline())
        assert Path(f"/proc/{pid}").exists()
        parent.kill()
    wait_until(lambda: not is_alive(pid), 5, "the debug port's end")


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that nobody has buried yet does not."""
    try:
        return not re.search(r"^State:\s+Z", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    except FileNotFoundError:
        return False


@pytest.mark.parametrize(
    "argv, message",
    [
        ([], "one of --stlink and --bitbang is needed"),
        (["--stlink=0", "--gdb=1234"], "--gdb and --qmp go together"),
        (["--stlink=0", "--core=m99"], "no core 'm99'"),
        (["--stlink=0", "--fault=12"], "'12' is not BASE,SIZE"),
        (["--stlink=0", "--memory=0,0"], "0,0: is not BASE,SIZE[,FILE[,ro]]"),
        (["--stlink=0", "--memory=0,4,/nowhere"], "/nowhere: No such file or directory"),
        (["--stlink=0", "--qmp=/nowhere", "--gdb=/nowhere"], "/nowhere: No such file"),
        (["--stlink=70000"], "'70000' is not a number from 0 to 65535"),
    ],
)
def test_a_wrong_option_is_explained(argv, message):
    program = build_folder() / "tests" / "debugport"
    done = subprocess.run([program, *argv], capture_output=True, text=True, timeout=10, check=False)
    assert done.returncode != 0
    assert message in done.stderr


# The live board


def heap_area(ram: bytes) -> tuple[bytes, int]:
    """The allocation table and the pool's address, found by the words that gc_setup_area() keeps:
    table, its length, pool start, pool end, where four blocks of 16 bytes share a byte."""
    words = [int.from_bytes(ram[i : i + 4], "little") for i in range(0, len(ram), 4)]
    areas = [
        (table, length, pool)
        for table, length, pool, end in zip(words, words[1:], words[2:], words[3:])
        if RAM[0] < table < pool < end < RAM[0] + RAM[1] and end - pool == length * 64
    ]
    assert len(areas) == 1
    table, length, pool = areas[0]
    return ram[table - RAM[0] :][:length], pool


def drawn_blocks(table: str) -> str:
    """The map that mem_info(1) printed, with the lines that it left out put back."""
    drawn = ""
    for line in table.splitlines():
        if row := re.match(r"[0-9a-f]{5}: (\S+)$", line):
            drawn += row[1]
        elif free := re.match(r"\s+\((\d+) lines all free\)$", line):
            drawn += "." * 64 * int(free[1])
    return drawn


def block_kinds(table: str) -> str:
    """Free, head or tail for each block."""
    return re.sub(r"[^.=]", "h", drawn_blocks(table))


def decoded_kinds(allocation_table: bytes) -> str:
    """The same from the allocation table, two bits a block: free, head, tail, (marked) head."""
    return "".join(".h=h"[byte >> 2 * i & 3] for byte in allocation_table for i in range(4))


def test_a_frozen_board_agrees_with_what_it_printed(board):
    board.repl.exec("class C: pass\nkept = [C() for i in range(20)]\n")
    with frozen(board) as table:
        allocation_table, pool = heap_area(board.read_ram())
        assert f"GC memory layout; from {pool:x}:" in table
        assert block_kinds(table) == decoded_kinds(allocation_table)
        time.sleep(0.2)
        later, _ = heap_area(board.read_ram())
        assert later == allocation_table
    assert board.repl.eval("1 + 1") == 2


@pytest.mark.parametrize("front_end", FRONT_ENDS)
def test_openocd_reads_the_heap_that_the_board_printed(board, front_end):
    with frozen(board) as table, live(board, front_end) as (port, openocd):
        allocation_table, _ = heap_area(openocd.read_memory(*RAM))
        assert openocd.read_memory(0, 0x4000) == board.read_memory(0, 0x4000)
        stats = port.stats()
    assert block_kinds(table) == decoded_kinds(allocation_table)
    assert (stats["memory_writes"], stats["cpu_stops"]) == (0, 0)


def test_the_board_runs_on_while_it_is_read(board):
    board.repl.start("i = 0\nwhile True:\n  i += 1\n  print('count', i)\n\n")
    try:
        with live(board, "stlink") as (port, openocd):
            seen = []
            for _ in range(10):
                openocd.read_memory(*RAM)
                line = board.repl.read_until(b"count ") + board.repl.read_until(b"\r\n")
                seen.append(int(line.split(b"count ")[-1]))
            assert port.stats()["cpu_stops"] == 0
    finally:
        board.repl.interrupt()
    assert seen == sorted(set(seen))


@pytest.mark.parametrize("front_end", FRONT_ENDS)
def test_halt_registers_step_resume(board, front_end):
    with frozen(board), live(board, front_end) as (port, openocd):
        openocd.tcl("halt")
        pc = read_pc(openocd)
        assert openocd.tcl("mp.cm curstate") == "halted"
        assert 0 < pc < 0x40000
        assert RAM[0] < int(openocd.tcl("get_reg -force sp").split()[1], 0) <= sum(RAM)
        assert read_pc(openocd) == pc
        openocd.tcl("step")
        assert read_pc(openocd) != pc
        openocd.tcl("resume")
        assert openocd.tcl("mp.cm curstate") == "running"
        assert port.stats()["memory_writes"] == 0
    assert board.repl.eval("2 + 2") == 4


def read_pc(openocd: OpenOcd) -> int:
    return int(openocd.tcl("get_reg -force pc").split()[1], 0)


def test_a_breakpoint_halts_the_board(board):
    with frozen(board), live(board, "stlink") as (port, openocd):
        openocd.tcl("halt")
        pc = read_pc(openocd)  # in the interpreter's loop: it comes by again
        openocd.tcl(f"bp {pc:#x} 2 hw")
        openocd.tcl("resume")
        openocd.tcl("wait_halt 3000")
        assert read_pc(openocd) == pc
        openocd.tcl(f"rbp {pc:#x}")
        openocd.tcl("resume")
        assert port.stats()["memory_writes"] == 0


def test_whatever_halts_the_cpu_sets_c_halt(board):
    """As a processor does: debuggers change one bit of DHCSR, and write the others back."""

    def control() -> int:
        return int.from_bytes(openocd.read_memory(DHCSR, 4), "little")

    with frozen(board), live(board, "stlink") as (_, openocd):
        openocd.tcl("halt")
        openocd.tcl(f"bp {read_pc(openocd):#x} 2 hw")
        openocd.tcl("poll off")
        for request in (C_DEBUGEN, C_DEBUGEN | C_STEP):
            openocd.tcl(f"mww {DHCSR:#x} {DHCSR_KEY | request:#x}")
            wait_until(lambda: control() & S_HALT, 3, "a halt")
            assert control() & C_HALT
        openocd.tcl("rbp all")
        openocd.tcl("poll on")
        openocd.tcl("resume")


def test_a_watchpoint_halts_the_board(board):
    with live(board, "stlink") as (_, openocd):
        ram = openocd.read_memory(*RAM)
        table_address = RAM[0] + ram.index(heap_area(ram)[0])
        openocd.tcl("halt")
        openocd.tcl(f"wp {table_address:#x} 4 w")
        openocd.tcl("resume")
        board.repl.send(b"import gc\rgc.collect()\r")  # it marks the first blocks
        openocd.tcl("wait_halt 3000")
        openocd.tcl(f"rwp {table_address:#x}")
        openocd.tcl("resume")
    board.repl.read_until(b"gc.collect()\r\n")
    board.repl.read_until(b">>> ")


def test_a_write_reaches_the_board_and_counts(board):
    with frozen(board), live(board, "stlink") as (port, openocd):
        _, pool = heap_area(openocd.read_memory(*RAM))
        address = pool + 600 * 16  # free space near the end of the heap
        openocd.tcl(f"mww {address:#x} 0x12345678")
        assert board.read_memory(address, 4) == bytes.fromhex("78563412")
        assert port.stats()["memory_writes"] == 1
        openocd.tcl(f"mww {address:#x} 0")


def test_an_address_the_board_lacks_is_an_error(board):
    with live(board, "stlink") as (_, openocd):
        with pytest.raises(TclError, match="failed to read memory"):
            openocd.tcl("mp.cm read_memory 0x30000000 32 1")


def test_a_reset_reboots_the_board():
    with ExitStack() as stack:
        board = stack.enter_context(Board())
        board.repl.exec("mark = 1")
        _, openocd = stack.enter_context(live(board, "stlink"))
        openocd.tcl("reset run")
        assert "MicroPython v" in board.repl.wait_prompt()
        assert board.repl.eval("'mark' in globals()") is False
        openocd.tcl("reset halt")
        reset_vector = int.from_bytes(board.read_memory(4, 4), "little")
        assert read_pc(openocd) == reset_vector & ~1  # bit 0 says Thumb


# GDB


def test_gdb_reads_the_board_through_openocd(board):
    with frozen(board), live(board, "stlink") as (port, openocd):
        result = run_gdb(
            [
                "set architecture armv6s-m",
                f"target extended-remote 127.0.0.1:{openocd.gdb_port}",
                "x/2xw 0",
                "print/x $pc",
                "detach",
            ]
        )
        vectors = board.read_memory(0, 8)
        assert port.stats()["memory_writes"] == 0
    assert result.exit == 0, result.stderr
    first, second = (int.from_bytes(vectors[i : i + 4], "little") for i in (0, 4))
    assert f"0x{first:08x}\t0x{second:08x}" in result.stdout
    assert re.search(r"\$1 = 0x[0-9a-f]+", result.stdout)


def test_gdb_stops_at_the_first_error_in_batch():
    result = run_gdb(["print 1 + 1", "target remote 127.0.0.1:1", "print 2 + 3"])
    assert "= 2\n" in result.stdout
    assert "= 5" not in result.stdout
    assert "refused" in result.stderr
    assert result.exit == 1


def test_gdb_by_hand(board):
    with live(board, "stlink") as (_, openocd), gdb_interactive() as gdb:
        gdb.sendline(f"target extended-remote 127.0.0.1:{openocd.gdb_port}")
        gdb.expect(r"\(gdb\) ")
        gdb.sendline("monitor mp.cm curstate")
        gdb.expect("halted")
        gdb.sendline("detach")
        gdb.expect("Detaching|detached")
