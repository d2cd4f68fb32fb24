# SPDX-License-Identifier: MIT
"""Machine code as binutils decode it, of functions on the heap, and around the program counter."""

from __future__ import annotations

import random
import re
import struct
import subprocess
from pathlib import Path
from typing import Any

import pytest
from dumps import Dump, elf_of
from json_page import check
from rig import Board, DebugPort, OpenOcd

import mpheap

Line = tuple[str, str]  # mnemonic and operands


def disasm(*words: str | Path) -> dict[str, Any]:
    result = mpheap.run("disasm", "--format", "json", *words)
    assert result.status == 0, result
    return result.json


def lines_of(document: dict[str, Any]) -> dict[int, Line]:
    return {int(insn["address"], 0): (insn["mnemonic"], insn["operands"])
            for insn in document["instructions"]}


def refused(*words: str | Path) -> tuple[int, str]:
    result = mpheap.run("disasm", *words)
    assert result.stdout == ""
    return result.status, result.error


def objdump(prefix: str, *words: str | Path) -> dict[int, Line]:
    text = subprocess.run([f"{prefix}objdump", *words], capture_output=True, text=True,
                          check=True).stdout
    found = re.findall(r"^ *([0-9a-f]+):\t[0-9a-f ]+\t(\S+)(?:\t([^<#;@\n]*))?", text, re.M)
    return {int(address, 16): (name, operands.strip()) for address, name, operands in found}


# Against another decoder

BASE = 0x80000000
RISCV_OPCODES = (0x37, 0x17, 0x6F, 0x67, 0x63, 0x03, 0x23, 0x13, 0x33, 0x1B, 0x3B, 0x2F, 0x73)


def riscv_words() -> bytes:
    """Instructions of four bytes, at random, most of them sound."""
    choose = random.Random(7)
    words = []
    for _ in range(6000):
        word = choose.getrandbits(32) & ~0x7F | choose.choice(RISCV_OPCODES)
        if word & 0x77 == 0x33:
            word &= ~choose.choice((0xFE000000, 0xBE000000, 0xFC000000))
        words.append(word)
    return struct.pack(f"<{len(words)}I", *words)


def riscv_halves() -> bytes:
    """Every instruction of two bytes that there is."""
    halves = [half for half in range(0x10000) if half & 3 != 3]
    return struct.pack(f"<{len(halves)}H", *halves)


# What RV32IMAC and RV64IMAC lack, names of CSRs, and hints, which have several spellings.
OTHERS = re.compile(r"c?\.?f[ls]\S*|\.[24]byte|c\.unimp|csr\S*|fence\S*|c\.s\w+64|c\.nop|sfence\S*")


def is_hint(line: Line, bits: int) -> bool:
    name, operands = line
    amount = re.search(r"0x(\w+)$", operands)
    too_far = bits == 32 and re.fullmatch(r"(c\.)?s(ll|rl|ra)i", name) and int(amount[1], 16) > 31
    return bool(too_far) or (name, operands) == ("c.addi16sp", "sp,0") or (
        name == "c.addi" and operands.startswith("zero,"))


def plain(line: Line) -> Line:
    """Without spaces, and with hexadecimal numbers as objdump writes targets."""
    return line[0], re.sub(r"0x", "", line[1].replace(" ", ""))


@pytest.mark.parametrize("bits", [32, 64])
@pytest.mark.parametrize("code", [riscv_words, riscv_halves])
def test_riscv_is_what_binutils_say(bits: int, code: Any, tmp_path: Path) -> None:
    file = tmp_path / "code"
    file.write_bytes(code())
    expected = objdump("riscv64-unknown-elf-", "-D", "-b", "binary", "-m", f"riscv:rv{bits}",
                       "-M", "no-aliases", f"--adjust-vma={BASE:#x}", file)
    document = disasm(f"{BASE:#x}", "--isa", f"riscv{bits}", "--count", str(len(code()) // 2),
                      "--image", f"{file}@{BASE:#x}")
    found = lines_of(document)
    compared = {address: line for address, line in expected.items()
                if not OTHERS.fullmatch(line[0]) and not is_hint(line, bits)}

    assert found.keys() == expected.keys()
    assert len(compared) > 2000
    assert {address: plain(found[address]) for address in compared} == {
        address: plain(line) for address, line in compared.items()}


@pytest.mark.parametrize("symbol", ["main", "memcpy", "mem_info_print"])
def test_thumb_is_what_binutils_say(dump_of, symbol: str) -> None:
    """Same boundaries, same instructions; constants between them are words in both."""
    dump = dump_of("v1.27.0")
    found = lines_of(disasm(symbol, *dump.images(), *dump.elf()))
    expected = objdump("arm-none-eabi-", "-d", f"--disassemble={symbol}", elf_of(dump.variant))
    names = {address: re.sub(r"\.[nw]$", "", line[0]) for address, line in expected.items()}

    assert found.keys() == expected.keys() and len(found) > 5
    same = [address for address in found
            if re.sub(r"\.w$", "", found[address][0]) == names[address]]
    assert len(same) >= 0.95 * len(found)


def test_constants_and_targets_are_named(dump_of) -> None:
    dump = dump_of("v1.27.0")
    document = disasm("main", *dump.images(), *dump.elf())
    insns = document["instructions"]
    ctx = [insn for insn in insns if insn.get("meaning") == "mp_state_ctx"]
    calls = {insn["meaning"] for insn in insns if insn["mnemonic"] == "bl"}

    assert document["name"] == "main"
    assert {"ldr", ".word"} >= {insn["mnemonic"].removesuffix(".w") for insn in ctx} and ctx
    assert {int(insn["word"], 0) for insn in ctx} == {dump.symbols["mp_state_ctx"]}
    assert {"board_init", "print_text"} <= calls


# The program counter


def test_pc_is_marked_and_has_code_before_it(dump_of) -> None:
    dump = dump_of("v1.27.0")
    pc = dump.symbols["memcpy"] + 11  # six instructions of two bytes
    words = [*dump.images(), *dump.elf(), "--reg", f"pc={pc:#x}"]
    whole = [insn["address"] for insn in disasm("memcpy", *words)["instructions"]]
    document = disasm("PC", "--count", "8", *words)
    text = mpheap.run("disasm", "pc", "--count", "8", *words).stdout

    marked = [insn["address"] for insn in document["instructions"] if insn["is_pc"]]
    assert marked == [f"{pc:#x}"]
    at = whole.index(f"{pc:#x}")
    assert [insn["address"] for insn in document["instructions"]] == whole[at - 4:at + 4]
    assert re.findall(r"^=> (\S+)", text, re.M) == marked
    assert text.splitlines()[0].startswith("memcpy at ")


def test_pc_without_a_symbol_begins_there(dump_of) -> None:
    dump = dump_of("v1.27.0")
    pc = dump.symbols["memcpy"] + 11
    words = [*dump.images(), "--reg", f"pc={pc:#x}", "--reg", "xpsr=0x01000000"]
    insns = disasm("pc", "--count", "3", *words)["instructions"]
    assert [insn["is_pc"] for insn in insns] == [True, False, False]


# Functions on the heap of a live micro:bit, which knows @asm_thumb

ASM = """\
@micropython.asm_thumb
def plus(r0):
  mov(r1, 7)
  add(r0, r0, r1)
  label(here)
  cmp(r0, 0)
  beq(here)
def plain(): pass
"""


@pytest.fixture(name="board", scope="module")
def board_fixture():
    with Board() as board:
        board.repl.exec(ASM)
        yield board


def test_function_on_the_heap_by_name_and_by_address(board: Board) -> None:
    with DebugPort(board) as port:
        with OpenOcd(port) as openocd:
            words = ["--halt", "--openocd", f":{openocd.tcl_port}"]
            document = disasm("plus", *words)
            listing = mpheap.run("objects", "--type", "asm function", "--format=json", *words)
            address = re.search(r'"address":"(0x[0-9a-f]+)"', listing.stdout)[1]
            again = disasm(address, *words)
            bytecode = refused("plain", *words)
            running = refused("pc", *words[1:])
        stats = port.stats()

    lines = list(lines_of(document).values())
    assert lines[0][0] == "push" and "lr" in lines[0][1]
    assert lines[1] == ("movs", "r1, #7") and lines[2] == ("adds", "r0, r0, r1")
    assert lines[3] == ("cmp", "r0, #0") and lines[4][0] == "beq"
    branch, compare = document["instructions"][4], document["instructions"][3]
    assert branch["target_address"] == compare["address"]
    assert document["is_on_heap"] and document["size_bytes"] % 16 == 0
    assert document["name"].startswith("<function ")
    assert again == document
    assert bytecode == (4, "disasm: plain is no function in machine code")
    assert running[0] == 3 and "--halt stops the board" in running[1]
    assert (stats["memory_writes"], stats["resets"]) == (0, 0)


# Other sets, and what cannot be decoded


def image(folder: Path, data: bytes) -> list[str]:
    file = folder / "code"
    file.write_bytes(data)
    return ["--image", f"{file}@0x1000"]


def test_x86_64(tmp_path: Path) -> None:
    words = image(tmp_path, bytes.fromhex("488b4708e8010000 00c3cc".replace(" ", "")) + bytes(16))
    document = disasm("0x1000", "--isa", "x86-64", "--count", "3", *words)
    assert [insn["bytes"] for insn in document["instructions"]] == ["488b4708", "e801000000", "c3"]
    assert document["instructions"][1]["target_address"] == "0x100a"
    assert disasm("0x1000", "--count", "3", "--reg", "rip=0x1000", *words)["isa"] == "x86-64"


def test_arm_and_thumb_by_the_status_register(tmp_path: Path) -> None:
    words = image(tmp_path, bytes(64))
    assert disasm("0x1000", "--reg", "cpsr=0x10", *words)["isa"] == "arm"
    assert disasm("0x1000", "--reg", "cpsr=0x30", *words)["isa"] == "thumb"
    assert disasm("0x1001", "--reg", "cpsr=0x10", *words)["isa"] == "thumb"
    assert disasm("0x1000", "--reg", "xpsr=0x0", *words)["isa"] == "thumb"


def test_errors_are_one_line(tmp_path: Path) -> None:
    words = image(tmp_path, bytes(64))
    thumb = ["--isa", "thumb", *words]
    assert refused("0x1000", *words) == (
        3, "disasm: the machine is not known (--elf or --isa tells)")
    assert refused("0x1000", "--isa", "xtensa", *words) == (
        3, "disasm: there is no decoder of xtensa code")
    assert refused("pc", *thumb) == (3, "disasm: pc is not known (--reg pc=VALUE)")
    status, text = refused("0x2000", *thumb)
    assert status == 3 and "0x2000" in text
    status, text = refused("nothing_of_that_name", *thumb)
    assert status == 4 and "'nothing_of_that_name'" in text
    assert refused("0x1000", "--isa", "z80", *words)[0] == 2
    assert refused("0x1000", "--count", "0", *thumb)[0] == 2


def test_code_that_ends_is_shown_up_to_there(tmp_path: Path) -> None:
    document = disasm("0x1030", "--isa", "thumb", *image(tmp_path, bytes(64)))
    assert len(document["instructions"]) == 8
    assert "disasm: code from 0x1040 on cannot be read" in document["notes"]


# Documents


def test_json_keys(dump_of, tmp_path: Path) -> None:
    dump: Dump = dump_of("v1.27.0")
    words = [*dump.images(), *dump.elf(), "--reg", f"pc={dump.symbols['memcpy'] & ~1:#x}"]
    check("disasm", [disasm("main", *words), disasm("pc", *words),
                     disasm("0x1000", "--isa", "thumb", *image(tmp_path, bytes(64)))])
