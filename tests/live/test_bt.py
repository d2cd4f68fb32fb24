# SPDX-License-Identifier: MIT
"""bt says what a board's own traceback would say: live, dead, and damaged."""

from __future__ import annotations

import contextlib
import random
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from captures import VERSIONS, capture
from dumps import Dump
from fixture import run as fixture_run
from json_page import check
from live.patched import Patched
from rig import Board, DebugPort, OpenOcd

import mpheap

SOFT_RESET = b"\x04"
HEADING = "Traceback (most recent call last):\n"
# What tests/fixture/main.c says of where it stands.
FIXTURE = (
    HEADING + '  File "main.py", line 12, in <module>\n  File "main.py", line 7, in loop_forever\n'
)
# Each form of code and frame, 64-bit object words, a build that does not tell stack_top.
VARIANTS = ["v1.8", "v1.9.4-nocheck", "v1.18", "v1.27.0-nanbox", "v1.27.0-rv64"]


def bt(*words: str | Path) -> str:
    result = mpheap.run("bt", *words)
    assert result.status == 0, result
    return result.stdout


def traceback(*steps: tuple[int, str]) -> str:
    """The text for line and function of each frame typed at the prompt, outermost first."""
    return HEADING + "".join(f'  File "<stdin>", line {line}, in {name}\n' for line, name in steps)


def python_of(text: str) -> str:
    """The report on a board without its last line, which says where the processor stands."""
    *lines, last = text.splitlines(keepends=True)
    assert re.fullmatch(r"  in C: 0x[0-9a-f]{8}\n", last)
    return "".join(lines)


# --- dumps of the fixture ---


def sp_of(dump: Dump) -> list[str]:
    return ["--reg", f"sp={dump.sp:#x}"]


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("has_elf", [True, False])
def test_fixture_of_each_era(dump_of, variant: str, has_elf: bool) -> None:
    dump = dump_of(variant)
    assert bt(*dump.images(), *sp_of(dump), *(dump.elf() if has_elf else [])) == FIXTURE


def test_without_a_stack_pointer_the_buffers_lead_to_the_frames(dump_of) -> None:
    dump = dump_of("v1.28.0-split")
    result = mpheap.run("bt", *dump.images(), *dump.elf())
    assert result.stdout == FIXTURE
    assert any("--reg sp=VALUE" in note for note in result.notes)
    assert mpheap.run("bt", *dump.images(), *dump.elf(), *sp_of(dump)).stderr == ""


def test_a_stack_pointer_elsewhere_is_said(dump_of) -> None:
    dump = dump_of("v1.28.0-split")
    result = mpheap.run("bt", *dump.images(), *dump.elf(), "--reg", "sp=0x20")
    assert result.stdout == FIXTURE
    assert any("not on the main thread's stack" in note for note in result.notes)


def test_locals_have_values_and_the_value_stack_is_none(dump_of) -> None:
    dump = dump_of("v1.28.0-split")
    words = [*dump.images(), *dump.elf(), *sp_of(dump)]
    module, loop = mpheap.run("bt", "--locals", "--format=json", *words).json["frames"]
    values = [local["value"] for local in module["arguments"] + module["locals"]]
    assert all("loop_forever" not in value for value in values)  # it is on the value stack
    assert (module["place"], loop["place"]) == ("stack", "stack")


# --- damaged ones ---


class Chain(Patched):
    """A dump's RAM, and where nlr_top and the two exception buffers lie in it."""

    def __init__(self, dump: Dump, folder: Path) -> None:
        super().__init__(dump, folder)
        state = dump.symbols["mp_state_ctx"]
        (self.top,) = (at for at in range(state, state + 64, 4) if self._is_chain(at))
        self.inner = self.word(self.top)
        self.outer = self.word(self.inner)

    def _is_chain(self, address: int) -> bool:
        inner, end = self.word(address), self.base + len(self.ram)
        if inner % 4 or not self.sp <= inner < end - 4:
            return False
        return inner < self.word(inner) < end

    def with_elf(self) -> list[str | Path]:
        """The options that open the changed dump."""
        return [*self.words(), *self.dump.elf()]


@pytest.fixture(name="chain")
def chain_fixture(dump_of, tmp_path: Path) -> Chain:
    return Chain(dump_of("v1.28.0-split"), tmp_path)


def test_a_frame_without_a_buffer_is_marked(chain: Chain) -> None:
    """As when its function is about to handle an exception."""
    chain.put(chain.top, chain.outer)
    module, loop = bt(*chain.with_elf()).splitlines()[1:]
    assert module == FIXTURE.splitlines()[1]
    assert loop.startswith(FIXTURE.splitlines()[2] + "  (uncertain: it starts, handles an exc")


def test_without_any_buffer_nothing_is_certain(chain: Chain) -> None:
    chain.put(chain.top, 0)
    lines = bt(*chain.with_elf()).splitlines()[1:]
    assert lines == [line + "  (uncertain: nothing confirms it)"
                     for line in FIXTURE.splitlines()[1:]]


@pytest.mark.parametrize("where", ["inner", "middle of nowhere", "odd"])
def test_a_chain_that_leads_astray_is_said(chain: Chain, where: str) -> None:
    goals = {"inner": chain.inner, "middle of nowhere": 0x12345678, "odd": chain.outer + 1}
    chain.put(chain.inner, goals[where])
    result = mpheap.run("bt", *chain.with_elf())
    assert result.status == 0
    assert any("chain of exception buffers is damaged" in note for note in result.notes)
    assert FIXTURE.splitlines()[2] in result.stdout.splitlines()


def test_a_stack_of_noise_ends_and_stays_small(chain: Chain) -> None:
    noise = random.Random(7)
    start = chain.dump.sp - chain.base
    healthy = bytes(chain.ram)
    for _ in range(25):
        chain.ram[:] = healthy
        for _ in range(noise.choice((1, 8, 200))):
            at = noise.randrange(start, len(healthy) - 4) & ~3
            source = noise.choice((noise.randrange(0, len(healthy) - 4) & ~3, at))
            word = int.from_bytes(healthy[source : source + 4], "little")
            chain.put(chain.base + at, word ^ noise.choice((0, 4, 1 << 30)))
        result = mpheap.run("bt", "--locals", *chain.with_elf(), timeout=10)
        assert result.status == 0, result
        assert len(result.stdout) < 10000


def test_keys(dump_of, chain: Chain) -> None:
    words = [[*dump_of(variant).images(), *sp_of(dump_of(variant))] for variant in VARIANTS]
    words.append(["--image", f"{capture('1.27.0').memory(1)}@0"])
    pc = ["--reg", f"pc={dump_of(VARIANTS[0]).symbols['fixture_idle']:#x}"]
    words.append([*words[0], *dump_of(VARIANTS[0]).elf(), *pc])
    documents = [mpheap.run("bt", "--locals", "--format=json", *more).json for more in words]
    chain.put(chain.top, chain.inner + 2)
    documents.append(mpheap.run("bt", "--format=json", *chain.with_elf()).json)
    assert documents[-1]["notes"]
    check("bt", documents)


# --- WebAssembly: frames on a pystack, and no registers ---


@pytest.mark.parametrize("version", VERSIONS)
def test_webassembly_is_the_board_s_own_traceback(version: str) -> None:
    """A method, a generator, and a function that calls itself."""
    *lines, _ = capture(version).moment(1)["traceback"].splitlines(keepends=True)
    assert bt("--image", f"{capture(version).memory(1)}@0") == "".join(lines)


def test_webassembly_arguments_and_locals() -> None:
    document = mpheap.run(
        "bt", "--locals", "--format=json", "--image", f"{capture('1.27.0').memory(2)}@0"
    ).json
    steps, *_, innermost = document["frames"][3:]
    for local in steps["locals"] + innermost["arguments"] + innermost["locals"]:
        assert int(local.pop("word"), 0)
    assert steps["place"] == "generator"
    assert steps["locals"] == [{"name": "local 1", "value": "['2', 1, 2.5]"}]
    assert innermost["arguments"] == [
        {"name": "where", "value": "'2'"},
        {"name": "depth", "value": "0"},
        {"name": "carried", "value": "['2', 1, 2.5]"},
    ]
    assert innermost["locals"] == [{"name": "local 3", "value": "'moment 2'"}]


# --- a live board ---


@pytest.fixture(name="port", scope="module")
def port_fixture(board: Board) -> Iterator[DebugPort]:
    with DebugPort(board) as port:
        yield port
        stats = port.stats()
        assert (stats["memory_writes"], stats["bus_writes"], stats["resets"]) == (0, 0, 0)


@pytest.fixture(name="link", scope="module")
def link_fixture(port: DebugPort) -> Iterator[list[str]]:
    with OpenOcd(port) as openocd:
        yield [f"--openocd=:{openocd.tcl_port}"]


SPIN = "  print('spins')\n  while True: pass\n"
PROGRAMS = {
    "module": ("print('spins')\nwhile True: pass\n", [(2, "<module>")]),
    "five deep": (  # as deep as its C stack allows, so that the innermost one cannot print
        "class A:\n def one(self, x):\n  return self.two(x, [x])\n def two(self, x, y):\n"
        "  return three(y)\ndef three(z):\n  return four(z)\n"
        "def four(z):\n  while True: pass\nprint('spins')\nA().one(5)\n",
        [(11, "<module>"), (3, "one"), (5, "two"), (7, "three"), (9, "four")],
    ),
    "generator": (
        "def g(n):\n  yield n\n" + SPIN + "def h(n):\n  yield from g(n)\n"
        "def f():\n  for x in h(3):\n    pass\nf()\n",
        [(10, "<module>"), (8, "f"), (6, "h"), (4, "g")],
    ),
    "handler": (
        "def bad():\n  raise ValueError\ndef f():\n try:\n  bad()\n except ValueError:\n"
        + SPIN + "f()\n",
        [(9, "<module>"), (8, "f")],
    ),
    "in C": (
        "import microbit\ndef f(n):\n  print('spins')\n  microbit.sleep(n)\nf(9999999)\n",
        [(5, "<module>"), (4, "f")],
    ),
    "called from C": (
        "def key(x):\n" + SPIN + "def f():\n  return sorted([3, 1, 2], key=key)\nf()\n",
        [(6, "<module>"), (5, "f"), (3, "key")],
    ),
    "heap exhausted": (
        "kept = []\ndef fill(n):\n  while True:\n    kept.append(bytearray(n))\n"
        "def f():\n try:\n  fill(100)\n except MemoryError:\n" + SPIN + "f()\n",
        [(11, "<module>"), (10, "f")],
    ),
    "finally": (
        "def f():\n try:\n  bytearray(99999)\n finally:\n" + SPIN + "def g():\n  f()\ng()\n",
        [(9, "<module>"), (8, "g"), (6, "f")],
    ),
    "closure": (
        "def outer(a):\n  def inner(b):\n    print('spins')\n    while b + a: pass\n"
        "  return inner\nouter(1)(2)\n",
        [(6, "<module>"), (4, "inner")],
    ),
    "iterator": (
        "class I:\n def __iter__(self):\n  return self\n def __next__(self):\n" + SPIN
        + "def f():\n  return [x for x in I()]\nf()\n",
        [(9, "<module>"), (8, "f"), (1, "<listcomp>"), (6, "__next__")],  # code without lines
    ),
    "with": (
        "class C:\n def __enter__(self): pass\n def __exit__(self, *args):\n" + SPIN
        + "def f():\n  with C():\n    1 // 0\nf()\n",
        [(9, "<module>"), (8, "f"), (5, "__exit__")],
    ),
    "generator expression": (
        "def slow(x):\n" + SPIN + "def f():\n  return sum(slow(x) for x in (1, 2))\nf()\n",
        [(6, "<module>"), (5, "f"), (5, "<genexpr>"), (3, "slow")],
    ),
    "recursion": (
        "def f(n):\n  if n: return f(n - 1)\n" + SPIN + "f(3)\n",
        [(5, "<module>"), (2, "f"), (2, "f"), (2, "f"), (4, "f")],
    ),
}


@contextlib.contextmanager
def running(board: Board, code: str) -> Iterator[list[str]]:
    """The text that the board prints as it is interrupted is there when this ends. It begins with
    an empty heap."""
    board.repl.send(SOFT_RESET)
    board.repl.wait_prompt()
    board.repl.start(code)
    board.repl.read_until(b"spins")
    time.sleep(0.1)  # it prints first, and loops a moment later
    said: list[str] = []
    yield said
    said.append(board.repl.interrupt())


@pytest.mark.parametrize("name", PROGRAMS)
def test_live_board(board: Board, link: list[str], name: str) -> None:
    """What bt says is what the board itself prints as it is interrupted a moment later."""
    code, steps = PROGRAMS[name]
    with running(board, code) as said:
        result = mpheap.run("bt", "--halt", *link)
    assert (python_of(result.stdout), result.stderr) == (traceback(*steps), "")
    assert said == [f"\n{traceback(*steps)}KeyboardInterrupt: \n"]


def test_locals_of_a_live_board(board: Board, link: list[str]) -> None:
    """Code of v1.9 does not say how many it has: its opcodes do."""
    code = ("def f(n):\n total = n * 2\n pair = [n, total]\n for i in range(3):\n"
            "  total += i\n" + SPIN + "f(7)\n")
    with running(board, code):
        text = bt("--halt", "--locals", *link)
    assert "    n = 7\n    local 1 = 14\n    local 2 = [7, 14]\n    local 3 = 0\n" in text
    assert "no more than" not in text


ASM = "@micropython.asm_thumb\ndef bad(r0):\n  {}\n"
CALLS = "class A:\n def run(self, x):\n  print('spins')\n  {}\ndef f():\n  return A().run(1)\nf()\n"
LOST = {  # these do not come back to the prompt
    "busy in C": CALLS.format("return sum(range(99999999))"),
    "read fault": ASM.format("ldr(r1, [r0, 4])") + CALLS.format("bad(0x30000000)"),
    "jump fault": ASM.format("bx(r0)") + CALLS.format("bad(0x30000001)"),
    "undefined instruction": ASM.format("data(2, 0xde00)") + CALLS.format("bad(x)"),
}


@pytest.mark.parametrize("name", LOST)
def test_board_that_is_lost(name: str) -> None:
    """In a C function that looks for no interrupt, and in the HardFault handler."""
    first = LOST[name].split("\n").index("class A:") + 1
    with Board() as board, DebugPort(board) as port, OpenOcd(port) as openocd:
        board.repl.start(LOST[name])
        board.repl.read_until(b"spins")
        time.sleep(0.3)
        text = bt("--halt", f"--openocd=:{openocd.tcl_port}")
    lines = [(first + 6, "<module>"), (first + 5, "f"), (first + 3, "run")]
    assert python_of(text) == traceback(*lines)


def needed(*words: str | Path) -> int:
    """Bytes of the target that bt reads, from --stats."""
    result = mpheap.run("bt", "--stats", *words)
    assert result.stdout.startswith(HEADING), result
    return int(re.search(r"(\d+) needed", result.stderr)[1])


@pytest.mark.parametrize("name", ["five deep", "generator expression", "heap exhausted"])
def test_a_traceback_costs_less_than_eight_kilobytes(
    board: Board, link: list[str], name: str
) -> None:
    """On a board that was just started: what else is on its heap is looked at in part, too."""
    with running(board, PROGRAMS[name][0]):
        assert needed("--halt", *link) <= 8192


def test_a_traceback_costs_less_with_symbols_and_least_with_debug_info() -> None:
    with fixture_run.run("v1.27.0") as board:
        gdb = f"--gdb=127.0.0.1:{board.gdb_port}"
        alone = needed(gdb)
        symbols, full = (
            needed(gdb, f"--elf={fixture_run.build('v1.27.0', stripped)}")
            for stripped in (True, False)
        )
    assert full <= symbols < min(alone, 8192)


def test_snapshot_of_a_board(board: Board, link: list[str], tmp_path: Path) -> None:
    code, steps = PROGRAMS["generator"]
    with running(board, code):
        assert mpheap.run("snapshot", tmp_path / "core", "--halt", *link).status == 0
    assert python_of(bt("--core", tmp_path / "core")) == traceback(*steps)


def test_a_running_board_is_not_halted(board: Board, port: DebugPort, link: list[str]) -> None:
    with running(board, PROGRAMS["module"][0]):
        before = port.stats()["cpu_halts"]
        text = bt(*link)
        document = mpheap.run("bt", "--format=json", *link).json
        assert port.stats()["cpu_halts"] == before
    assert "--halt" in text
    assert (document["is_running"], document["frames"]) == (True, [])


def test_the_prompt_is_no_python_code(board: Board, link: list[str]) -> None:
    board.repl.interrupt()
    assert python_of(bt("--halt", *link)) == "No Python code is being executed.\n"


RAISING = """\
def bad(n):
  raise ValueError(n)
def f():
 i = 0
 while True:
  try:
   bad(i)
  except ValueError:
   i += 1
print('spins')
f()
"""


def test_halts_while_exceptions_are_raised(board: Board, link: list[str]) -> None:
    """Whenever it is halted: no frame that cannot be, and only the innermost may be uncertain."""
    lines = set()
    with running(board, RAISING):
        for _ in range(12):
            first, module, *inner = python_of(bt("--halt", *link)).splitlines()
            assert (first + "\n", module) == (HEADING, '  File "<stdin>", line 11, in <module>')
            assert not any("uncertain" in line for line in inner[:-1])
            functions = [re.search(r", in (\w+)", line)[1] for line in inner]
            assert functions in (["f"], ["f", "bad"])
            lines.update(re.findall(r"line (\d+)", inner[-1]))
    assert lines <= {"2", "4", "5", "6", "7", "8", "9"}
