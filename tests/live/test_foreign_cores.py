# SPDX-License-Identifier: MIT
"""Cores that others have written: Linux of a process, ESP-IDF of its tasks.

What reports say of them is compared with what the program said of itself.
"""

from __future__ import annotations

import platform
import re
import struct
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fixture import run as fixture_run
from live import esp_core
from rig import run_gdb

import mpheap

# --- Linux ---


@dataclass(frozen=True)
class Process:
    """A process that GDB has stopped where Python code hangs: its core, and what it printed."""

    core: Path
    elf: Path
    stripped: Path
    text: str

    @property
    def map(self) -> str:
        return self.text[self.text.index("GC memory layout"):self.text.index("fixture: objects")]

    @property
    def traceback(self) -> str:
        return re.search(r"Traceback.*\n(?:  File .*\n)+", self.text)[0]

    def firmware(self, tier: str) -> list[str | Path]:
        return {"debug": ["--elf", self.elf], "symbols": ["--elf", self.stripped], "bare": []}[tier]


@pytest.fixture(scope="module", name="process")
def stopped_process(tmp_path_factory: pytest.TempPathFactory) -> Process:
    """The fixture as a position independent process of this host."""
    if platform.machine() != "x86_64":
        pytest.skip("the process is one of x86-64")
    folder = tmp_path_factory.mktemp("linux")
    elf, output, core = fixture_run.build("linux"), folder / "output", folder / "core"
    stripped = folder / "stripped.elf"
    subprocess.run(["objcopy", "--strip-debug", elf, stripped], check=True)
    done = run_gdb(
        ["set disable-randomization off", "break fixture_idle", f"run >{output}",
         f"generate-core-file {core}", "kill"],
        [str(elf)],
    )
    assert core.exists(), done
    return Process(core, elf, stripped, output.read_text())


@pytest.mark.parametrize("tier", ["debug", "symbols"])
def test_linux_core_is_what_the_process_printed(process: Process, tier: str) -> None:
    words = ["--core", process.core, *process.firmware(tier)]
    assert mpheap.board_map(*words) == process.map
    python, _, native = mpheap.run("bt", *words).stdout.partition("  in C: ")
    assert python == process.traceback and native.startswith("fixture_idle")


@pytest.mark.parametrize("tier", ["debug", "symbols", "bare"])
def test_linux_core_has_the_numbers_of_mem_info(process: Process, tier: str) -> None:
    report = mpheap.run("info", "--core", process.core, *process.firmware(tier))
    numbers = re.findall(r"^(?:GC: total| No\. of 1-blocks).*$", process.text, re.M)
    assert report.status == 0 and len(numbers) == 2
    assert "\n".join(numbers) in report.stdout


def test_linux_core_without_the_program_says_what_is_missing(process: Process) -> None:
    """The kernel and GDB leave out what can be read from the program's file."""
    report = mpheap.run("map", "--core", process.core)
    assert any("--elf" in note for note in report.notes), report
    heads = re.compile("[a-zA-Z]")
    assert heads.sub("h", report.stdout) == heads.sub("h", process.map)


def test_values_of_a_linux_core(process: Process) -> None:
    lines = process.text.partition("fixture: objects\n")[2].splitlines()[:-1]
    words = ["--core", process.core, *process.firmware("symbols")]
    said = [line.split("\t") for line in lines]
    # Not int: the port has digits of 32 bits on x86-64 (py/mpz.h), the fixture everywhere 16.
    chosen = [fields for fields in said if fields[2] in ("str", "bytes", "list", "float")]
    chosen = [fields for fields in chosen if "<" not in fields[3]]  # addresses print otherwise
    assert len(chosen) > 8
    for _, address, _, value in chosen:
        shown = mpheap.run("show", address, "--format=json", *words)
        assert shown.status == 0 and shown.json["value"][:40] == value[:40]


def many_segments(count: int, file: Path, big: int) -> None:
    """A core of so many pages far from each other, and one huge hole in the file."""
    header_bytes = 64 + 56 * (count + 1)
    with open(file, "wb") as out:
        out.write(b"\x7fELF\2\1\1" + bytes(9))
        out.write(struct.pack("<HHIQQQIHHHHHH", 4, 62, 1, 0, 64, 0, 0, 64, 56, count + 1, 0, 0, 0))
        for index in range(count):
            address = 0x7F0000000000 + index * 0x10000
            out.write(struct.pack("<IIQQQQQQ", 1, 6, header_bytes, address, 0, 4096, 4096, 1))
        out.write(struct.pack("<IIQQQQQQ", 1, 6, header_bytes, 0x600000000000, 0, big, big, 1))
        out.truncate(header_bytes + big)


def test_a_core_with_very_many_segments_takes_no_long_time(process: Process,
                                                           tmp_path: Path) -> None:
    """A big program maps thousands of files; a core of it is read without an ELF, too."""
    file = tmp_path / "many"
    many_segments(5000, file, 64 << 20)
    start = time.monotonic()
    report = mpheap.run("info", "--core", file, *process.firmware("debug"))
    assert report.status in (3, 4), report
    assert mpheap.run("info", "--core", file).status == 4
    assert time.monotonic() - start < 5


# --- ESP-IDF ---

RISCV_TCB, IDLE_TCB, XTENSA_TCB = 0x3FC8EC30, 0x3FC8F38C, 0x3FFAFBA0
TRAP = {"mstatus": 0x1881, "mtvec": 0x80000001, "mcause": 5, "mtval": 0x40, "mhartid": 0}
IDLE = (IDLE_TCB, {"pc": 0x4200, "sp": 0x3FC8F2E0}, (0x3FC8F2E0, bytes(160)))
NOTE = "CONFIG_ESP_COREDUMP_CAPTURE_DRAM"


def register_values(dump: Any) -> dict[str, int]:
    text = (dump.files["ram"][0].parent / "registers.txt").read_text()
    return {name: int(value, 0) for name, value in (line.split("=") for line in text.split())}


def riscv_core(dump: Any, with_heap: bool) -> bytes:
    """The RISC-V board's memory, with a saved frame below the stack of the stopped program."""
    file, start = dump.files["ram"]
    registers = register_values(dump)
    registers["s0"] = registers.pop("s0", registers.get("fp", 0))
    frame = esp_core.saved_frame(registers | TRAP)
    low = registers["sp"] - len(frame)
    stack = frame + file.read_bytes()[registers["sp"] - start:]
    ram = [(start, file.read_bytes()[:low - start])] if with_heap else []
    return esp_core.elf(
        esp_core.RISCV, [(RISCV_TCB, registers, (low, stack)), IDLE], ram)


@pytest.fixture(name="riscv")
def riscv_dump(dump_of) -> Any:
    return dump_of("v1.27.0-rv32")


def test_riscv_task_and_heap(riscv: Any, tmp_path: Path) -> None:
    file = tmp_path / "core.elf"
    file.write_bytes(riscv_core(riscv, True))
    words = ["--core", file, *riscv.elf()]
    assert mpheap.run("map", *words).stdout == riscv.map
    board = [*riscv.images(), *riscv.elf(), "--reg", f"sp={riscv.sp:#x}",
             "--reg", f"pc={register_values(riscv)['pc']:#x}"]
    for report in ("bt", "objects", "types", "tasks", "qstr"):
        assert mpheap.run(report, *words).stdout == mpheap.run(report, *board).stdout, report


def test_riscv_trap_of_the_task_that_crashed(riscv: Any, tmp_path: Path) -> None:
    file = tmp_path / "core.elf"
    file.write_bytes(riscv_core(riscv, False))
    document = mpheap.run("fault", "--core", file, *riscv.elf(), "--format=json").json
    assert document["is_fault"] and document["exception"]["name"] == "load access fault"
    assert document["verdict"].startswith("load access fault at 0x40")
    assert int(document["code"]["address"], 16) == register_values(riscv)["pc"]
    status = {item["name"]: int(item["word"], 16) for item in document["status"]}
    assert {name: status[name] for name in ("mstatus", "mtvec", "mcause", "mtval")} == {
        name: value for name, value in TRAP.items() if name != "mhartid"}


@pytest.mark.parametrize("has_elf", [True, False])
def test_a_core_without_the_heap_says_which_option_was_off(riscv: Any, tmp_path: Path,
                                                           has_elf: bool) -> None:
    file = tmp_path / "core.elf"
    file.write_bytes(riscv_core(riscv, False))
    report = mpheap.run("info", "--core", file, *(riscv.elf() if has_elf else []))
    assert report.status in (3, 4) and report.stdout == "", report
    assert any(NOTE in note for note in report.notes), report


def test_xtensa_task_and_heap(dump_of, tmp_path: Path) -> None:
    """Another board's memory will do: nothing in the heap is of one processor."""
    dump = dump_of("v1.27.0")
    values = register_values(dump)
    registers = {"pc": values["pc"], "ps": 0x60030, "a1": values["sp"], "a0": 0x80001234}
    parts = [(start, file.read_bytes()) for file, start in dump.files.values()]
    core = esp_core.elf(
        esp_core.XTENSA, [(XTENSA_TCB, registers, (XTENSA_TCB + 0x200, bytes(400)))], parts)
    file = tmp_path / "core.elf"
    file.write_bytes(core)
    assert mpheap.run("map", "--core", file).stdout == dump.map
    board = mpheap.run("bt", *dump.images(), "--reg", f"sp={dump.sp:#x}",
                       "--reg", f"pc={values['pc']:#x}")
    assert board.stdout.startswith("Traceback")
    assert mpheap.run("bt", "--core", file).stdout == board.stdout


@pytest.mark.parametrize("machine", [esp_core.XTENSA, esp_core.RISCV])
@pytest.mark.parametrize("form", ["raw", "b64"])
def test_other_forms_say_how_to_make_an_elf_file(machine: int, form: str, tmp_path: Path) -> None:
    core = esp_core.elf(machine, [(RISCV_TCB, {"pc": 4}, (0x3FC90000, bytes(160)))], [])
    files = [esp_core.raw(core, machine, words) for words in (3, 5, 6)]
    files.append(esp_core.raw_binary(machine))
    for data in files:
        file = tmp_path / "dump"
        file.write_bytes(data if form == "raw" else esp_core.console(data).encode())
        report = mpheap.run("info", "--core", file)
        assert report.status == 3
        assert f"esp-coredump info_corefile --core FILE --core-format {form}" in report.error


def test_what_only_looks_like_base64_is_no_core_of_esp(tmp_path: Path) -> None:
    file = tmp_path / "text"
    for text in (b"A" * 400, b"", b"====", b"==== no end", b"tCQAAAIB", bytes(400)):
        file.write_bytes(text)
        report = mpheap.run("info", "--core", file)
        assert report.status == 3 and "esp-coredump" not in report.stderr


