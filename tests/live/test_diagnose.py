# SPDX-License-Identifier: MIT
"""diagnose says why a board hangs: of boards that do, and of dumps made to look like it."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from captures import VERSIONS, capture
from dumps import elf_of
from json_page import check
from live.patched import Patched
from rig import Board, DebugPort, OpenOcd

import mpheap

Finding = dict[str, Any]
LEVELS = ["trouble", "fact", "unknown"]


def diagnose(*words: str | Path) -> dict[str, Any]:
    """The document; the text and the status say the same."""
    result = mpheap.run("diagnose", "--format=json", *words)
    assert result.status == int(result.json["is_trouble"]), result
    text = mpheap.run("diagnose", *words)
    assert text.status == result.status
    lines = [line for line in text.stdout.splitlines() if not line.startswith(" ")]
    if not result.json["is_trouble"]:
        assert lines.pop(0) == "No sign of trouble."
    assert lines == [f"{one['level']:<9}{one['text']}" for one in result.json["findings"]]
    return result.json


def of_level(document: dict[str, Any], level: str) -> list[Finding]:
    return [finding for finding in document["findings"] if finding["level"] == level]


def of_topic(document: dict[str, Any], topic: str) -> list[Finding]:
    return [finding for finding in document["findings"] if finding["topic"] == topic]


def evidence(finding: Finding, name: str) -> Any:
    """What stands beside a name."""
    (found,) = [one for one in finding["evidence"] if one["name"] == name]
    (value,) = [found[key] for key in ("address", "size_bytes", "count", "text") if key in found]
    return int(value, 0) if "address" in found else value


def the_trouble(*words: str | Path) -> Finding:
    """The only one."""
    (finding,) = of_level(diagnose(*words), "trouble")
    return finding


# --- dumps in which nothing is wrong ---


@pytest.mark.parametrize("variant", ["v1.8", "v1.9.4", "v1.18", "v1.28.0-split", "v1.27.0-rv64"])
@pytest.mark.parametrize("has_elf", [True, False])
def test_a_healthy_board(dump_of, variant: str, has_elf: bool) -> None:
    dump = dump_of(variant)
    words = [*dump.images(), f"--reg=sp={dump.sp:#x}", *(dump.elf() if has_elf else [])]
    document = diagnose(*words)
    assert [LEVELS.index(one["level"]) for one in document["findings"]] == sorted(
        LEVELS.index(one["level"]) for one in document["findings"])
    assert not of_level(document, "trouble")
    (python,) = of_topic(document, "python")
    assert 'stands in File "main.py", line 7, in loop_forever' in python["text"]
    assert evidence(python, "Python frames (see bt)") == 2
    (heap,) = of_topic(document, "heap")
    used, free = (int(number) for number in re.search(
        r"used: (\d+), free: (\d+)", dump.at_rest).groups())
    assert (evidence(heap, "used"), evidence(heap, "free")) == (used, free)
    if variant != "v1.8":
        (stack,) = of_topic(document, "stack")
        assert stack["text"] == f"the stack is {evidence(stack, 'stack_top') - dump.sp} bytes deep"


def test_without_registers_it_says_what_is_not_known(dump_of) -> None:
    dump = dump_of("v1.27.0")
    unknown = of_level(diagnose(*dump.images(), *dump.elf()), "unknown")
    assert {one["topic"] for one in unknown} == {"fault", "stack", "processor"}


@pytest.mark.parametrize("version", VERSIONS)
def test_webassembly_is_healthy(version: str) -> None:
    """With a Python function below a call out of it: where it stands is known from the heap."""
    document = diagnose("--image", f"{capture(version).memory(2)}@0")
    assert not of_level(document, "trouble")


# --- dumps with something wrong ---


@pytest.fixture(name="patched")
def patched_fixture(dump_of, tmp_path: Path) -> Patched:
    return Patched(dump_of("v1.27.0"), tmp_path)


@pytest.mark.parametrize("variant", ["v1.9.4", "v1.12", "v1.18", "v1.19.1", "v1.21.0", "v1.27.0"])
@pytest.mark.parametrize("tier", ["dwarf", "symbols", "memory"])
def test_a_pending_exception(dump_of, tmp_path: Path, variant: str, tier: str) -> None:
    patched = Patched(dump_of(variant), tmp_path)
    elf = {"dwarf": patched.dump.elf(), "symbols": patched.dump.elf(stripped=True), "memory": []}
    owner = "vm" if variant in ("v1.9.4", "v1.12") else "thread"
    member = patched.address(f"{owner}.mp_pending_exception")
    name, exception = next((name, said) for name, said in patched.dump.objects.items()
                           if said.type == "ValueError")
    patched.put(member, exception.address)
    finding = the_trouble(*patched.words(), *elf[tier])
    assert finding["topic"] == "exception", name
    assert finding["text"].endswith(f"no bytecode has taken it: {exception.repr}")
    assert evidence(finding, "mp_pending_exception") == member


@pytest.mark.parametrize("state, length, level, words", [
    (1, 0, None, ""),
    (0, 2, "fact", "callbacks wait"),
    (0, 8, "trouble", "the scheduler's queue is full"),
    (-2, 8, "trouble", "the scheduler is locked and its queue is full"),
    (-1, 1, "fact", "the scheduler is locked: a callback"),
])
def test_the_scheduler(patched: Patched, state: int, length: int, level: str | None,
                       words: str) -> None:
    patched.put(patched.address("vm.sched_state"), state, 2)
    patched.put(patched.address("vm.sched_len"), length, 1)
    found = of_topic(diagnose(*patched.words(), *patched.dump.elf()), "scheduler")
    assert [one["level"] for one in found] == ([level] if level else [])
    for one in found:
        assert one["text"].startswith(words)
        assert evidence(one, "its value") == state
        assert (evidence(one, "callbacks"), evidence(one, "room for")) == (length, 8)


@pytest.mark.parametrize("variant", ["v1.12-locked", "v1.19.1-locked", "v1.27.0-locked"])
@pytest.mark.parametrize("has_elf", [True, False])
def test_a_locked_heap(dump_of, variant: str, has_elf: bool) -> None:
    dump = dump_of(variant)
    finding = the_trouble(*dump.images(), f"--reg=sp={dump.sp:#x}",
                          *(dump.elf() if has_elf else []))
    assert finding["text"].startswith("the heap is locked")
    assert evidence(finding, "gc_lock_depth") >= 1


@pytest.mark.parametrize("variant", ["v1.12-collecting", "v1.27.0-collecting"])
def test_inside_a_collection(dump_of, variant: str) -> None:
    dump = dump_of(variant)
    document = diagnose(*dump.images(), f"--reg=sp={dump.sp:#x}", *dump.elf())
    (finding,) = of_topic(document, "collector")
    assert finding["text"].startswith("halted inside a collection")
    assert evidence(finding, "marked blocks") == dump.map.count("M") > 0 or "M" not in dump.map


def test_a_stack_over_its_limit(patched: Patched) -> None:
    top = patched.word(patched.address("thread.stack_top"))
    limit = patched.word(patched.address("thread.stack_limit"))
    patched.put(patched.address("thread.stack_limit"), top - patched.sp - 12)
    finding = the_trouble(*patched.words(), *patched.dump.elf())
    assert finding["text"] == "the stack is 12 bytes over its limit"
    assert evidence(finding, "sp") == patched.sp
    patched.put(patched.address("thread.stack_limit"), limit)
    assert not of_level(diagnose(*patched.words(), *patched.dump.elf()), "trouble")


def test_a_damaged_heap(patched: Patched) -> None:
    """A list's items lead to nowhere."""
    victim = patched.dump.objects["list_roomy"].address
    patched.put(victim + 12, 0x12345678)  # mp_obj_list_t: type, alloc, len, items
    finding = the_trouble(*patched.words(), *patched.dump.elf())
    assert finding["text"].startswith("the heap is damaged, in 1 place (see check)")
    assert "0x12345678" in finding["evidence"][0]["text"]
    result = mpheap.run("check", *patched.words(), *patched.dump.elf())
    assert (result.status, "0x12345678" in result.stdout) == (1, True)


def free_run(words: list[str | Path]) -> int:
    """The address in the middle of the longest run of free blocks."""
    report = mpheap.run("fit", "16", "--format=json", *words).json
    return int(report["now"]["largest_run_address"], 0) + 64


def test_a_stack_in_the_heap(patched: Patched) -> None:
    patched.sp = free_run(patched.words())
    finding = of_level(diagnose(*patched.words(), *patched.dump.elf()), "trouble")[0]
    assert finding["text"] == "sp lies in the heap: the stack has grown into it"
    assert evidence(finding, "sp") == patched.sp


def test_a_stack_in_a_variable(patched: Patched) -> None:
    patched.sp = patched.address("vm.sched_queue") & ~7
    finding = of_level(diagnose(*patched.words(), *patched.dump.elf()), "trouble")[0]
    assert finding["text"].startswith("sp lies in a variable")
    (sp,) = [one for one in finding["evidence"] if one["name"] == "sp"]
    assert sp["symbol"].startswith("mp_state_ctx+0x")


def test_an_allocation_that_is_failing(patched: Patched, tmp_path: Path) -> None:
    """At the start of m_malloc_fail, whose first argument is the size."""
    file, flash = patched.dump.files["flash"]
    start = flash + file.stat().st_size - 64  # where no other symbol is
    elf = tmp_path / "failing.elf"
    subprocess.run(
        ["arm-none-eabi-objcopy", f"--add-symbol=m_malloc_fail={start:#x},function,global",
         elf_of(patched.dump.variant, True), elf], check=True)
    for asked, fits in ((4000, "now"), (70000000, "not even after a collection")):
        finding = the_trouble(*patched.words(f"r0={asked}", f"pc={start:#x}"), "--elf", elf)
        assert finding["text"] == "an allocation fails at this moment"
        assert (evidence(finding, "asked for"), evidence(finding, "would fit")) == (asked, fits)


# --- live boards ---


class Hang:
    """A board that runs code, and what it has printed behind "spins"."""

    def __init__(self, board: Board, openocd: OpenOcd) -> None:
        self.board, self.openocd = board, openocd
        board.repl.read_until(b"spins")
        self.said = board.repl.read_until(b"\n").decode().strip()
        time.sleep(0.1)  # it prints first, and loops a moment later
        self.link = f"--openocd=:{openocd.tcl_port}"

    def diagnose(self) -> dict[str, Any]:
        self.openocd.tcl("halt")
        return diagnose(self.link)


@contextlib.contextmanager
def hanging(code: str) -> Iterator[Hang]:
    """A micro:bit that is left alone but for being halted."""
    with Board() as board, DebugPort(board) as port, OpenOcd(port) as openocd:
        board.repl.start(code)
        yield Hang(board, openocd)
        stats = port.stats()
        assert (stats["memory_writes"], stats["bus_writes"], stats["resets"]) == (0, 0, 0)


OUT_OF_MEMORY = """\
kept = [bytearray(900) for _ in range(8)]
def f():
  try:
    bytearray({})
  except MemoryError as e:
    kept.clear()
    print('spins', e)
    while True:
      pass
f()
"""


@pytest.mark.parametrize("asked, fits", [
    (3000, "after a collection"), (20000, "not even after a collection"),
])
def test_memory_ran_out(asked: int, fits: str) -> None:
    """The size is what the board's own message says."""
    with hanging(OUT_OF_MEMORY.format(asked)) as hang:
        document = hang.diagnose()
    (trouble,) = of_level(document, "trouble")
    assert f"allocating {asked} bytes" in hang.said
    assert trouble["text"].startswith(f"memory ran out: MemoryError('{hang.said}'")
    assert evidence(trouble, "asked for") == asked
    assert evidence(trouble, "where") == 'in File "<stdin>", line 9, in f'
    assert evidence(trouble, "would fit") == fits
    assert evidence(trouble, "largest free run now") < asked
    assert (evidence(trouble, "after a collection") >= asked) == (fits == "after a collection")
    (python,) = of_topic(document, "python")
    assert 'File "<stdin>", line 9, in f, inside a loop' in python["text"]
    assert evidence(python, "loop") == 'File "<stdin>", line 9, in f'


def test_a_fault() -> None:
    code = ("@micropython.asm_thumb\ndef bad(r0):\n  ldr(r1, [r0, 4])\n"
            "def f():\n  print('spins')\n  bad(0x30000000)\nf()\n")
    with hanging(code) as hang:
        first, *_ = hang.diagnose()["findings"]
    assert first["text"] == "HardFault: a read of 0x30000004, where no memory answers"
    assert evidence(first, "instruction") == "ldr r1, [r0, #4]"


# A condition stands behind the loop's body, with the line of the last statement there.
LOOPS = {
    "for": ("for i in range(1 << 29):\n  x = i\n  y = x\n", "lines 4 to 6"),
    "while": ("x = 1\nwhile x:\n  y = x\n  y = y\n", "lines 6 to 7"),
    "nested": ("for i in range(9):\n  x = i\n  while i < 9: x = i\n", "line 6"),
    "try": ("while True:\n  try:\n    x = 1\n  finally:\n    x = 2\n", "lines 5 to 8"),
}


@pytest.mark.parametrize("name", LOOPS)
def test_a_loop_has_lines(name: str) -> None:
    loop, lines = LOOPS[name]
    body = "".join(f"  {line}\n" for line in loop.splitlines())
    with hanging(f"def f():\n  x = 0\n  print('spins')\n{body}f()\n") as hang:
        (python,) = of_topic(hang.diagnose(), "python")
    innermost = next(one["text"] for one in python["evidence"] if one["name"] == "loop")
    assert innermost == f'File "<stdin>", {lines}, in f'


def test_a_sleeping_board() -> None:
    with hanging("import microbit\nprint('spins')\nmicrobit.sleep(9999999)\n") as hang:
        document = hang.diagnose()
    assert not of_level(document, "trouble")
    (processor,) = of_topic(document, "processor")
    assert processor["text"].startswith("the processor waits for an interrupt")
    assert evidence(processor, "instruction") == "wfi"
    (python,) = of_topic(document, "python")
    assert 'File "<stdin>", line 3, in <module>;' in python["text"]


def test_an_interrupt_that_c_code_does_not_take() -> None:
    code = "def f():\n  print('spins')\n  return sum(range(99999999))\nf()\n"
    with hanging(code) as hang:
        hang.board.repl.send(b"\x03")
        time.sleep(0.2)  # its interrupt handler takes the byte
        (finding,) = of_level(hang.diagnose(), "trouble")
    assert finding["text"].endswith("no bytecode has taken it: KeyboardInterrupt()")


def test_a_heap_that_the_program_locked() -> None:
    code = "import micropython\nmicropython.heap_lock()\nprint('spins')\nwhile True: pass\n"
    with hanging(code) as hang:
        (finding,) = of_level(hang.diagnose(), "trouble")
    assert finding["text"].startswith("the heap is locked")


def test_a_running_board_is_not_halted() -> None:
    with hanging("print('spins')\nwhile True: pass\n") as hang:
        document = json.loads(mpheap.run("diagnose", "--format=json", hang.link).stdout)
    (unknown,) = of_level(document, "unknown")
    assert unknown["text"].startswith("the target runs")


# --- what is no heap ---


def test_without_a_heap_a_fault_is_still_told(tmp_path: Path) -> None:
    """Registers saved at an address where no code is: a jump to nowhere."""
    frame = b"".join(word.to_bytes(4, "little") for word in (
        0, 0, 0, 0, 0, 0x101, 0x30000000, 0x01000000))
    file = tmp_path / "ram"
    file.write_bytes(frame + bytes(0x1000 - len(frame)))
    words = ["--image", f"{file}@0x20000000"]
    fault = ["--reg=sp=0x20000000", "--reg=lr=0xfffffff9", "--reg=pc=0x200", "--reg=xpsr=3"]
    document = diagnose(*words, *fault)
    assert document["findings"][0]["text"].startswith("HardFault: a jump to 0x30000000")
    assert [one["topic"] for one in of_level(document, "unknown")] == ["heap"]
    result = mpheap.run("diagnose", *words)
    assert result.status == 4
    assert result.stderr.startswith("mpheap: heap: ")


def test_json_keys(patched: Patched) -> None:
    patched.put(patched.address("thread.stack_limit"), 4)
    documents = [diagnose(*patched.words("pc=0x08000100"), *patched.dump.elf())]
    file = patched.dump.files["ram"][0]
    documents.append(diagnose("--image", f"{file}@{patched.base:#x}"))  # no flash
    check("diagnose", documents)
