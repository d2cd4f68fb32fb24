# SPDX-License-Identifier: MIT
"""Objects that are each held in one way, for boards of every version, and the way in words.

A board runs PROGRAM, which prints the address of each object. PAUSE then leaves it in a function
that holds one as its argument.
"""

from __future__ import annotations

PROGRAM = """\
class Node:
    def __init__(self, value):
        self.value = value
        self.next = None
def say(name, held):
    print('held', name, id(held))
def keeping(held):
    def inner():
        return held
    return inner
def counting():
    numbers = [40, 50, 60]
    say('local', numbers)
    yield numbers
    yield 1
def build():
    items = [None] * 41 + [Node('last')]
    items[41].next = Node('after')
    cache['items'] = items
    say('items', items)
    say('item', items[41])
    say('attribute', items[41].next)
    cache[(1, 2)] = [b'x' * 20]
    say('by tuple', cache[(1, 2)])
    say('in a list', cache[(1, 2)][0])
    enclosed = [70, 80, 90]
    say('enclosed', enclosed)
    Node.shared = [7]
    say('class attribute', Node.shared)
    lost = [Node('lost'), Node('lost')]
    lost[0].next = lost[1]
    lost[1].next = lost[0]
    say('lost', lost[1])
    return keeping(enclosed)
def text():
    return 'a text that is too long for a name'
cache = {}
say('cache', cache)
say('constant', text())
closure = build()
generator = counting()
next(generator)
"""

# What leads to them, behind the root.
WAYS = {
    "cache": ["['cache']"],
    "items": ["['cache']", "dict['items']"],
    "item": ["['cache']", "dict['items']", "list[41]"],
    "attribute": ["['cache']", "dict['items']", "list[41]", "Node.next"],
    "by tuple": ["['cache']", "dict[(1, 2)]"],
    "in a list": ["['cache']", "dict[(1, 2)]", "list[0]"],
    "class attribute": ["['Node']", "type.shared"],
}

# The board stands in pause() with what nothing else holds.
PAUSE = """\
def pause(mine):
    say('argument', mine)
    print('paused')
    while True: pass
pause([1, 2, 3, 4])
"""


def parse(text: str) -> dict[str, int]:
    """The addresses by name, from what the board printed."""
    lines = [line.split() for line in text.replace("\r", "").splitlines()]
    return {" ".join(line[1:-1]): int(line[-1]) for line in lines if line[:1] == ["held"]}
