# SPDX-License-Identifier: MIT
"""The command in OpenOCD before a dump of our own firmware: names, faults, and sudden ends."""

from __future__ import annotations

import os
import re
import shutil
import signal
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from fixture import run as fixture_run

import mpheap
from openocd_rig import SOURCE
from openocd_console import Console, quote
from rig import DebugPort, OpenOcd, Region, TclError
from rig.process import wait_until

VARIANT = "v1.27.0-bench"
SLOW = ["--throttle=200000,1"]  # bytes a second: the map takes about one


@pytest.fixture(name="dump", scope="module")
def dump_fixture(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Region], str]:
    """The memories of a firmware, and the map that it printed."""
    with fixture_run.run(VARIANT) as board:
        files = board.dump(tmp_path_factory.mktemp(VARIANT))
        limits = board.firmware.regions()
        regions = [Region(start, end - start, files[n]) for n, (start, end) in limits.items()]
        return regions, board.map


@contextmanager
def opened(
    regions: list[Region], **arguments: object
) -> Iterator[tuple[DebugPort, OpenOcd, Console]]:
    with DebugPort(regions, **arguments) as port:
        with OpenOcd(port, [f"source {SOURCE}"]) as openocd:
            with Console(openocd.telnet_port) as console:
                yield port, openocd, console


@pytest.fixture(name="openocd", scope="module")
def openocd_fixture(dump: tuple[list[Region], str]) -> Iterator[OpenOcd]:
    with opened(dump[0]) as (_, openocd, _):
        yield openocd


# The firmware's own words


@pytest.mark.parametrize("front_end", ["stlink", "bitbang"])
@pytest.mark.parametrize("elf", [True, False])
def test_the_map_is_the_firmware_s(dump, front_end: str, elf: bool) -> None:
    words = f"mpheap map --elf {fixture_run.build(VARIANT)}" if elf else "mpheap map"
    with opened(dump[0], front_end=front_end) as (port, openocd, console):
        assert console.run(words) == dump[1]
        info = words.replace("map", "info")
        shell = mpheap.run(*info.split()[1:], f"--openocd=:{openocd.tcl_port}")
        assert console.run(info) == shell.stdout
        assert port.stats()["memory_writes"] == 0


# Names and wrong words


@pytest.mark.parametrize(
    "name",
    [
        "plain",
        "two words",
        "[exit] $env(HOME) \\n {",
        "'; touch x; '\"`touch x`$(touch x)",
        "line\nbreak",
        ">x",
        "2>x",
        "|",
        "&",
        "größe",
        "#*?~",
    ],
)
def test_any_file_name_is_one_word(openocd: OpenOcd, tmp_path: Path, name: str) -> None:
    openocd.tcl(f"cd {quote(str(tmp_path))}")
    openocd.tcl(f"mpheap snapshot {quote(name)} --ram 0x20000000+1K")
    assert os.listdir(tmp_path) == [name]
    assert openocd.tcl(f"mpheap_report snapshot {quote(name)} --core {quote(name)}")


@pytest.mark.parametrize(
    "words, status, error",
    [
        ("", 2, "usage: which report? (mpheap --help)"),
        ("nothing", 2, "usage: no report is called nothing (mpheap --help)"),
        ("--quiet map", 2, "usage: no report is called --quiet (mpheap --help)"),
        ("map --core /nowhere", 3, "file: No such file or directory (/nowhere)"),
        ("map --ram 0x40000000+1K", 3, None),
        ("snapshot /nowhere/file --ram 0x20000000+1K", 3, None),
    ],
)
def test_an_error_is_the_shell_s_line(
    openocd: OpenOcd, words: str, status: int, error: str | None
) -> None:
    with pytest.raises(TclError) as raised:
        openocd.tcl(f"mpheap {words}")
    target = [] if "--core" in words or not words else [f"--openocd=:{openocd.tcl_port}"]
    shell = mpheap.run(*words.split(), *target)
    assert (shell.status, shell.error) == (status, error or shell.error)
    assert unnumbered(str(raised.value)) == unnumbered(f"mpheap: {shell.error}")
    assert openocd.tcl("set mpheap_status") == str(status)


def unnumbered(line: str) -> str:
    """Without the process id in a temporary file's name."""
    return re.sub(r"part\d+", "part", line)


def test_an_error_can_be_caught_and_is_one_line_on_the_console(openocd: OpenOcd) -> None:
    assert openocd.tcl("catch {mpheap nothing} why") == "1"
    why = openocd.tcl("set why")
    assert why.startswith("mpheap: usage: no report is called nothing")
    with Console(openocd.telnet_port) as console:
        assert console.run("mpheap nothing") == why + "\n"


# Targets that fail, and programs that end


def test_memory_that_faults_is_an_error_and_the_next_command_works(dump) -> None:
    with opened(dump[0], options=["--fault=0x20000000,0x30000"]) as (_, openocd, console):
        assert re.fullmatch(r"mpheap: .+\n", console.run("mpheap map"))
        assert openocd.tcl("set mpheap_status") in "34"
        assert console.run("mpheap --version").startswith("mpheap ")


def test_a_fault_in_the_middle_is_an_error(dump) -> None:
    table = re.search(r"^0 +(0x\w+)", mpheap_info(dump), re.M)[1]
    with opened(dump[0], options=[f"--fault={table},4"]) as (_, openocd, console):
        shown = console.run("mpheap map")
        shell = mpheap.run("map", f"--openocd=:{openocd.tcl_port}")
        assert shown == shell.stdout + shell.stderr
        assert openocd.tcl("set mpheap_status") == str(shell.status)


def mpheap_info(dump: tuple[list[Region], str]) -> str:
    images = [f"--image={region.file}@{region.base:#x}" for region in dump[0]]
    return mpheap.run("info", *images).stdout


def child_of(openocd: OpenOcd) -> int:
    """The program that OpenOCD has started, once it runs."""
    pid = openocd_pid(openocd)
    found: list[int] = []

    def is_there() -> bool:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        found[:] = [int(child) for child in children if "mpheap" in executable(child)]
        return bool(found)

    wait_until(is_there, 10, "a child")
    return found[0]


def executable(pid: str) -> str:
    try:
        return os.readlink(f"/proc/{pid}/exe")
    except FileNotFoundError:
        return ""


def openocd_pid(openocd: OpenOcd) -> int:
    if not hasattr(openocd, "pid"):
        openocd.pid = int(openocd.tcl("pid"))
    return openocd.pid


@pytest.mark.parametrize(
    "number, error",
    [
        (signal.SIGKILL, "was ended by SIGKILL"),
        (signal.SIGTERM, None),
    ],
)
def test_a_program_that_is_ended_is_an_error(dump, number: int, error: str | None) -> None:
    with opened(dump[0], options=SLOW) as (port, openocd, console):
        openocd_pid(openocd)
        console.start("mpheap map")
        child = child_of(openocd)
        wait_until(lambda: is_gone_after(child, number), 5, "the program's end")
        shown = console.finish()
        assert re.fullmatch(r"mpheap: .+\n", shown)
        assert error is None or error in shown
        assert openocd.tcl("set mpheap_status") == "5" or error is None
        assert console.run("mpheap map") == dump[1]
        assert port.stats()["memory_writes"] == 0


def is_gone_after(pid: int, number: int) -> bool:
    """Sends a signal. One that comes before the program waits for an answer may be lost."""
    with suppress(ProcessLookupError):
        os.kill(pid, number)
    return not executable(str(pid))


def test_a_program_holds_none_of_openocd_s_files(dump, scratch: Path) -> None:
    with opened(dump[0], options=SLOW) as (_, openocd, console):
        openocd_pid(openocd)
        others = [Console(openocd.telnet_port) for _ in range(8)]
        for other in others:
            other.__enter__()
        console.start("mpheap map")
        child = child_of(openocd)
        (private,) = scratch.iterdir()
        assert stat.S_IMODE(private.stat().st_mode) == 0o700
        wait_until(lambda: not sockets_of(child), 5, "the child without sockets")
        assert console.finish().endswith(dump[1])
        for other in others:
            other.__exit__()


def sockets_of(pid: int) -> list[str]:
    """Its open sockets; it may close some meanwhile."""
    links = []
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            links.append(os.readlink(link))
    return [link for link in links if link.startswith("socket:")]


def test_openocd_that_ends_takes_the_program_along(dump, scratch: Path) -> None:
    with opened(dump[0], options=SLOW) as (_, openocd, console):
        pid = openocd_pid(openocd)
        console.start("mpheap map --timeout 60")
        child = child_of(openocd)
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not executable(str(child)), 5, "the program's end")
        for private in scratch.iterdir():  # nobody is left to do it
            shutil.rmtree(private)
