# SPDX-License-Identifier: MIT
"""Heaps that hold garbage of many kinds, until drop() and a collection take it away.

collect.mjs runs this file, then drop(), then gc.collect(); these are the garbage's ways to be held:
by nothing, by other garbage, in a ring, by a suspended generator or a closure, by an interned name.
"""

import gc


class Node:
    def __init__(self, value):
        self.value = value
        self.next = self


class Finalised:
    def __init__(self):
        self.file = open("finalised.txt", "w")


def ring(length):
    first = node = Node(0)
    for value in range(1, length):
        node.next = Node([value, str(value), value / 3])
        node = node.next
    node.next = first
    return first


def counting(limit):
    for number in range(limit):
        yield [number] * number


def closure(size):
    held = bytearray(size)

    def size_of():
        return len(held)

    return size_of


def build():
    generators = [counting(20) for _ in range(5)]
    for generator in generators:
        next(generator)
    return {
        "rings": [ring(5) for _ in range(8)],
        "generators": generators,
        "closures": [closure(100 * size) for size in range(9)],
        "files": [Finalised() for _ in range(3)],
        "texts": ["text %d" % number * number for number in range(40)],
        "large": bytearray(30000),
        "larger": [bytearray(20000) for _ in range(4)],
        "scattered": [bytearray(number % 90) for number in range(200)],
        "tables": [{number: {str(number): number}} for number in range(30)],
        "sets": [{1, 2, (3, number)} for number in range(10)],
    }


kept = build()
dropped = build()
gc.collect()


def drop():
    global dropped
    dropped = None
    for name in ("rings", "large"):
        del kept[name]
    for number in range(0, 200, 3):
        kept["scattered"][number] = None
    for table in kept["tables"][::2]:
        table.clear()
