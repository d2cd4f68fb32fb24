# SPDX-License-Identifier: MIT
"""Tasks of asyncio are where the board says they are, on every version; damage is said."""

from __future__ import annotations

import ast
import functools
import struct
import subprocess
from pathlib import Path
from typing import Any

import pytest
from captures import MOMENTS, VERSIONS, capture
from dumps import Dump, elf_of
from json_page import check
from live.listing import image
from live.scene.tasks import BUILT_IN, PYTHON, PYTHON_CORE

import mpheap

every_version = pytest.mark.parametrize("version", VERSIONS)
every_moment = pytest.mark.parametrize("moment", MOMENTS)

ASLEEP = (["sleeper"], "await asyncio.sleep")
PYTHON_ASLEEP = (["python_nap", "python_sleep"], "await python_core.sleep_until")
# By name in the scene: state, what it waits on, the functions of its chain, and the statement
# that the innermost one in the scene's own text stands at.
BUILT_IN_TASKS = {
    "task_holder": ("waiting", "asyncio_event", ["holder", "wait"], "await event.wait()"),
    "task_contender": (
        "waiting", "asyncio_lock", ["contender", "__aenter__", "acquire"], "async with lock",
    ),
    "task_joiner": ("waiting", "task_sleeper", ["joiner", "joined"], "await task"),
    "task_gatherer": ("waiting", None, ["gatherer", "gather"], "await asyncio.gather"),
    "task_sleeper": ("sleeping", None, *ASLEEP),
    "task_nap_7200": ("sleeping", None, *ASLEEP),
    "task_nap_1800": ("sleeping", None, *ASLEEP),
    "task_nap_5400": ("sleeping", None, *ASLEEP),
    "task_cancelled": ("ready", None, *ASLEEP),
    "task_woken": ("ready", None, ["woken", "wait"], "await gate.wait()"),
    "task_fresh": ("ready", None, ["short"], "task_parked()"),
    "task_short": ("done", None, ["short"], ""),
    "task_watcher": ("done", None, ["watcher"], ""),
    "task_failing": ("done, awaited", None, ["failing"], ""),
}
PYTHON_TASKS = {
    "python_task_sleeper_5000": ("sleeping", None, *PYTHON_ASLEEP),
    "python_task_sleeper_9000": ("sleeping", None, *PYTHON_ASLEEP),
    "python_task_sleeper_3000": ("sleeping", None, *PYTHON_ASLEEP),
    "python_task_sleeper_7000": ("sleeping", None, *PYTHON_ASLEEP),
    "python_task_waiter": ("waiting", None, ["python_waiter", "wait"], "await python_event"),
    "python_task_joiner": (
        "waiting", "python_task_sleeper_5000", ["python_joiner"], "await task",
    ),
    "python_task_reader": ("waiting", None, ["python_reader", "read"], "await python_stream"),
    "python_task_writer": ("waiting", None, ["python_writer", "drain"], "await python_output"),
    "python_task_fresh": ("ready", None, ["python_short"], "return 7"),
    "python_task_short": ("done", None, ["python_short"], ""),
    "python_task_awaited": ("done, awaited", None, ["python_short"], ""),
}
SCENES = {
    "task_words": (BUILT_IN, BUILT_IN_TASKS),
    "python_words": (PYTHON, PYTHON_TASKS),
}
WITHOUT = ("1.20.", "1.21.")  # these builds have no asyncio of their own


def tasks_of(*words: str) -> dict[str, Any]:
    """The report's document; it must succeed."""
    result = mpheap.run("tasks", "--all", "--format=json", *words)
    assert result.status == 0, result
    return result.json


def by_address(document: dict[str, Any]) -> dict[int, dict[str, Any]]:
    return {int(task["address"], 0): task for task in document["tasks"]}


@functools.cache
def found_in(version: str, moment: int) -> dict[int, dict[str, Any]]:
    """The tasks of a captured heap, by address."""
    document = tasks_of(*image(version, moment))
    assert document["notes"] == []
    return by_address(document)


def words_in(version: str, moment: int, name: str) -> list[tuple[str, int, bool, int, int]]:
    """What the board says of its tasks: name, address, whether done, ph_key, place in the queue."""
    kept, _ = capture(version).scene(moment)
    return ast.literal_eval(kept[name].repr.removeprefix("<tasks ").removesuffix(">"))


def scenes_in(version: str) -> list[str]:
    return [name for name in SCENES if name != "task_words" or not version.startswith(WITHOUT)]


@every_version
@every_moment
def test_every_task_is_what_the_board_says(version: str, moment: int) -> None:
    found = found_in(version, moment)
    for scene in scenes_in(version):
        words = words_in(version, moment, scene)
        assert len(words) >= len(SCENES[scene][1])
        for name, address, is_done, key, place in words:
            task = found[address]
            assert task["state"].startswith("done") == is_done, name
            assert task.get("queue_position", 0) == place, name
            assert not place or task["wake_ticks_ms"] == key, name


@every_version
@every_moment
def test_states_waits_and_chains(version: str, moment: int) -> None:
    found = found_in(version, moment)
    kept, _ = capture(version).scene(moment)
    for scene in scenes_in(version):
        text, expected = SCENES[scene]
        for name, (state, waits_on, functions, statement) in expected.items():
            task = found[kept[name].address]
            assert task["state"] == state, name
            assert [step["function"] for step in task["chain"]] == functions, name
            assert task["coroutine"] == functions[0]
            if waits_on:
                assert int(task["waits_on_address"], 0) == kept[waits_on].address, name
            if statement:
                assert statement in innermost_statement(task, text), name


def innermost_statement(task: dict[str, Any], text: str) -> str:
    """The line of the scene's text that the innermost of its own coroutines stands at."""
    own = [step for step in task["chain"] if step["file"] == "<string>"]
    return text.splitlines()[own[-1]["line"] - 1]


@every_version
def test_lines_of_an_asyncio_in_python(version: str) -> None:
    """The innermost coroutine is asyncio's own; its file has lines, since it is no frozen one."""
    kept, _ = capture(version).scene(1)
    task = found_in(version, 1)[kept["python_task_reader"].address]
    assert task["file"] == "uasyncio/core.py"
    assert "yield _io_queue.enqueue(self.s, 0)" in PYTHON_CORE.splitlines()[task["line"] - 1]
    assert task["waits_on"] == "reading BytesIO python_stream.s"
    writer = found_in(version, 1)[kept["python_task_writer"].address]
    assert writer["waits_on"] == "writing StringIO python_output.s"


@pytest.mark.parametrize("version", [name for name in VERSIONS if not name.startswith(WITHOUT)])
def test_results_and_what_a_gather_waits_for(version: str) -> None:
    found = found_in(version, 1)
    kept, _ = capture(version).scene(1)
    assert found[kept["task_short"].address]["result"].startswith("StopIteration('done'")
    assert found[kept["task_cancelled"].address]["pending"] == "<class 'CancelledError'>"
    gathered = found[kept["task_gatherer"].address]["gathered"]
    naps = [kept[f"task_nap_{seconds}"].address for seconds in (7200, 1800, 5400)]
    assert {int(task["address"], 0) for task in gathered} == set(naps)


def test_text_has_a_line_for_each_task_and_each_coroutine() -> None:
    version = VERSIONS[-1]
    result = mpheap.run("tasks", *image(version, 1))
    assert (result.status, result.stderr) == (0, "")
    heading, *lines, summary = result.stdout.splitlines()
    assert heading.split()[:3] == ["address", "state", "order"]
    rows = [line for line in lines if line.startswith("0x")]
    frames = [line for line in lines if line.startswith("    File ")]
    assert len(rows) + len(frames) == len(lines)
    assert summary.startswith(f"{len(rows)} tasks: ")
    contender = next(row for row in rows if "task_contender" in row)
    assert contender.endswith("Lock lock")
    below = lines[lines.index(contender) + 1:][:3]
    assert [line.rpartition(", in ")[2] for line in below] == ["contender", "__aenter__", "acquire"]


# --- other layouts: the fixture's tasks ---

LAYOUTS = ("v1.13", "v1.18", "v1.28.0-split", "v1.27.0-nanbox", "v1.27.0-reprb", "v1.27.0-rv64")


def fixture_tasks(dump: Dump, *words: str) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """The document, and the tasks by the fixture's names."""
    document = tasks_of(*words)
    found = by_address(document)
    names = ("task_first", "task_second", "task_waiting")
    return document, {name: found[dump.objects[name].address] for name in names}


@pytest.mark.parametrize("variant", LAYOUTS)
def test_every_layout(dump_of, variant: str) -> None:
    dump = dump_of(variant)
    _, tasks = fixture_tasks(dump, *dump.images(), *dump.elf(stripped=True))
    first, second, waiting = tasks.values()
    assert [step["function"] for step in first["chain"]] == ["blink", "sleep_ms"]
    assert [step["line"] for step in first["chain"]] == [63, 61]
    assert (first["state"], first["queue_position"], first["wake_ticks_ms"]) == (
        "sleeping", 1, 1000,
    )
    assert (second["state"], second["queue_position"], second["wake_ticks_ms"]) == (
        "sleeping", 2, 2500,
    )
    assert (waiting["state"], waiting["coroutine"]) == ("waiting", "upload")
    assert waiting["waits_on"] == "TaskQueue task_waiting.data"


def test_without_asyncio_it_says_so(dump_of) -> None:
    dump = dump_of("v1.12")
    words = [*dump.images(), *dump.elf()]
    result = mpheap.run("tasks", *words)
    assert (result.status, result.stdout) == (0, "asyncio is not loaded: there are no tasks\n")
    document = tasks_of(*words)
    assert (document["is_loaded"], document["tasks"]) == (False, [])


RAM = 0x20000000
TICKS = 1200


def ticking(dump: Dump, folder: Path) -> list[str]:
    """The dump of a firmware that counts milliseconds, as stm32 does, and stands at 1200."""
    at = RAM + len(dump.bytes_of("ram")) - 4
    elf, ram = folder / "ticking.elf", dump.bytes_of("ram")
    subprocess.run(
        ["arm-none-eabi-objcopy", f"--add-symbol=uwTick={at:#x},global",
         elf_of(dump.variant, True), elf],
        check=True,
    )
    struct.pack_into("<I", ram, at - RAM, TICKS)
    (folder / "ram").write_bytes(ram)
    return [*dump.images(ram=folder / "ram"), "--elf", str(elf)]


def test_where_the_time_is_known_what_is_due_is_ready(dump_of, tmp_path: Path) -> None:
    dump = dump_of("v1.27.0")
    words = ticking(dump, tmp_path)
    document, tasks = fixture_tasks(dump, *words)
    assert document["ticks_ms"] == TICKS
    assert tasks["task_first"]["state"] == "ready"
    assert tasks["task_second"]["state"] == "sleeping"
    assert tasks["task_second"]["wake_in_ms"] == 2500 - TICKS
    assert f"until 2500, in {2500 - TICKS} ms\n" in mpheap.run("tasks", *words).stdout


# --- a captured heap with words changed ---

VERSION = VERSIONS[-1]
# Offsets of 32-bit builds: of mp_obj_task_t, and of mp_obj_gen_instance_t with its frame.
CHILD, NEXT, CORO, DATA, STATE, KEY = 4, 12, 16, 20, 24, 28
PEND_EXC, FUN, SP = 4, 8, 16


class Damage:
    """A copy of a captured memory to be changed, and what is found in it."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "memory.bin"
        self.bytes = bytearray(capture(VERSION).memory(1).read_bytes())
        self.kept, _ = capture(VERSION).scene(1)

    def address(self, name: str) -> int:
        return self.kept[name].address

    def coroutine(self, name: str, depth: int = 0) -> int:
        """The address of a coroutine in the chain of a task."""
        step = found_in(VERSION, 1)[self.address(name)]["chain"][depth]
        return int(step["generator_address"], 0)

    def word(self, address: int) -> int:
        return struct.unpack_from("<I", self.bytes, address)[0]

    def change(self, address: int, value: int) -> None:
        struct.pack_into("<I", self.bytes, address, value)

    def document(self) -> dict[str, Any]:
        self.file.write_bytes(self.bytes)
        words = ["tasks", "--all", "--format=json", "--image", f"{self.file}@0"]
        result = mpheap.run(*words)
        assert result.status == 0, result
        folder = mpheap.asan_folder()
        if folder:
            assert mpheap.run(*words, path=folder / "mpheap") == result
        return result.json

    def task(self, name: str) -> dict[str, Any]:
        return by_address(self.document())[self.address(name)]


@pytest.fixture(name="damage")
def damage_fixture(tmp_path: Path) -> Damage:
    return Damage(tmp_path)


def test_a_running_task(damage: Damage) -> None:
    """While coroutines run, each has lost the value on top of what it awaits."""
    for depth in (0, 1):
        coroutine = damage.coroutine("task_contender", depth)
        damage.change(coroutine + PEND_EXC, 0)
        damage.change(coroutine + SP, damage.word(coroutine + SP) - 4)
    damage.change(damage.coroutine("task_contender", 2) + PEND_EXC, 0)
    task = damage.task("task_contender")
    assert task["state"] == "running"
    assert [step["function"] for step in task["chain"]] == ["contender", "__aenter__", "acquire"]


def test_coroutines_that_await_each_other(damage: Damage) -> None:
    inner, outer = (damage.coroutine("task_contender", depth) for depth in (1, 0))
    damage.change(damage.word(inner + SP) - 4, outer)
    chain = damage.task("task_contender")["chain"]
    assert [step["function"] for step in chain] == ["contender", "__aenter__"]
    assert chain[-1]["problem"] == "cycle"


def test_a_coroutine_without_a_frame(damage: Damage) -> None:
    damage.change(damage.coroutine("task_contender", 1) + FUN, 0x1234)
    task = damage.task("task_contender")
    assert [step.get("problem") for step in task["chain"]] == [None, "frame"]
    assert task["state"] == "waiting"
    text = mpheap.run("tasks", "--image", f"{damage.file}@0").stdout
    assert f"<bad: frame at {task['chain'][1]['generator_address']}>" in text


@pytest.mark.parametrize(("member", "says"), [(CHILD, "cycle"), (NEXT, "cycle")])
def test_a_queue_that_leads_back(damage: Damage, member: int, says: str) -> None:
    last = damage.address("task_nap_1800")
    damage.change(last + member, last)
    document = damage.document()
    assert any(f"<bad: {says} at {last:#x}>" in note for note in document["notes"])
    assert len(document["tasks"]) == len(found_in(VERSION, 1))


@pytest.mark.parametrize("link", [0x1000, 0xFFFFFFF0, 0x80000002])
def test_a_queue_that_leads_to_no_task(damage: Damage, link: int) -> None:
    damage.change(damage.address("task_nap_1800") + CHILD, link)
    document = damage.document()
    assert any(f"<bad: link at {link:#x}>" in note for note in document["notes"])
    assert len(document["tasks"]) == len(found_in(VERSION, 1))


@pytest.mark.parametrize("member", [CORO, DATA, STATE, KEY])
@pytest.mark.parametrize("word", [0, 0xFFFFFFF0, 0x1008])
def test_members_that_make_no_sense(damage: Damage, member: int, word: int) -> None:
    damage.change(damage.address("task_holder") + member, word)
    task = damage.task("task_holder")
    assert "holder" in (task["coroutine"], *(step["function"] for step in task["chain"])) or (
        member == CORO and not task["chain"]
    )
    assert (task.get("problem") == "ph_key") == (member == KEY)


# --- the document ---


def test_json(dump_of, damage: Damage, tmp_path: Path) -> None:
    dump = dump_of("v1.27.0")
    documents = [tasks_of(*image(VERSION, 1)), tasks_of(*ticking(dump, tmp_path))]
    damage.change(damage.coroutine("task_contender", 1) + FUN, 0x1234)
    damage.change(damage.address("task_holder") + KEY, 0)
    damage.change(damage.address("task_nap_1800") + CHILD, 0x1000)
    documents.append(damage.document())
    check("tasks", documents)


def test_done_tasks_that_nothing_leads_to_are_counted() -> None:
    """The board's own words made tasks that ended and were dropped; --all lists them."""
    document = mpheap.run("tasks", "--format=json", *image(VERSION, 1)).json
    everything = tasks_of(*image(VERSION, 1))
    assert everything["hidden_count"] == 0
    assert len(everything["tasks"]) == len(document["tasks"]) + document["hidden_count"]
    hidden = by_address(everything).keys() - by_address(document).keys()
    assert all(by_address(everything)[address]["state"].startswith("done") for address in hidden)
