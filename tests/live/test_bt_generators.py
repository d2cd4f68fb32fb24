# SPDX-License-Identifier: MIT
"""bt and generators that are not executed: suspended, new, ended.

Up to v1.9.4 nothing in a generator says that it runs, and the micro:bit's firmware is of that age.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from live.test_bt import running, traceback
from rig import Board, DebugPort, OpenOcd

import mpheap

IDLE = """\
def g(n):
 while n:
  n -= 1
  yield n
def o(n):
 yield from g(n)
def idle(x):
 next(x)
 return x
"""
FIRST = IDLE.count("\n") + 1
# Text, and the frames in execution by lines from FIRST on.
PROGRAMS = {
    "argument": (
        "def f(a, b):\n print('spins')\n while True: pass\nf(idle(g(9)), g(9))\n",
        [(3, "<module>"), (2, "f")],
    ),
    "argument of each": (
        "def f(a):\n print('spins')\n while True: pass\ndef e(a, b):\n f(a)\nclass A:\n"
        " def m(self, a):\n  e(a, self)\nA().m(idle(o(9)))\n",
        [(8, "<module>"), (7, "m"), (4, "e"), (2, "f")],
    ),
    "for": (
        "def f():\n for x in g(9):\n  print('spins')\n  while True: pass\nf()\n",
        [(4, "<module>"), (3, "f")],
    ),
    "for twice": (
        "def f():\n for x in o(9):\n  for y in g(8):\n   print('spins')\n   while True: pass\n"
        "f()\n",
        [(5, "<module>"), (4, "f")],
    ),
    "sleep": (
        "import microbit\ndef f(a):\n for x in a:\n  print('spins')\n  microbit.sleep(9999999)\n"
        "f(o(9))\n",
        [(5, "<module>"), (4, "f")],
    ),
    "list": (
        "def f(l):\n for x in l:\n  next(x)\n print('spins')\n while True: pass\n"
        "f([g(9), o(9), g(9)])\n",
        [(5, "<module>"), (4, "f")],
    ),
    "ended": (
        "def f(a):\n for x in a: pass\n print('spins')\n while True: pass\nf(g(2))\n",
        [(4, "<module>"), (3, "f")],
    ),
    "in another": (
        "def r(a):\n next(a)\n print('spins')\n while True: pass\n yield\n"
        "def f(a):\n for x in r(a): pass\nf(g(9))\n",
        [(7, "<module>"), (6, "f"), (3, "r")],
    ),
    "argument of C": (
        "def k(x):\n print('spins')\n while True: pass\n"
        "def f(a):\n return sorted(a, key=k)\nf(idle(g(9)))\n",
        [(5, "<module>"), (4, "f"), (2, "k")],
    ),
    "consumed by C": (
        "def s(n):\n print('spins')\n while True: pass\n yield\n"
        "def f(a, b):\n return list(a)\nf(s(1), idle(o(9)))\n",
        [(6, "<module>"), (5, "f"), (2, "s")],
    ),
}


@pytest.fixture(name="link", scope="module")
def link_fixture(board: Board) -> Iterator[str]:
    with DebugPort(board) as port, OpenOcd(port) as openocd:
        yield f"--openocd=:{openocd.tcl_port}"


@pytest.mark.parametrize("name", PROGRAMS)
def test_only_what_is_executed_is_shown(board: Board, link: str, name: str) -> None:
    code, steps = PROGRAMS[name]
    with running(board, IDLE + code) as said:
        result = mpheap.run("bt", "--halt", link)
    expected = traceback(*[(FIRST + line, function) for line, function in steps])
    assert said == [f"\n{expected}KeyboardInterrupt: \n"]
    lines = [line for line in result.stdout.splitlines(keepends=True) if "  in C: " not in line]
    assert ("".join(lines), result.stderr) == (expected, "")
