#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Make the fuzz targets' seeds, and the cores that fuzz_damage begins from.

Everything comes from the fixture firmware, run now, and from the generators below.
"""

from __future__ import annotations

import argparse
import json
import shutil
import struct
import subprocess
import sys
from pathlib import Path

from elftools.elf.elffile import ELFFile

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from fixture import run  # noqa: E402  (needs the path above)

RAM, FLASH = 0x20000000, 0x08000000
JSON, LINK, SYMBOLS, DWARF = 1, 4, 8, 16  # flags of fuzz_damage
COMPILERS = {
    "arm": ["arm-none-eabi-gcc", "-mthumb", "-mcpu=cortex-m3"],
    "rv64": ["riscv64-unknown-elf-gcc", "-mcmodel=medany"],
    "x86": ["gcc"],
}


class Corpus:
    """A target's folder of seeds."""

    def __init__(self, out: Path, target: str) -> None:
        self.folder = out / "seeds" / target
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self._count = 0

    def add(self, data: bytes) -> None:
        """One more seed."""
        (self.folder / f"{self._count:04}").write_bytes(data)
        self._count += 1


class Base:
    """A fixture firmware that has run: its memories, registers and firmware files."""

    def __init__(self, variant: str, out: Path, mpheap: Path) -> None:
        self.variant = variant
        self.mpheap = mpheap
        self.elf = run.build(variant)
        self.stripped = run.build(variant, stripped=True)
        self.core = out / "bases" / f"{variant}.core"
        with run.run(variant) as board:
            files = board.dump(out / "dumps" / variant)
        registers = files.pop("registers").read_text("ascii").split()
        self.memories = {int(path.stem.rpartition("-")[2], 16): path.read_bytes()
                         for path in files.values()}
        self.options = [f"--image={path}@0x{path.stem.rpartition('-')[2]}"
                        for path in files.values()]
        self.options += [f"--reg={register}" for register in registers]
        self.command("snapshot", self.core, "--elf", self.stripped)
        for elf in (self.elf, self.stripped):
            shutil.copy(elf, self.core.parent)

    def command(self, report: str, *words: str | Path) -> str:
        """A report on this board."""
        argv = [self.mpheap, report, "--quiet", *self.options, *words]
        return subprocess.run(argv, check=True, text=True, stdout=subprocess.PIPE).stdout

    def area(self) -> dict[str, int]:
        """Addresses of the first area."""
        document = json.loads(self.command("info", "--format=json"))
        return {key: int(value, 0) for key, value in document["heap"]["areas"][0].items()
                if key.endswith("_address")}


# Damage

def patch(core: Path, address: int, width: int, value: int) -> bytes:
    """The 8 bytes of fuzz_damage that store `value` in 1 << width bytes at an address."""
    with open(core, "rb") as file:
        segments = [segment for segment in ELFFile(file).iter_segments("PT_LOAD")]
        for index, segment in enumerate(segments):
            offset = address - segment["p_vaddr"]
            if 0 <= offset < segment["p_filesz"]:
                what = index << 2 | width
                return struct.pack("<B3si", what, offset.to_bytes(3, "little"), value)
    raise ValueError(f"{core.name}: nothing at {address:#x}")


def add_damaged_objects(corpus: Corpus, base: Base, index: int) -> None:
    """One object of each kind with one member changed: sizes, pointers, itself, another."""
    lines = [json.loads(line) for line in
             base.command("objects", "--all", "--format=json").splitlines()]
    kinds = {line["kind"]: line for line in lines if "kind" in line}
    for number, line in enumerate(kinds.values()):
        address, word = int(line["address"], 16), 8 if base.variant.endswith("64") else 4
        values = [0, -1, address, address + 2, 0x0FFFFFFF, 0x40020010, 0x7FFFFFFC]
        member = 1 + number % max(1, min(3, line["bytes"] // word - 1))
        value = values[number % len(values)]
        value -= (value >= 1 << 31) << 32
        corpus.add(bytes([index, SYMBOLS * (number % 2)]) +
                   patch(base.core, address + member * word, 2, value))


def add_damage(corpus: Corpus, bases: list[Base]) -> None:
    """Whole boards in every manner, then with a word of the area or the table overwritten."""
    names = sorted(base.core.name for base in bases)
    for base in bases:
        index = names.index(base.core.name)
        for flags in (0, JSON, LINK, SYMBOLS | JSON, DWARF, DWARF | LINK):
            corpus.add(bytes([index, flags]))
        area = base.area()
        values = [0, 1, -1, area["area_address"], area["pool_start_address"], 0x7FFFFFFC]
        values = [value - (1 << 32) if value >= 1 << 31 else value for value in values]
        for word in range(-1, 7):
            address = area["area_address"] + 4 * word
            for value in values[word % 2::2]:
                corpus.add(bytes([index, SYMBOLS]) + patch(base.core, address, 2, value))
        add_damaged_objects(corpus, base, index)
        for byte, value in enumerate((0xAA, 0xFF, 0x55, 0x00)):
            address = area["table_address"] + 3 * byte
            corpus.add(bytes([index, 0]) + patch(base.core, address, 0, value))


# Images

def tiny_heap(word: int, tables: int, order: str = "<", pool_blocks: int = 32) -> bytes:
    """RAM of a heap with one area of v1.20 or later: its structure, tables and pool."""
    block, gap = 4 * word, 1
    table_bytes = pool_blocks // 4
    bits = (table_bytes + 1) // 2
    table = RAM + 0x80
    start = -(-(table + table_bytes + gap + tables * bits) // block) * block
    further = [table + table_bytes + gap + i * bits for i in range(tables)]
    words = [0, table, table_bytes, *further, start, start + pool_blocks * block, 0, 0]
    structure = struct.pack(order + str(len(words)) + "IQ"[word == 8], *words)
    ram = bytes(0x20) + structure
    ram += bytes(table - RAM - len(ram)) + bytes([0x69, 0x01, 0xA9]).ljust(table_bytes, b"\0")
    ram += bytes(start - RAM - len(ram))
    objects = struct.pack(order + "IQ"[word == 8], FLASH + 0x40).ljust(block, b"\0")
    return ram + objects * pool_blocks


def tiny_flash(word: int, order: str = "<") -> bytes:
    """A metatype, and a type of it."""
    own = struct.pack(order + "IQ"[word == 8], FLASH + 0x40)
    return bytes(0x40) + own + bytes(0x20 - word) + own + bytes(0x20 - word)


def add_images(corpus: Corpus, bases: list[Base]) -> None:
    """Tiny heaps, and the beginnings of real ones: flags, pieces of flash, flash, RAM."""
    for word in (4, 8):
        for tables in (0, 1, 2):
            flash = tiny_flash(word).ljust(128, b"\0")
            flags = (16 if word == 4 else 32) + tables
            corpus.add(bytes([flags, 2]) + flash + tiny_heap(word, tables))
            corpus.add(bytes([flags & 3, 0]) + tiny_heap(word, tables))
        corpus.add(bytes([8 + (16 if word == 4 else 32), 0]) + tiny_heap(word, 1, ">"))
    for base in bases:
        if {FLASH, RAM} <= base.memories.keys():
            flash, ram = base.memories[FLASH][:160 * 64], base.memories[RAM][:0x1800]
            corpus.add(bytes([2, 160]) + flash + ram)


# Files

def add_elfs(corpus: Corpus, out: Path) -> None:
    """A tiny program for several machines, with and without debug information."""
    for name, compiler in COMPILERS.items():
        for debug in (["-g0"], ["-gdwarf-4"], ["-gdwarf-5", "-Os"]):
            elf = out / f"seed-{name}.elf"
            subprocess.run([*compiler, *debug, "-nostdlib", "-static", "-ffreestanding", "-o", elf,
                            ROOT / "tests/fuzz/seed_firmware.c"], check=True)
            corpus.add(elf.read_bytes())
            elf.unlink()


def small_core(word: int, memory: bytes) -> bytes:
    """A core as Linux writes one, of one segment, with an auxiliary vector and registers."""
    letter = "IQ"[word == 8]
    auxv = struct.pack(f"<4{letter}", 9, RAM, 0, 0)
    prstatus = bytes(336 if word == 8 else 148)
    notes = b"".join(struct.pack("<III", 5, len(body), kind) + b"CORE\0\0\0\0" + body
                     for kind, body in ((1, prstatus), (6, auxv)))
    header, entry = (64, 56) if word == 8 else (52, 32)
    at = header + 2 * entry
    ident = b"\x7fELF" + bytes([2 if word == 8 else 1, 1, 1]) + bytes(9)
    elf = ident + struct.pack(f"<HHI3{letter}IHHHHHH", 4, 62 if word == 8 else 40, 1, 0, header, 0,
                              0, header, entry, 2, 0, 0, 0)
    for kind, flags, offset, address, size in ((4, 0, at, 0, len(notes)),
                                               (1, 6, at + len(notes), RAM, len(memory))):
        if word == 8:
            elf += struct.pack("<II6Q", kind, flags, offset, address, 0, size, size, 4)
        else:
            elf += struct.pack("<8I", kind, offset, address, 0, size, size, flags, 4)
    return elf + notes + memory


def add_cores(corpus: Corpus, bases: list[Base], out: Path) -> None:
    """Tiny cores of our own making, and small snapshots."""
    for word in (4, 8):
        corpus.add(small_core(word, tiny_heap(word, 1)))
    core = out / "seed.core"
    for base in bases:
        first = max(base.memories)
        base.command("snapshot", core, "--elf", base.stripped, "--ram", f"{first:#x}+3K")
        corpus.add(core.read_bytes())
    core.unlink()


def hex_record(kind: int, address: int, data: bytes) -> str:
    """A line of Intel HEX."""
    body = struct.pack(">BHB", len(data), address, kind) + data
    return f":{(body + bytes([-sum(body) & 0xFF])).hex().upper()}\n"


def add_hexes(corpus: Corpus) -> None:
    """Every type of record, runs that join, and runs that do not."""
    end = hex_record(1, 0, b"")
    corpus.add(end.encode())
    linear = hex_record(4, 0, b"\x20\x00") + hex_record(0, 0x10, bytes(range(16)))
    corpus.add((linear + hex_record(0, 0x20, b"more") + end).encode())
    segment = hex_record(2, 0, b"\x10\x00") + hex_record(0, 0xFFFE, b"wrap")
    starts = hex_record(3, 0, bytes(4)) + hex_record(5, 0, bytes(4))
    corpus.add((segment + starts + end).replace("\n", "\r\n").encode())
    corpus.add((hex_record(4, 0, b"\xff\xff") + hex_record(0, 0xFFFF, b"end") + end).encode())
    corpus.add((hex_record(0, 0, bytes(255)) + linear).encode())


# Links

def add_openocd(corpus: Corpus) -> None:
    """Answers of each kind: see fuzz_openocd.c for what comes before them."""
    for text in (b"0 {a b} c\\ d {e {f g} \\}} \\n", b"{}", b"{unbalanced", b"{a}b"):
        corpus.add(b"\0" + text)
    for text in (b"0 {mp.cm running}", b"-4 {Error: no device}", b"1 x", b"0", b"0 {} more"):
        corpus.add(b"\1" + text)
    runs = b"\1" + RAM.to_bytes(8, "little") + b"\1\2"
    corpus.add(b"\2" + runs + b"0x1 0xffffffff80000000;!;")
    corpus.add(b"\2" + runs + b"7 8;1 2 3;")
    corpus.add(b"\3" + runs + b"0x20000000: 00000000 11111111 \n;!;")
    corpus.add(b"\4" + b"pc 0x8000123;sp 0x2000fff0;xPSR (/32): 0x01000000;d0 (/64): 0x1;x;")


def rsp_packet(body: bytes) -> bytes:
    """A packet of the GDB remote protocol."""
    return b"$" + body + b"#%02x" % (sum(body) & 0xFF)


def add_rsp(corpus: Corpus) -> None:
    """Streams of packets, and target descriptions with an answer to `g`."""
    stream = b"+" + rsp_packet(b"T05thread:01;") + rsp_packet(b"0* 12}\x03") + b"%Stop:T05#00"
    corpus.add(b"\0" + stream + b"-" + rsp_packet(b"E01") + rsp_packet(b"O68690a"))
    corpus.add(b"\0" + rsp_packet(b"0123")[:-1] + b"z$#00$abc")
    feature = (b'<?xml version="1.0"?><!DOCTYPE target SYSTEM "gdb-target.dtd">'
               b'<target version="1.0"><architecture>arm</architecture>'
               b'<feature name="org.gnu.gdb.arm.m-profile"><reg name="r0" bitsize="32" regnum="0"/>'
               b'<reg name="sp" bitsize="32" type="data_ptr"/><reg name="pc" bitsize="32"/>'
               b'<!-- <reg name="no" bitsize="1"/> --></feature></target>')
    corpus.add(b"\1" + feature + b"\0" + b"00112233445566778899aabbxxxxxxxx")
    corpus.add(b"\3" + feature + b"\0" + b"0011")
    includes = b'<target><xi:include href="arm-core.xml"/><xi:include href=\'a.xml\'/></target>'
    corpus.add(b"\1" + includes + b"\0" + b"0" * 2 * 168)


def main() -> None:
    """Make everything below --out."""
    parser = argparse.ArgumentParser(description="Make seeds for the fuzz targets.")
    parser.add_argument("--mpheap", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("variants", nargs="+", help="fixture firmware to begin from")
    options = parser.parse_args()
    out: Path = options.out
    (out / "bases").mkdir(parents=True, exist_ok=True)
    bases = [Base(variant, out, options.mpheap.resolve()) for variant in options.variants]
    add_damage(Corpus(out, "damage"), bases)
    add_images(Corpus(out, "image"), bases)
    add_elfs(Corpus(out, "elf"), out)
    add_cores(Corpus(out, "core"), bases, out)
    add_hexes(Corpus(out, "hex"))
    add_openocd(Corpus(out, "openocd"))
    add_rsp(Corpus(out, "rsp"))


if __name__ == "__main__":
    main()
