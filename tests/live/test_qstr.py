# SPDX-License-Identifier: MIT
"""Interned strings: what the board itself prints for qstr_info(1), and GDB by debug information."""

from __future__ import annotations

import functools
import itertools
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from captures import MOMENTS, VERSIONS, capture
from dumps import VARIANTS, Dump
from json_page import check
from live.patched import Patched
from oracle import BLOCK, HEAD, Heap
from rig import Board, DebugPort, OpenOcd, run_gdb
from rig.microbit import FLASH, FROZEN, RAM
from wasm_heap import oracle_of

import mpheap

every_capture = pytest.mark.parametrize("version", VERSIONS)
every_moment = pytest.mark.parametrize("moment", MOMENTS)
WALKER = Path(__file__).with_name("pools_in_gdb.py")
TAIL = 2
NOWHERE = 0x30000000  # no memory of any fixture


def escaped(text: str) -> str:
    """A string's bytes as every report shows them."""
    names = {"\n": "\\n", "\t": "\\t", "\\": "\\\\"}
    chars = map(chr, text.encode())
    return "".join(
        names.get(char) or (char if " " <= char <= "~" else f"\\x{ord(char):02x}")
        for char in chars
    )


def strings_in(board_text: str) -> list[str]:
    """The strings that qstr_info(1) printed; they may hold line breaks."""
    _, _, text = board_text.partition("\n")
    strings = re.split(r"\)\n(?=Q\(|\Z)", text)
    assert strings.pop() == "" and all(string.startswith("Q(") for string in strings)
    return [string.removeprefix("Q(") for string in strings]


def expected(board_text: str) -> str:
    """That text, as it has to be shown."""
    totals, _, _ = board_text.partition("\n")
    lines = [totals, *(f"Q({escaped(string)})" for string in strings_in(board_text))]
    return "".join(f"{line}\n" for line in lines)


def report(*words: str | Path) -> str:
    """The text of the report, which has nothing to note."""
    result = mpheap.run("qstr", *words)
    assert (result.status, result.stderr) == (0, ""), result
    return result.stdout


def document(*words: str | Path) -> dict[str, Any]:
    """The report with all strings, as JSON."""
    return json.loads(report("--strings", "--format=json", *words))


def board_line(totals: dict[str, int]) -> str:
    """The totals as the board prints them."""
    names = {"pool_count": "n_pool", "string_count": "n_qstr", "data_bytes": "n_str_data_bytes",
             "total_bytes": "n_total_bytes"}
    return "qstr pool: " + ", ".join(f"{name}={totals[key]}" for key, name in names.items())


# --- WebAssembly builds, from memory alone ---


def image(version: str, moment: int) -> tuple[str, str]:
    return "--image", f"{capture(version).memory(moment)}@0"


@functools.cache
def capture_document(version: str, moment: int) -> dict[str, Any]:
    return document(*image(version, moment))


@every_capture
@every_moment
def test_strings_are_the_board_s(version: str, moment: int) -> None:
    text = capture(version).qstrs(moment)
    assert len(strings_in(text)) > 100
    assert report("--strings", *image(version, moment)) == expected(text)


@every_capture
@every_moment
def test_totals_are_the_board_s(version: str, moment: int) -> None:
    line = capture(version).qstrs(moment).splitlines()[0]
    assert line in report(*image(version, moment)).splitlines()
    assert board_line(capture_document(version, moment)["totals"]) == line


@every_capture
@every_moment
def test_json_has_the_same_strings(version: str, moment: int) -> None:
    strings = capture_document(version, moment)["strings"]
    assert [string["text"] for string in strings] == strings_in(capture(version).qstrs(moment))


@every_capture
@every_moment
def test_pools_are_the_oracle_s(version: str, moment: int) -> None:
    heap = oracle_of(version, moment)
    found = [
        (int(pool["address"], 0), pool["first_id"], pool["string_count"], pool["is_on_heap"])
        for pool in capture_document(version, moment)["pools"]
    ]
    assert found == [
        (pool.address, pool.first, pool.length, heap.area_of(pool.address) is not None)
        for pool in reversed(heap.qstr_pools)
    ]


@every_capture
def test_sorted_pools_are_those_whose_strings_are(version: str) -> None:
    heap = oracle_of(version, 1)
    for pool, seen in zip(
        capture_document(version, 1)["pools"], reversed(heap.qstr_pools), strict=True
    ):
        texts = [heap.qstr(number) for number in range(seen.first, seen.first + seen.length)]
        in_order = texts == sorted(texts, key=str.encode)
        assert not pool["is_sorted"] or in_order
        # v1.22 sorted all strings in ROM but those that every build has.
        is_main = not pool["is_on_heap"] and pool["first_id"] > 0
        assert pool["is_sorted"] == (is_main and in_order)


def allocation_bytes(heap: Heap, address: int) -> int:
    """The size of the allocation that begins there."""
    area = heap.area_of(address)
    block, misplaced = divmod(address - area.pool_start, BLOCK)
    assert misplaced == 0 and heap.block_kind(area, block) == HEAD
    tails = itertools.takewhile(
        lambda at: heap.block_kind(area, at) == TAIL, range(block + 1, 4 * area.table_bytes)
    )
    return BLOCK * (1 + len(list(tails)))


@every_capture
@every_moment
def test_chunks_hold_every_text(version: str, moment: int) -> None:
    heap = oracle_of(version, moment)
    found = capture_document(version, moment)
    chunks = found["chunks"]
    addresses = [int(chunk["address"], 0) for chunk in chunks]
    texts: dict[int, list[str]] = {address: [] for address in addresses}
    for string in found["strings"]:
        at = int(string["text_address"], 0)
        texts[max(address for address in addresses if address <= at)].append(string["text"])

    assert addresses == sorted(addresses)
    for address, chunk in zip(addresses, chunks):
        size = allocation_bytes(heap, address)
        used = sum(len(text.encode()) + 1 for text in texts[address])
        assert (chunk["size_bytes"], chunk["used_bytes"]) == (size, used)
        assert (chunk["wasted_bytes"], chunk["string_count"]) == (size - used, len(texts[address]))
    wasted = sum(chunk["wasted_bytes"] for chunk in chunks)
    assert found["totals"]["wasted_chunk_bytes"] == wasted


def test_a_string_stays_on_its_line_whatever_is_in_it() -> None:
    shown = report("--strings", *image("1.27.0", 1))
    assert "Q(\\xc3\\xbcml\\xc3\\xa4ut )\n" in shown
    assert all(re.fullmatch(r"qstr pool: .*|Q\([ -~]*\)", line) for line in shown.split("\n")[:-1])


def test_tables_say_what_json_says() -> None:
    found = capture_document("1.27.0", 1)
    lines = report(*image("1.27.0", 1)).splitlines()
    heads = [line.split()[0] for line in lines if not line.startswith("0x")]
    pools = [line.split() for line in lines[: len(found["pools"]) + 1]]
    chunks = [line.split() for line in lines[len(found["pools"]) + 1 : -2]]

    assert heads == ["pool", "chunk", "qstr", "wasted:"]
    for row, pool in zip(pools[1:], found["pools"], strict=True):
        last = pool["first_id"] + pool["string_count"] - 1
        alloc, *sizes = (
            str(pool.get(key, "-")) for key in ("alloc_count", "size_bytes", "wasted_bytes")
        )
        where = "heap" if pool["is_on_heap"] else "ROM"
        assert row == [pool["address"], where, f"{pool['first_id']}..{last}",
                       str(pool["string_count"]), alloc, "yes" if pool["is_sorted"] else "no",
                       *sizes]
    keys = ("address", "string_count", "size_bytes", "used_bytes", "wasted_bytes")
    assert chunks[1:] == [[str(chunk[key]) for key in keys] for chunk in found["chunks"]]
    totals = found["totals"]
    assert lines[-1] == (f"wasted: {totals['wasted_pool_bytes']} bytes in pools, "
                         f"{totals['wasted_chunk_bytes']} bytes in chunks")


# --- fixture firmware: every form, 32 and 64 bits, with ELF and without ---


@pytest.fixture(name="dump", params=VARIANTS, scope="module")
def dump_fixture(request: pytest.FixtureRequest, dump_of: Callable[[str], Dump]) -> Dump:
    return dump_of(request.param)


def hash_bytes(dump: Dump) -> int:
    """Bytes of a hash; in front of a text before v1.19."""
    found = re.search(r"-hash(\d)$", dump.variant)
    return int(found[1]) if found else 2


def is_embedded(dump: Dump) -> bool:
    return int(re.match(r"v1\.(\d+)", dump.variant)[1]) < 19


def slot_bytes(dump: Dump) -> int:
    """What one string takes of its pool."""
    word = 8 if dump.variant.endswith("rv64") else 4
    return word if is_embedded(dump) else word + hash_bytes(dump) + 1


@pytest.fixture(name="pools", scope="module")
def pools_fixture(dump: Dump, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The pools in RAM as GDB sees them."""
    core = tmp_path_factory.mktemp("core") / "core"
    assert mpheap.run("snapshot", core, *dump.images(), *dump.elf()).status == 0
    commands = [f"source {WALKER}", f"qstr-pools {hash_bytes(dump)}"]
    done = run_gdb(commands, [dump.elf()[1], str(core)])
    assert done.exit == 0, done
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("tier", ["dwarf", "symbols", "memory"])
def test_every_tier_finds_what_gdb_sees(dump: Dump, pools: list[dict[str, Any]], tier: str) -> None:
    elf = [] if tier == "memory" else dump.elf(stripped=tier == "symbols")
    found = document(*dump.images(), *elf)
    on_heap = [
        (int(pool["address"], 0), pool["first_id"], pool["alloc_count"])
        for pool in found["pools"]
        if pool["is_on_heap"]
    ]
    prefix = hash_bytes(dump) + 1 if is_embedded(dump) else 0
    strings = [
        (string["id"], int(string["text_address"], 0) - prefix, string["text"])
        for string in found["strings"]
    ]

    assert on_heap == [(pool["address"], pool["first"], pool["alloc"]) for pool in pools]
    assert strings == [
        (pool["first"] + index, start, text)
        for pool in pools
        for index, (start, text) in enumerate(zip(pool["starts"], pool["texts"]))
    ]
    data = sum(prefix + len(text) + 1 for _, _, text in strings)
    assert found["totals"]["data_bytes"] == data


def test_a_pool_costs_what_was_asked_for(dump: Dump, pools: list[dict[str, Any]]) -> None:
    found = document(*dump.images(), *dump.elf())
    block = mpheap.info(*dump.images(), *dump.elf())["heap"]["block_bytes"]
    sizes = [-(-pool["asked_bytes"] // block) * block for pool in pools]
    used = [
        pool["asked_bytes"] - (pool["alloc"] - len(pool["texts"])) * slot_bytes(dump)
        for pool in pools
    ]
    on_heap = [pool for pool in found["pools"] if pool["is_on_heap"]]

    assert [pool["size_bytes"] for pool in on_heap] == sizes
    assert [pool["size_bytes"] - pool["wasted_bytes"] for pool in on_heap] == used
    assert found["totals"]["total_bytes"] == sum(sizes) + found["totals"]["data_bytes"]
    assert found["totals"]["wasted_pool_bytes"] == sum(sizes) - sum(used)
    assert found["totals"]["pool_count"] == len(pools) > 0


# --- damage ---


class Damaged(Patched):
    """A 32-bit dump whose RAM can be changed. Strings are counted from the newest pool's first."""

    def __init__(self, dump: Dump, folder: Path) -> None:
        super().__init__(dump, folder)
        self.found = document(*dump.images(), *dump.elf())
        self.count = self.found["pools"][0]["string_count"]  # of the newest pool
        self.pool = int(self.found["pools"][0]["address"], 0)

    def entry(self, index: int) -> int:
        """Where the pool of a string points to it."""
        header_words = 4 if is_embedded(self.dump) else 6
        for pool in self.found["pools"]:
            if index < pool["string_count"]:
                return int(pool["address"], 0) + 4 * (header_words + index)
            index -= pool["string_count"]
        raise IndexError(index)

    def text(self, index: int) -> str:
        return self.found["strings"][index]["text"]

    def text_address(self, index: int) -> int:
        return int(self.found["strings"][index]["text_address"], 0)

    def words(self, *regs: str) -> list[str | Path]:
        """Options for the dump as it is now."""
        return [*super().words(*regs), *self.dump.elf()]

    def lines(self) -> list[str]:
        """The lines of the strings."""
        result = mpheap.run("qstr", "--strings", *self.words())
        assert result.status == 0
        return result.stdout.splitlines()[1:]

    def without(self, index: int) -> list[str]:
        """The lines of all strings but one."""
        lines = [f"Q({string['text']})" for string in self.found["strings"]]
        return lines[:index] + lines[index + 1 :]


@pytest.fixture(name="separate")
def separate_fixture(dump_of: Callable[[str], Dump], tmp_path: Path) -> Damaged:
    """Lengths are in an array."""
    return Damaged(dump_of("v1.27.0"), tmp_path)


@pytest.fixture(name="embedded")
def embedded_fixture(dump_of: Callable[[str], Dump], tmp_path: Path) -> Damaged:
    """Two bytes of hash and the length are in front of each text."""
    return Damaged(dump_of("v1.12"), tmp_path)


def test_an_entry_that_leads_nowhere_is_said(separate: Damaged) -> None:
    separate.put(separate.entry(2), NOWHERE)
    lines = separate.lines()
    assert lines.pop(2) == f"<bad: cannot be read at {NOWHERE:#x}>"
    assert lines == separate.without(2)


def test_an_entry_without_a_length_is_said_and_not_counted(embedded: Damaged) -> None:
    embedded.put(embedded.entry(2), NOWHERE)
    lines = embedded.lines()
    assert lines.pop(2) == f"<bad: cannot be read at {NOWHERE + 2:#x}>"
    assert lines == embedded.without(2)
    totals = document(*embedded.words())["totals"]
    lost = embedded.found["totals"]["data_bytes"] - totals["data_bytes"]
    assert lost == len(embedded.text(2)) + 4


@pytest.mark.parametrize("variant", ["v1.27.0", "v1.12"])
def test_a_text_that_runs_on_is_said(
    dump_of: Callable[[str], Dump], tmp_path: Path, variant: str
) -> None:
    damaged = Damaged(dump_of(variant), tmp_path)
    end = damaged.text_address(3) + len(damaged.text(3))
    damaged.put(end, ord("!"), 1)
    lines = damaged.lines()
    assert lines.pop(3) == f"<bad: does not end at {end:#x}>"
    assert lines == damaged.without(3)
    assert document(*damaged.words())["strings"][3] == {
        "id": damaged.found["strings"][3]["id"],
        "problem": "does not end",
        "problem_address": f"{end:#x}",
    }


def test_control_bytes_of_a_damaged_text_do_not_get_out(separate: Damaged) -> None:
    separate.put(separate.text_address(0), 0x1B, 1)
    assert separate.lines()[0] == f"Q(\\x1b{separate.text(0)[1:]})"


@pytest.mark.parametrize("alloc", [0, 0xFFFFFFFF])
def test_a_pool_of_an_impossible_size_is_noted(separate: Damaged, alloc: int) -> None:
    good = report("--strings", *separate.words())
    separate.put(separate.pool + 8, alloc)
    result = mpheap.run("qstr", "--strings", *separate.words())
    assert result.notes == [
        f"qstr: the pool at {separate.pool:#x} has {separate.count} strings in {alloc} places"
    ]
    assert result.stdout == good


def test_a_pool_larger_than_its_block_is_noted(separate: Damaged) -> None:
    separate.put(separate.pool + 8, 1000)
    result = mpheap.run("qstr", *separate.words())
    assert result.notes == [f"qstr: the pool at {separate.pool:#x} is larger than its block"]


def test_more_strings_than_there_are_end_nothing(separate: Damaged) -> None:
    """What lies behind the pool are no strings; that is said of each of them."""
    count = 0xFFFF
    separate.put(separate.pool + 12, count)
    lines = separate.lines()
    added = count - separate.count
    good = [f"Q({string['text']})" for string in separate.found["strings"]]
    assert lines[: separate.count] == good[: separate.count]
    assert lines[count:] == good[separate.count :]
    assert sum(line.startswith("<bad: ") for line in lines) > added / 2


def test_a_text_outside_of_every_chunk_is_noted(separate: Damaged) -> None:
    """Nothing keeps its block then: only an entry that leads to a chunk's first byte does."""
    chunk = separate.found["chunks"][0]
    (first,) = (
        index
        for index, string in enumerate(separate.found["strings"])
        if string["text_address"] == chunk["address"]
    )
    separate.put(separate.entry(first), separate.text_address(first) + 1)
    result = mpheap.run("qstr", *separate.words())
    assert result.notes == [
        f"qstr: {chunk['string_count']} texts lie on the heap in no chunk, "
        f"the first at {separate.text_address(first) + 1:#x}"
    ]


CHAINS = {
    "previous unreadable": (0, NOWHERE, 3, rf"memory: cannot read \({NOWHERE:#x}\)"),
    "no previous": (0, 0, 4, "qstr: the chain of pools ends too early"),
    "wrong ids": (4, 1, 4, "qstr: the pool at .* does not continue its chain"),
    "too many": (12, 0x10000, 4, "qstr: the pool at .* does not continue its chain"),
}


@pytest.mark.parametrize("offset, value, status, words", CHAINS.values(), ids=CHAINS)
def test_a_broken_chain_is_an_error(
    separate: Damaged, offset: int, value: int, status: int, words: str
) -> None:
    separate.put(separate.pool + offset, value)
    result = mpheap.run("qstr", *separate.words())
    assert (result.status, result.stdout) == (status, "")
    assert re.fullmatch(words + r"( \(.*\))?", result.error)


def test_a_chain_that_loops_is_an_error(separate: Damaged) -> None:
    separate.put(separate.pool, separate.pool)
    result = mpheap.run("qstr", *separate.words())
    assert (result.status, result.stdout) == (4, "")
    assert f"{separate.pool:#x}" in result.error


# --- the document ---


def test_keys_are_those_of_the_document(dump_of: Callable[[str], Dump], separate: Damaged) -> None:
    separate.put(separate.entry(1), NOWHERE)
    separate.put(separate.pool + 8, 0)
    damaged = mpheap.run("qstr", "--strings", "--format=json", *separate.words()).json
    assert damaged["notes"]
    dump = dump_of("v1.12-rv64")
    check("qstr", [damaged, document(*dump.images()), capture_document("1.27.0", 1)])


def test_json_has_strings_only_when_asked(separate: Damaged) -> None:
    plain = json.loads(report("--format=json", *separate.words()))
    assert plain == {key: value for key, value in separate.found.items() if key != "strings"}


# --- a board ---

NAMES = "class C: pass\nfor i in range(30): setattr(C, 'attribute_%d' % i, i)\n"
FREEZE = f"{NAMES}import micropython\nmicropython.qstr_info(1)\nprint('frozen')\nwhile True: pass\n"


@pytest.fixture(name="frozen", scope="module")
def frozen_fixture() -> Iterator[tuple[Board, str]]:
    """A micro:bit, and what its qstr_info(1) printed; from then on its heap stands still."""
    with Board() as board:
        for base, size in (FLASH, RAM):
            board.read_memory(base, size)  # from now on it needs no further connection to QEMU
        board.repl.start(FREEZE)
        text = board.repl.read_until(FROZEN)[: -len(FROZEN)].decode().replace("\r\n", "\n")
        yield board, text[text.index("qstr pool: ") :]


def test_a_dumped_board(frozen: tuple[Board, str], tmp_path: Path) -> None:
    board, text = frozen
    words = []
    for base, size in board.regions:
        (tmp_path / f"{base:x}").write_bytes(board.read_memory(base, size))
        words += ["--image", f"{tmp_path}/{base:x}@{base:#x}"]
    assert len(strings_in(text)) > 30
    assert report("--strings", *words) == expected(text)


def crossed(result: mpheap.Result) -> tuple[int, int]:
    """Requests to the link, and the bytes that were really needed."""
    counts = re.search(r"stats: (\d+) requests, .* (\d+) needed, ", result.stderr)
    return int(counts[1]), int(counts[2])


def test_a_running_board_through_openocd(frozen: tuple[Board, str]) -> None:
    """It is neither halted nor written to, and strings do not cross the link one by one."""
    board, text = frozen
    with DebugPort(board) as port, OpenOcd(port) as openocd:
        tcl = ("--stats", "--openocd", f":{openocd.tcl_port}")
        block_map = mpheap.run("map", *tcl)
        strings = mpheap.run("qstr", "--strings", *tcl)
        tables = mpheap.run("qstr", *tcl)
        stats = port.stats()
    requests, needed = crossed(strings)

    assert strings.stdout == expected(text)
    assert text.splitlines()[0] in tables.stdout.splitlines()
    assert requests < crossed(block_map)[0] + len(strings_in(text)) / 2
    assert needed < RAM[1] / 2
    assert (stats["memory_writes"], stats["bus_writes"], stats["cpu_halts"]) == (0, 0, 0)
