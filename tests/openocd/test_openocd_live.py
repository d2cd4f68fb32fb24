# SPDX-License-Identifier: MIT
"""The command in OpenOCD before a live board: the shell's bytes, shown once, nothing touched."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import mpheap
from openocd_console import quote
from openocd_rig import SOURCE, Rig, frozen_board
from rig import Board, DebugPort, OpenOcd, TclError, gdb_interactive, run_gdb
from rig.gdb import PROMPT
from rig.microbit import FLASH, NOTHING_THERE

REPORTS = [
    *("map", "info", "info --verbose", "info --format json", "map --help", "--help"),
    *("map --rich --legend", "types", "objects", "objects --format json", "qstr --strings"),
]


@pytest.mark.parametrize("words", REPORTS)
def test_the_console_shows_what_the_shell_prints(frozen: Rig, words: str) -> None:
    shell = frozen.shell(*words.split()) if words != "--help" else mpheap.run(words)
    notes = "".join(f"mpheap: note: {note}\n" for note in shell.notes)
    with frozen.console() as console:
        assert console.run(f"mpheap {words}") == shell.stdout + notes


def test_the_map_is_the_board_s(frozen: Rig) -> None:
    with frozen.console() as console:
        assert console.run("mpheap map") == frozen.map


@pytest.mark.parametrize("words", ["map", "info"])
def test_gdb_s_monitor_shows_what_the_shell_prints(frozen: Rig, words: str) -> None:
    with frozen_board(code="kept = 'held by a debugger'") as parts:
        attach = f"target extended-remote 127.0.0.1:{parts.openocd.gdb_port}"
        result = run_gdb(["set architecture armv6s-m", attach, f"monitor mpheap {words}", "detach"])
        assert result.exit == 0, result
        assert result.stderr.endswith("\n" + parts.shell(*words.split()).stdout)


def test_gdb_s_monitor_shows_an_error_once(frozen: Rig) -> None:
    attach = f"target extended-remote 127.0.0.1:{frozen.openocd.gdb_port}"
    result = run_gdb(["set architecture armv6s-m", attach, "monitor mpheap nothing"])
    frozen.openocd.tcl("resume")
    assert result.stderr.count("mpheap: usage: no report is called nothing") == 1
    assert result.exit == 1


def test_a_gdb_that_lets_the_board_run_sees_nothing(frozen: Rig) -> None:
    with frozen.console() as console, gdb_interactive() as gdb:
        gdb.sendline("set architecture armv6s-m")
        gdb.expect(PROMPT)
        gdb.sendline(f"target extended-remote 127.0.0.1:{frozen.openocd.gdb_port}")
        gdb.expect(PROMPT)
        gdb.sendline("continue")
        gdb.expect("Continuing")
        assert console.run("mpheap map") == frozen.map
        gdb.sendintr()
        gdb.expect("Program received signal SIGINT")
        assert gdb.before.strip(" .\r\n") == ""
        gdb.expect(PROMPT)
        gdb.sendline("detach")
        gdb.expect(PROMPT)
    frozen.openocd.tcl("resume")


def test_a_file_and_a_handler_show_it_once() -> None:
    handler = "mp.cm configure -event halted {mpheap map}"
    with frozen_board(config=("init", "mpheap map", handler)) as parts:
        assert parts.openocd.log.count(parts.map) == 1
        with parts.console() as console:
            assert console.run("halt").count(parts.map) == 1
            assert console.run("mpheap map") == parts.map


def test_a_script_gets_the_report_as_a_value(frozen: Rig) -> None:
    frozen.openocd.tcl("set report [mpheap_report info --format json --stats]")
    text = frozen.openocd.tcl("set report")
    assert frozen.openocd.tcl("string length $report") == str(len(text))
    assert frozen.openocd.tcl("set mpheap_status") == "0"
    assert "mpheap: stats: " in frozen.openocd.tcl("set mpheap_notes")
    assert json.loads(text) == frozen.shell("info", "--format", "json").json


def test_the_log_stays_quiet() -> None:
    with frozen_board() as parts, parts.console() as console:
        console.run("mpheap info")
        console.run("echo done")
        parts.openocd.wait_log("^done$")
        assert "Error" not in parts.openocd.log
        assert parts.port.stats()["bus_faults"] > 0  # it looked where nothing is


def test_notes_are_shown_behind_the_report(frozen: Rig, tmp_path: Path) -> None:
    with frozen.console() as console:
        lines = console.run(f"mpheap snapshot {tmp_path / 'core'}").splitlines()
    assert lines[-2].endswith(str(tmp_path / "core"))
    assert lines[-1].startswith("mpheap: note: snapshot: no registers: the target runs")


def test_a_snapshot_holds_the_board(frozen: Rig, tmp_path: Path) -> None:
    core = tmp_path / "core"
    with frozen.console() as console:
        console.run(f"mpheap snapshot {core} --halt")
    assert mpheap.board_map("--core", core) == frozen.map
    assert frozen.openocd.tcl("mp.cm curstate") == "running"


def test_a_running_board_is_neither_stopped_nor_written() -> None:
    with Board() as board, DebugPort(board, options=NOTHING_THERE) as port:
        with OpenOcd(port, [f"source {SOURCE}"]) as openocd:
            board.repl.start("i = 0\nwhile True:\n  i += 1\n  print('count', i)\n\n")
            board.repl.read_until(b"count 1\r\n")
            assert "target: running" in openocd.tcl("mpheap info")
            board.repl.read_until(b"count ")
            stats = port.stats()
            assert (stats["cpu_stops"], stats["cpu_halts"], stats["memory_writes"]) == (0, 0, 0)
            board.repl.interrupt()


def test_halt_is_for_the_read_only() -> None:
    with frozen_board() as parts:
        with parts.console() as console:
            assert parts.map in console.run("mpheap map --halt")
        stats = parts.port.stats()
        assert (stats["cpu_halts"], stats["cpu_resumes"], stats["memory_writes"]) == (1, 1, 0)
        assert parts.openocd.tcl("mp.cm curstate") == "running"
        parts.board.thaw()
        assert parts.board.repl.eval("6 * 7") == 42


def test_a_halted_board_stays_halted(frozen: Rig) -> None:
    frozen.openocd.tcl("halt")
    try:
        assert "target: halted" in frozen.openocd.tcl("mpheap info --halt")
        assert frozen.openocd.tcl("mp.cm curstate") == "halted"
    finally:
        frozen.openocd.tcl("resume")


def test_an_output_file_of_the_user_s_is_taken(frozen: Rig, tmp_path: Path) -> None:
    file = tmp_path / "map"
    assert frozen.openocd.tcl(f"mpheap map -o {file}") == ""
    assert file.read_text() == frozen.map


def test_a_dump_needs_no_target(frozen: Rig, tmp_path: Path) -> None:
    ram = tmp_path / "ram [set x]"
    ram.write_bytes(frozen.board.read_ram())
    before = frozen.port.stats()["bus_reads"]
    flash = tmp_path / "flash;exit"
    flash.write_bytes(frozen.board.read_memory(*FLASH))
    words = [quote(f"{ram}@0x20000000"), quote(f"{flash}@0")]
    for option in ("--image=", "--image ", "--im "):
        command = " ".join(["mpheap map", *(option + word for word in words)])
        assert frozen.openocd.tcl(command) == frozen.map.rstrip("\n")
    assert frozen.port.stats()["bus_reads"] == before


def test_the_current_target_is_meant_unless_another_is_named() -> None:
    other = "target create mp.other cortex_m -dap mp.dap -ap-num 0 -defer-examine"
    with frozen_board(config=(other,)) as parts:
        table = parts.map.rstrip("\n")
        parts.openocd.tcl("targets mp.other")
        with pytest.raises(TclError, match="^mpheap: openocd: mp.other was not examined"):
            parts.openocd.tcl("mpheap map")
        assert parts.openocd.tcl("mpheap map --target mp.cm") == table
        assert parts.openocd.tcl("target current") == "mp.other"
        parts.openocd.tcl("targets mp.cm")
        assert parts.openocd.tcl("mpheap map") == table
        with pytest.raises(TclError, match="no target 'mp.none', there are: mp.cm mp.other"):
            parts.openocd.tcl("mpheap map --target=mp.none")


def test_before_init_it_says_so() -> None:
    with frozen_board(config=("catch {mpheap map} early",)) as parts:
        early = parts.openocd.tcl("set early")
    assert early == "mpheap: openocd: no target is connected before init"


def test_help_and_usage(frozen: Rig) -> None:
    with frozen.console() as console:
        assert re.search(r"mpheap REPORT \[ARGS\] \[options\]\n.*heap", console.run("help mpheap"))
        assert "mpheap REPORT [ARGS] [options]\n" in console.run("usage mpheap")


def test_no_variable_stays(frozen: Rig) -> None:
    frozen.openocd.tcl("mpheap info")
    assert frozen.openocd.tcl("info globals mph_*") == ""


def test_the_log_s_level_is_what_it_was(frozen: Rig) -> None:
    frozen.openocd.tcl("debug_level 1")
    frozen.openocd.tcl("mpheap map")
    level = frozen.openocd.tcl("debug_level")
    frozen.openocd.tcl("debug_level 2")
    assert level.strip() == "debug_level: 1"
