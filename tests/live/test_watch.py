# SPDX-License-Identifier: MIT
"""`watch` follows the heap of a board that runs, and the board does not notice."""

from __future__ import annotations

import base64
import contextlib
import csv
import json
import re
import signal
import statistics
import subprocess
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dumps import Dump
from rig import Board, DebugPort, Machine, OpenOcd, Region, TclError, free_port, run_gdb
from rig.microbit import FIRMWARE, FLASH, NOTHING_THERE, RAM
from rig.repl import Repl

import mpheap

ROOT = Path(__file__).resolve().parents[2]
SLOW = """\
import microbit
while True:
  x = [bytearray(100) for i in range(3)]
  microbit.sleep(20)
"""
BUSY = "n = 0\nwhile True:\n  n += 1\n  x = [n] * (n & 31)\n"
# Never again after the board has begun anew
NAMES = "names_of_its_own = 1\nothers_of_its_own = [2] * 50\n"
TOUCHED = ("memory_writes", "bus_writes", "resets", "cpu_halts")


@contextlib.contextmanager
def opened(board: Machine, *config: str) -> Iterator[tuple[DebugPort, OpenOcd]]:
    """OpenOCD before the board; nothing may have been written or halted when it closes."""
    with DebugPort(board, options=NOTHING_THERE) as port:
        with OpenOcd(port, config) as openocd:
            yield port, openocd
        stats = port.stats()
        assert [stats[what] for what in TOUCHED] == [0] * len(TOUCHED)


@pytest.fixture(name="board", scope="module")
def board_fixture() -> Iterator[Board]:
    with Board() as board:
        board.read_ram()  # from now on it needs no further connection to QEMU
        board.read_memory(*FLASH)
        yield board


@pytest.fixture(name="live", scope="module")
def live_fixture(board: Board) -> Iterator[tuple[DebugPort, OpenOcd]]:
    with opened(board) as parts:
        yield parts


@pytest.fixture(name="where", scope="module")
def where_fixture(live: tuple[DebugPort, OpenOcd]) -> list[str]:
    return ["--openocd", f":{live[1].tcl_port}"]


@contextlib.contextmanager
def running(board: Board, code: str) -> Iterator[None]:
    board.repl.start(code)
    try:
        yield
    finally:
        board.repl.interrupt()


def watch(*words: str | Path, status: int = 0) -> list[dict[str, Any]]:
    """The documents of a watch."""
    result = mpheap.run("watch", "--format=json", *words)
    assert (result.status, result.stderr) == (status, ""), result
    return [json.loads(line) for line in result.stdout.splitlines()]


def of_kind(documents: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [document for document in documents if document["kind"] == kind]


def events(documents: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    return [event for event in of_kind(documents, "event") if event["event"] == name]


def regions_of(dump: Dump) -> list[Region]:
    """The memories of a dump, for a debug port."""
    return [Region(address, file.stat().st_size, file, name == "flash")
            for name, (file, address) in dump.files.items()]


def heap_numbers(info: dict[str, Any]) -> dict[str, int]:
    """What a sample has, from `info`."""
    heap = info["heap"]
    return {
        "used_bytes": heap["used_bytes"],
        "free_bytes": heap["free_bytes"],
        "largest_run_bytes": heap["max_free_blocks"] * heap["block_bytes"],
        "one_block_count": heap["one_block_count"],
        "two_block_count": heap["two_block_count"],
    }


def table_bytes(info: dict[str, Any]) -> int:
    return sum(area["table_bytes"] for area in info["heap"]["areas"])


# What a sample says, and what it costs


def test_a_heap_that_stands_still(board: Board, live: tuple[DebugPort, OpenOcd],
                                  where: list[str]) -> None:
    """The numbers are the board's own, and a sample is the tables and next to nothing else."""
    text = board.freeze("kept = [bytearray(40), {1: 2}, (3, 4.5), 'six' * 9]")
    info = mpheap.info(*where)
    before = live[0].stats()
    documents = watch("--count=81", "--interval=0", *where)
    after = live[0].stats()
    board.thaw()
    said = re.search(r"used: (\d+), free: (\d+)\n No\. of 1-blocks: (\d+), 2-blocks: (\d+)", text)
    first, *samples = of_kind(documents, "sample")
    for sample in (first, *samples):
        wanted = heap_numbers(info)
        assert {key: sample[key] for key in wanted} == wanted
        assert [int(number) for number in said.groups()] == [
            sample[key]
            for key in ("used_bytes", "free_bytes", "one_block_count", "two_block_count")]
        assert (sample["torn"], sample["retaken_count"], sample["collection_count"]) == (0, 0, 0)
        assert (sample["lock_depth"], sample["is_collecting"]) == (0, False)
    # Not the mean: where an answer is slow, reads are joined, and gaps come along.
    usual = statistics.median(sample["link_bytes"] for sample in samples)
    assert usual <= 1.05 * table_bytes(info)
    assert after["bus_bytes_read"] - before["bus_bytes_read"] >= 80 * table_bytes(info)
    assert of_kind(documents, "event") == []


@pytest.mark.parametrize("variant", ["v1.28.0-split", "v1.27.0", "v1.8"])
@pytest.mark.parametrize("known", ["debug", "symbols", "nothing"])
def test_every_firmware_and_all_that_may_be_known(dump_of, variant: str, known: str) -> None:
    """A board that runs but gets nowhere: heaps of several areas, each era's words."""
    dump: Dump = dump_of(variant)
    elf = {"debug": dump.elf(), "symbols": dump.elf(stripped=True), "nothing": []}[known]
    with DebugPort(regions_of(dump), options=["--fault=0x30000000,0x10000000"]) as port:
        with OpenOcd(port) as openocd:
            words = [f"--openocd=:{openocd.tcl_port}", *elf]
            info = mpheap.run("info", "--format=json", *words).json
            documents = watch("--count=21", "--interval=0", "--quiet", *words)
    assert info["state"]["target"] == "running"
    _, *samples = of_kind(documents, "sample")
    wanted = heap_numbers(info)
    for sample in samples:
        assert {key: sample[key] for key in wanted} == wanted
        assert not sample["torn"]
        assert sample["lock_depth"] == info["state"].get("lock_depth")
    # Not the mean: where an answer is slow, reads are joined, and gaps come along.
    usual = statistics.median(sample["link_bytes"] for sample in samples)
    assert usual <= 1.05 * table_bytes(info) + 8 * len(info["heap"]["areas"])
    assert of_kind(documents, "event") == []


def test_verify_reads_twice(board: Board, where: list[str]) -> None:
    board.freeze()
    tables = table_bytes(mpheap.info(*where))
    _, *samples = of_kind(watch("--verify", "--count=5", "--interval=0", *where), "sample")
    board.thaw()
    for sample in samples:
        assert 2 * tables <= sample["link_bytes"] <= 2.3 * tables
        assert not sample["torn"]


# What happens meanwhile


def test_a_program_that_allocates(board: Board, live: tuple[DebugPort, OpenOcd],
                                  where: list[str]) -> None:
    """It is never stopped, all its collections are seen, and growth is what it allocates."""
    with running(board, SLOW):
        watch("--count=1", *where)  # what is read to find the heap may have no memory behind it
        before = live[0].stats()
        documents = watch("--for=1.8", "--interval=50", *where)
        after = live[0].stats()
    samples = of_kind(documents, "sample")
    collections = events(documents, "collection")
    assert len(collections) == documents[-1]["collection_count"] >= 1
    assert samples[-1]["collection_count"] == len(collections)
    falls = [b for a, b in zip(samples, samples[1:]) if a["used_bytes"] - b["used_bytes"] > 2000]
    assert 0 < len(falls) <= len(collections)
    assert documents[-1]["high_water_bytes"] == max(s["used_bytes"] for s in samples)
    assert documents[-1]["least_run_bytes"] == min(s["largest_run_bytes"] for s in samples)
    for mark, torn in (("high_water_bytes", "high_water_torn"),
                       ("least_run_bytes", "least_run_torn")):
        key = "used_bytes" if mark == "high_water_bytes" else "largest_run_bytes"
        first = next(s for s in samples if s[key] == documents[-1][mark])
        assert documents[-1][torn] == first["torn"]
    rates = [s["growth_bytes_per_second"] for s in samples if s["growth_bytes_per_second"]]
    # 20 ms and 3 times 100 bytes in 7 blocks and the object of 1, and a list
    assert 5_000 < sorted(rates)[len(rates) // 2] < 25_000
    assert after["cpu_stops"] - before["cpu_stops"] <= 50  # of those that find the heap


def test_a_board_that_is_too_busy(board: Board, where: list[str]) -> None:
    """What is torn says so, and costs a bounded number of tries."""
    with running(board, BUSY):
        tables = table_bytes(mpheap.run("info", "--format=json", *where).json)
        documents = watch("--count=200", "--interval=0", "--tries=3", *where)
    samples = of_kind(documents, "sample")
    torn = [sample for sample in samples if sample["torn"]]
    assert torn and documents[-1]["torn_count"] == len(torn)
    for sample in samples[1:]:
        assert sample["used_bytes"] + sample["free_bytes"] == 10048
        assert sample["retaken_count"] <= 2
        assert sample["link_bytes"] <= 3 * 2.2 * tables + 60
    for before, event in zip(documents, documents[1:]):
        if event["kind"] == "event":
            assert event["torn"] == before["torn"], "it is as sure as the sample it stands behind"


def test_an_alarm_that_is_and_one_that_is_not(board: Board, where: list[str],
                                              tmp_path: Path) -> None:
    board.freeze()
    run = heap_numbers(mpheap.info(*where))["largest_run_bytes"]
    quiet = watch("--count=3", "--interval=0", f"--alarm={run}", *where)
    core = tmp_path / "%Y-alarm.core"
    loud = watch(f"--alarm={run + 1}", "--snapshot-on=alarm", f"--snapshot={core}", *where,
                 status=1)
    longer = watch("--count=3", "--interval=0", f"--alarm={run + 1}", *where, status=1)
    live = mpheap.run("map", *where).stdout
    board.thaw()
    assert (quiet[-1]["alarm_count"], events(quiet, "alarm")) == (0, [])
    assert [document["kind"] for document in loud] == ["sample", "event", "event", "end"]
    assert str(run) in events(loud, "alarm")[0]["text"]
    assert len(of_kind(longer, "sample")) == 3 and len(events(longer, "alarm")) == 1
    written = tmp_path / f"{time.localtime().tm_year}-alarm.core"
    assert events(loud, "snapshot")[0]["text"].endswith(str(written))
    assert mpheap.run("map", f"--core={written}").stdout == live


# Where it goes


def test_files_say_what_is_printed_and_at_once(board: Board, where: list[str],
                                               tmp_path: Path) -> None:
    table, lines = tmp_path / "heap.csv", tmp_path / "heap.jsonl"
    argv = [mpheap.command_path(), "watch", "--format=json", "--interval=100", "--count=4",
            f"--csv={table}", f"--jsonl={lines}", *where]
    with running(board, SLOW), subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as command:
        first = json.loads(command.stdout.readline())
        assert command.poll() is None
        printed = [first, *map(json.loads, command.stdout)]
    written = [json.loads(line) for line in lines.read_text().splitlines()]
    assert written == printed
    samples = of_kind(printed, "sample")
    with open(table, newline="", encoding="ascii") as file:
        rows = list(csv.DictReader(file))
    assert [row.keys() | {"kind"} for row in rows] == [sample.keys() for sample in samples]
    for row, sample in zip(rows, samples, strict=True):
        for key, value in row.items():
            if isinstance(sample[key], bool):
                assert value == str(sample[key]).lower()
            elif sample[key] is None:
                assert value == ""
            else:
                assert float(value) == pytest.approx(sample[key], abs=1e-3)


def test_a_page_has_all_samples_and_events(board: Board, where: list[str], tmp_path: Path) -> None:
    page = tmp_path / "heap.html"
    with running(board, SLOW):
        documents = watch("--for=1", "--interval=50", f"--html={page}", *where)
    data = re.search(r'id="data">([^<]*)<', page.read_text())[1]
    whole = json.loads(zlib.decompress(base64.b64decode(data)))
    table, samples = whole["watch"]["samples"], of_kind(documents, "sample")
    assert whole["moments"] == [] and table["count"] == len(samples)
    for name, key in (("seconds", "seconds"), ("used_bytes", "used_bytes"),
                      ("free_bytes", "free_bytes"), ("largest_free_bytes", "largest_run_bytes"),
                      ("torn", "torn")):
        shown = [float(cell) for cell in table["columns"][name]["numbers"].split(" ")]
        assert shown == pytest.approx([sample[key] for sample in samples], abs=1e-3)
    assert [(event["kind"], event["text"]) for event in whole["watch"]["events"]] == [
        (event["event"], event["text"]) for event in of_kind(documents, "event")]
    assert (whole["watch"]["interval_ms"], whole["watch"]["total_bytes"]) == (50, 10048)


def test_lines_for_people(board: Board, where: list[str]) -> None:
    board.freeze()
    numbers = heap_numbers(mpheap.info(*where))
    result = mpheap.run("watch", "--count=3", "--interval=10", *where)
    board.thaw()
    assert (result.status, result.stderr) == (0, "")
    head, *lines, total, _ = result.stdout.splitlines()
    assert head.split()[:4] == ["seconds", "used", "free", "largest"]
    for line in lines:
        assert [int(word) for word in line.split()[1:4]] == [
            numbers[key] for key in ("used_bytes", "free_bytes", "largest_run_bytes")]
    assert len(lines) == 3 and total.startswith("3 samples in ")


def test_a_file_that_cannot_be_written(where: list[str]) -> None:
    result = mpheap.run("watch", "--count=1", "--csv=/no/such/folder", *where)
    assert result.status == 3
    assert result.error == "watch: No such file or directory (/no/such/folder)"
    result = mpheap.run("watch", "--count=1", "--html=/no/such/folder", *where)
    assert result.status == 3 and "(/no/such/folder)" in result.error
    assert "\n0 samples in " in result.stdout  # said before the watch, not after it


@pytest.mark.parametrize("option", ["--csv", "--jsonl"])
def test_a_disk_that_is_full(where: list[str], option: str) -> None:
    result = mpheap.run("watch", "--count=3", "--interval=0", f"{option}=/dev/full", *where)
    assert (result.status, result.error) == (3, "watch: No space left on device (/dev/full)")


@pytest.mark.parametrize("name", ["/no/such/folder/core", "%%" * 1500], ids=["folder", "length"])
def test_a_core_that_cannot_be_written_is_no_end(where: list[str], name: str) -> None:
    documents = watch("--count=3", "--interval=0", "--alarm=1M", "--snapshot-on=alarm",
                      f"--snapshot={name}", *where, status=1)
    assert len(of_kind(documents, "sample")) == 3
    told = events(documents, "snapshot")
    assert len(told) == 1 and told[0]["text"].startswith("no core: ")


def test_what_does_not_move_is_one_sample(dump_of) -> None:
    dump: Dump = dump_of("v1.27.0")
    documents = watch(*dump.images(), *dump.elf())
    info = mpheap.info(*dump.images(), *dump.elf())
    sample, event, _ = documents
    wanted = heap_numbers(info)
    assert {key: sample[key] for key in wanted} == wanted
    assert (event["event"], event["text"]) == ("state", "a dump does not move: one sample is all")


@pytest.mark.parametrize("words, problem", [
    (["--interval=soon"], "--interval: not a number of milliseconds"),
    (["--for=0"], "--for: not a number of seconds"),
    (["--count=0"], "--count: not a number of samples"),
    (["--alarm=0"], "--alarm: not a number of bytes"),
    (["--snapshot-on=reset", "--alarm=1"], "--snapshot-on wants alarm"),
    (["--snapshot-on=alarm"], "--snapshot-on alarm wants --alarm BYTES"),
    (["--snapshot=file"], "--snapshot goes with --snapshot-on alarm"),
])
def test_wrong_words(words: list[str], problem: str) -> None:
    result = mpheap.run("watch", "--openocd=:1", *words)
    assert (result.status, result.error) == (2, f"usage: {problem}")


# What goes away


def wait_line(command: subprocess.Popen[str], pattern: str) -> list[str]:
    """Lines up to the first one that matches."""
    lines: list[str] = []
    for line in command.stdout:
        lines.append(line)
        if re.search(pattern, line):
            return lines
    raise AssertionError(f"no {pattern} in {lines}")


@contextlib.contextmanager
def watching(*words: str) -> Iterator[subprocess.Popen[str]]:
    """A watch whose lines can be read while it goes on; it is ended in any case."""
    argv = [mpheap.command_path(), "watch", "--format=json", *words]
    pipe = subprocess.PIPE
    with subprocess.Popen(argv, stdout=pipe, stderr=pipe, text=True) as command:
        try:
            yield command
        finally:
            command.kill()


@pytest.mark.parametrize("way", ["soft", "hard"])
def test_a_board_that_begins_anew(board: Board, where: list[str], way: str) -> None:
    board.repl.exec(NAMES)
    with watching("--interval=20", "--for=20", *where) as command:
        wait_line(command, '"number":3')
        if way == "hard":
            board.repl.start("import microbit\nmicrobit.reset()")
        else:
            board.repl.send(b"\x04")
        board.repl.wait_prompt()
        wait_line(command, '"event":"reset".*firmware began anew')
        wait_line(command, '"event":"reset".*there again')
        used = heap_numbers(mpheap.info(*where))["used_bytes"]
        wait_line(command, f'"kind":"sample".*"used_bytes":{used},.*"torn":false')
        command.terminate()
        rest = command.stdout.read().splitlines()
        assert command.wait(10) == 0
    assert json.loads(rest[-1])["kind"] == "end"


@pytest.fixture(name="port")
def port_fixture(dump_of) -> Iterator[DebugPort]:
    """Of a board that runs and gets nowhere."""
    dump: Dump = dump_of("v1.27.0")
    with DebugPort(regions_of(dump), options=["--fault=0x30000000,0x10000000"]) as port:
        yield port


def test_a_link_that_drops_and_comes_back(port: DebugPort) -> None:
    """OpenOCD ends, and another one takes its place."""
    tcl_port = free_port()
    config = [f"tcl_port {tcl_port}"]
    with contextlib.ExitStack() as stack:
        with OpenOcd(port, config):
            words = ["--interval=20", "--for=20", "--quiet", f"--openocd=:{tcl_port}"]
            command = stack.enter_context(watching(*words))
            wait_line(command, '"number":3')
        lost = json.loads(wait_line(command, '"event":"link"')[-1])
        with OpenOcd(port, config):
            again = json.loads(wait_line(command, '"event":"link"')[-1])
            wait_line(command, '"kind":"sample"')
            wait_line(command, '"kind":"sample"')
            command.terminate()
            end = json.loads(command.stdout.read().splitlines()[-1])
            assert command.wait(10) == 0
    assert lost["text"].startswith("lost: ") and again["text"].startswith("there again after ")
    assert end["kind"] == "end" and end["sample_count"] >= 5


def test_a_link_that_stays_away(port: DebugPort) -> None:
    with contextlib.ExitStack() as stack:
        with OpenOcd(port) as openocd:
            words = ["--interval=20", "--for=1", f"--openocd=:{openocd.tcl_port}"]
            command = stack.enter_context(watching(*words))
            wait_line(command, '"number":3')
        said = command.stdout.read().splitlines()
        assert command.wait(10) == 3
        assert command.stderr.read().splitlines()[-1].startswith("mpheap: openocd: ")
    kinds = [json.loads(line).get("kind") for line in said if line.startswith('{"kind"')]
    assert kinds[-1] == "end" and kinds[-2] == "event"


def test_a_board_that_is_halted_meanwhile(port: DebugPort) -> None:
    """Its samples alone are those of one that waits."""
    with OpenOcd(port) as openocd:
        words = ["--interval=20", "--for=20", "--quiet", f"--openocd=:{openocd.tcl_port}"]
        with watching(*words) as command:
            wait_line(command, '"number":3')
            openocd.tcl("halt")
            halted = json.loads(wait_line(command, '"kind":"event"')[-1])
            wait_line(command, '"kind":"sample"')
            openocd.tcl("resume")
            again = json.loads(wait_line(command, '"kind":"event"')[-1])
            command.terminate()
            end = json.loads(command.stdout.read().splitlines()[-1])
            assert (command.wait(10), end["kind"]) == (0, "end")
    assert halted["event"] == again["event"] == "state"
    assert halted["text"] == "the target was halted: until it runs, nothing changes"
    assert again["text"] == "the target runs again"


def test_nohup_lets_it_go_on(port: DebugPort) -> None:
    with OpenOcd(port) as openocd:
        argv = ["nohup", mpheap.command_path(), "watch", "--format=json", "--interval=20",
                "--for=20", f"--openocd=:{openocd.tcl_port}"]
        pipe = subprocess.PIPE
        with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=pipe, text=True) as command:
            try:
                wait_line(command, '"number":2')
                command.send_signal(signal.SIGHUP)
                wait_line(command, '"number":20')
                command.terminate()
                assert json.loads(command.stdout.read().splitlines()[-1])["kind"] == "end"
            finally:
                command.kill()


# Other doors


def test_in_openocd_it_ends_by_itself(board: Board, live: tuple[DebugPort, OpenOcd],
                                      where: list[str]) -> None:
    openocd = live[1]
    openocd.tcl(f"source {ROOT / 'openocd/mpheap.tcl'}")
    openocd.tcl(f"set mpheap_command {mpheap.command_path().resolve()}")
    board.freeze()
    with pytest.raises(TclError, match="OpenOCD waits until its command ends: --for or --count"):
        openocd.tcl("mpheap_report watch")
    said = openocd.tcl("mpheap_report watch --count=3 --interval=10 --format=json --quiet")
    numbers = heap_numbers(mpheap.info(*where))
    board.thaw()
    samples = of_kind([json.loads(line) for line in said.splitlines()], "sample")
    assert [{key: sample[key] for key in numbers} for sample in samples] == [numbers] * 3


def test_in_gdb_a_program_that_stands_still_is_one_sample(port: DebugPort) -> None:
    with OpenOcd(port) as openocd:
        result = run_gdb([
            f"source {ROOT / 'gdb/mpheap.py'}", "set architecture armv7e-m",
            f"target extended-remote 127.0.0.1:{openocd.gdb_port}", "mpheap watch",
            f"set mpheap link openocd {openocd.tcl_port}", "mpheap watch --count=1"])
    assert result.exit == 0, result
    assert result.stdout.count("the target does not run: one sample is all") == 2
    assert result.stdout.count("\n1 samples in 0.0 s, 0 torn") == 2


# What the board notices


class CountedBoard(Machine):
    """A micro:bit whose clock is the number of instructions it has run, so that what a program
    gets done in a time of its own is the same in every run."""

    def __init__(self) -> None:
        super().__init__("microbit", ["-device", f"loader,file={FIRMWARE}", "-icount", "shift=6"],
                         core="m0", regions=(FLASH, RAM))

    def _booted(self) -> None:
        self.repl = Repl(self.serial)
        self.repl.wait_prompt()


COUNT = """\
import microbit
def count():
  n = 0
  start = microbit.running_time()
  while microbit.running_time() == start:
    pass
  while microbit.running_time() - start < 1000:
    n += 1
  return n
"""


def test_a_count_on_the_board_is_the_same_with_and_without() -> None:
    with CountedBoard() as board:
        board.repl.exec(COUNT)
        alone = [board.repl.eval("count()") for _ in range(3)]
        with opened(board) as (port, openocd):
            with watching("--interval=0", f"--openocd=:{openocd.tcl_port}") as command:
                wait_line(command, '"number":2')
                before = port.stats()
                watched = [board.repl.eval("count()") for _ in range(3)]
                after = port.stats()
                command.terminate()
                command.stdout.read()
    assert after["bus_reads"] - before["bus_reads"] > 1000
    assert (after["cpu_stops"], after["cpu_halts"]) == (before["cpu_stops"], 0)
    # Where the clock's interrupts and collections fall differs from run to run
    assert sum(watched) == pytest.approx(sum(alone), rel=0.02)
