# SPDX-License-Identifier: MIT
"""A core from `snapshot` tells what the halted board told: every report, with every switch.

Reports and switches are taken from the command's own help, so that new ones are compared, too.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fixture import run as fixture_run
from live import test_fault
from rig import Board, DebugPort, OpenOcd, run_gdb
from rig.process import Process, wait_until

import mpheap

ROOT = Path(__file__).resolve().parents[2]
IN_GDB = ROOT / "gdb/mpheap.py"
OPENOCD = [
    "gdb_report_data_abort enable",  # or GDB sees zeros where no memory is
    f"source {ROOT / 'openocd/mpheap.tcl'}",
    f"set mpheap_command {mpheap.command_path().resolve()}",
]
LIBRARY = mpheap.command_path().parent / "libmpheap.so"

# Places on a board: reports about an address are asked about each, the first one in full. None is
# a device register: of a live board it is not read only because somebody asks what is there.
Places = dict[str, str]

# What a report that wants an argument is given; a new kind of argument fails the tests.
ARGUMENTS: dict[str, Callable[[Places], list[str]]] = {
    "ADDR": lambda places: list(places.values()),
    "ADDR|PC|SYMBOL": lambda places: ["pc", places["code"]],
    "N": lambda places: ["2000"],
}
VALUES = {"N": "3", "BYTES": "64", "KEY": "size", "NAME": "str", "A..B": "0x20000000..0x20002000"}
VALUES_OF = {
    "map": {"FILE": str(mpheap.command_path().parent / "picture")},
    "disasm": {"NAME": "thumb"},
    "bounds": {"NAME": "STM32F405", "FILE": str(ROOT / "tests/fixture/stm32f405.ld")},
}
# One makes the core, one looks at two moments, one writes a file that tells of the target, and
# one is about a target that moves.
NOT_COMPARED = {"snapshot", "diff", "report", "watch"}

# Of a core it is said unasked.
ALWAYS = {"info": ["--reachable"]}

# All that may differ, and only in `info`: it says what it was asked about.
DIFFERENCES = {"target: halted\n": "target: dump\n", '"target": "halted"': '"target": "dump"'}

Answers = dict[tuple[str, ...], tuple[int, str, str]]


def report_names() -> list[str]:
    """All reports that can be compared."""
    names = mpheap.run("--reports").stdout.split()
    assert "info" in names and "fault" in names
    return [name for name in names if name not in NOT_COMPARED]


def own_options(report: str) -> list[str]:
    """Each option of a report, with a value where it takes one."""
    text = mpheap.run(report, "--help").stdout
    own = re.search(r"^ The report:\n(.*?)^ The target:", text, re.M | re.S)
    found = re.findall(r"^ +(?:-., )?--([\w-]+)(?:=(\S+))?", own[1] if own else "", re.M)
    values = VALUES | VALUES_OF.get(report, {})
    return [f"--{name}={values[kind]}" if kind else f"--{name}" for name, kind in found]


def argument_kind(report: str) -> str:
    """What its usage says behind the options."""
    usage = re.match(r"Usage: .*\n(?: .*\n)*", mpheap.run(report, "--help").stdout)[0]
    return usage.rsplit("]", 1)[1].strip()


def questions(places: Places, has_options: bool) -> Iterator[list[str]]:
    """All that the command can be asked; options only if wanted."""
    for report in report_names():
        kind = argument_kind(report)
        assert not kind or kind in ARGUMENTS, f"{report}: what is {kind}? ARGUMENTS has no example"
        first, *others = ARGUMENTS[kind](places) if kind else [""]
        start = [report, *([first] if first else []), *ALWAYS.get(report, [])]
        yield start
        yield [*start, "--format=json"]
        yield from ([report, argument] for argument in others)
        if has_options:
            yield from ([*start, option] for option in own_options(report))


def answers(places: Places, *words: str | Path, has_options: bool = True) -> Answers:
    """Exit status, stdout and stderr by question."""
    ret = {}
    for question in questions(places, has_options):
        done = mpheap.run(*question, *words)
        ret[tuple(question)] = done.status, done.stdout, done.stderr
    return ret


def as_of_a_core(live: Answers) -> Answers:
    """The answers of a halted board, but for what may differ."""
    ret = dict(live)
    for question, (status, stdout, stderr) in live.items():
        if question[0] == "info":
            for before, after in DIFFERENCES.items():
                stdout = stdout.replace(before, after)
        ret[question] = status, stdout, stderr
    return ret


def compare(live: Answers, core: Answers) -> None:
    """One by one, so that a failure shows one answer."""
    assert live.keys() == core.keys() and len(live) > 30
    expected = as_of_a_core(live)
    assert sum(expected[question] != live[question] for question in live) == len(
        [question for question in live if question[0] == "info"])
    for question, answer in expected.items():
        assert core[question] == answer, question


def snapshot(core: Path, *words: str | Path) -> None:
    done = mpheap.run("snapshot", core, *words)
    assert (done.status, done.stderr) == (0, ""), done


# --- a micro:bit behind OpenOCD ---

PYTHON = ["""\
class Point:
    def __init__(self, x):
        self.x = x
        self.name = 'point'
def gen(n):
    while n:
        yield n
        n -= 1
@micropython.asm_thumb
def bad(r0):
    ldr(r1, [r0, 4])
def deeper(depth, text):
    local = [depth, text]
    if not depth:
        bad(0x30000000)
    deeper(depth - 1, text + '!')
""", """\
table = {i: [i, str(i), (i, None)] for i in range(6)}
points = [Point(i) for i in range(4)]
waiting = gen(3)
next(waiting)
text, data = 'a text of some length ' * 3, bytearray(range(40))
"""]
MICROBIT = {"heap": "0x20000800", "nothing": "0x30000004", "code": "0x1000"}


@contextlib.contextmanager
def crashed_microbit() -> Iterator[OpenOcd]:
    """Halted in the handler of a fault that machine code of a Python function made."""
    with Board() as board:
        for part in PYTHON:
            board.repl.exec(part)
        board.repl.start("deeper(2, 'in')\n")
        wait_until(lambda: test_fault.is_handling(board, "handler"), 10, "the fault")
        with DebugPort(board) as port, OpenOcd(port, OPENOCD) as openocd:
            openocd.tcl("halt")
            yield openocd


def test_microbit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an ELF, and from each door: OpenOCD's own snapshot, GDB's, the shell's."""
    monkeypatch.setenv("MPHEAP_LIBRARY", str(LIBRARY))
    with crashed_microbit() as openocd:
        words = f"--openocd=:{openocd.tcl_port}"
        live = answers(MICROBIT, words, has_options=False)
        assert "reachable" not in mpheap.run("info", words).stdout
        snapshot(tmp_path / "shell", words)
        openocd.tcl(f"mpheap snapshot {tmp_path / 'openocd'}")
        run_gdb([f"target extended-remote 127.0.0.1:{openocd.gdb_port}", f"source {IN_GDB}",
                 f"mpheap snapshot {tmp_path / 'gdb'}"])
    fault = live["fault",]
    assert fault[0] == 1 and "a read of 0x30000004, where no memory answers" in fault[1]
    assert "deeper" in live["bt",][1]
    for door in ("shell", "openocd", "gdb"):
        compare(live, answers(MICROBIT, "--core", tmp_path / door, has_options=False))


# --- the fixture behind QEMU's own stub, with its ELF ---

FIXTURE = {"heap": "0x20001000", "nothing": "0x60000004", "code": "0x08000100"}
VIRT = {"heap": "0x80101000", "nothing": "0x40", "code": "0x80000100"}


def elf_of(board: fixture_run.FixtureRun, tier: str) -> list[str]:
    if tier == "bare":
        return []
    return ["--elf", str(fixture_run.build(board.elf.stem, stripped=tier == "symbols"))]


@pytest.mark.parametrize("tier", ["debug", "symbols", "bare"])
def test_cortex_m4(tmp_path: Path, tier: str) -> None:
    commands = test_fault.M4_CRASHES["copy"][0]
    with test_fault.crashed(test_fault.M4, commands, test_fault.M4_HANDLER) as board:
        words = [f"--gdb=127.0.0.1:{board.gdb_port}", *elf_of(board, tier)]
        live = answers(FIXTURE, *words, has_options=tier == "symbols")
        snapshot(tmp_path / "core", *words)
        core = answers(FIXTURE, "--core", tmp_path / "core", *elf_of(board, tier),
                       has_options=tier == "symbols")
        compare(live, core)
    assert "PRECISERR" in live["fault",][1]


@pytest.mark.parametrize("variant", ["v1.27.0-rv32", "v1.27.0-rv64"])
def test_riscv(tmp_path: Path, variant: str) -> None:
    commands = ["set $a1 = 0x40", "set $a2 = 8", "set $pc = memcpy",
                f"set *(unsigned short *){test_fault.TRAP_HANDLER:#x} = 0xa001",
                f"set $mtvec = {test_fault.TRAP_HANDLER:#x}"]
    with test_fault.crashed(variant, commands, f"{test_fault.TRAP_HANDLER:#x}") as board:
        start, end = board.firmware.regions()["ram"]  # QEMU has more than the board
        known = [f"--ram={start:#x}+{end - start:#x}", *elf_of(board, "symbols")]
        words = [f"--gdb=127.0.0.1:{board.gdb_port}", *known]
        live = answers(VIRT, *words, has_options=False)
        snapshot(tmp_path / "core", *words)
        core = answers(VIRT, "--core", tmp_path / "core", *known, has_options=False)
        compare(live, core)
    assert "load access fault at 0x40, where no memory answers" in live["fault",][1]


# --- in GDB ---


def in_gdb(*commands: str, arguments: tuple[str, ...] = ()) -> str:
    done = run_gdb([f"source {IN_GDB}", *commands], arguments)
    assert done.exit == 0, done
    return done.stdout


def test_cortex_m4_core_in_gdb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Registers, the frame of the code that hangs, and the same reports."""
    monkeypatch.setenv("MPHEAP_LIBRARY", str(LIBRARY))
    commands = test_fault.M4_CRASHES["copy"][0]
    with test_fault.crashed(test_fault.M4, commands, test_fault.M4_HANDLER) as board:
        elf = str(board.elf)
        live = in_gdb(f"target remote 127.0.0.1:{board.gdb_port}", "p/x $msp", "info registers",
                      f"mpheap snapshot {tmp_path / 'core'}", "detach", arguments=(elf,))
    core = ("core-file " + str(tmp_path / "core"), "info registers", "info threads", "bt 1",
            "echo [[", "mpheap fault", "echo ]]")
    seen = in_gdb(*core, arguments=(elf,))
    for name in ("r4", "sp", "lr", "pc"):
        value = re.search(rf"^{name} +(0x\w+)", live, re.M)[1]
        assert re.search(rf"^{name} +{value}\b", seen, re.M), (name, seen)
    assert re.search(r"^\* 1 +\S.*Default_Handler", seen, re.M)
    assert re.search(r"^#0 +Default_Handler", seen, re.M)
    shell = mpheap.run("fault", "--core", tmp_path / "core", "--elf", elf).stdout
    assert seen[seen.index("[[") + 2:seen.index("]]")] == shell


def test_a_core_has_all_threads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two processors, of which the second is selected: a debugger selects it again."""
    monkeypatch.setenv("MPHEAP_LIBRARY", str(LIBRARY))
    socket, core = tmp_path / "gdb", tmp_path / "core"
    argv = ["qemu-system-riscv32", "-M", "virt", "-smp", "2", "-bios", "none", "-display", "none",
            "-S", "-gdb", f"unix:{socket},server=on,wait=off"]
    with Process(argv, "qemu"):
        wait_until(socket.exists, 10, "QEMU's socket")
        in_gdb(f"target remote {socket}", "set $sp = 0x80001110", "thread 2",
               "set $sp = 0x80002220", f"mpheap snapshot {core} --ram=0x80000000+16K",
               "p $sp == 0x80002220", "detach")
    seen = in_gdb(f"core-file {core}", "p/x $sp", "thread 2", "p/x $sp", "info threads")
    assert re.findall(r"\$\d = (0x\w+)", seen) == ["0x80002220", "0x80001110"]
    assert len(re.findall(r"^[* ] \d +\S", seen, re.M)) == 2
