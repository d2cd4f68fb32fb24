# SPDX-License-Identifier: MIT
"""A list that holds much, until a collection that lets it go.

collect.mjs runs this file, then gc.collect(), then drop(); then, with the memory before and after
it, gc.collect(). So drop() builds here what the second gc.collect() releases: a list that alone
holds some things and shares others, a chain of nodes, and a ring that leads back to the list.
"""

import gc as collector


class gc:
    @staticmethod
    def collect():
        global log
        log = None
        collector.collect()


class Node:
    def __init__(self, value, following):
        self.value = value
        self.next = following


def chain(length):
    node = None
    for value in range(length):
        node = Node([value], node)
    return node


log = None
kept = [bytearray(50 * size) for size in range(20)]
deep = chain(500)


def drop():
    global log
    log = [bytearray(1000 + size) for size in range(60)]
    log += kept
    log.append({"shared": kept[3], "own": {str(number) * 9: [number] for number in range(40)}})
    log.append(chain(30))
    log.append(deep.next.next)
    ring = Node(log, None)
    ring.next = Node(bytearray(300), ring)
    log.append(ring)
