# SPDX-License-Identifier: MIT
"""Reports on real targets: the board, the shell command and GDB agree byte for byte."""

from __future__ import annotations

import random
import re

import pexpect
import pytest

import doors
from doors import command
from fixture import run
from frozen import block_map, frozen_board
from rig import DebugPort, OpenOcd, Region
from rig.gdb import PROMPT

FIXTURES = ["v1.27.0", "v1.27.0-rv32"]


def halt(gdb: pexpect.spawn) -> None:
    """Stops a program that runs in the background, and waits for all that GDB says then."""
    gdb.sendline("interrupt")
    gdb.expect(r"SIGINT.* in \?\? \(\)\r\n")
    gdb.sendline("echo halted.")
    gdb.expect_exact("halted.")
    gdb.expect(PROMPT)


def test_the_map_is_the_boards_own_and_the_shells(frozen):
    shell = doors.shell("map", f"--openocd=:{frozen.openocd.tcl_port}")
    assert doors.report([frozen.connect], "mpheap map") == shell.stdout == frozen.map
    assert frozen.port.stats()["memory_writes"] == 0


EVERY_FORM = (
    *("info", "info --verbose", "info --format json", "map --legend", "map --help"),
    *("map --rich", "types", "objects --all", "objects --format json", "qstr"),
)


def test_every_form_of_a_report_is_the_shells(frozen):
    frozen.openocd.tcl("halt")  # as GDB does when it attaches
    for words in EVERY_FORM:
        shell = doors.shell(*words.split(), f"--openocd=:{frozen.openocd.tcl_port}")
        assert doors.report([frozen.connect], f"mpheap {words}") == shell.stdout, words


def test_the_stack_is_measured_with_gdbs_registers(frozen):
    text = doors.report([frozen.connect], "mpheap info")
    assert re.search(r"^stack: \d+ out of \d+$", text, re.M)
    assert "\ntarget: halted\n" in text


@pytest.mark.parametrize("kind", ["plain", "stripped", "no"])
@pytest.mark.parametrize("variant", FIXTURES)
def test_qemus_stub_with_any_elf(variant, kind):
    with run.run(variant) as board:
        elf = [] if kind == "no" else [str(run.build(variant, stripped=kind == "stripped"))]
        assert doors.report([doors.qemu(board)], "mpheap map", elf) == board.map
        info = doors.report([doors.qemu(board)], "mpheap info", elf)
    how = {"plain": "ELF with debug info", "stripped": "ELF with symbols", "no": "memory alone"}
    assert info.splitlines()[0].endswith(f"by {how[kind]}")


def test_the_users_elf_wins_over_gdbs():
    with run.run("v1.27.0") as board:
        elf, stripped = run.build("v1.27.0"), run.build("v1.27.0", stripped=True)
        text = doors.report([doors.qemu(board)], f"mpheap info --elf {stripped}", [str(elf)])
    assert text.splitlines()[0].endswith("by ELF with symbols")


def test_a_snapshot_in_gdb(frozen, tmp_path):
    core = tmp_path / "board.core"
    frozen.openocd.tcl("halt")
    saved = doors.shell("snapshot", core, f"--openocd=:{frozen.openocd.tcl_port}")
    assert saved.returncode == 0, saved.stderr
    open_core = f"core-file {core}"
    assert doors.report([open_core], "mpheap map") == frozen.map
    assert doors.report([open_core], f"mpheap info --core {core}") == doors.shell(
        "info", "--core", core
    ).stdout
    assert doors.report([open_core], "mpheap info") == doors.shell("info", "--core", core).stdout


def test_a_snapshot_from_gdb_is_one_for_the_shell(tmp_path):
    core, elf = tmp_path / "board.core", str(run.build("v1.27.0"))
    with run.run("v1.27.0") as board:
        doors.report([doors.qemu(board)], f"mpheap snapshot {core}", [elf])
        assert doors.shell("map", "--core", core, "--elf", elf).stdout == board.map


def test_gdb_tells_the_machine_and_the_registers_without_an_elf(frozen, tmp_path):
    core = tmp_path / "board.core"
    commands = [frozen.connect, "print/x $pc", f"mpheap snapshot {core} --ram 0x20000000+16K"]
    program_counter = re.search(r"\$1 = (\w+)", doors.gdb(*commands).stdout)[1]
    opened = doors.gdb(f"core-file {core}", "print/x $pc", "show architecture").stdout
    assert f"$1 = {program_counter}\n" in opened
    assert '(currently "arm' in opened


def test_the_link_to_openocd_reads_beside_gdb(frozen):
    shell = doors.shell("map", f"--openocd=:{frozen.openocd.tcl_port}")
    link = f"set mpheap link openocd 127.0.0.1:{frozen.openocd.tcl_port}"
    assert doors.report([link], "mpheap map") == shell.stdout
    assert doors.report([frozen.connect, link], "mpheap map") == shell.stdout
    named = doors.gdb(link, "mpheap map --core /nonexistent")
    assert "/nonexistent" in named.stderr  # the user's own target counts


def test_a_report_while_the_program_runs(frozen):
    with doors.gdb_by_hand() as gdb:
        command(gdb, frozen.connect)
        command(gdb, "continue&")
        said = command(gdb, "mpheap map")
        assert said == "mpheap: gdb: the program runs (interrupt it, or: set mpheap link openocd)\n"
        assert command(gdb, "print $_mpheap_status") == "$1 = 3\n"
        command(gdb, f"set mpheap link openocd :{frozen.openocd.tcl_port}")
        assert "\ntarget: running" in command(gdb, "mpheap info")
        halt(gdb)


def test_each_run_sees_the_memory_of_its_moment():
    with frozen_board() as frozen, doors.gdb_by_hand() as gdb:
        command(gdb, frozen.connect)
        assert command(gdb, "mpheap map") == frozen.map
        command(gdb, "continue&")
        frozen.board.thaw()
        later = block_map(frozen.board.freeze("keep = bytearray(2000)"))
        halt(gdb)
        assert command(gdb, "mpheap map") == later != frozen.map


# --- targets that are not what they should be ---


def test_a_target_without_a_heap_is_one_line(tmp_path):
    noise = tmp_path / "noise"
    noise.write_bytes(random.Random(1).randbytes(0x4000))
    with DebugPort([Region(0x20000000, 0x4000, noise)]) as port, OpenOcd(port) as openocd:
        connect = f"target extended-remote 127.0.0.1:{openocd.gdb_port}"
        ram = "mpheap map --ram 0x20000000+16K"
        result = doors.gdb("set architecture armv7", connect, ram, "echo not reached")
    lines = [line for line in result.stderr.splitlines() if line.startswith("mpheap: ")]
    assert len(lines) == 1
    assert "Traceback" not in result.stderr
    assert "not reached" not in result.stdout


def test_memory_that_cannot_be_read_is_one_line(tmp_path):
    with run.run("v1.27.0") as board:
        save = f"mpheap snapshot {tmp_path / 'board.core'} --ram 0x70000000+4K"
        result = doors.gdb(doors.qemu(board), save, arguments=[str(run.build("v1.27.0"))])
    assert result.stderr.splitlines()[-1].startswith("mpheap: ")
    assert "0x70000000" in result.stderr.splitlines()[-1]
    assert "Traceback" not in result.stderr


def test_a_lost_connection_is_one_line():
    with doors.gdb_by_hand() as gdb:
        with run.run("v1.27.0") as board:
            command(gdb, doors.qemu(board))
        said = command(gdb, "mpheap map")
        assert said.splitlines()[-1].startswith("mpheap: gdb: ")
        assert "$1 = 3" in command(gdb, "print $_mpheap_status")
        assert "Traceback" not in said
        assert "which target?" in command(gdb, "mpheap map")  # no program any more
