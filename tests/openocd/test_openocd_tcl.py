# SPDX-License-Identifier: MIT
"""The Tcl alone: OpenOCD with a dummy adapter, and no board."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from captures import capture

import mpheap
from openocd_rig import SOURCE

CONFIG = """\
adapter driver dummy
adapter speed 1000
bindto 127.0.0.1
tcl_port disabled
telnet_port disabled
gdb_port disabled
jtag newtap x cpu -irlen 4
target create x.cpu testee -chain-position x.cpu
"""
BEGIN, END = "--- begin ---\n", "--- end ---\n"


def openocd(folder: Path, file: str, typed: str = "", env: dict[str, str] | None = None) -> str:
    """What is shown for a configuration file, and then for a command of -c, after init."""
    config = folder / "openocd.cfg"
    config.write_text(CONFIG + "init\n" + f"puts -nonewline {{{BEGIN}}}\n" + file)
    words = ["-c", typed] if typed else []
    done = subprocess.run(
        ["openocd", "-f", config, *words, "-c", f"puts -nonewline {{{END}}}; shutdown"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=30,
        check=False,
        env=env,
    )
    shown = done.stdout.partition(BEGIN)[2]
    return shown.partition(END)[0]


@pytest.fixture(name="heap")
def heap_fixture() -> tuple[str, str]:
    """A heap's memory, as an option, and what the board printed of it."""
    heap = capture("1.27.0")
    return f"--image={heap.memory(1)}@0", heap.map(1)


def test_a_file_shows_it_once(tmp_path: Path, heap: tuple[str, str]) -> None:
    assert openocd(tmp_path, f"source {SOURCE}\nmpheap map {heap[0]}\n") == heap[1]


def test_a_procedure_of_a_file_shows_it_once(tmp_path: Path, heap: tuple[str, str]) -> None:
    file = f"source {SOURCE}\nproc heap {{}} {{mpheap map {heap[0]}}}\n"
    assert openocd(tmp_path, file + "heap\n") == heap[1]
    assert openocd(tmp_path, file + "list\n", "heap") == heap[1]


def test_the_command_line_shows_it_once(tmp_path: Path, heap: tuple[str, str]) -> None:
    assert openocd(tmp_path, f"source {SOURCE}\n", f"mpheap map {heap[0]}") == heap[1]


def test_a_value_is_not_shown(tmp_path: Path, heap: tuple[str, str]) -> None:
    file = f"source {SOURCE}\nset text [mpheap_report map {heap[0]}]\necho [string length $text]\n"
    assert openocd(tmp_path, file) == f"{len(heap[1]) - 1}\n"


def test_status_1_is_no_error(tmp_path: Path) -> None:
    program = tmp_path / "finds"
    program.write_text("#!/bin/sh\necho found\necho 'mpheap: note: one' >&2\nexit 1\n")
    program.chmod(0o755)
    file = f"source {SOURCE}\nset mpheap_command {program}\nmpheap --found\necho $mpheap_status\n"
    assert openocd(tmp_path, file) == "found\nmpheap: note: one\n1\n"


def test_no_target_is_said(tmp_path: Path) -> None:
    file = f"source {SOURCE}\nrename target {{}}\ncatch {{mpheap map}} why\necho $why\n"
    assert openocd(tmp_path, file).startswith("mpheap: openocd: ")


@pytest.mark.parametrize("name", ["exec", "pipe", "wait"])
def test_a_tcl_that_starts_no_programs_says_what_to_do(tmp_path: Path, name: str) -> None:
    file = f"source {SOURCE}\nrename {name} {{}}\ncatch {{mpheap map}} why\necho $why\n"
    assert openocd(tmp_path, file) == (
        f"mpheap: this OpenOCD's Tcl has no {name}:"
        ' use "mpheap REPORT --openocd=:PORT" in a shell, with its Tcl port\n'
    )


def program_shown(folder: Path, source: Path, path: str, setting: str = "") -> str:
    """What `mpheap --version` shows with this PATH and no other hint."""
    file = f"source {source}\n{setting}\ncatch {{mpheap_report --version}} why\n"
    file += "puts -nonewline $why\n"
    return openocd(folder, file, env={"PATH": path})


def test_where_the_program_is(tmp_path: Path) -> None:
    version = mpheap.run("--version").stdout.removesuffix("\n")
    system = "/usr/bin:/bin"
    tree, tools = tmp_path / "tree", tmp_path / "tools"
    source = tree / "share" / "mpheap" / "openocd" / "mpheap.tcl"
    source.parent.mkdir(parents=True)
    shutil.copy(SOURCE, source)
    missing = "mpheap: cannot start mpheap: set mpheap_command to where the program is"
    assert program_shown(tmp_path, source, system) == missing

    tools.mkdir()
    (tools / "mpheap").symlink_to(mpheap.command_path())
    assert program_shown(tmp_path, source, f"{tools}:{system}") == version
    setting = f"set mpheap_command {tools / 'mpheap'}"
    assert program_shown(tmp_path, source, system, setting) == version

    (tree / "bin").mkdir()
    (tree / "bin" / "mpheap").symlink_to(mpheap.command_path())
    assert program_shown(tmp_path, source, system) == version
