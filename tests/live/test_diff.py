# SPDX-License-Identifier: MIT
"""What `diff` says has changed is what the board says of itself: in captures, and over a link."""

from __future__ import annotations

import json
import random
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from captures import VERSIONS, Capture, capture
from faults.survival import run_sound
from live.qemu_stub import qemu_stub
from rig import Board, DebugPort, OpenOcd
from rig.gdb import run_gdb
from rig.process import wait_until

import mpheap

TOP = Path(__file__).resolve().parents[2]
SOURCE = f"source {{{TOP}/openocd/mpheap.tcl}}"
USAGE, UNREADABLE, NO_HEAP, INTERRUPTED = 2, 3, 4, 5
# The first, one with weak references and an area of its own for each growth, the last
CAPTURED = (VERSIONS[0], "1.28.0-6", VERSIONS[-1])
EVERYTHING = "--top=100000"


def diff(*words: str | Path) -> dict[str, Any]:
    """The document of a comparison, with all that grew."""
    result = mpheap.run("diff", "--format=json", EVERYTHING, *words)
    assert result.status == 0, result
    return result.json


def sides(heap: Capture) -> tuple[str, str]:
    return f"{heap.memory(1)}@0", f"{heap.memory(2)}@0"


def numbers_of(text: str) -> dict[str, int]:
    """What mem_info prints of the whole heap."""
    found = re.search(r"^GC: total: (\d+), used: (\d+), free: (\d+)", text, re.M)
    return dict(zip(("pool_bytes", "used_bytes", "free_bytes"), map(int, found.groups())))


def only(found: list[dict[str, Any]], **wanted: Any) -> dict[str, Any]:
    """The one entry with these values."""
    (entry,) = (row for row in found if all(row.get(key) == wanted[key] for key in wanted))
    return entry


# --- captures ---


@pytest.mark.parametrize("version", CAPTURED)
def test_totals_are_the_boards(version: str) -> None:
    heap = capture(version)
    said = diff(*sides(heap))
    for side, moment in (("before", 1), ("after", 2)):
        printed = numbers_of(heap.text(moment))
        assert said[side].items() >= printed.items()


@pytest.mark.parametrize("version", CAPTURED)
def test_everything_adds_up(version: str) -> None:
    said = diff(*sides(capture(version)))
    used = said["after"]["used_bytes"] - said["before"]["used_bytes"]
    assert used < 0
    assert sum(row["change"] for row in said["types"]) + said["loose_change"] == used
    changes = [row["change"] for row in said["growers"]]
    assert changes == sorted(changes, reverse=True) and min(changes) > 0
    assert said["other_growers"] == {"count": 0, "change": 0}
    assert sum(changes) + said["shrinkers"]["change"] + said["loose_change"] == used
    for row in said["types"]:
        assert row["after_bytes"] - row["before_bytes"] == row["change"]
        grown = row["after_count"] - row["before_count"]
        assert grown == row["new_count"] - row["gone_count"]


@pytest.mark.parametrize("version", CAPTURED)
def test_types_are_those_of_each_moment(version: str) -> None:
    heap = capture(version)
    rows = diff(*sides(heap))["types"]
    for side, file in zip(("before", "after"), sides(heap)):
        listed = mpheap.run("types", "--format=json", "--image", file).json["types"]
        sizes = {
            (row["type"], row.get("class_address")): (
                row["count"], row["own_bytes"] + row["helper_bytes"])
            for row in listed
        }
        for row in rows:
            there = row[f"{side}_count"], row[f"{side}_bytes"]
            assert sizes.get((row["type"], row.get("class_address")), (0, 0)) == there


@pytest.mark.parametrize("version", CAPTURED)
def test_what_the_program_dropped_is_gone(version: str) -> None:
    """The program itself lists its objects at both moments, and lets some go in between."""
    heap = capture(version)
    said = diff(*sides(heap)[::-1])
    kept = {entry["address"] for entry in heap.objects(2).values()}
    dropped = [entry for entry in heap.objects(1).values() if entry["address"] not in kept]
    assert dropped
    released = only(said["growers"], name="released")
    freed = diff(*sides(heap))["largest_shrinkers"][0]
    assert (freed["name"], freed["change"]) == ("released", -released["change"])
    shown = mpheap.run("diff", "--top=1", *sides(heap)).stdout
    assert re.search(rf"what shrank.*\n +{freed['change']}  released, dict at .*\n", shown)
    assert re.search(r" \d+ more that shrank\n\Z", shown)
    nodes = only(said["types"], type="Node")
    assert nodes["gone_count"] == 0
    assert nodes["new_count"] > 0
    assert released["change"] > 0.9 * -sum(
        row["change"] for row in diff(*sides(heap))["types"] if row["change"] < 0)


@pytest.mark.parametrize("moment", (1, 2))
def test_nothing_changes_in_no_time(moment: int) -> None:
    file = sides(capture(VERSIONS[-1]))[moment - 1]
    said = diff(file, file)
    assert (said["types"], said["growers"], said["shrinkers"]["count"]) == ([], [], 0)
    assert said["before"] == said["after"]
    shown = mpheap.run("diff", file, file)
    assert shown.stdout.endswith("\nno object is new, gone, or of another size\n")


@pytest.mark.parametrize("version", CAPTURED)
def test_backwards_is_the_mirror(version: str) -> None:
    before, after = sides(capture(version))
    there, back = diff(before, after), diff(after, before)
    assert (there["before"], there["after"]) == (back["after"], back["before"])
    turned = {"before": "after", "after": "before", "new": "gone", "gone": "new",
              "grown": "shrunk", "shrunk": "grown"}

    def mirrored(row: dict[str, Any]) -> dict[str, Any]:
        ret = {"change": -row["change"]}
        for key, value in row.items():
            first, _, rest = key.partition("_")
            if key != "change":
                ret[f"{turned[first]}_{rest}" if first in turned else key] = value
        return ret

    rows = [sorted(rows, key=lambda row: (row["type"], row.get("class_address", "")))
            for rows in (there["types"], map(mirrored, back["types"]))]
    assert rows[0] == rows[1]
    for one, other in ((there, back), (back, there)):
        grown = sum(row["change"] for row in one["growers"])
        assert other["shrinkers"] == {"count": len(one["growers"]), "change": -grown}
        shrunk = [(-row["change"], row.get("address", "")) for row in other["largest_shrinkers"]]
        assert [change for change, _ in shrunk] == [row["change"] for row in one["growers"]]
        assert sorted(shrunk) == sorted(
            (row["change"], row.get("address", "")) for row in one["growers"])


def test_top_sums_up_the_rest() -> None:
    before, after = sides(capture(VERSIONS[-1]))[::-1]
    everything = diff(before, after)["growers"]
    said = mpheap.run("diff", "--format=json", "--top=2", before, after).json
    assert said["growers"] == everything[:2]
    rest = everything[2:]
    assert said["other_growers"] == {
        "count": len(rest), "change": sum(row["change"] for row in rest)}
    shown = mpheap.run("diff", "--top=2", before, after).stdout
    assert f"{sum(row['change'] for row in rest):+8}  {len(rest)} more that grew\n" in shown


# --- what cannot be compared ---


def test_two_firmwares() -> None:
    first, last = capture(VERSIONS[0]), capture(VERSIONS[-1])
    result = mpheap.run("diff", sides(first)[0], sides(last)[0])
    assert result.status == NO_HEAP
    assert re.match(r"diff: two firmwares, .*mp_type_type is at 0x\w+ and at 0x\w+$", result.error)


def test_two_places() -> None:
    """The same memory at another address."""
    file = capture(VERSIONS[-1]).memory(1)
    result = mpheap.run("diff", f"{file}@0", f"{file}@0x10000000")
    assert result.status == NO_HEAP
    assert result.error.startswith(("diff: ", "after: "))


@pytest.mark.parametrize("side", ("before", "after"))
def test_a_file_without_a_heap(side: str, tmp_path: Path) -> None:
    zeros = tmp_path / "zeros"
    zeros.write_bytes(bytes(4096))
    files = {"before": sides(capture(VERSIONS[0]))[0], "after": sides(capture(VERSIONS[0]))[1]}
    files[side] = f"{zeros}@0"
    result = mpheap.run("diff", *files.values())
    assert result.status == NO_HEAP
    assert result.error.startswith(f"{side}: ")


def test_usage(tmp_path: Path) -> None:
    there = sides(capture(VERSIONS[0]))[0]
    for words, said in (
        ([], "usage: two are compared: A B, or --live SECONDS"),
        ([there], "usage: two are compared: A B, or --live SECONDS"),
        (["--live=0"], "usage: --live: not a number of seconds"),
        (["--live=1", there, there],
         "usage: --live takes both moments from the target, not from files"),
        (["--core", tmp_path / "a.core", there, there],
         "usage: A and B are the cores or images to compare"),
        (["--top=many", there, there], "usage: --top: not a number"),
    ):
        result = mpheap.run("diff", *words)
        assert (result.status, result.error) == (USAGE, said)
    missing = mpheap.run("diff", there, tmp_path / "b.core")
    assert (missing.status, "b.core" in missing.error) == (UNREADABLE, True)


def test_a_dump_has_one_moment() -> None:
    result = mpheap.run("diff", "--live=1", "--image", sides(capture(VERSIONS[0]))[0])
    assert (result.status, result.error) == (
        UNREADABLE, "diff: a dump has one moment: --live wants a target that runs")


def test_damage_is_compared_too(tmp_path: Path) -> None:
    """It ends, with sums that add up or with a reason: also in the build with sanitizers."""
    heap = capture(VERSIONS[-1])
    sound, memory = sides(heap)[0], heap.memory(2).read_bytes()
    start = min(entry["address"] for entry in heap.objects(2).values())
    outcomes = set()
    for seed in range(8):
        chance = random.Random(seed)
        damaged = bytearray(memory)
        for _ in range(chance.choice((30, 3000))):
            at = chance.randrange(start, len(memory) - 4)
            damaged[at : at + 4] = chance.choice((bytes(4), b"\xff" * 4, chance.randbytes(4)))
        file = tmp_path / "damaged"
        file.write_bytes(damaged)
        result = run_sound("diff", "--format=json", EVERYTHING, sound, f"{file}@0")
        outcomes.add(result.status)
        if result.status == 0:
            said = result.json
            change = said["after"]["used_bytes"] - said["before"]["used_bytes"]
            assert sum(row["change"] for row in said["types"]) + said["loose_change"] == change
    assert outcomes <= {0, NO_HEAP} and 0 in outcomes


# --- a leak on a board ---

LEAK = """\
seen = []
def note(count):
    for i in range(count):
        seen.append((i, [i]))
"""


@pytest.fixture(name="leak", scope="module")
def leak_fixture(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Cores and mem_info of a board before and after it has noted 30 more."""
    folder = tmp_path_factory.mktemp("leak")
    ret: dict[str, Any] = {"files": [], "text": [], "length": []}
    with Board() as board, DebugPort(board) as port, OpenOcd(port) as openocd:
        board.repl.exec(LEAK)
        for count in (10, 30):
            board.repl.exec(f"note({count})\nimport gc\ngc.collect()")
            ret["length"].append(int(board.repl.exec("print(len(seen))")))
            ret["id"] = board.repl.exec("print(hex(id(seen)))").strip()
            ret["text"].append(board.freeze())
            ret["files"].append(folder / f"{count}.core")
            done = mpheap.run("snapshot", ret["files"][-1], "--halt",
                              f"--openocd=:{openocd.tcl_port}")
            assert done.status == 0, done
            board.thaw()
    return ret


def test_a_leak_has_a_name(leak: dict[str, Any]) -> None:
    said = diff(*leak["files"])
    for side, text in zip(("before", "after"), leak["text"]):
        assert said[side].items() >= numbers_of(text).items()
    grower = said["growers"][0]
    assert (grower["name"], grower["type"], grower["is_new"]) == ("seen", "list", False)
    assert (grower["before_length"], grower["after_length"]) == tuple(leak["length"]) == (10, 40)
    assert int(grower["address"], 16) == int(leak["id"], 16)
    types = {row["type"]: row["count"] for row in grower["new_types"]}
    assert types == {"tuple": 30, "list": 30}
    assert grower["new_count"] == 60
    # A tuple of two is 16 bytes, a list is 16 with 16 of items; 40 pointers are 160 bytes.
    assert grower["new_bytes"] >= 30 * (16 + 16 + 16)
    assert grower["own_change"] >= 4 * (40 - 10) - 16


def test_a_leak_in_text(leak: dict[str, Any]) -> None:
    shown = mpheap.run("diff", *leak["files"]).stdout
    assert re.search(r"^ +\+\d+  seen, list at 0x\w+\n"
                     r" +itself \+\d+ bytes, length 10 to 40\n"
                     r" +30 list \+\d+, 30 tuple \+\d+\n"
                     r" +why: root dict_main -> \['seen'\]$", shown, re.M)


@pytest.mark.parametrize("version", CAPTURED)
def test_what_keeps_it_is_what_why_says(version: str) -> None:
    before, after = sides(capture(version))[::-1]
    growers = mpheap.run("diff", "--format=json", "--top=4", before, after).json["growers"]
    asked = 0
    for row in growers:
        if "address" in row:
            paths = mpheap.run(
                "why", "--format=json", row["address"], "--image", after).json["paths"]
            assert row.get("why") == (paths[0]["line"] if paths else None)
            asked += 1
    assert asked > 2


SHARED = """\
import gc
class Pair:
    pass
pair = Pair()
pair.first = []
pair.second = []
def note(count):
    for i in range(count):
        item = bytearray(50)
        pair.first.append(item)
        pair.second.append(item)
def drop(count):
    for i in range(count):
        bytearray(100)
"""


@pytest.fixture(name="shared", scope="module")
def shared_fixture(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Cores before and after 10 items are in two lists of one object, and 12 are dropped."""
    folder = tmp_path_factory.mktemp("shared")
    files = [folder / "before.core", folder / "after.core"]
    with Board() as board, DebugPort(board) as port, OpenOcd(port) as openocd:
        board.repl.exec(SHARED)
        for file, code in zip(files, ("gc.collect()", "gc.collect()\nnote(10)\ndrop(12)")):
            board.repl.exec(code)
            board.freeze()
            done = mpheap.run("snapshot", file, "--halt", f"--openocd=:{openocd.tcl_port}")
            assert done.status == 0, done
            board.thaw()
    return files


def test_what_two_lists_share_is_their_owners(shared: list[Path]) -> None:
    """Neither list alone keeps an item; their names say the first."""
    growers = diff(*shared)["growers"]
    owner = only(growers, name="pair")
    assert (owner["type"], owner["is_new"], owner["new_count"]) == ("Pair", False, 10)
    assert owner["new_types"][0]["type"] == "bytearray"
    for name in ("pair.first", "pair.second"):
        row = only(growers, name=name)
        assert (row["new_count"], row["change"]) == (0, row["own_change"])


def test_garbage_is_a_line_of_its_own(shared: list[Path]) -> None:
    """A stale word on the stack may keep one or two; backwards all of it is gone."""
    garbage = only(diff(*shared)["growers"], is_garbage=True)
    types = {row["type"]: row["count"] for row in garbage["new_types"]}
    assert 10 <= types["bytearray"] <= 12
    assert "address" not in garbage and "why" not in garbage
    shown = mpheap.run("diff", *shared).stdout
    assert re.search(r"^ +\+\d+  garbage: a collection would free it$", shown, re.M)
    back = diff(*reversed(shared))
    assert not any(row.get("is_garbage") for row in back["growers"])


def test_every_door_says_the_same(leak: dict[str, Any]) -> None:
    before, after = leak["files"]
    shell = mpheap.run("diff", before, after)
    gdb = run_gdb([f"source {TOP}/gdb/mpheap.py", f"mpheap diff {before} {after}"])
    assert (gdb.exit, gdb.stdout) == (0, shell.stdout)
    with Board() as board, DebugPort(board) as port, OpenOcd(port, [SOURCE]) as openocd:
        assert openocd.tcl(f"mpheap_report diff {before} {after}") + "\n" == shell.stdout


# --- a board that runs ---

GROWING = """\
from microbit import sleep
log = []
while True:
    log.append([len(log)])
    sleep(20)
"""
NEVER_S = "600"


@pytest.fixture(name="growing")
def growing_fixture() -> Iterator[tuple[Board, DebugPort, OpenOcd]]:
    """A board whose program appends to a list for ever."""
    with Board() as board, DebugPort(board) as port, OpenOcd(port, [SOURCE]) as openocd:
        board.repl.start(GROWING)
        wait_until(lambda: has_log("--halt", f"--openocd=:{openocd.tcl_port}"), 10, "the list")
        yield board, port, openocd
        board.repl.interrupt()
        assert board.repl.exec("print(6 * 7)").strip() == "42"


def has_log(*where: str) -> bool:
    """Whether the program has come to its list."""
    return " log " in mpheap.run("objects", "--type=list", *where).stdout


def check_grew(said: dict[str, Any]) -> None:
    """The list has grown by as many as its length says: each is a list with its items."""
    grower = said["growers"][0]
    assert (grower["name"], grower["type"]) == ("log", "list")
    more = grower["after_length"] - grower["before_length"]
    assert more > 5
    assert grower["new_types"] == [{"type": "list", "count": more, "bytes": more * (16 + 16)}]


def test_two_looks_at_a_running_board(growing: tuple[Board, DebugPort, OpenOcd]) -> None:
    _, port, openocd = growing
    before = port.stats()
    start = time.monotonic()
    check_grew(diff("--live=0.5", "--halt", f"--openocd=:{openocd.tcl_port}"))
    assert time.monotonic() - start > 0.5
    after = port.stats()
    for count in ("cpu_halts", "cpu_resumes"):
        assert after[count] - before[count] == 2
    assert (after["memory_writes"], after["resets"]) == (0, 0)


def test_without_halt_nothing_is_halted(growing: tuple[Board, DebugPort, OpenOcd]) -> None:
    """The list may be met while it moves, but not every time."""
    _, port, openocd = growing
    before = port.stats()["cpu_halts"]
    said: dict[str, Any] = {}

    def finds_it() -> bool:
        said.update(diff("--live=0.5", f"--openocd=:{openocd.tcl_port}"))
        return any(row.get("name") == "log" for row in said["growers"])

    wait_until(finds_it, 20, "a sound look at the list")
    assert port.stats()["cpu_halts"] == before
    assert [note for note in said["notes"] if note.startswith("before: target: running")]
    assert [note for note in said["notes"] if note.startswith("target: running")]


def test_live_in_openocd(growing: tuple[Board, DebugPort, OpenOcd]) -> None:
    _, _, openocd = growing
    check_grew(json.loads(openocd.tcl("mpheap_report diff --live=0.5 --halt --format=json")))


def test_live_through_a_gdb_stub() -> None:
    """QEMU's stub stops the board for each look, and lets it go in between."""
    with Board() as board:
        board.repl.start(GROWING)
        with qemu_stub(board) as stub:
            where = f"--gdb=127.0.0.1:{stub}"
            wait_until(lambda: has_log(where), 10, "the list")
            check_grew(diff("--live=0.5", where))


def test_gdb_says_that_nothing_runs(growing: tuple[Board, DebugPort, OpenOcd]) -> None:
    _, _, openocd = growing
    gdb = run_gdb([f"target extended-remote :{openocd.gdb_port}",
                   f"source {TOP}/gdb/mpheap.py", "mpheap diff --live=1"])
    openocd.tcl("resume")
    assert gdb.exit == 1
    assert "mpheap: diff: the target is halted, and --live does not let it run" in gdb.stderr


def test_a_halted_board_does_not_change(growing: tuple[Board, DebugPort, OpenOcd]) -> None:
    _, _, openocd = growing
    openocd.tcl("halt")
    result = mpheap.run("diff", f"--live={NEVER_S}", f"--openocd=:{openocd.tcl_port}")
    openocd.tcl("resume")
    assert result.status == UNREADABLE
    assert result.error.startswith("diff: the target is halted")


def test_ctrl_c_ends_the_wait(growing: tuple[Board, DebugPort, OpenOcd]) -> None:
    """Nothing is held meanwhile: the board runs, and OpenOCD has no client of ours."""
    _, port, openocd = growing
    command = [mpheap.command_path(), "diff", f"--live={NEVER_S}", "--halt",
               f"--openocd=:{openocd.tcl_port}"]
    resumed = port.stats()["cpu_resumes"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True) as process:
        try:
            wait_until(lambda: port.stats()["cpu_resumes"] > resumed, 10, "the first look")
            assert openocd.tcl("mp.cm arp_poll; mp.cm curstate") == "running"
            wait_until(lambda: sleeps(process.pid), 10, "the wait")
            process.send_signal(signal.SIGINT)
            shown, said = process.communicate(timeout=20)
        finally:
            process.kill()
    assert (process.returncode, shown, said) == (INTERRUPTED, "", "mpheap: interrupted\n")


def sleeps(process: int) -> bool:
    """Whether a process has no connection open, and waits."""
    stat = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    links = [file.readlink() for file in Path(f"/proc/{process}/fd").iterdir()]
    return stat[0] == "S" and not any(str(link).startswith("socket:") for link in links)
