# SPDX-License-Identifier: MIT
"""Links that are not there, say something else, fall silent or break, and memory that refuses."""

from __future__ import annotations

import contextlib
import re
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from dumps import Dump
from rig import DebugPort, OpenOcd, Region, free_port
from rig.process import wait_until

import mpheap

LINK_ERROR, NO_HEAP = 3, 4
LINKS = ("--openocd", "--gdb")
FRONT_ENDS = ("stlink", "bitbang")
RAM = 0x20000000


@pytest.fixture(name="dump", scope="module")
def dump_fixture(dump_of) -> Dump:
    return dump_of("v1.27.0")


def regions(dump: Dump) -> list[Region]:
    return [
        Region(address, file.stat().st_size, file, read_only=name == "flash")
        for name, (file, address) in dump.files.items()
    ]


@contextlib.contextmanager
def opened(
    dump: Dump, *options: str, front_end: str = "stlink"
) -> Iterator[tuple[DebugPort, OpenOcd]]:
    """OpenOCD before the fixture's dump, with these options of the debug port."""
    port = DebugPort(regions(dump), core="m4", front_end=front_end, options=options)
    with port, OpenOcd(port) as openocd:
        yield port, openocd


def tcl(openocd: OpenOcd) -> list[str]:
    return ["--openocd", f":{openocd.tcl_port}"]


def assert_fails(result: mpheap.Result, status: int, *said: str) -> None:
    assert (result.status, result.stdout) == (status, ""), result
    for text in said:
        assert text in result.error


# Ports


@pytest.mark.parametrize("link", LINKS)
def test_nobody_listens(link: str) -> None:
    port = free_port()
    assert_fails(mpheap.run("map", link, f":{port}"), LINK_ERROR, "refused", f"127.0.0.1:{port}")


@pytest.mark.parametrize("link", LINKS)
def test_a_host_that_does_not_exist(link: str) -> None:
    result = mpheap.run("map", link, "no-such-host.invalid:6666")
    assert_fails(result, LINK_ERROR, "no-such-host.invalid:6666")


def say_nothing(stream: socket.socket) -> None:
    while stream.recv(4096):
        pass


def hang_up(stream: socket.socket) -> None:
    stream.recv(1)


def speak_http(stream: socket.socket) -> None:
    stream.recv(4096)
    stream.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")


def echo(stream: socket.socket) -> None:
    while data := stream.recv(4096):
        stream.sendall(data)


def flood(stream: socket.socket) -> None:
    while True:
        stream.sendall(b"0123456789abcdef" * 4096)


def end_every_answer(stream: socket.socket) -> None:
    while True:
        stream.sendall(b"\x1a" * 1000 + b"+$#00" * 1000)


STRANGERS = (say_nothing, hang_up, speak_http, echo, flood, end_every_answer)


@contextlib.contextmanager
def serving(speak: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server on loopback that treats every client like this; its port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                stream, _ = listener.accept()
                with stream, contextlib.suppress(OSError):
                    speak(stream)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)
        assert not thread.is_alive()


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("speak", STRANGERS, ids=lambda speak: speak.__name__)
def test_a_stranger_at_the_port(link: str, speak: Callable[[socket.socket], None]) -> None:
    with serving(speak) as port:
        start = time.monotonic()
        result = mpheap.run("map", link, f":{port}", "--timeout", "1", timeout=20)
        seconds = time.monotonic() - start
    assert_fails(result, LINK_ERROR, f"127.0.0.1:{port}")
    assert seconds < 5


def test_the_wrong_port_of_openocd(dump: Dump) -> None:
    with opened(dump) as (_, openocd):
        wrong = {"--openocd": openocd.gdb_port, "--gdb": openocd.tcl_port}
        for link, port in wrong.items():
            result = mpheap.run("map", link, f":{port}", "--timeout", "1", timeout=20)
            assert_fails(result, LINK_ERROR, f"127.0.0.1:{port}")
        telnet = mpheap.run(
            "map", "--openocd", f":{openocd.telnet_port}", "--timeout", "1", timeout=20
        )
        assert telnet.status == LINK_ERROR
        openocd.tcl("resume")


def test_a_target_that_openocd_has_not(dump: Dump) -> None:
    with opened(dump) as (_, openocd):
        result = mpheap.run("map", *tcl(openocd), "--target", "nonsense.cpu")
        right = mpheap.run("map", *tcl(openocd), "--target", "mp.cm")
    assert result.status in (2, LINK_ERROR)
    assert "nonsense.cpu" in result.error
    assert (right.status, right.stdout) == (0, dump.map)


# Links that break


@pytest.mark.parametrize("front_end", FRONT_ENDS)
@pytest.mark.parametrize("elf", [False, True])
def test_a_probe_that_falls_silent(dump: Dump, front_end: str, elf: bool) -> None:
    options = ("--arm-on-signal", "--stall-after=100")
    words = dump.elf() if elf else []
    with opened(dump, *options, front_end=front_end) as (port, openocd):
        port.arm()
        start = time.monotonic()
        result = mpheap.run("map", *tcl(openocd), *words, "--timeout", "1", timeout=20)
        seconds = time.monotonic() - start
    assert_fails(result, LINK_ERROR, "openocd: ", f"127.0.0.1:{openocd.tcl_port}")
    assert 1 <= seconds < 4


@pytest.mark.parametrize("front_end", FRONT_ENDS)
def test_a_probe_that_is_unplugged(dump: Dump, front_end: str) -> None:
    """OpenOCD says that reads fail, or ends; either way the board could not be read."""
    options = ("--arm-on-signal", "--drop-after=100")
    with opened(dump, *options, front_end=front_end) as (port, openocd):
        port.arm()
        result = mpheap.run("map", *tcl(openocd), "--timeout", "5", timeout=30)
    assert_fails(result, LINK_ERROR, "openocd: ", f"127.0.0.1:{openocd.tcl_port}")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_openocd_that_ends_in_the_middle(dump: Dump, tmp_path: Path, number: int) -> None:
    core = tmp_path / "core"
    words = ["snapshot", core, "--ram", f"{RAM:#x}+128K"]
    with opened(dump, "--throttle=40000,1") as (port, openocd), ThreadPoolExecutor() as pool:
        running = pool.submit(mpheap.run, *words, *tcl(openocd), timeout=30)
        wait_until(lambda: port.stats()["bus_bytes_read"] > 8000, 10, "the first kilobytes")
        openocd._process.send_signal(number)
        result = running.result()
    assert_fails(result, LINK_ERROR, f"127.0.0.1:{openocd.tcl_port}")
    assert list(tmp_path.iterdir()) == []


def test_a_slow_probe_is_no_error(dump: Dump) -> None:
    """The time that counts is that of one answer, not of the whole report."""
    with opened(dump, "--throttle=60000,2") as (_, openocd):
        result = mpheap.run("map", *tcl(openocd), "--timeout", "1")
    assert (result.status, result.stderr, result.stdout) == (0, "", dump.map)


def test_waits_of_the_bus_are_no_error(dump: Dump) -> None:
    with opened(dump, "--wait-every=7", front_end="bitbang") as (_, openocd):
        assert mpheap.board_map(*tcl(openocd)) == dump.map


# Memory that refuses


@pytest.fixture(name="area", scope="module")
def area_fixture(dump: Dump) -> dict[str, int]:
    """Addresses of the heap area's parts."""
    (area,) = mpheap.info(*dump.images())["heap"]["areas"]
    return {name: int(area[f"{name}_address"], 0) for name in ("area", "table", "pool_start")}


@pytest.mark.parametrize("tier", ["dwarf", "symbols"])
def test_an_area_that_cannot_be_read(dump: Dump, area: dict[str, int], tier: str) -> None:
    with opened(dump, f"--fault={area['area'] + 4:#x},4") as (_, openocd):
        result = mpheap.run("map", *tcl(openocd), *dump.elf(stripped=tier == "symbols"))
    assert_fails(result, LINK_ERROR, "cannot read (0x2000")


def test_an_area_that_cannot_be_found(dump: Dump, area: dict[str, int]) -> None:
    with opened(dump, f"--fault={area['area'] + 4:#x},4") as (_, openocd):
        assert_fails(mpheap.run("map", *tcl(openocd)), NO_HEAP, "no MicroPython heap", "--ram")


def elf_words(dump: Dump, tier: str) -> list[str]:
    return [] if tier == "memory" else dump.elf(stripped=tier == "symbols")


def letters(text: str) -> str:
    return "".join(re.findall(r"^[0-9a-f]+: (\S+)$", text, re.M))


@pytest.mark.parametrize("tier", ["dwarf", "symbols", "memory"])
def test_a_table_that_cannot_be_read_in_the_middle(
    dump: Dump, area: dict[str, int], tier: str
) -> None:
    bad = area["table"] + 100 & ~3
    with opened(dump, f"--fault={bad:#x},4") as (_, openocd):
        result = mpheap.run("map", *tcl(openocd), *elf_words(dump, tier))
    assert result.status == 0
    assert f"cannot be read from {bad:#x} on" in " ".join(result.notes)
    assert len(letters(result.stdout)) == 4 * (bad - area["table"])
    assert letters(dump.map).startswith(letters(result.stdout))


@pytest.mark.parametrize("tier", ["dwarf", "symbols", "memory"])
def test_heads_that_cannot_be_read(dump: Dump, area: dict[str, int], tier: str) -> None:
    """Their letters are missing, and all others are there."""
    with opened(dump, f"--fault={area['pool_start']:#x},0x100") as (_, openocd):
        result = mpheap.run("map", *tcl(openocd), *elf_words(dump, tier))
        numbers = mpheap.run("info", *tcl(openocd), *elf_words(dump, tier))
    bad = re.sub("[A-Zh]", "?", letters(dump.map)[:16])
    assert result.status == 0
    assert letters(result.stdout) == bad + letters(dump.map)[16:]
    note = f"heap: {bad.count('?')} heads could not be read, the first at {area['pool_start']:#x}"
    assert result.notes == [note]
    assert dump.at_rest in numbers.stdout


def test_flash_that_cannot_be_read(dump: Dump) -> None:
    """Types are not known then; an ELF knows them."""
    with opened(dump, "--fault=0x08000000,0x8000") as (_, openocd):
        bare = mpheap.run("map", *tcl(openocd))
        with_elf = mpheap.board_map(*tcl(openocd), *dump.elf(stripped=True))
    assert bare.status == 0
    assert letters(bare.stdout) == re.sub("[A-Z]", "h", letters(dump.map))
    assert any("types: not known" in note for note in bare.notes)
    assert with_elf == dump.map


@pytest.mark.parametrize("stripped", [False, True])
def test_memory_that_reads_as_zeros(dump: Dump, stripped: bool) -> None:
    """As through an OpenOCD that hides data aborts from GDB's port."""
    with opened(dump, f"--zeros={RAM:#x},0x20000") as (_, openocd):
        bare = mpheap.run("map", *tcl(openocd))
        with_elf = mpheap.run("map", *tcl(openocd), *dump.elf(stripped))
    assert_fails(bare, NO_HEAP, "no MicroPython heap")
    assert_fails(with_elf, NO_HEAP, "all zeros at 0x2000")


def test_a_pool_of_zeros_has_no_types(dump: Dump, area: dict[str, int]) -> None:
    size = RAM + 0x1C000 - area["pool_start"]
    with opened(dump, f"--zeros={area['pool_start']:#x},{size:#x}") as (_, openocd):
        result = mpheap.run("map", *tcl(openocd), *dump.elf())
    assert result.status == 0
    assert letters(result.stdout) == re.sub("[A-Z]", "h", letters(dump.map))


def test_the_twin_s_elf_on_a_link(dump: Dump, dump_of) -> None:
    twin = dump_of("v1.26.1-twin")
    with opened(dump) as (_, openocd):
        for stripped in (False, True):
            result = mpheap.run("map", *tcl(openocd), *twin.elf(stripped))
            assert_fails(result, NO_HEAP, twin.elf(stripped)[1])
