# SPDX-License-Identifier: MIT
"""The report's bytes through what GDB puts between a command and its reader."""

from __future__ import annotations

import ast
import os
import subprocess

import pytest

import doors
from doors import command
from frozen import Frozen
from rig.gdb import GDB, PROMPT

ESCAPE = "\x1b["


@pytest.fixture(name="link")
def _link(frozen: Frozen) -> str:
    """The quickest way to the board's heap."""
    return f"set mpheap link openocd :{frozen.openocd.tcl_port}"


def test_colours_follow_gdbs_style_on_a_terminal(frozen, link):
    with doors.gdb_by_hand() as gdb:
        command(gdb, link)
        assert command(gdb, "mpheap map") == frozen.map
        command(gdb, "set style enabled on")
        coloured = command(gdb, "mpheap map")
        assert ESCAPE in coloured
        assert command(gdb, "mpheap map --color=auto") == coloured
        assert command(gdb, "mpheap map --color auto") == coloured
        assert command(gdb, "mpheap map --color never") == frozen.map
        shell = doors.shell("map", "--color=always", f"--openocd=:{frozen.openocd.tcl_port}")
        assert coloured == shell.stdout


def test_no_colours_into_a_file(frozen, link):
    assert doors.report([link, "set style enabled on"], "mpheap map") == frozen.map


def test_a_long_report_can_be_left_at_the_pager(link):
    with doors.gdb_by_hand() as gdb:
        command(gdb, link)
        for setting in ("set pagination on", "set height 4", "set width 80"):
            command(gdb, setting)
        gdb.sendline("mpheap map --help")
        gdb.expect("--Type <RET> for more, q to quit, c to continue without paging--")
        gdb.send("q\r")
        gdb.expect(PROMPT)
        assert "Quit" in gdb.before
        assert "Traceback" not in gdb.before
        assert command(gdb, "print 2 + 2") == "$1 = 4\n"


def test_narrow_lines_are_left_as_they_are(frozen, link):
    with doors.gdb_by_hand() as gdb:
        command(gdb, link)
        command(gdb, "set width 20")
        assert command(gdb, "mpheap map") == frozen.map


def test_the_report_goes_where_gdb_sends_it(frozen, link, tmp_path):
    log = tmp_path / "log"
    result = doors.gdb(
        link,
        "pipe mpheap map | sed s/^/piped:/",
        "python text = gdb.execute('mpheap map', to_string=True)",
        f"python open({str(log)!r}, 'w').write(text)",
    )
    assert result.stdout == "".join(f"piped:{line}" for line in frozen.map.splitlines(True))
    assert log.read_text() == frozen.map


def test_a_front_end_gets_the_bytes_as_strings(frozen, link):
    """GDB/MI: ~"..." for a report, &"..." for notes and errors."""
    commands = [f"source {doors.SCRIPT}", link, "mpheap map --stats", "mpheap nosuch"]
    done = subprocess.run(
        ["setpriv", "--pdeathsig", "KILL", "--", *GDB, "-i=mi3"],
        input="".join(f'-interpreter-exec console "{text}"\n' for text in commands),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env=dict(os.environ),
    )
    lines = done.stdout.splitlines()
    text = "".join(ast.literal_eval(line[1:]) for line in lines if line.startswith("~"))
    notes = "".join(ast.literal_eval(line[1:]) for line in lines if line.startswith("&"))
    assert frozen.map in text
    assert notes.startswith("mpheap: stats: ")
    error = '^error,msg="mpheap: usage: no report is called nosuch'
    assert any(line.startswith(error) for line in lines)
