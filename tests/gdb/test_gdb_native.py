# SPDX-License-Identifier: MIT
"""C and Python frames together: what GDB itself unwinds, and what the board says of its Python."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import doors
from fixture import run
from json_page import listed, paths
from rig import Board, DebugPort, OpenOcd

# Each form of frame and word, and each architecture.
VARIANTS = ["v1.8", "v1.12-nanbox", "v1.19.1", "v1.27.0", "v1.27.0-rv32", "v1.27.0-rv64"]

EXECUTOR = "mp_execute_bytecode"
HEADING = "Traceback (most recent call last):"
# What the fixture prints of where it stands (tests/fixture/main.c).
PYTHON = ['  File "main.py", line 12, in <module>', '  File "main.py", line 7, in loop_forever']
C_FRAME = re.compile(r"^#\d+ +(?:0x\w+ in )?(\S+) \(.*?\)(?: at (\S+:\d+))?$", re.M)
BOTH = re.compile(r"^( *)#(\d+) +(?:0x\w+ in )?(\S+) \(.*?\)(?: at (\S+))?$", re.M)


@pytest.fixture(name="board", scope="module", params=VARIANTS)
def _board(request: pytest.FixtureRequest) -> Iterator[run.FixtureRun]:
    with run.run(request.param) as board:
        yield board


def ask(board: run.FixtureRun, *commands: str, elf: Path | None = None) -> list[str]:
    """What each command printed."""
    between = "echo \\n<->\\n"
    script = [line for command in commands for line in (between, command)]
    result = doors.gdb(doors.qemu(board), *script, between, arguments=[str(elf or board.elf)])
    assert result.exit == 0, result
    return [text.strip("\n") for text in result.stdout.split("<->")[1:-1]]


def is_executor(name: str) -> bool:
    """Compilers make copies, whose symbols have suffixes."""
    return name.partition(".")[0] == EXECUTOR


def interleaved(c_frames: str) -> list[str]:
    """What `bt --native` should print, from GDB's own backtrace: the frames that execute bytecode
    are the board's Python frames, one each."""
    found = C_FRAME.findall(c_frames)[::-1]
    python = iter(PYTHON)
    lines = [
        next(python) if is_executor(name) else f"  [C] {name} () at {where}"
        for name, where in found
    ]
    assert len(found) > 6 and next(python, None) is None
    return [HEADING, *lines]


# --- mpheap bt --native ---


def test_c_and_python_frames_are_in_one_order(board):
    native, own = ask(board, "mpheap bt --native", "bt -no-filters")
    assert native.splitlines() == interleaved(own)


def test_a_python_frame_is_the_c_functions_argument(board):
    """GDB says by itself which frame each call of mp_execute_bytecode was given, unless the
    compiler let go of it (RISC-V, 32 bits)."""
    native, own = ask(board, "mpheap bt --native --format=json", "bt -no-filters")
    given = re.findall(rf"^#(\d+) .*{EXECUTOR} \(code_state=(?:\w+@entry=)?([^,]+)", own, re.M)
    python = [frame for frame in json.loads(native)["frames"] if frame["kind"] == "python"]
    assert [str(frame["level"]) for frame in python] == [level for level, _ in given[::-1]]
    for frame, (_, address) in zip(python, given[::-1], strict=True):
        assert address in (frame["frame_address"], "<optimized out>")
    assert "<optimized out>" not in dict(given).values() or "rv32" in board.elf.name


def test_symbols_alone_are_enough(one_board):
    stripped = one_board.elf.with_name(one_board.elf.stem + "-stripped.elf")
    native, own, filtered = ask(
        one_board, "mpheap bt --native", "bt -no-filters", "bt", elf=stripped
    )
    without_addresses = re.sub(r" \(0x\w+\)", "", native).splitlines()
    assert without_addresses == [line.removesuffix(" at ") for line in interleaved(own)]
    assert BOTH.findall(filtered) == replaced(own)


def test_keys(one_board):
    native, plain = ask(
        one_board, "mpheap bt --native --format=json", "mpheap bt --locals --format=json"
    )
    kinds = paths([{"frames": [frame]} for frame in json.loads(native)["frames"]
                   if frame["kind"] == "native"])
    promised = {path: kind for path, (kind, _) in listed("bt: native frames").items()}
    assert kinds == promised
    assert paths([json.loads(native)]).keys() <= promised.keys() | listed("bt").keys()
    assert json.loads(plain)["processor"]["symbol"] == "fixture_idle"


def test_a_stack_that_cannot_be_unwound_is_told_as_far_as_it_goes(one_board):
    """The program counter leads nowhere, and the caller is lost: Python's frames are not."""
    registers = "set $lr = {}\nset $pc = {}"
    result = doors.gdb(
        doors.qemu(one_board), "set $saved_lr = $lr", "set $saved_pc = $pc",
        registers.format(0, 0x30000000), "mpheap bt --native",
        registers.format("$saved_lr", "$saved_pc"), arguments=[str(one_board.elf)],
    )
    assert result.exit == 0, result
    lines = result.stdout[result.stdout.index(HEADING):].splitlines()
    assert lines[:3] == [HEADING, *PYTHON]
    assert "  [C] ?? () (0x30000000)" in lines[3:]


def test_a_core_has_them_too(one_board, tmp_path):
    core = tmp_path / "core"
    live, _ = ask(one_board, "mpheap bt --native", f"mpheap snapshot {core}")
    arguments = [str(one_board.elf), str(core)]
    assert doors.report([], "mpheap bt --native", arguments) == live + "\n"


def test_a_target_of_the_users_own_has_no_unwinder(one_board, tmp_path):
    """What GDB is connected to is not what the report is about."""
    zeros = tmp_path / "zeros"
    zeros.write_bytes(bytes(64))
    result = doors.gdb(doors.qemu(one_board), f"mpheap bt --native --image={zeros}@0")
    assert result.exit == 1
    assert "mpheap: bt: native frames need GDB's unwinder" in result.stderr


# --- GDB's own bt ---


def replaced(own: str) -> list[tuple[str, str, str, str]]:
    """What `bt` should print, from GDB's own backtrace: indent, number, function, place."""
    python = iter([("loop_forever", "main.py:7"), ("<module>", "main.py:12")])
    frames, is_called = [], False
    for _, number, name, where in BOTH.findall(own):
        if is_executor(name):
            frames.append(("", number, *next(python)))
        else:
            frames.append(("    " if is_called else "", number, name, where))
        is_called = is_executor(name)
    return frames


def test_bt_shows_python_frames_in_the_place_of_the_interpreters(board):
    filtered, own, hidden = ask(board, "bt", "bt -no-filters", "bt -hide")
    expected = replaced(own)
    assert BOTH.findall(filtered) == expected
    assert BOTH.findall(hidden) == [frame for frame in expected if not frame[0]]


@pytest.mark.parametrize("suffix", ["", "-stripped"])
def test_bt_shows_pythons_arguments(one_board, suffix: str):
    """As `bt --locals` has them; without the type of objects in quotes."""
    elf = one_board.elf.with_name(one_board.elf.stem + suffix + ".elf")
    filtered, locals_ = ask(
        one_board, "set print frame-arguments all\nbt", "mpheap bt --locals", elf=elf
    )
    (name, value) = re.search(r"in loop_forever\n    (\w+) = (.*)", locals_).groups()
    assert (name, value) == ("temperature", "[]")
    shown = value if not suffix else f'"{value}"'
    assert f" loop_forever (temperature={shown}) at main.py:7\n" in filtered


def test_the_filter_can_be_turned_off(one_board):
    off, own = ask(one_board, "disable frame-filter global mpheap\nbt", "bt -no-filters")
    assert off == own and EXECUTOR in own


def test_bt_with_a_damaged_heap_is_gdbs_own(one_board):
    """Where the heap's area was, there is nothing that looks like one."""
    area = "mp_state_ctx.mem.area.gc_pool_start"
    filtered, own = ask(one_board, f"set $kept = {area}\nset var {area} = 1\nbt",
                        f"bt -no-filters\nset var {area} = $kept")
    assert BOTH.findall(filtered) == BOTH.findall(own)
    assert EXECUTOR in own


def test_bt_follows_the_program(one_board):
    """A stop has its own look: the frame's line is that of the opcode at the moment."""
    frame = "((mp_code_state_t *) $frame)"
    moved, back = ask(
        one_board,
        f"up 3\nset $frame = code_state\nset $ip = {frame}->ip\nbt\n"
        f"set var {frame}->ip = {frame}->ip - 2\nbt",
        f"set var {frame}->ip = $ip\nbt",
    )
    lines = re.findall(r"loop_forever \(.*?\) at main.py:(\d+)", moved)
    assert lines[0] == "7" and lines[1] != "7"
    assert " at main.py:7\n" in back


# --- a board without symbols ---


def test_official_firmware_keeps_its_python_frames():
    """GDB has nothing to unwind it by; it says so, and bt is its own."""
    with Board() as board, DebugPort(board) as port, OpenOcd(port) as openocd:
        board.repl.start("def f(n):\n  print('spins')\n  while True: pass\nf(1)\n")
        board.repl.read_until(b"spins\r\n")
        result = doors.gdb(
            f"target extended-remote 127.0.0.1:{openocd.gdb_port}",
            *("echo <->\\n", "mpheap bt --native", "echo <->\\n", "bt", "echo <->\\n"),
            "bt -no-filters",
        )
        assert port.stats()["memory_writes"] == 0
    assert result.exit == 0, result
    _, native, filtered, own = result.stdout.split("<->\n")
    lines = native.splitlines()
    heading, module, function = (line for line in lines if "[C]" not in line)
    assert (heading, module) == (HEADING, '  File "<stdin>", line 4, in <module>')
    assert re.fullmatch('  File "<stdin>", line [23], in f', function)  # it prints, then spins
    c_lines = [line for line in lines if "[C]" in line]
    nameless = re.compile(r"  \[C\] (\?\? \(\) \(0x[0-9a-f]{8}\)|<signal handler called>)")
    assert c_lines and all(map(nameless.fullmatch, c_lines))
    assert ("the C frames end early" in result.stderr) == ("Backtrace stopped" in own)
    own = own.replace("[Inferior 1 (Remote target) detached]\n", "")
    # Under any frame filter GDB gives the frame of an interrupt the brackets of a function.
    assert filtered.replace("<signal handler called> ()", "<signal handler called>") == own
