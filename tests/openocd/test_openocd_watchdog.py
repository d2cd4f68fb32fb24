# SPDX-License-Identifier: MIT
"""The watchdog in OpenOCD: a board that faults, stops, hangs, or drops out, and what is left."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from dumps import Dump
from fixture import run as fixture_run

import mpheap
from openocd_rig import SOURCE, Rig, frozen_board
from rig import Board, DebugPort, OpenOcd, Region, TclError
from rig.microbit import FLASH, NOTHING_THERE, RAM
from rig.process import ProcessError, wait_until

CORE = re.compile(r"mpheap-\d{8}-\d{6}-(.+?)(-\d+)?\.core")
TICK_MS = 40
RAM_ONLY = f"--ram={RAM[0]:#x}+16K"
WROTE = "mpheap: watchdog: wrote "
VARIANT = "v1.27.0-bench"
FAULT = "import machine\nmachine.mem32[0x60000000]"  # nothing answers there: a HardFault
HARDFAULT_VECTOR = 0xC
MOVE_ON = "for i in range(50):\n  kept.append([i])\n\n"


def cores(folder: Path) -> list[Path]:
    """The watchdog's files in the order they were written; there are no others."""
    assert all(CORE.fullmatch(name) for name in os.listdir(folder))
    return sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime_ns)


def reasons(folder: Path) -> list[str]:
    return [CORE.fullmatch(path.name)[1] for path in cores(folder)]


def start(openocd: OpenOcd, folder: Path, *words: str) -> str:
    """Starts a watchdog whose cores go to the folder; what it says."""
    return openocd.tcl(f"mpheap watchdog start -every {TICK_MS} -dir {folder} {' '.join(words)}")


def wait_said(openocd: OpenOcd, text: str, count: int = 1) -> None:
    try:
        wait_until(lambda: openocd.log.count(text) >= count, 10, f"'{text}'")
    except ProcessError:
        raise ProcessError(f"openocd did not say '{text}'\n{openocd.log}") from None


def ticks(openocd: OpenOcd, count: int) -> None:
    """Waits until the watchdog has looked so often."""
    again = f"if {{[incr ::seen] < {count}}} {{after {TICK_MS} see}}"
    openocd.tcl(f"set seen 0; proc see {{}} {{{again}}}; see")
    wait_until(lambda: openocd.tcl("set seen") == str(count), 10, f"{count} ticks")


@pytest.fixture(name="board")
def board_fixture() -> Iterator[Rig]:
    """A board at its prompt, with a debug port that can be unplugged."""
    options = (*NOTHING_THERE, "--stuck-ack=7", "--arm-on-signal")
    with Board() as board, DebugPort(board, options=options) as port:
        with OpenOcd(port, [f"source {SOURCE}"]) as openocd:
            yield Rig(board, port, openocd, "")


def hardfault_handler(board: Board) -> int:
    return int.from_bytes(board.read_memory(HARDFAULT_VECTOR, 4), "little") & ~1


def busy_address(openocd: OpenOcd) -> int:
    """Code that a busy board passes again and again."""
    openocd.tcl("halt")
    pc = int(openocd.tcl("dict get [mp.cm get_reg pc] pc"), 16)
    openocd.tcl("resume")
    assert FLASH[0] <= pc < FLASH[0] + FLASH[1]
    return pc


# Faults


def test_a_fault_of_a_running_board_leaves_one_core(board: Rig, tmp_path: Path) -> None:
    start(board.openocd, tmp_path)
    board.board.repl.start(FAULT)
    wait_said(board.openocd, WROTE)
    ticks(board.openocd, 4)
    assert reasons(tmp_path) == ["hardfault"]
    assert "watchdog: the board is in its handler of a hardfault\n" in board.openocd.log
    stats = board.port.stats()
    assert (stats["cpu_halts"], stats["memory_writes"], stats["resets"]) == (0, 0, 0)
    shown = mpheap.run("map", "--core", cores(tmp_path)[0]).stdout
    assert shown == mpheap.board_map(f"--openocd=:{board.openocd.tcl_port}")
    board.openocd.tcl("halt")
    ticks(board.openocd, 3)
    assert len(cores(tmp_path)) == 1  # halted or not, it is the same fault


def test_a_stop_in_the_fault_handler_keeps_the_board_halted(board: Rig, tmp_path: Path) -> None:
    handler = hardfault_handler(board.board)
    start(board.openocd, tmp_path, f"-address {handler:#x}")
    board.board.repl.start(FAULT)
    wait_said(board.openocd, WROTE)
    ticks(board.openocd, 3)
    assert reasons(tmp_path) == [f"{handler:#010x}"]
    assert board.openocd.tcl("mp.cm curstate") == "halted"
    assert "now      hardfault" in board.openocd.tcl("mpheap watchdog status")


# Stops


def test_stops_are_kept_up_to_a_number(tmp_path: Path) -> None:
    others = [tmp_path / name for name in ("mpheap-20200101-000000-stuck.core", "notes.txt")]
    for path in others:
        path.write_text("mine")
    with frozen_board(code="kept = []") as parts:
        address = busy_address(parts.openocd)
        start(parts.openocd, tmp_path, f"-address {address:#x} -keep 2 -resume")
        wait_said(parts.openocd, "removed ")
        assert "stopped; cores written: " in parts.openocd.tcl("mpheap watchdog stop")
        assert parts.openocd.tcl("bp") == ""
        assert all(path.read_text() == "mine" for path in others)
        for path in others:
            path.unlink()
        assert reasons(tmp_path) == [f"{address:#010x}"] * 2
        assert mpheap.board_map("--core", cores(tmp_path)[1]) == parts.map
        parts.openocd.tcl("if {[mp.cm curstate] eq {halted}} resume")
        parts.board.thaw()
        assert parts.board.repl.eval("6 * 7") == 42
        assert parts.port.stats()["memory_writes"] == 0


def test_what_was_changed_since_is_not_removed(tmp_path: Path) -> None:
    with frozen_board() as parts:
        start(parts.openocd, tmp_path, f"-address {busy_address(parts.openocd):#x} -keep=1")
        wait_said(parts.openocd, WROTE)
        (first,) = cores(tmp_path)
        first.write_text("now mine")
        parts.openocd.tcl("resume")
        ticks(parts.openocd, 2)
        parts.openocd.tcl("mpheap watchdog stop")
        assert first.read_text() == "now mine"


def test_a_user_s_breakpoint_and_handler_stay(tmp_path: Path) -> None:
    handler = "mp.cm configure -event halted {echo {the user's handler}}"
    with frozen_board(config=(handler,)) as parts:
        address = busy_address(parts.openocd)
        said = parts.openocd.log.count("\nthe user's handler")
        parts.openocd.tcl(f"bp {address:#x} 2 hw")
        wait_said(parts.openocd, "\nthe user's handler", said + 1)
        start(parts.openocd, tmp_path, f"-address {address:#x}")
        wait_said(parts.openocd, WROTE)
        parts.openocd.tcl("mpheap watchdog stop")
        assert f"{address:#010x}" in parts.openocd.tcl("bp")
        assert parts.openocd.tcl("mp.cm cget -event halted").strip() == "echo {the user's handler}"


def test_openocd_that_ends_takes_its_breakpoints_along(board: Rig, tmp_path: Path) -> None:
    start(board.openocd, tmp_path, f"-address {hardfault_handler(board.board):#x}")
    pid = int(board.openocd.tcl("pid"))
    os.kill(pid, signal.SIGTERM)
    wait_until(lambda: not Path(f"/proc/{pid}/exe").exists(), 5, "openocd's end")
    board.board.repl.start(f"print('falling')\n{FAULT}")
    board.board.repl.read_until(b"falling\r\n")
    with OpenOcd(board.port) as later:
        exception = "expr {[mp.cm read_memory 0xe000ed04 32 1] & 0x1ff}"
        wait_until(lambda: later.tcl(exception) == "3", 5, "the HardFault")
        assert later.tcl("mp.cm curstate") == "running"


# Hangs


def test_a_board_that_hangs_is_halted_for_the_core_only(tmp_path: Path) -> None:
    with frozen_board(code="kept = []") as parts:
        said = start(parts.openocd, tmp_path, "-stuck 0.3 -halt")
        assert said.endswith("no change for 0.3 s of the heap's allocation tables (157 bytes)")
        with pytest.raises(TclError):
            parts.openocd.tcl("mpheap map --core /nowhere")
        wait_said(parts.openocd, WROTE)
        assert parts.openocd.tcl("list $mpheap_status $mpheap_notes") == "3 {}"  # the user's
        ticks(parts.openocd, 12)
        assert reasons(tmp_path) == ["stuck"]
        assert mpheap.board_map("--core", cores(tmp_path)[0]) == parts.map
        stats = parts.port.stats()
        assert (stats["cpu_halts"], stats["cpu_resumes"], stats["memory_writes"]) == (1, 1, 0)
        parts.board.thaw()
        parts.board.repl.exec(MOVE_ON)
        wait_said(parts.openocd, WROTE, count=2)  # now it waits at its prompt
        assert reasons(tmp_path) == ["stuck", "stuck"]


CLOCK_S = 30  # in which a board goes on eight times


def clock_address(board: Board) -> int:
    """A word of RAM that is another one whenever the board has had time to go on."""
    seen = [board.read_ram()]
    end = time.monotonic() + CLOCK_S
    while len(seen) < 8 and time.monotonic() < end:
        time.sleep(0.05)
        ram = board.read_ram()
        if ram != seen[-1]:  # beside other tests it may have had none
            seen.append(ram)
    words = range(0, RAM[1], 4)
    return RAM[0] + next(i for i in words if len({ram[i : i + 4] for ram in seen}) == len(seen))


def test_a_word_that_changes_says_that_all_is_well(tmp_path: Path) -> None:
    with frozen_board() as parts:
        clock = clock_address(parts.board)
        start(parts.openocd, tmp_path, f"-stuck 0.5 -alive {clock:#x}")
        ticks(parts.openocd, 20)
        assert cores(tmp_path) == []
        parts.openocd.tcl("mpheap watchdog stop")
        start(parts.openocd, tmp_path, f"-stuck 0.3 -alive {RAM[0] + RAM[1] - 4:#x} -- {RAM_ONLY}")
        wait_said(parts.openocd, WROTE)
        assert reasons(tmp_path) == ["stuck"]


# Links that drop out


def test_a_probe_that_drops_out_and_comes_back(board: Rig, tmp_path: Path) -> None:
    openocd, handler = board.openocd, hardfault_handler(board.board)
    start(openocd, tmp_path, f"-address {handler:#x} -stuck 60")
    for outages in (1, 2):
        board.port.arm()
        wait_said(openocd, "mp.cm does not answer", outages)
        wait_said(openocd, "Examination failed", 2 * outages)
        assert "link     no answer for " in openocd.tcl("mpheap watchdog status")
        board.port.disarm()
        wait_said(openocd, "mp.cm answers again", outages)
        assert openocd.log.count("does not answer") == outages
    assert cores(tmp_path) == []
    board.board.repl.start(FAULT)
    wait_said(openocd, f"the board has stopped at {handler:#010x}\n")
    wait_said(openocd, WROTE)


def test_a_core_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with frozen_board() as parts:
        words = f"-address {busy_address(parts.openocd):#x} -- --ram=0x60000000+1K"
        start(parts.openocd, tmp_path, words)
        wait_said(parts.openocd, "watchdog: no core: ", 3)
        ticks(parts.openocd, 3)
        assert parts.openocd.log.count("watchdog: no core: ") == 3  # it does not try forever
        assert cores(tmp_path) == []


# What a halted core says of itself


@pytest.fixture(name="dump", scope="module")
def the_dump(dump_of: Callable[[str], Dump]) -> Dump:
    return dump_of(VARIANT)


@contextmanager
def halted(dump: Dump, registers: Mapping[str, int], **instead: Path) -> Iterator[OpenOcd]:
    """A dump whose CPU has been halted with these registers, or with another memory `instead`."""
    files = {name: (instead.get(name, file), at) for name, (file, at) in dump.files.items()}
    regions = [Region(at, file.stat().st_size, file) for file, at in files.values()]
    with DebugPort(regions, registers=registers) as port:
        with OpenOcd(port, [f"source {SOURCE}"]) as openocd:
            openocd.tcl("halt")
            yield openocd
            assert port.stats()["memory_writes"] == 0


@pytest.mark.parametrize(
    "registers, reason",
    [
        ({"pc": 0xFFFFFFFE, "xpsr": 0x01000003}, "lockup"),
        ({"pc": 0x08000100, "xpsr": 0x01000003}, "hardfault"),
        ({"pc": 0x08000100, "xpsr": 0x01000005}, "busfault"),
    ],
)
def test_why_it_is_halted(
    dump: Dump, tmp_path: Path, registers: dict[str, int], reason: str
) -> None:
    with halted(dump, registers) as openocd:
        start(openocd, tmp_path)
        wait_said(openocd, WROTE)
        assert reasons(tmp_path) == [reason]


@pytest.mark.parametrize("code, expected", [(0xBE00, ["bkpt"]), (0xBEAB, [])])  # semihosting
def test_a_breakpoint_of_the_firmware_s_own(
    dump: Dump, tmp_path: Path, code: int, expected: list[str]
) -> None:
    flash = dump.bytes_of("flash")
    flash[0x100:0x102] = code.to_bytes(2, "little")
    file = tmp_path / "flash"
    file.write_bytes(flash)
    with halted(dump, {"pc": 0x08000100, "xpsr": 0x01000000}, flash=file) as openocd:
        start(openocd, tmp_path / "cores")
        if expected:
            wait_said(openocd, WROTE)
        ticks(openocd, 4)
        assert reasons(tmp_path / "cores") == expected


def test_a_symbol_is_a_place_to_stop(dump: Dump, tmp_path: Path) -> None:
    elf = fixture_run.build(VARIANT)
    address = fixture_run.Firmware(elf).symbols["fixture_idle"] & ~1
    with halted(dump, {"pc": address, "xpsr": 0x01000000}) as openocd:
        start(openocd, tmp_path, f"-elf {elf} -symbol fixture_idle")
        assert f"{address:#010x}, 0x2, " in openocd.tcl("bp")
        wait_said(openocd, "the board has stopped at fixture_idle\n")
        wait_said(openocd, WROTE)
        assert reasons(tmp_path) == ["fixture_idle"]
        assert mpheap.board_map("--core", cores(tmp_path)[0], "--elf", elf) == mpheap.board_map(
            *dump.images()
        )


def test_a_halt_that_was_asked_for_is_left_alone(frozen: Rig, tmp_path: Path) -> None:
    start(frozen.openocd, tmp_path)
    frozen.openocd.tcl("halt")
    ticks(frozen.openocd, 3)
    frozen.openocd.tcl("resume")
    frozen.openocd.tcl("mpheap watchdog stop")
    assert cores(tmp_path) == []


# Samples of the program counter, which the simulated debug port has none of

SAMPLES = """
rename mpheap_progress_read read_really
proc mpheap_progress_read {target address words} {
    if {$address != 0xe000101c} {
        return [read_really $target $address $words]
    }
    incr ::sample
    return [expr {%s}]
}
"""


@pytest.mark.parametrize(
    "samples, is_stuck",
    [
        ("$::sample % 4 ? 0x08000101 + $::sample % 32 * 2 : 0x08002000", True),  # and interrupts
        ("0x08000100 + $::sample * 64 % 4096", False),
    ],
)
def test_a_program_counter_that_stays(
    dump: Dump, tmp_path: Path, samples: str, is_stuck: bool
) -> None:
    with halted(dump, {"pc": 0x08000100}) as openocd:
        openocd.tcl("resume")
        openocd.tcl("mpheap watchdog status")
        openocd.tcl("set ::sample 0" + SAMPLES % samples)
        said = start(openocd, tmp_path, "-stuck 0.3")
        assert said.endswith(" bytes) and the program counter")
        if is_stuck:
            wait_said(openocd, WROTE)
        ticks(openocd, 15)
        assert reasons(tmp_path) == (["stuck"] if is_stuck else [])


# Words


@pytest.mark.parametrize(
    "words, error",
    [
        ("bark", "mpheap: usage: watchdog start, stop or status, not bark"),
        ("start -loud", "mpheap: usage: watchdog has no option -loud"),
        ("start -keep", "mpheap: usage: -keep needs a value"),
        ("start -keep 0", "mpheap: usage: -keep wants a number from 1, not 0"),
        ("start -stuck soon", "mpheap: usage: -stuck wants seconds, not soon"),
        ("start -address main", "mpheap: usage: -address wants an address, not main"),
        ("start -alive 0x20000001", "mpheap: usage: -alive wants the address of a word, not 0x"),
        ("start -symbol main", "mpheap: usage: -symbol needs -elf FILE; -address does not"),
        ("start -symbol none -elf {elf}", "mpheap: symbols: no none in "),
        ("start -symbol none -elf {file}", "mpheap: {file} is no ELF file"),
        ("start -dir {file}", "mpheap: watchdog: no files can be made there ({file})"),
        ("start -target mp.none", "mpheap: openocd: no target 'mp.none', there are: mp.cm"),
        ("start -stuck 1 -alive 0x60000000", "cannot read 0x60000000"),
    ],
)
def test_words_that_are_wrong(frozen: Rig, words: str, error: str) -> None:
    names = {"elf": fixture_run.build(VARIANT), "file": __file__}
    with pytest.raises(TclError) as raised:
        frozen.openocd.tcl("mpheap watchdog " + words.format(**names))
    assert str(raised.value).startswith(error.format(**names))
    assert frozen.openocd.tcl("mpheap watchdog status") == "mpheap: watchdog: none runs"
    assert frozen.openocd.tcl("bp") == ""


def test_more_breakpoints_than_the_chip_has(frozen: Rig, tmp_path: Path) -> None:
    words = " ".join(f"-address {address:#x}" for address in range(0x100, 0x10A, 2))
    with pytest.raises(TclError, match="^mpheap: watchdog: no breakpoint at 0x00000108: too many"):
        start(frozen.openocd, tmp_path, words)
    assert frozen.openocd.tcl("bp") == ""


def test_only_one_runs_and_it_can_be_started_from_a_file(tmp_path: Path) -> None:
    words = f"mpheap watchdog start -dir {tmp_path / 'new'} -stuck=60"
    with frozen_board(config=("init", words)) as parts:
        assert parts.openocd.log.count("mpheap: watchdog: watches mp.cm: faults; no change") == 1
        with pytest.raises(TclError, match="^mpheap: watchdog: runs already, at mp.cm$"):
            start(parts.openocd, tmp_path)
        with parts.console() as console:
            status = console.run("mpheap watchdog status")
            assert status.startswith("target   mp.cm, running\nwatches  faults; no change for 60 s")
            assert status.endswith(f"cores    0 written, the newest 8 kept, in {tmp_path}/new\n")
            assert console.run("mpheap map") == parts.map
            assert console.run("mpheap watchdog stop").endswith("stopped; cores written: 0\n")
            assert console.run("mpheap watchdog").startswith("Usage: mpheap watchdog start ")
