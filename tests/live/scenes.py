# SPDX-License-Identifier: MIT
"""One object of every kind a board can build, and the board's own word on each.

A scene is MicroPython text that runs unchanged from v1.9.2 to v1.29, on a WebAssembly build as a
whole and on a board with 8 KB of heap batch by batch::

    for step in scenes.steps(scenes.BATCHES):    statements, one at a time or joined by newlines
        board.exec(step)
    kept, missing = scenes.parse(board.exec(scenes.REPORT))
    kept["list_empty"].address, .type, .repr

The objects stay in the global dict `scene`. What the board cannot build, because its version has
no such syntax, module or type, is in `missing` with the exception that says so. A board may define
`long` first: how many characters and items the long objects have.
"""

from __future__ import annotations

from dataclasses import dataclass

from live.scene import code, containers, system, values
from live.scene.batch import Batch

# Runs before the batches. id() of an object is its address.
HEADER = """\
scene = {}
scene_missing = {}
scene_cycles = []
scene_parked = 0
def scene_settled():
    return True
long = globals().get('long', 10000)
def scene_setup(name, text):
    try:
        exec(text, globals())
    except Exception as error:
        scene_missing[name] = repr(error)
def scene_keep(name, text, ends=True):
    try:
        scene[name] = eval(text, globals())
        if not ends:
            scene_cycles.append(name)
    except Exception as error:
        scene_missing[name] = repr(error)
def scene_report():
    print('scene', id(scene), 'dict', '-', sep='\\t')
    for name in scene:
        value = scene[name]
        word = '-' if name in scene_cycles else repr(value).replace('\\n', ' ')
        print(name, id(value), str(type(value))[8:-2], word, sep='\\t')
    for name in scene_missing:
        print(name, 'missing', '-', scene_missing[name], sep='\\t')
"""
REPORT = "scene_report()"


@dataclass(frozen=True)
class Kept:
    """An object as the board describes it: id(), the name in str(type(...)), repr() in ASCII."""

    name: str
    address: int
    type: str
    repr: str | None


BATCHES = (*values.BATCHES, *containers.BATCHES, *code.BATCHES, *system.BATCHES)


def steps(batches: tuple[Batch, ...] | list[Batch]) -> list[str]:
    """The statements that build these batches, the header first."""
    texts = [HEADER]
    for batch in batches:
        if batch.setup:
            texts.append(f"scene_setup({batch.name!r}, {batch.setup!r})\n")
        for name, expression in batch.objects.items():
            texts.append(f"scene_keep({name!r}, {expression!r})\n")
        for name, (expression, _) in batch.cycles.items():
            texts.append(f"scene_keep({name!r}, {expression!r}, False)\n")
    return texts


def program() -> str:
    """All batches as one text."""
    return "".join(steps(BATCHES))


def parse(report: str) -> tuple[dict[str, Kept], dict[str, str]]:
    """What scene_report() printed: the objects, and why others are missing, by name."""
    kept, missing = {}, {}
    for line in report.splitlines():
        name, address, kind, word = line.rstrip("\r").split("\t")
        if address == "missing":
            missing[name] = word
        else:
            text = word.encode("ascii", "backslashreplace").decode()
            kept[name] = Kept(name, int(address), kind, None if word == "-" else text)
    return kept, missing
