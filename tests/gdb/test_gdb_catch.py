# SPDX-License-Identifier: MIT
"""What GDB catches and counts is what the firmware's program does, round after round."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

import doors
from doors import command
from fixture import run
from json_page import check_listed
from rig import DebugPort, OpenOcd
from rig.gdb import PROMPT
from rig.machine import Machine

ARM, RISCV = "v1.27.0-allocating", "v1.27.0-rv32-allocating"
OLD = "v1.12-allocating"  # from before mp_obj_malloc_helper


@pytest.fixture(name="_allocating", scope="module")
def _shared_board() -> Iterator[run.FixtureRun]:
    with run.run(ARM) as board:
        yield board


@pytest.fixture(name="board")
def _allocating_board(_allocating: run.FixtureRun) -> Iterator[run.FixtureRun]:
    """One that allocates while GDB lets it. Between tests it is halted: its loop would take a
    whole processor from all other tests."""
    yield _allocating
    _allocating.command("stop")


def gdb(board: run.FixtureRun, *commands: str, elf: Path | None = None) -> str:
    """What the commands print."""
    bracketed = ["echo <<<", *commands, "echo >>>"]
    done = doors.gdb(doors.qemu(board), *bracketed, arguments=[str(elf or board.elf)])
    assert done.exit == 0, done
    return done.stdout.partition("<<<")[2].partition(">>>")[0]


def made(board: run.FixtureRun) -> list[run.Request]:
    """The requests of a round, one by one; those for 0 bytes are none."""
    return [request for request in board.requests if request.bytes for _ in range(request.count)]


def freed_bytes(board: run.FixtureRun) -> int:
    """What the collection on line 6 frees: blocks of all requests but the last, which fails."""
    block = 4 * board.firmware.bits // 8
    return sum(-(-request.bytes // block) * block for request in made(board)[:-1])


def by_line(board: run.FixtureRun) -> dict[str, tuple[int, int]]:
    """Bytes and count of each line after a round, the most bytes first."""
    found = {}
    for line in {request.line for request in board.requests}:
        sizes = [request.bytes for request in made(board) if request.line == line]
        found[f"main.py:{line} in loop_forever"] = (sum(sizes), len(sizes))
    return dict(sorted(found.items(), key=lambda row: -row[1][0]))


def rows(table: str) -> dict[str, tuple[int, int]]:
    """Bytes and count by line, from a table."""
    found = re.findall(r"^ +(\d+) +(\d+)  (\S.*)$", table, re.M)
    return {line: (int(size), int(count)) for size, count, line in found}


def logged(path: Path) -> list[dict[str, object]]:
    """A file of JSON Lines."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


# --- each era, architecture and kind of ELF file ---


@dataclass(frozen=True)
class Caught:
    """What one GDB caught of one board: output by command, and the two logs of a round."""

    board: run.FixtureRun  # which has ended
    said: dict[str, str]
    allocations: list[dict[str, object]]
    collections: list[dict[str, object]]


@pytest.fixture(
    name="caught",
    scope="module",
    params=[(OLD, False), (ARM, True), (RISCV, False)],
    ids=["old", "symbols", "riscv"],
)
def _caught(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Caught:
    variant, stripped = request.param
    folder = tmp_path_factory.mktemp("logs")
    with run.run(variant) as board:
        commands = [
            f"mpheap profile --allocs={len(made(board))}",
            f"mpheap profile --allocs={len(made(board))} --format=json",
            "maintenance info breakpoints",
            "mpheap catch memoryerror",
            "continue",
            "mpheap map --quiet",
            f"mpheap fit {made(board)[-1].bytes} --quiet",
            "mpheap bt --quiet",
            f"mpheap catch alloc --log={folder}/allocations.jsonl",
            f"mpheap catch gc --log={folder}/collections.jsonl",
            "continue 1",
        ]
        between = [line for item in commands for line in ("echo <->\\n", item)]
        parts = gdb(board, *between, elf=run.build(variant, stripped)).split("<->\n")[1:]
    logs = (logged(folder / f"{name}.jsonl") for name in ("allocations", "collections"))
    return Caught(board, dict(zip(commands, parts)), *logs)


def test_a_profile_counts_what_the_program_allocates(caught):
    number = len(made(caught.board))
    table = caught.said[f"mpheap profile --allocs={number}"]
    expected = by_line(caught.board)
    assert list(rows(table).items()) == list(expected.items())
    total = sum(size for size, _ in expected.values())
    assert f"\n{number} of {number} allocations, {total} bytes, in " in table
    assert table.endswith(" s: all counted\n")
    assert caught.said["maintenance info breakpoints"] == "No breakpoints or watchpoints.\n"


def test_a_profile_in_json_says_the_same(caught):
    number = len(made(caught.board))
    document = json.loads(caught.said[f"mpheap profile --allocs={number} --format=json"])
    found = [
        (f"{line['file']}:{line['line']} in {line['function']}", (line["bytes"], line["count"]))
        for line in document["lines"]
    ]
    assert found == list(by_line(caught.board).items())
    assert (document["allocation_count"], document["wanted_count"]) == (number, number)
    assert document["end"] == "all counted"
    check_listed("profile", [document])


def test_a_failing_allocation_is_told_with_map_fit_and_traceback(caught):
    failing = made(caught.board)[-1]
    told = caught.said["continue"].partition(f"MemoryError: {failing.bytes} bytes were asked for\n")
    shown, fit = told[2].strip("\n").split(f"\n\n{failing.bytes} bytes, ")
    whole = caught.said["mpheap map --quiet"].strip("\n").splitlines()
    assert shown.splitlines()[:30] == whole[:30]
    after = caught.said[f"mpheap fit {failing.bytes} --quiet"], caught.said["mpheap bt --quiet"]
    assert f"{failing.bytes} bytes, {fit}\n" == "\n".join(after)
    assert f'File "main.py", line {failing.line}, in loop_forever' in fit


def test_a_log_has_every_allocation_in_order(caught):
    found = caught.allocations
    assert [(event["bytes"], event["line"]) for event in found] == [
        (request.bytes, request.line) for request in made(caught.board)
    ]
    assert [event["number"] for event in found] == list(range(1, len(found) + 1))
    assert {(event["file"], event["function"]) for event in found} == {("main.py", "loop_forever")}
    check_listed("catch alloc", found)


def test_a_log_has_every_collection(caught):
    found = caught.collections
    assert [(event["cause"], event["line"], event["freed_bytes"]) for event in found] == [
        ("py_gc_collect", 6, freed_bytes(caught.board)),
        ("gc_alloc", 7, 0),
    ]
    check_listed("catch gc", found)
    is_riscv = caught.board.firmware.arch == "EM_RISCV"
    for event in found:
        assert event["used_before_bytes"] - event["used_after_bytes"] == event["freed_bytes"]
        assert event["clock"] == ("mcycle" if is_riscv else "host")
        assert event["duration_cycles" if is_riscv else "duration_ms"] > 0
        assert event["is_upper_bound"] is True  # QEMU's counter goes on while the core is halted


# --- profile ---


def test_time_ends_a_profile(board):
    table = gdb(board, "mpheap profile --allocs=1000000 --for=0.2", "maintenance info breakpoints")
    counted = sum(count for _, count in rows(table).values())
    assert 0 < counted < 1000000
    assert f"\n{counted} of 1000000 allocations, " in table
    assert ": time is over\n" in table
    assert table.endswith("No breakpoints or watchpoints.\n")


def test_time_ends_a_profile_of_a_program_that_does_not_allocate():
    with run.run("v1.27.0") as still:
        elf = run.build(ARM)  # whose gc_alloc is where nothing comes by
        table = gdb(still, "mpheap profile --allocs=3 --for=0.1", elf=elf)
    assert "\n0 of 3 allocations, 0 bytes, in 0." in table


def test_ctrl_c_ends_a_profile(board):
    with doors.gdb_by_hand(str(board.elf)) as by_hand:
        command(by_hand, doors.qemu(board))
        command(by_hand, "mpheap catch alloc --log")
        by_hand.sendline("mpheap profile --allocs=1000000")
        by_hand.expect(r"alloc \d+: ")  # it counts
        by_hand.sendintr()
        by_hand.expect(r"(\d+) of 1000000 allocations, \d+ bytes, in [\d.]+ s: the program stopped")
        by_hand.expect(PROMPT)
        listed = command(by_hand, "maintenance info breakpoints")
        assert re.findall(r"^(\S+) +hw breakpoint", listed, re.M) == ["1"]
        assert "2 + 2 = 4" in command(by_hand, r'printf "2 + 2 = %d\n", 2 + 2')


# --- catch alloc ---


def test_only_large_ones_stop(board):
    text = gdb(board, "mpheap catch alloc --min=1K", "continue", "mpheap catch alloc --min=1000",
               "delete 1", "continue", "continue")
    told = re.findall(r"^mpheap: (alloc .*)$", text, re.M)
    assert sorted(set(told)) == [
        "alloc 1: 1000 bytes at main.py:6 in loop_forever",
        "alloc 1: 1048576 bytes at main.py:7 in loop_forever",
        "alloc 2: 1048576 bytes at main.py:7 in loop_forever",
    ]


def test_objects_of_one_type(board):
    text = gdb(board, "mpheap catch memoryerror", "continue", "echo round\\n",
               "mpheap catch alloc --type=tuple --log", "mpheap catch alloc --type=str --log",
               "continue")
    told = re.findall(r"^alloc \d+: (.*)$", text.partition("round\n")[2], re.M)
    assert told == [
        f"{item.bytes} bytes for {item.type} at main.py:{item.line} in loop_forever"
        for item in made(board) if item.type in ("tuple", "str")
    ]


# --- catch gc ---


def test_a_counter_that_is_off_is_not_switched_on_but_told(board):
    done = doors.gdb(doors.qemu(board), "mpheap catch gc --temporary", "continue",
                     "maintenance info breakpoints", arguments=[str(board.elf)])
    assert "mpheap: note: DWT's cycle counter is off: times are this computer's, at most\n" in (
        done.stderr
    )
    assert re.search(r"^mpheap: gc 1: \d+ bytes freed, \d+ in use, at most [\d.]+ ms \(host\), at "
                     r"main\.py:[67] in loop_forever \((py_gc_collect|gc_alloc)\)$",
                     done.stdout, re.M)
    # A temporary one is gone with its second breakpoint.
    assert "No breakpoints or watchpoints.\n" in done.stdout


# --- breakpoints ---


def test_they_are_listed_and_deleted_like_any_other(board):
    with doors.gdb_by_hand(str(board.elf)) as by_hand:
        command(by_hand, doors.qemu(board))
        command(by_hand, "mpheap catch gc")
        command(by_hand, "mpheap catch memoryerror --temporary")
        said = "".join(command(by_hand, "continue") for _ in range(4))
        assert said.count("MemoryError: ") == 1
        assert said.count("mpheap: gc ") == 3
        listed = re.findall(r"^\d+ +(hw .*)$", command(by_hand, "info breakpoints"), re.M)
        assert len(listed) == 1 and "in gc_collect at" in listed[0]
        command(by_hand, "delete")
        assert "No breakpoints" in command(by_hand, "maintenance info breakpoints")


class Allocating(Machine):
    """The firmware on a board that a debug port stands before."""

    def __init__(self) -> None:
        self.elf = run.build(ARM)
        firmware = run.Firmware(self.elf)
        regions = [(start, end - start) for start, end in firmware.regions().values()]
        super().__init__(
            firmware.machine(), ["-kernel", str(self.elf)], core="m3", regions=regions
        )

    def _booted(self) -> None:
        self.serial.settimeout(run.BOOT_SECONDS)
        text = b""
        while not text.endswith(run.LAST_LINE.encode()):
            text += self.serial.recv(65536)


@pytest.fixture(name="_probe", scope="module")
def _shared_probe() -> Iterator[tuple[DebugPort, OpenOcd]]:
    with Allocating() as machine, DebugPort(machine) as port, OpenOcd(port) as openocd:
        yield port, openocd


@pytest.fixture(name="probe")
def _halted_probe(_probe: tuple[DebugPort, OpenOcd]) -> Iterator[tuple[DebugPort, OpenOcd]]:
    """A debug port and OpenOCD, in front of the firmware; between tests it is halted."""
    yield _probe
    _probe[1].tcl("halt")


def attach(openocd: OpenOcd) -> str:
    """GDB's command to attach to OpenOCD."""
    return f"target extended-remote 127.0.0.1:{openocd.gdb_port}"


def test_nothing_is_written_to_a_board_behind_openocd(probe, board):
    port, openocd = probe
    first, *_ = board.requests
    done = doors.gdb(
        attach(openocd),
        "thbreak m_malloc_fail",  # at which a round ends
        "continue",
        f"mpheap profile --allocs={first.count}",
        "mpheap catch gc --log",
        "mpheap catch alloc --min=1000 --log",
        "mpheap catch memoryerror",
        "continue",
        arguments=[str(board.elf)],
    )
    line = f"main.py:{first.line} in loop_forever"
    assert rows(done.stdout) == {line: (first.bytes * first.count, first.count)}
    assert re.findall(r"^(alloc|gc) \d+: (\d+) bytes", done.stdout, re.M) == [
        ("alloc", "1000"), ("gc", str(freed_bytes(board))), ("alloc", "1048576"), ("gc", "0")
    ]
    assert "MemoryError: 1048576 bytes were asked for" in done.stdout
    assert port.stats()["memory_writes"] == 0


def test_used_up_hardware_breakpoints_are_told(probe, board):
    taken = [f"hbreak *{0x08000100 + 2 * index:#x}" for index in range(6)]
    done = doors.gdb(attach(probe[1]), *taken, "mpheap profile --allocs=1",
                     arguments=[str(board.elf)])
    said = done.stderr.splitlines()[-1]
    assert said.startswith("mpheap: profile: ") and "breakpoint" in said
    assert said.endswith(" (hardware breakpoints needed: 1)")


# --- what is missing is said ---

EVERY = ["catch memoryerror", "catch alloc", "catch gc", "profile --allocs=1"]


def errors(*commands: str, before: Sequence[str] = (), elf: Sequence[str] = ()) -> list[str]:
    """What GDB says of commands that fail."""
    script = "python\n" + "".join(
        f"try:\n    gdb.execute({words!r})\nexcept gdb.error as error:\n    print('!', error)\n"
        for words in commands
    )
    done = doors.gdb(*before, script + "end", arguments=elf)
    assert done.exit == 0, done
    return re.findall("^! (.*)$", done.stdout, re.M)


def test_a_board_without_symbols(frozen):
    said = errors(*(f"mpheap {words}" for words in EVERY), before=[frozen.connect])
    symbols = ("m_malloc_fail", "gc_alloc", "gc_collect", "gc_alloc")
    assert said == [
        f"mpheap: {words.partition(' --')[0]}: no symbol {symbol}: the firmware's ELF file is "
        "needed (file FIRMWARE.elf)"
        for words, symbol in zip(EVERY, symbols)
    ]
    assert frozen.port.stats()["memory_writes"] == 0


def test_nothing_happens_in_a_core_or_without_a_program(board, tmp_path):
    core = tmp_path / "board.core"
    saved = doors.shell("snapshot", core, f"--gdb=:{board.gdb_port}", f"--elf={board.elf}")
    assert saved.returncode == 0, saved.stderr
    commands = [f"mpheap {words}" for words in EVERY]
    said = errors(*commands, f"core-file {core}", *commands, elf=[str(board.elf)])
    assert said == [
        f"mpheap: {words.partition(' --')[0]}: {why}: connect to a board "
        "(target extended-remote PORT)"
        for why in ("no program runs", "a core does not run")
        for words in EVERY
    ]


def wrong(old: Path) -> dict[str, str | None]:
    """Commands, and what is said of those that fail, with the ELF file of an old release."""
    return {
        "mpheap profile": "usage: the following arguments are required: --allocs",
        "mpheap profile --allocs=0": "usage: argument --allocs: 0: not a number from 1 on",
        "mpheap catch alloc --min=x": "usage: argument --min: x: not a number of bytes",
        "mpheap profile --allocs=1 --for=0": "usage: argument --for: 0: not a number of seconds",
        "mpheap catch gc --nosuch": "usage: unrecognized arguments: --nosuch",
        "mpheap catch gc --log --temporary":
            "usage: --log never stops, and --temporary ends with a stop",
        "mpheap catch alloc --type=list":
            "catch alloc: --type=list: MicroPython writes this type after the allocation, so that "
            "nothing tells it there",
        "set remote hardware-breakpoint-limit 1": None,
        "hbreak main": None,
        "mpheap catch alloc":
            "catch alloc: Hardware breakpoints used exceeds limit. "
            "(hardware breakpoints needed: 1)",
        f"file {old}": None,
        "mpheap catch alloc --type=tuple":
            "catch alloc: --type needs MicroPython 1.19 or later: no symbol mp_obj_malloc_helper",
    }


def test_what_cannot_be_is_one_line(board):
    expected = wrong(run.build(OLD))
    said = errors(*expected, before=[doors.qemu(board)], elf=[str(board.elf)])
    assert said == [f"mpheap: {message}" for message in expected.values() if message]


# --- help and completion ---


OPTIONS = {
    "catch memoryerror": {"--temporary"},
    "catch alloc": {"--min", "--type", "--log", "--format", "--temporary"},
    "catch gc": {"--log", "--format", "--temporary"},
    "profile": {"--allocs", "--for", "--format"},
}


@pytest.fixture(name="words", scope="module")
def _words() -> list[str]:
    """What GDB alone says: completions of options and of a value, help in two ways, a long map."""
    parts = [
        [f"complete mpheap {name} --" for name in OPTIONS],
        ["complete mpheap catch gc --format="],
        [f"help mpheap {name}" for name in OPTIONS],
        [f"mpheap {name} --help" for name in OPTIONS],
        ["python import mpheap_gdb.failure as it; print(it._cut('line\\n' * 40), end='')"],
    ]
    text = doors.gdb(*(line for part in parts for line in ("echo <->", *part))).stdout
    return text.split("<->")[1:]


def test_options_are_completed(words):
    for name, options in OPTIONS.items():
        assert set(re.findall(rf"^mpheap {name} (--\w+)$", words[0], re.M)) == options
    assert words[1].split()[3::4] == ["--format=json", "--format=text"]


def test_help_is_gdbs_and_has_every_option(words):
    assert words[2] == words[3]
    for part, options in zip(words[2].split("Usage: ")[1:], OPTIONS.values(), strict=True):
        assert set(re.findall(r"^ +(--\w+)", part, re.M)) == options


def test_a_long_map_is_cut(words):
    assert words[4].count("line\n") == 32
    assert words[4].endswith("... 8 more lines: mpheap map\n")


def test_each_command_is_in_the_page_about_gdb():
    page = (doors.ROOT / "docs" / "gdb.md").read_text(encoding="utf-8")
    assert all(f"mpheap {words}" in page for words in ("catch memoryerror", "catch alloc",
                                                       "catch gc", "profile --allocs"))
