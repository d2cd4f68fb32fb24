# SPDX-License-Identifier: MIT
"""Faults made on purpose: on a live micro:bit, on the fixture's Cortex-M4 and RISC-V, and in dumps.

A test may set registers and memory of its board with GDB; mpheap itself never writes.
"""

from __future__ import annotations

import contextlib
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fixture import run as fixture_run
from json_page import check
from rig import Board, DebugPort, OpenOcd, run_gdb
from rig.process import wait_until

import mpheap

HARD_FAULT, BUS_FAULT, USAGE_FAULT, SYSTICK = 3, 5, 6, 15
V6M_NOTE = "fault: ARMv6-M keeps no fault status (CFSR, HFSR): causes are read from the code"
RUNNING_NOTE = (
    "target: running: its registers are not known (--halt stops the board for the read)"
)


def fault(*words: str | Path, status: int = 1) -> dict[str, Any]:
    result = mpheap.run("fault", "--format", "json", *words)
    assert result.status == status, result
    return result.json


def number(text: str) -> int:
    return int(text, 0)


def words_in(registers: list[dict[str, Any]]) -> dict[str, int]:
    return {item["name"]: number(item["word"]) for item in registers}


def bits(document: dict[str, Any]) -> dict[str, set[str]]:
    return {item["name"]: {bit["name"] for bit in item["bits"]} for item in document["status"]}


# A live micro:bit, whose core is a Cortex-M0

ASM = "@micropython.asm_thumb\ndef bad(r0):\n  {}\nbad({:#x})\n"
NOTHING = 0x30000000  # an address where the board has no memory
CRASHES = {
    "read": ("ldr(r1, [r0, 4])", NOTHING, "a read of 0x30000004, where no memory answers"),
    "write": ("strb(r1, [r0, 2])", NOTHING, "a write to 0x30000002, where no memory answers"),
    "unaligned": (
        "ldr(r1, [r0, 0])",
        0x20000002,
        "a read of 0x20000002, which is not aligned for it",
    ),
    "jump": ("bx(r0)", NOTHING + 1, "a jump to 0x30000000, where no memory answers"),
    "even": ("bx(r0)", 0x20000000, "a jump to an even address, which asks for ARM code"),
    "undefined": ("data(2, 0xde00)", 0, "the instruction is none that this core knows"),
}


@contextlib.contextmanager
def opened(board: Board) -> Iterator[tuple[str, str]]:
    """The way to a board through OpenOCD; nothing may have been written when it closes."""
    with DebugPort(board) as port:
        with OpenOcd(port) as openocd:
            yield "--openocd", f":{openocd.tcl_port}"
        stats = port.stats()
        assert (stats["memory_writes"], stats["bus_writes"], stats["resets"]) == (0, 0, 0)


def is_handling(board: Board, exception: str) -> bool:
    text = board.qmp("human-monitor-command", **{"command-line": "info registers"})
    return exception in str(text)


@pytest.mark.parametrize("name", CRASHES)
def test_microbit_says_what_the_program_did(name: str) -> None:
    statement, argument, cause = CRASHES[name]
    with Board() as board:
        board.repl.start(ASM.format(statement, argument))
        wait_until(lambda: is_handling(board, "handler"), 10, "the fault")
        with opened(board) as words:
            running = fault(*words)
            halted = fault("--halt", *words)
            text = mpheap.run("fault", "--halt", *words).stdout

    assert running["exception"] == halted["exception"] == {
        "number": HARD_FAULT, "name": "HardFault"}
    assert running["notes"] == [RUNNING_NOTE, V6M_NOTE] and "code" not in running
    assert halted["notes"] == [V6M_NOTE]
    assert halted["verdict"] == f"HardFault: {cause}"
    assert (halted["architecture"], halted["core"]) == ("ARMv6-M", "Cortex-M0")
    assert halted["handler"]["is_spinning"]
    assert halted["handler"]["address"] == halted["vector"]["address"]
    assert words_in(halted["frame"]["registers"])["r0"] == argument
    if name in ("read", "write", "unaligned"):
        assert words_in(halted["code"]["registers"])["r0"] == argument
        assert 0x20000000 <= number(halted["code"]["address"]) < 0x20004000
    assert text.startswith(f"HardFault: {cause}\n")


def test_microbit_at_its_prompt_has_no_fault() -> None:
    with Board() as board, opened(board) as words:
        document = fault("--halt", *words, status=0)
    assert document["verdict"] == "no fault: no exception is active"
    assert document["is_fault"] is False and "frame" not in document


# The fixture's Cortex-M4, which keeps a status

M4 = "v1.27.0"
SCRATCH = 0x2001F000  # RAM below the stack
SHCSR, ALL_HANDLERS = 0xE000ED24, 0x70000


def code(*halves: int) -> list[str]:
    """GDB commands that put instructions into RAM and make them the next ones."""
    store = [f"set *(unsigned short *){SCRATCH + 2 * index:#x} = {half:#x}"
             for index, half in enumerate(halves)]
    return [*store, f"set $pc = {SCRATCH:#x}"]


ENABLE, LOAD_R2, BX_LR, UDF = 0x6001, 0x6812, 0x4770, 0xDE00  # str r1, [r0]; ldr r2, [r2]; ...
ENABLING = [f"set $r0 = {SHCSR:#x}", f"set $r1 = {ALL_HANDLERS:#x}"]
M4_CRASHES: dict[str, tuple[list[str], int, str, set[str]]] = {
    "copy": (
        ["set $r0 = $sp - 256", "set $r1 = 0x60000000", "set $r2 = 8", "set $pc = memcpy"],
        HARD_FAULT, "HardFault: a data access failed on the bus, at the saved pc, at 0x60000000",
        {"PRECISERR", "BFARVALID"},
    ),
    "bus": (
        [*ENABLING, "set $r2 = 0x60000000", *code(ENABLE, LOAD_R2)],
        BUS_FAULT, "BusFault: a data access failed on the bus, at the saved pc, at 0x60000000",
        {"PRECISERR", "BFARVALID"},
    ),
    "undefined": (
        code(UDF),
        HARD_FAULT, "HardFault: the instruction is none that this core knows", {"UNDEFINSTR"},
    ),
    "state": (
        [*ENABLING, "set $lr = 0x08000100", *code(ENABLE, BX_LR)],
        USAGE_FAULT, "UsageFault: a jump to an even address, which asks for ARM code",
        {"INVSTATE"},
    ),
}
M4_CODE = {"bus": SCRATCH + 2, "undefined": SCRATCH, "state": 0x08000100}
M4_HANDLER = "(unsigned)Default_Handler & ~1"


@contextlib.contextmanager
def crashed(variant: str, commands: list[str], handler: str) -> Iterator[fixture_run.FixtureRun]:
    """A fixture board that GDB sent astray; it has come as far as the handler."""
    with fixture_run.run(variant) as board:
        done = run_gdb(
            [f"target remote 127.0.0.1:{board.gdb_port}", *commands, f"break *{handler}",
             "continue", "delete", "detach"],
            [str(board.elf)],
        )
        assert done.exit == 0, done
        yield board


@pytest.mark.parametrize("name", M4_CRASHES)
def test_cortex_m4_says_what_its_status_says(name: str) -> None:
    commands, exception, verdict, status = M4_CRASHES[name]
    with crashed(M4, commands, M4_HANDLER) as board:
        symbols = board.firmware.symbols
        gdb = f"127.0.0.1:{board.gdb_port}"
        elf = ["--elf", str(board.elf)]
        document = fault("--gdb", gdb, *elf)

    assert document["exception"]["number"] == exception
    assert document["verdict"] == verdict
    assert bits(document)["CFSR"] == status
    assert bits(document)["HFSR"] == ({"FORCED"} if exception == HARD_FAULT else set())
    assert document["handler"]["symbol"].split("+")[0] == "Default_Handler"
    assert document["handler"]["is_spinning"]
    at = document["code"]
    if name == "copy":
        start = symbols["memcpy"] & ~1
        assert start <= number(at["address"]) < start + 64
        assert at["symbol"].split("+")[0] == "memcpy"
        assert at["access"]["text"] == "where no memory answers"
    else:
        assert number(at["address"]) == M4_CODE[name]
    assert document["notes"] == []


def test_text_is_the_same_in_gdb_and_has_bits_in_words() -> None:
    with crashed(M4, M4_CRASHES["copy"][0], M4_HANDLER) as board:
        gdb = f"127.0.0.1:{board.gdb_port}"
        text = mpheap.run("fault", "--gdb", gdb, "--elf", str(board.elf)).stdout
        in_gdb = run_gdb(
            [f"target remote {gdb}", f"source {fixture_run.ROOT / 'gdb/mpheap.py'}",
             "mpheap fault", "detach"],
            [str(board.elf)],
        )
    assert "CFSR     0x8200\n           PRECISERR    a data access failed on the bus" in text
    assert "MMFAR    0x0 (not valid)\nBFAR     0x60000000\n" in text
    assert "handler  0x" in text and " Default_Handler, loops on itself\n" in text
    assert text in in_gdb.stdout


# RISC-V

TRAP_HANDLER = 0x80128000  # RAM that is not used

@pytest.mark.parametrize("variant", ["v1.27.0-rv32", "v1.27.0-rv64"])
def test_riscv_says_what_mcause_says(variant: str) -> None:
    commands = [f"set *(unsigned short *){TRAP_HANDLER:#x} = 0xa001",  # c.j .
                f"set $mtvec = {TRAP_HANDLER:#x}", "set $a1 = 0x40", "set $a2 = 8",
                "set $pc = memcpy"]
    with crashed(variant, commands, f"{TRAP_HANDLER:#x}") as board:
        document = fault("--gdb", f":{board.gdb_port}", "--elf", str(board.elf))

    assert document["exception"] == {"number": 5, "name": "load access fault"}
    assert document["verdict"] == "load access fault at 0x40, where no memory answers"
    assert document["code"]["symbol"].split("+")[0] == "memcpy"
    assert document["code"]["instruction"].startswith("lbu ")
    assert number(document["vector"]["address"]) == TRAP_HANDLER
    assert number(document["handler"]["address"]) == TRAP_HANDLER
    assert document["handler"]["is_spinning"]
    assert {item["name"] for item in document["status"]} >= {"mcause", "mepc", "mtval", "mtvec"}


def test_riscv_without_a_trap() -> None:
    with fixture_run.run("v1.27.0-rv32") as board:
        document = fault("--gdb", f":{board.gdb_port}", status=0)
    assert document["verdict"] == "no fault: no trap since reset"


# Dumps with registers and memory made up

CODE = 0x08000000
RAM = 0x20000000
LOAD = bytes.fromhex("0868")  # ldr r0, [r1]
LOOP = bytes.fromhex("fee7")  # b .
SPIN = CODE + 2
M4_CPUID = 0x410FC241


def frame(pc: int, xpsr: int = 0x01000000, r1: int = 0x40, lr: int = CODE + 1) -> bytes:
    return struct.pack("<8I", 0xA0, r1, 0xA2, 0xA3, 0xAC, lr, pc, xpsr)


def control_block(**registers: int) -> bytes:
    """0xe000ed00 to 0xe000ed3f of a Cortex-M4."""
    offsets = {"icsr": 4, "vtor": 8, "cfsr": 0x28, "hfsr": 0x2C, "mmfar": 0x34, "bfar": 0x38}
    block = bytearray(0x40)
    struct.pack_into("<I", block, 0, M4_CPUID)
    for name, value in registers.items():
        struct.pack_into("<I", block, offsets[name], value)
    return bytes(block)


def dump(folder: Path, ram: bytes, scb: bytes | None = None, **registers: int) -> list[str]:
    """Options of a dump with code, RAM and perhaps a control block."""
    parts = {CODE: LOAD + LOOP + bytes(60), RAM: ram.ljust(1024, b"\0")}
    if scb:
        parts[0xE000ED00] = scb
    words = []
    for address, data in parts.items():
        file = folder / f"{address:08x}"
        file.write_bytes(data)
        words += ["--image", f"{file}@{address:#x}"]
    for name, value in {"pc": SPIN, "sp": RAM, **registers}.items():
        words += ["--reg", f"{name}={value:#x}"]
    return words


def at_load(document: dict[str, Any], address: int) -> None:
    """The frame is at an address, and the fault is the load's."""
    assert number(document["frame"]["address"]) == address
    assert number(document["code"]["address"]) == CODE
    assert document["code"]["instruction"] == "ldr r0, [r1]"
    assert words_in(document["code"]["registers"]) == {"r1": 0x40}


def test_frame_on_the_process_stack(tmp_path: Path) -> None:
    words = dump(tmp_path, bytes(64) + frame(CODE), lr=0xFFFFFFFD, xpsr=BUS_FAULT, psp=RAM + 64)
    document = fault(*words)
    at_load(document, RAM + 64)
    assert document["frame"]["stack"] == "process"
    assert number(document["frame"]["sp_address"]) == RAM + 64 + 32
    assert "not in the dump" in document["notes"][0]


def test_frame_with_floating_point_and_padding(tmp_path: Path) -> None:
    ram = frame(CODE, xpsr=0x01000200)
    document = fault(*dump(tmp_path, ram, lr=0xFFFFFFE9, xpsr=HARD_FAULT))
    at_load(document, RAM)
    assert number(document["frame"]["sp_address"]) == RAM + 26 * 4 + 4


def test_frame_behind_what_a_handler_in_c_pushed(tmp_path: Path) -> None:
    """lr was overwritten by a call; EXC_RETURN is on the stack, and data that looks alike."""
    ram = struct.pack("<5I", 0xFFFFFFF9, 4, 5, 6, 0xFFFFFFF9) + frame(CODE)
    document = fault(*dump(tmp_path, ram, lr=CODE + 1, xpsr=HARD_FAULT))
    at_load(document, RAM + 20)
    assert not document["frame"]["is_guessed"]


def test_frame_by_its_looks_alone(tmp_path: Path) -> None:
    document = fault(*dump(tmp_path, bytes(40) + frame(CODE), lr=CODE + 1, xpsr=HARD_FAULT))
    at_load(document, RAM + 40)
    assert document["frame"]["is_guessed"]
    assert "fault: the saved registers were found by their looks alone" in document["notes"]


def test_no_frame_is_said(tmp_path: Path) -> None:
    document = fault(*dump(tmp_path, bytes(64), lr=CODE + 1, xpsr=HARD_FAULT))
    assert "frame" not in document and "code" not in document
    assert "fault: no saved registers were found on the stack" in document["notes"]


def test_an_interrupt_on_top_of_a_fault(tmp_path: Path) -> None:
    """SysTick came while the handler of a BusFault ran."""
    ram = frame(SPIN, xpsr=0x01000000 | BUS_FAULT, lr=0xFFFFFFF9) + frame(CODE)
    scb = control_block(cfsr=0x8200, bfar=0x40)
    document = fault(*dump(tmp_path, ram, scb, lr=0xFFFFFFF1, xpsr=SYSTICK))
    at_load(document, RAM + 32)
    assert document["exception"]["name"] == "BusFault"
    assert document["verdict"].endswith(", at 0x00000040")


def test_a_fault_inside_an_interrupt(tmp_path: Path) -> None:
    ram = frame(CODE, xpsr=0x01000000 | SYSTICK, lr=0xFFFFFFF9)
    document = fault(*dump(tmp_path, ram, lr=0xFFFFFFF1, xpsr=HARD_FAULT))
    at_load(document, RAM)
    assert document["frame"]["interrupted"] == {"number": SYSTICK, "name": "SysTick"}


def test_a_handler_that_never_returns(tmp_path: Path) -> None:
    document = fault(*dump(tmp_path, frame(CODE), lr=0xFFFFFFF9, xpsr=16 + 5))
    assert document["verdict"] == "the handler of IRQ 5 does not return: it loops on itself"


@pytest.mark.parametrize("pc", [0xFFFFFFFE, 0xEFFFFFFE])
def test_lockup(tmp_path: Path, pc: int) -> None:
    scb = control_block(cfsr=0x100, hfsr=1 << 30)
    words = dump(tmp_path, frame(CODE), scb, lr=0xFFFFFFF9, xpsr=HARD_FAULT, pc=pc)
    document = fault(*words)
    assert document["is_locked_up"]
    assert document["verdict"].startswith("lockup, the core has stopped after HardFault: ")


def test_an_old_status_is_no_fault(tmp_path: Path) -> None:
    scb = control_block(cfsr=1 << 25)
    document = fault(*dump(tmp_path, b"", scb, xpsr=0), status=0)
    assert document["verdict"] == (
        "no fault: no exception is active, but CFSR keeps what an earlier one was")


def test_control_block_without_registers_tells_the_exception(tmp_path: Path) -> None:
    file = tmp_path / "scb"
    file.write_bytes(control_block(icsr=BUS_FAULT, cfsr=0x400))
    document = fault("--image", f"{file}@0xe000ed00")
    assert document["exception"]["name"] == "BusFault"
    assert bits(document)["CFSR"] == {"IMPRECISERR"}


def test_nothing_known_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "zeros"
    file.write_bytes(bytes(64))
    result = mpheap.run("fault", "--image", f"{file}@0x20000000")
    assert result.status == 3 and "neither xpsr nor the registers at 0xe000ed00" in result.error


def test_other_machines_are_named(tmp_path: Path) -> None:
    file = tmp_path / "zeros"
    file.write_bytes(bytes(64))
    result = mpheap.run("fault", "--image", f"{file}@0", "--reg", "cpsr=0x10")
    assert result.status == 3 and "this is arm" in result.error


# Documents


def literal_load(elf: Path, images: list[str]) -> int:
    """The address of an instruction of the fixture that loads a constant of its function."""
    words = ["--format", "json", "--elf", str(elf), *images]
    listing = mpheap.run("disasm", "main", *words).json["instructions"]
    return next(number(insn["address"]) for insn in listing
                if "word" in insn and not insn["mnemonic"].startswith("."))


def with_alias(elf: Path, folder: Path) -> Path:
    """A firmware in which another handler is not defined, so that its name means the same code."""
    copy = folder / "alias.elf"
    address = fixture_run.Firmware(elf).symbols["Default_Handler"]
    subprocess.run(
        ["arm-none-eabi-objcopy", f"--add-symbol=NMI_Handler={address:#x},function,global", elf,
         copy], check=True)
    return copy


def test_json_keys(dump_of, tmp_path: Path) -> None:
    """Between them these have every key that docs/json.md lists."""
    with fixture_run.run("v1.27.0-rv32") as board:
        documents = [fault("--gdb", f":{board.gdb_port}", status=0)]
    board_dump = dump_of(M4)
    elf = with_alias(fixture_run.build(M4), tmp_path)
    ram = tmp_path / "frame"
    ram.write_bytes(frame(literal_load(elf, board_dump.images()), 0x01000000 | SYSTICK))
    scb = tmp_path / "scb"
    scb.write_bytes(control_block(vtor=CODE, cfsr=0x8200, hfsr=1 << 30))
    handler = fixture_run.Firmware(elf).symbols["Default_Handler"] & ~1
    documents.append(fault(
        *board_dump.images(), "--image", f"{ram}@{SCRATCH:#x}", "--image", f"{scb}@0xe000ed00",
        "--elf", elf, "--reg", f"sp={SCRATCH:#x}", "--reg", "lr=0xfffffff9",
        "--reg", f"xpsr={HARD_FAULT}", "--reg", f"pc={handler:#x}"))
    assert documents[1]["handler"]["alias_count"] == 1
    documents.append(fault(*dump(tmp_path, frame(CODE), lr=0xFFFFFFF9, xpsr=HARD_FAULT)))
    check("fault", documents)
