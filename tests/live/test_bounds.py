# SPDX-License-Identifier: MIT
"""bounds: boards, dumps and ELF files whose bounds are known from elsewhere."""

from __future__ import annotations

import random
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from dumps import Dump, elf_of
from json_page import check
from rig import Board, DebugPort, OpenOcd, Region
from rig.microbit import NOTHING_THERE

import mpheap

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "heap-bounds"
STM32F405 = ["--chip", "STM32F405"]
STM32F429 = ["--chip", "STM32F429"]
RAM = 0x20000000


def bounds(*words: str | Path) -> dict[str, Any]:
    """The document; the status and the text say the same."""
    result = mpheap.run("bounds", "--format=json", *words)
    assert result.status == int(result.json["is_wrong"]), result
    text = mpheap.run("bounds", *words)
    assert text.status == result.status
    table, _, verdicts = text.stdout.partition("\n\n")
    rows = [line for line in table.splitlines() if line.startswith("0x")]
    assert [int(line.split()[0], 0) for line in rows] == [
        int(row["start_address"], 0) for row in result.json["rows"]]
    assert [line for line in verdicts.splitlines() if not line.startswith(" ")] == [
        f"{one['level']:<8}{one['text']}" for one in result.json["verdicts"]]
    return result.json


def of_level(document: dict[str, Any], *levels: str) -> list[dict[str, Any]]:
    return [one for one in document["verdicts"] if one["level"] in levels]


def extents(document: dict[str, Any], kind: str) -> list[tuple[int, int]]:
    return [(int(row["start_address"], 0), int(row["end_address"], 0))
            for row in document["rows"] if row["kind"] == kind]


def words_of(dump: Dump) -> list[str]:
    return [*dump.images(), f"--reg=sp={dump.sp:#x}", *dump.elf(stripped=True)]


# --- dumps of a firmware that has the names of the STM32 port ---


@pytest.mark.parametrize("variant", ["v1.8", "v1.12", "v1.20.0", "v1.28.0-wr-nofinal"])
def test_a_dump_that_is_right(dump_of, variant: str) -> None:
    dump = dump_of(variant)
    document = bounds(*words_of(dump), *STM32F405)
    assert not of_level(document, "wrong", "unused", "unsure")
    assert extents(document, "heap") == [
        (dump.symbols["_heap_start"], dump.symbols["_heap_end"] // 16 * 16)]
    assert extents(document, "stack") == [(dump.symbols["_sstack"], dump.symbols["_estack"])]
    texts = [one["text"] for one in of_level(document, "right")]
    assert "the heap is what the linker gives it, _heap_start.._heap_end" in texts
    depth = dump.symbols["_estack"] - dump.sp
    assert any(text.startswith(f"the stack is {depth} bytes deep") for text in texts)


def test_pool_tables_and_rounding_are_the_whole_heap(dump_of) -> None:
    for variant in ("v1.12", "v1.28.0-weakref", "v1.28.0-split"):
        dump = dump_of(variant)
        info = mpheap.info(*dump.images(), *dump.elf())
        document = bounds(*words_of(dump))
        for number, area in enumerate(info["heap"]["areas"]):
            (text,) = [one["text"] for one in of_level(document, "right")
                       if one["text"].startswith(f"area {number}:")]
            whole, pool, tables, rounding = map(int, re.findall(r"\d+", text)[1:])
            start, end = (int(area[f"pool_{side}_address"], 0) for side in ("start", "end"))
            assert pool == end - start
            from_table = end - int(area["table_address"], 0)
            assert from_table == pool + tables + rounding
            assert whole - from_table in ((0,) if number == 0 else (28, 32, 36))


def test_a_larger_chip_has_ram_that_nothing_uses(dump_of) -> None:
    """All bounds are those of 128 KB: heap and stack would both have to move."""
    document = bounds(*words_of(dump_of("v1.27.0")), *STM32F429)
    (unused,) = of_level(document, "unused")
    assert unused["size_bytes"] == 0x10000
    assert unused["change"].endswith(
        "_heap_end = 0x2002C000 would give the heap 0x10000 bytes more")
    assert (0x20020000, 0x20030000) in extents(document, "gap")


def test_slack_decides(dump_of) -> None:
    words = ["bounds", *words_of(dump_of("v1.27.0")), *STM32F429]
    assert mpheap.run(*words, "--slack", "64K").status == 1
    assert mpheap.run(*words, "--slack", "65537").status == 0


def test_a_smaller_chip_cannot_hold_it(dump_of) -> None:
    document = bounds(*words_of(dump_of("v1.27.0")), "--ram", "0x20000000+64K")
    texts = " / ".join(one["text"] for one in of_level(document, "wrong"))
    assert f"goes {0x2001C000 - 0x20010000} bytes beyond the end of RAM" in texts
    assert "the stack at 0x2001C000 lies outside" in texts


def test_a_stack_pointer_in_the_heap(dump_of) -> None:
    dump = dump_of("v1.27.0")
    sp = dump.symbols["_heap_end"] - 256
    document = bounds(*dump.images(), *dump.elf(), f"--reg=sp={sp:#x}", *STM32F405)
    assert any("lies in the heap" in one["text"] for one in of_level(document, "wrong"))


def test_areas_of_a_split_heap(dump_of) -> None:
    dump = dump_of("v1.28.0-split")
    info = mpheap.info(*dump.images(), *dump.elf())
    heap = extents(bounds(*words_of(dump)), "heap")
    assert sorted(end for _, end in heap) == sorted(
        int(area["pool_end_address"], 0) for area in info["heap"]["areas"])


def test_without_an_elf_gaps_are_not_believed(dump_of) -> None:
    dump = dump_of("v1.27.0")
    document = bounds(*dump.images(), f"--reg=sp={dump.sp:#x}", *STM32F429)
    assert not document["is_wrong"]
    assert any("what they hold is not known" in one["text"]
               for one in of_level(document, "unsure"))


def test_symbols_that_nobody_has_listed(dump_of, tmp_path: Path) -> None:
    dump = dump_of("v1.27.0")
    elf = tmp_path / "renamed.elf"
    renamed = [f"--redefine-sym=_heap_{side}=my_heap_{side}" for side in ("start", "end")]
    subprocess.run(["arm-none-eabi-objcopy", *renamed, elf_of("v1.27.0"), elf], check=True)
    document = bounds(*dump.images(), "--elf", elf, *STM32F429)
    assert any("symbols found by their values" in one["text"]
               for one in of_level(document, "right"))
    (unused,) = of_level(document, "unused")
    assert "my_heap_end = 0x2002C000" in unused["change"]


def test_listed_symbols_come_before_others(dump_of, tmp_path: Path) -> None:
    """A heap that goes beyond _heap_end, just up to symbols that mean something else."""
    dump = dump_of("v1.27.0")
    end = dump.symbols["_heap_end"]
    elf = tmp_path / "moved.elf"
    subprocess.run(["arm-none-eabi-objcopy", "--strip-symbol=_heap_end",
                    f"--add-symbol=_heap_end={end - 4096:#x},global",
                    f"--add-symbol=other_start={dump.symbols['_heap_start']:#x},global",
                    f"--add-symbol=other_end={end:#x},global", elf_of("v1.27.0"), elf],
                   check=True)
    document = bounds(*dump.images(), "--elf", elf, *STM32F405)
    assert any(one["text"].startswith("the heap ends 4096 bytes above _heap_end")
               for one in of_level(document, "wrong"))


def test_a_chip_that_is_not_in_the_table(dump_of, tmp_path: Path) -> None:
    for value, is_known in ((0x10010FED, False), (0x20036419, True)):
        (tmp_path / "id").write_bytes(value.to_bytes(4, "little"))
        document = bounds(*words_of(dump_of("v1.27.0")), f"--image={tmp_path}/id@0xe0042000")
        assert ("chip" in document) == is_known
        said = [one for one in of_level(document, "unsure") if "of no chip in the" in one["text"]]
        assert len(said) == (not is_known)


def test_a_blank_board_still_gets_a_table(dump_of, tmp_path: Path) -> None:
    dump = dump_of("v1.27.0")
    file = tmp_path / "ram"
    file.write_bytes(bytes(len(dump.bytes_of("ram"))))
    document = bounds(*dump.images(ram=file), *dump.elf(), *STM32F405)
    assert any(one["text"].startswith("no live heap: ") for one in of_level(document, "unsure"))
    assert extents(document, "heap") == [(dump.symbols["_heap_start"], dump.symbols["_heap_end"])]


def test_what_an_mpu_forbids(dump_of, tmp_path: Path) -> None:
    """A Cortex-M4 whose last region of eight makes 4 KB of the heap read-only."""
    dump = dump_of("v1.27.0")
    start = dump.symbols["_heap_start"] // 0x1000 * 0x1000 + 0x1000
    scs = bytearray(0xc0)
    for offset, value in ((0x00, 0x410fc241), (0x90, 8 << 8), (0x94, 5), (0x98, 7),
                          (0x9c, start | 7), (0xa0, 6 << 24 | 11 << 1 | 1)):
        scs[offset : offset + 4] = value.to_bytes(4, "little")
    (tmp_path / "scs").write_bytes(scs)
    document = bounds(*words_of(dump), f"--image={tmp_path}/scs@0xe000ed00", *STM32F405)
    assert extents(document, "MPU") == [(start, start + 0x1000)]
    (wrong,) = of_level(document, "wrong")
    assert wrong["text"] == f"MPU region 7 forbids writing 0x{start:08X}, where the heap is"
    (unsure,) = of_level(document, "unsure")
    assert "what its regions 0 to 6 forbid cannot be read" in unsure["text"]


# --- no target ---


def test_offline(tmp_path: Path) -> None:
    elf = ["--offline", "--elf", elf_of("v1.27.0", True)]
    assert not bounds(*elf, *STM32F405)["is_wrong"]
    (unused,) = of_level(bounds(*elf, "--ram=0x20000000+192K"), "unused")
    assert unused["size_bytes"] == 0x10000
    assert not bounds(*elf)["is_wrong"]
    script = tmp_path / "board.ld"
    script.write_text("MEMORY { RAM (rw) : ORIGIN = 0x20000000, LENGTH = 128K + 64K }\n")
    (claim,) = of_level(bounds(*elf, *STM32F405, "--ld", script), "wrong")
    assert claim["text"].startswith("RAM (--ld) says that RAM goes 65536 bytes further")


def test_a_script_that_needs_the_elf(tmp_path: Path) -> None:
    elf = ["--offline", "--elf", elf_of("v1.27.0", True), *STM32F405]
    script = tmp_path / "board.ld"
    for name, is_known in (("_ram_start", True), ("_nobody_knows", False)):
        script.write_text(f"MEMORY {{ RAM (rw) : ORIGIN = {name}, LENGTH = 128K }}\n")
        document = bounds(*elf, "--ld", script)
        assert extents(document, "region") == ([(RAM, RAM + 0x20000)] if is_known else [])
        said = [one for one in of_level(document, "unsure") if one["text"].startswith("--ld: ")]
        assert len(said) == (not is_known)


def test_a_script_that_does_not_say_what_is_flash(tmp_path: Path) -> None:
    elf = ["--offline", "--elf", elf_of("v1.27.0", True)]
    script = tmp_path / "board.ld"
    script.write_text("MEMORY { ROM : ORIGIN = 0x08000000, LENGTH = 1M\n"
                      "RAM : ORIGIN = 0x20000000, LENGTH = 128K\n"
                      "MORE : ORIGIN = 0x10000000, LENGTH = 64K }\n")
    document = bounds(*elf, "--ld", script)
    assert [row["name"] for row in document["rows"] if row["kind"] == "region"] == [
        "MORE (--ld)", "RAM (--ld)"]
    (spare,) = of_level(document, "spare")
    assert spare["text"].startswith("MORE (--ld)")


# What the linker scripts of ports define, with a .bss of 4 KB at the start of RAM, and the heap
# that this means. Nothing of it is wrong, and nothing unused.
PORTS = {
    "stm32": ("STM32F411", {"_heap_start": 0x20001000, "_heap_end": 0x2001C000,
                            "_sstack": 0x2001C000, "_estack": 0x20020000,
                            "_ram_start": RAM, "_ram_end": 0x20020000}),
    "stm32 with a cache": ("STM32F411", {
        "_heap_start": 0x20001000, "_heap_end": 0x20018000, "_sstack": 0x20018000,
        "_estack": 0x2001C000,
        "_micropy_hw_internal_flash_storage_ram_cache_start": 0x2001C000,
        "_micropy_hw_internal_flash_storage_ram_cache_end": 0x20020000}),
    "nrf": ("nRF52832", {"_heap_start": 0x20001000, "_heap_end": 0x2000E000,
                         "_estack": 0x20010000, "_ram_end": 0x20010000}),
    "samd": ("SAMD51G19", {"_sheap": 0x20001000, "_eheap": 0x2002E000, "_sstack": 0x2002E000,
                           "_estack": 0x20030000}),
    "rp2": ("RP2040", {"__end__": 0x20001000, "__StackLimit": 0x20003000,
                       "__GcHeapStart": 0x20003000, "__GcHeapEnd": 0x20040000,
                       "__StackOneBottom": 0x20040800, "__StackOneTop": 0x20041000,
                       "__StackBottom": 0x20041800, "__StackTop": 0x20042000}),
    "alif": ("SAMD51G19", {"__end__": 0x20001000, "__HeapLimit": 0x20003000,
                           "__GcHeapStart": 0x20003000, "__GcHeapEnd": 0x2002C000,
                           "__StackLimit": 0x2002C000, "__StackTop": 0x20030000}),
    "mimxrt": ("MIMXRT1062", {"_gc_heap_start": 0x80000000, "_gc_heap_end": 0x82000000,
                              "_sstack": 0x20018000, "_estack": 0x20020000}),
    "cc3200": ("STM32F411", {"_boot": 0x20001000, "_eheap": 0x2001F000, "_sstack": 0x2001F000,
                             "_estack": 0x20020000}),
}
HEAP_STARTS = {"samd": "_sheap", "rp2": "__GcHeapStart", "alif": "__GcHeapStart",
               "mimxrt": "_gc_heap_start", "cc3200": "_boot"}


@pytest.mark.parametrize("port", PORTS)
def test_spellings_of_ports(port: str, tmp_path: Path) -> None:
    chip, symbols = PORTS[port]
    source, elf = tmp_path / "port.c", tmp_path / "port.elf"
    source.write_text("char variables[4096]; int main(void) { return variables[0]; }\n")
    defined = [f"-Wl,--defsym={name}={value:#x}" for name, value in symbols.items()]
    subprocess.run(["arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb", "-nostdlib", "-emain",
                    "-Wl,-Ttext=0x08000000", f"-Wl,-Tbss={RAM:#x}", *defined, source, "-o", elf],
                   check=True, capture_output=True)
    document = bounds("--offline", "--elf", elf, "--chip", chip)
    assert not of_level(document, "wrong", "unused")
    start = symbols[HEAP_STARTS.get(port, "_heap_start")]
    (heap,) = extents(document, "heap")
    assert heap[0] == start
    outside = [one for one in of_level(document, "unsure") if "outside of the chip" in one["text"]]
    assert len(outside) == (port == "mimxrt")


@pytest.mark.parametrize("name", ["gc_heap", "heap"])
def test_a_heap_that_is_an_array(name: str, tmp_path: Path) -> None:
    source, elf = tmp_path / "port.c", tmp_path / "port.elf"
    source.write_text(f"char {name}[65536]; int main(void) {{ return {name}[0]; }}\n")
    subprocess.run(["arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb", "-nostdlib", "-emain",
                    "-Wl,-Ttext=0x08000000", f"-Wl,-Tbss={RAM:#x}",
                    "-Wl,--defsym=_estack=0x20018000", source, "-o", elf],
                   check=True, capture_output=True)
    document = bounds("--offline", "--elf", elf, "--ram=0x20000000+96K")
    assert extents(document, "heap") == [(RAM, RAM + 0x10000)]
    (unused,) = of_level(document, "unused")
    assert unused["change"] == f"{name} could have 0x4000 bytes more"


@pytest.mark.parametrize("words, wanted", [
    (["--chip", "Z80"], "--chip"), (["--slack", "much"], "--slack"), (["--stack", "0"], "--stack"),
    (["--probe-range", "9..1"], "--probe-range"), (["--offline"], "--offline wants --elf"),
    (["--offline", "--probe-ram"], "exclude each other"), ([], "which target"),
])
def test_wrong_words(words: list[str], wanted: str) -> None:
    result = mpheap.run("bounds", *words)
    assert (result.status, result.stdout) == (2, "")
    assert wanted in result.error


@pytest.mark.parametrize("option", ["--map", "--ld"])
def test_files_that_are_something_else(option: str) -> None:
    result = mpheap.run("bounds", "--offline", "--elf", elf_of("v1.27.0"), option, mpheap.__file__)
    assert (result.status, result.stdout) == (3, "")


def test_the_list_of_chips() -> None:
    text = mpheap.run("bounds", "--chip", "help")
    assert text.status == 0 and "STM32F427/429/437/439" in text.stdout
    listed = mpheap.run("bounds", "--chip=help", "--format=json")
    check("bounds: chips", [listed.json])
    assert len(listed.json["chips"]) == len(text.stdout.splitlines())


# --- through OpenOCD ---


def test_a_live_microbit_without_an_elf() -> None:
    with Board() as board, DebugPort(board, options=NOTHING_THERE) as port:
        board.freeze()
        with OpenOcd(port) as openocd:
            target = f"--openocd=:{openocd.tcl_port}"
            halted = mpheap.run("bounds", "--halt", "--probe-ram", "--format=json", target).json
            info = mpheap.info("--halt", target)
        stats = port.stats()
    assert (stats["memory_writes"], stats["bus_writes"], stats["resets"]) == (0, 0, 0)
    assert extents(halted, "RAM") == [(RAM, RAM + 0x4000)]
    (area,) = info["heap"]["areas"]
    assert extents(halted, "heap") == [
        (int(area["table_address"], 0), int(area["pool_end_address"], 0))]
    live = {row["name"]: int(row["start_address"], 0)
            for row in halted["rows"] if row["kind"] == "live"}
    assert live["stack_top"] == int(info["stack"]["top_address"], 0) == RAM + 0x4000
    assert live["stack_limit"] == live["stack_top"] - info["stack"]["limit_bytes"]
    assert RAM < live["sp"] < live["stack_top"]
    assert not halted["is_wrong"]


def test_a_chip_that_has_its_registers(tmp_path: Path) -> None:
    """The micro:bit's RAM, with FICR as an nRF51822 with 32 KB has it."""
    with Board() as board:
        board.freeze()
        ram = tmp_path / "ram"
        ram.write_bytes(board.read_ram())
    ficr = bytearray(b"\xff" * 0x100)
    for offset, value in ((0x10, 0x400), (0x14, 0x100), (0x34, 4), (0x38, 0x2000)):
        ficr[offset : offset + 4] = value.to_bytes(4, "little")
    (tmp_path / "ficr").write_bytes(ficr)
    regions = [Region(RAM, 0x8000, ram), Region(0x10000000, 0x100, tmp_path / "ficr")]
    with DebugPort(regions, core="m0") as port, OpenOcd(port) as openocd:
        target = f"--openocd=:{openocd.tcl_port}"
        document = bounds(target)
        core = tmp_path / "board.core"
        assert mpheap.run("snapshot", core, target, "--halt").status == 0
        assert port.stats()["memory_writes"] == 0
    assert bounds("--core", core)["chip"] == document["chip"]
    assert document["chip"].endswith("(FICR.CODEPAGESIZE 0x00000400)")
    assert extents(document, "RAM") == [(RAM, RAM + 0x8000)]


@pytest.mark.parametrize("copies", [1, 2])
def test_mirrors_are_not_more_ram(dump_of, copies: int) -> None:
    """RAM of 128 KB that a decoder repeats, as those do that ignore an address line."""
    file, start = dump_of("v1.27.0").files["ram"]
    size = file.stat().st_size
    regions = [Region(start + i * size, size, file) for i in range(copies)]
    with DebugPort(regions) as port, OpenOcd(port) as openocd:
        document = bounds(f"--openocd=:{openocd.tcl_port}", "--probe-ram")
        stats = port.stats()
    assert (stats["memory_writes"], stats["bus_writes"]) == (0, 0)
    assert extents(document, "RAM") == [(start, start + size)]
    mirrors = [one for one in document["verdicts"] if "repeats itself every" in one["text"]]
    assert len(mirrors) == copies - 1
    assert all(f"every {size} bytes" in one["text"] for one in mirrors)


def test_nothing_is_probed_elsewhere(dump_of) -> None:
    dump = dump_of("v1.27.0-rv32")
    words = words_of(dump)
    outside = bounds(*words, "--probe-ram")
    assert not extents(outside, "RAM")
    assert any("nothing that is known to be RAM can be read in 0x20000000..0x3FFFFFFF"
               in one["text"] for one in of_level(outside, "unsure"))
    file, start = dump.files["ram"]
    found = bounds(*words, f"--probe-range={start:#x}..{start + 0x7ffffff:#x}")
    assert extents(found, "RAM") == [(start, start + file.stat().st_size)]


def test_the_end_of_a_range_is_not_the_end_of_ram(dump_of) -> None:
    dump = dump_of("v1.27.0")
    found = bounds(*words_of(dump), f"--probe-range={RAM:#x}..{RAM + 0xffff:#x}")
    assert not extents(found, "RAM")
    assert not of_level(found, "wrong")
    assert any("where RAM ends does not show" in one["text"] for one in of_level(found, "unsure"))


def test_each_bank_in_use_is_probed(dump_of, tmp_path: Path) -> None:
    """A stack in tightly coupled memory, apart from the heap's RAM."""
    dump = dump_of("v1.27.0")
    (tmp_path / "tcm").write_bytes(random.Random(1).randbytes(4096))
    words = [*dump.images(), f"--image={tmp_path}/tcm@0x24000000", *dump.elf(),
             "--reg=sp=0x24000f00", "--probe-ram"]
    assert extents(bounds(*words), "RAM") == [(RAM, RAM + 0x20000), (0x24000000, 0x24001000)]


def test_what_was_not_probed_is_not_judged(dump_of, tmp_path: Path) -> None:
    """A heap outside of the addresses that are probed."""
    (tmp_path / "tcm").write_bytes(random.Random(1).randbytes(4096))
    words = [*dump_of("v1.27.0-rv32").images(), *dump_of("v1.27.0-rv32").elf(),
             f"--image={tmp_path}/tcm@0x20000000", "--reg=sp=0x20000f00", "--probe-ram"]
    document = bounds(*words)
    assert extents(document, "RAM") == [(RAM, RAM + 0x1000)]
    assert not any("the heap at" in one["text"] for one in of_level(document, "wrong"))


@pytest.mark.parametrize("below", [0, 1])
def test_of_mirrors_the_used_one_is_ram(dump_of, below: int) -> None:
    dump = dump_of("v1.27.0")
    file, start = dump.files["ram"]
    size = file.stat().st_size
    mirrors = [f"--image={file}@{start + (place - below) * size:#x}" for place in range(3)]
    found = bounds(*words_of(dump), *mirrors, f"--probe-range={start - size:#x}..0x2fffffff")
    assert extents(found, "RAM") == [(start, start + size)]
    assert not of_level(found, "wrong")


# --- documents and examples ---


def test_json_keys(dump_of) -> None:
    dump = dump_of("v1.27.0")
    identity = ["--image", f"{EXAMPLE}/README.md@0x10000000"]
    documents = [bounds(*words_of(dump), *STM32F429), bounds(*words_of(dump), *identity)]
    documents.append({**documents[0], "flash_bytes": 1048576, "notes": ["a note"]})
    check("bounds", documents)


def test_the_example_prints_its_transcript() -> None:
    done = subprocess.run([EXAMPLE / "heap_bounds.py"], stdin=subprocess.DEVNULL, timeout=120,
                          capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    transcript = (EXAMPLE / "transcript.txt").read_text()
    texts = [re.sub(r"took \d+\.\d s", "took N s", re.sub(r":\d{4,5}\b", ":PORT", text))
             for text in (done.stdout, transcript)]
    assert texts[0] == texts[1]
