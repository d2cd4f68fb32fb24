# SPDX-License-Identifier: MIT
"""A process of two threads: what the other one holds and executes, by its core.

The threads are Linux's own, listed as the unix port lists them. The process says which objects the
other thread holds: one by its frame, one by its entry in the list.
"""

from __future__ import annotations

import json
import platform
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from elftools.elf.elffile import ELFFile
from fixture import run as fixture_run
from json_page import check
from rig import run_gdb

import mpheap

TOP = Path(__file__).resolve().parents[2]
NT_PRSTATUS = 1
IN_C = r"  in C: {} \(0x[0-9a-f]{{16}}\)\n"
FRAMES = "Traceback (most recent call last):\n"
LOOP = '  File "main.py", line 7, in loop_forever\n'


@dataclass(frozen=True)
class Process:
    """What GDB made of it where its main thread hangs."""

    elf: Path
    core: Path
    by_frame: int
    by_list: int
    threads: str  # GDB's list of them
    live: Any  # the garbage of the live process in GDB

    @property
    def words(self) -> list[str | Path]:
        return ["--core", self.core, "--elf", self.elf]


def gdb_threads(text: str) -> list[str]:
    """The functions that GDB's list of threads names."""
    return re.findall(r"^\*? +\d+ .*?(\w+) \(\) at ", text, re.M)


@pytest.fixture(scope="module", name="process")
def process_fixture(tmp_path_factory: pytest.TempPathFactory) -> Process:
    if platform.machine() != "x86_64":
        pytest.skip("the process is one of x86-64")
    folder = tmp_path_factory.mktemp("threads")
    elf, output, core = fixture_run.build("linux-threads"), folder / "output", folder / "core"
    done = run_gdb(
        ["set disable-randomization off", "break fixture_idle", f"run >{output}",
         f"generate-core-file {core}", "info threads", f"source {TOP / 'gdb' / 'mpheap.py'}",
         f"mpheap garbage --format=json --output={folder / 'live.json'}", "kill"],
        [str(elf)],
    )
    assert core.exists(), done
    held = re.search(r"another thread holds (\w+) and (\w+)", output.read_text())
    return Process(elf, core, int(held[1], 16), int(held[2], 16), done.stdout,
                   json.loads((folder / "live.json").read_text()))


def kept_by(process: Process, address: int) -> str:
    return mpheap.run("why", hex(address), *process.words).stdout


def test_what_another_thread_holds_is_no_garbage(process: Process) -> None:
    report = mpheap.run("garbage", "--all", "--format=json", *process.words).json
    (threads,) = [roots for roots in report["roots"] if roots["name"] == "other threads"]
    assert report["certain"] and threads["found"] == "read"
    gone = {int(item["address"], 16) for item in report["largest"]}
    assert gone and not gone & {process.by_frame, process.by_list}
    frame = r"local temperature of loop_forever \(main\.py:7\), stack of thread 0x\w+ \+\d+"
    assert re.search(frame, kept_by(process, process.by_frame))
    assert re.search(r"arguments of thread 0x\w+\n", kept_by(process, process.by_list))


def test_gdb_says_the_same_of_the_process_itself(process: Process) -> None:
    by_core = mpheap.run("garbage", "--format=json", *process.words).json
    assert process.live["certain"] and process.live["largest"] == by_core["largest"]


def test_each_thread_has_its_traceback(process: Process) -> None:
    text = mpheap.run("bt", "--threads", *process.words).stdout
    assert re.fullmatch(
        rf"Thread 0x\w+:\n{re.escape(FRAMES + LOOP)}{IN_C.format('thread_hang')}\n"
        r"The main thread, which the processor is in:\n" + re.escape(FRAMES)
        + r'  File "main\.py", line 12, in <module>\n' + re.escape(LOOP)
        + IN_C.format("fixture_idle"), text), text


def test_threads_in_json(process: Process) -> None:
    document = mpheap.run("bt", "--threads", "--format=json", *process.words).json
    main, other = document["threads"]
    assert (main["is_main"], main["is_current"], other["is_main"]) == (True, True, False)
    assert [frame["function"] for frame in other.pop("frames")] == ["loop_forever"]
    assert [frame["function"] for frame in document["frames"]] == ["<module>", "loop_forever"]
    check("bt: threads", [{"threads": document["threads"]}])


def without_others(core: Path, file: Path) -> None:
    """A copy with the registers of the first thread only: other notes have another number."""
    data = bytearray(core.read_bytes())
    with open(core, "rb") as opened:
        (notes,) = ELFFile(opened).iter_segments("PT_NOTE")
        offsets = [note["n_offset"] for note in notes.iter_notes()
                   if note["n_type"] in (NT_PRSTATUS, "NT_PRSTATUS")]
    assert len(offsets) == 2
    data[offsets[1] + 8 : offsets[1] + 12] = (99).to_bytes(4, "little")
    file.write_bytes(data)


def test_a_thread_without_registers_makes_it_uncertain(process: Process, tmp_path: Path) -> None:
    without_others(process.core, tmp_path / "core")
    words = ["--core", tmp_path / "core", "--elf", process.elf]
    report = mpheap.run("garbage", "--all", "--format=json", *words).json
    (threads,) = [roots for roots in report["roots"] if roots["name"] == "other threads"]
    assert (report["certain"], threads["found"]) == (False, "missing")
    assert hex(process.by_frame) in [item["address"] for item in report["largest"]]
    text = mpheap.run("bt", "--threads", *words).stdout
    assert "No traceback: where the stack is, is not known." in text


def test_a_snapshot_keeps_all_threads(process: Process, tmp_path: Path) -> None:
    core = tmp_path / "core"
    assert mpheap.run("snapshot", core, *process.words).status == 0
    listed = run_gdb(["info threads"], [str(process.elf), str(core)])
    assert gdb_threads(listed.stdout) == gdb_threads(process.threads)
    assert gdb_threads(listed.stdout) == ["fixture_idle", "thread_hang"]
    words = ["--core", core, "--elf", process.elf]
    for report in (["garbage"], ["bt", "--threads"]):
        assert mpheap.run(*report, *words).stdout == mpheap.run(*report, *process.words).stdout
