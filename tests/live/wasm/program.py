# SPDX-License-Identifier: MIT
"""What runs on the board: a heap with objects of every common kind, and holes of every length.

capture.mjs runs this file once, then calls, each as a program of its own:

    settled()       True as soon as every asyncio task waits where it is meant to
    moment("1")     prints qstr_info(1) and mem_info(1), then ends with a Moment raised from the
                    same call stack
    expected()      prints, as one JSON document, what the board knows about its own objects
    release()       drops what moment 2 must not show, and asks for a collection

The board collects only between two of those programs, never inside one.
"""

import array
import collections
import gc
import io
import json
import micropython
import re
import sys


class Moment(Exception):
    """Raised on the line of mem_info(1), so that its traceback is the call stack of that moment."""


class Shape:
    sides = 0

    def __init__(self, name, size):
        self.name = name
        self.size = size

    def describe(self):
        return "%s of %d" % (self.name, self.size)


class Labelled:
    label = "none"

    def relabel(self, label):
        self.label = label
        return self


class Square(Shape):
    sides = 4

    @property
    def area(self):
        return self.size * self.size

    @staticmethod
    def unit():
        return Square("unit", 1)


class Tile(Square, Labelled):
    def __init__(self, size, neighbour=None):
        super().__init__("tile", size)
        self.neighbour = neighbour
        self.history = [size, size * size]
        self.offset = size / 3


class Node:
    def __init__(self, value):
        self.value = value
        self.next = None


class SliceTaker:
    def __getitem__(self, index):
        return index


def counter(start):
    """A closure over two cells."""
    total = start
    calls = 0

    def add(amount):
        nonlocal total, calls
        total += amount
        calls += 1
        return total, calls

    return add


def squares(limit):
    for number in range(limit):
        square = number * number
        yield square


def relay(source, label):
    """A generator that is suspended inside another one."""
    prefix = label + "-relay"
    yield prefix
    yield from source


async def pause(values):
    for value in values:
        await handed(value)


def handed(value):
    """An awaitable: it hands the value to whoever drives the coroutine."""
    yield value


def advanced(iterator, steps):
    """The iterator, left suspended after that many steps."""
    for _ in range(steps):
        next(iterator)
    return iterator


def caught(function):
    """The exception that the call raises, with its traceback."""
    try:
        function()
    except Exception as error:
        return error


def out_of_range():
    return [1, 2, 3][7]


def missing_key():
    return {"present": 1}["absent"]


def ring(length):
    """A cycle of nodes: nothing but a collector frees it."""
    first = node = Node(0)
    for value in range(1, length):
        node.next = Node(value)
        node = node.next
    node.next = first
    return first


def numbers():
    return {
        "float": 2.718281828,
        "negative_float": -1.5e-300,
        "infinite": float("inf"),
        "complex": complex(1.5, -2.5),
        "big": 3**100,
        "negative_big": -(7**61),
        "just_big": 1 << 30,
    }


def texts():
    dynamic = "".join(["dyn", "amic"])
    file = open("kept.txt", "w")
    file.write("written " + dynamic)
    return {
        "text": "text that no literal holds " * 3 + dynamic,
        "unicode": "\u00fcml\u00e4ut " + dynamic,
        "bytes": b"\x00\x01\xfe\xff" * 9,
        "bytearray": bytearray(b"mutable bytes"),
        "array_int": array.array("i", [1, -2, 3, -4]),
        "array_double": array.array("d", [0.5, 0.25]),
        "memoryview": memoryview(bytearray(40)),
        "file": file,
        "string_io": io.StringIO("written " + dynamic),
        "pattern": re.compile("(a|b)+c?"),
    }


def containers():
    point = collections.namedtuple("Point", ("x", "y"))
    ordered = collections.OrderedDict()
    for key in ("zulu", "alpha", "mike"):
        ordered[key] = len(key)
    return {
        "tuple": (1, "two", 3.0, None, True),
        "nested_tuple": ((1, 2), (3, (4, 5))),
        "list": [0, False, None, "item", 1.25, [1, [2, [3]]]],
        "long_list": list(range(300)),
        "dict": {"a": 1, 2: "b", None: 3.5, ("k", 1): [1]},
        "dict_of_dicts": {"outer": {"inner": {"leaf": 42}}, "empty": {}},
        "deleted_keys": {number: -number for number in range(20)},
        "set": {1, 2, 3, "four"},
        "frozenset": frozenset((5, 6, 7)),
        "namedtuple": point(3, 4),
        "ordered_dict": ordered,
        "range": range(3, 30, 4),
        "slice": SliceTaker()[1:9:2],
    }


def code():
    tile = Tile(5, Tile(6))
    coroutine = pause([10, 20, 30])
    coroutine.send(None)
    return {
        "function": squares,
        "closure": counter(100),
        "bound_method": tile.describe,
        "builtin_bound": [].append,
        "generator_new": squares(3),
        "generator_half": advanced(squares(10), 4),
        "generator_nested": advanced(relay(squares(10), "outer"), 3),
        "generator_done": caught_end(squares(1)),
        "coroutine": coroutine,
        "map": map(abs, [-1, -2]),
        "zip": advanced(zip([1, 2, 3], "abc"), 1),
        "enumerate": advanced(enumerate(["p", "q", "r"]), 2),
        "class": Tile,
        "module": sys.modules.get("__main__", sys),
        "lambda": lambda first, second=2: first + second,
    }


def caught_end(generator):
    for _ in generator:
        pass
    return generator


def instances():
    tile = Tile(3, Tile(4))
    return {
        "shape": Shape("plain", 12),
        "square": Square.unit(),
        "tile": tile,
        "relabelled": Tile(8).relabel("blue"),
        "ring": ring(5),
        "error": caught(out_of_range),
        "key_error": caught(missing_key),
        "moment": Moment("never raised", 1, 2.5),
    }


def variant_objects():
    """Objects of types that only some versions have."""
    found = {}
    try:
        found["deque"] = collections.deque((), 5)
        for value in range(7):
            found["deque"].append(value)
    except TypeError:  # before 1.22 deque is not the built-in type
        pass
    try:
        import weakref

        target = Shape("referenced", 1)
        found["weak_target"] = target
        found["weak_ref"] = weakref.ref(target)
    except ImportError:
        pass
    try:
        from ulab import numpy

        found["ndarray"] = numpy.array([1.0, 2.0, 3.0])
    except ImportError:
        pass
    try:
        import js

        found["js_proxy"] = js.Math
    except ImportError:
        pass
    return found


def intern_names(count):
    """Attributes with computed names: enough qstrs for a second pool in RAM."""
    shape = Shape("many names", count)
    for number in range(count):
        setattr(shape, "attribute_%d" % number, number)
    return shape


def walls(lengths):
    """Buffers of those many blocks, each followed by a one-block wall that stays."""
    built = []
    for blocks in lengths:
        built.append((bytes(16 * blocks - 1), float(blocks)))
    return built


# Around every boundary of the map's rows (64 blocks) and of its "lines all free" (128 blocks).
WALL_LENGTHS = (1, 2, 3, 7, 31, 63, 64, 65, 126, 127, 128, 129, 130, 191, 192, 200, 255, 256, 1000)

kept = {}
released = {}
parked = 0
task_count = 0


def build():
    for group in (numbers, texts, containers, code, instances, variant_objects):
        kept.update(group())
    for key in range(0, 20, 3):
        del kept["deleted_keys"][key]
    kept["many_names"] = intern_names(40)
    released["walls"] = walls(WALL_LENGTHS)
    released["scattered"] = [bytearray(number % 90) for number in range(700)]
    released["large"] = bytearray(200000)
    released["ring"] = ring(200)
    released["files"] = [open("file%d.txt" % number, "w") for number in range(10)]
    kept["late_walls"] = [walls((5, 140)), walls((300,))]
    released["larger"] = [bytearray(30000) for _ in range(20)]
    kept["latest"] = [bytearray(64) for _ in range(50)]


async def worker(event, name):
    global parked
    progress = [name]
    parked += 1
    await event.wait()
    progress.append("done")


def start_tasks(count):
    """Tasks that wait for an event that nobody sets; only where the board's loop is the host's."""
    global task_count
    try:
        import asyncio
        import jsffi
    except ImportError:
        return
    event = asyncio.Event()
    task_count = count
    kept["event"] = event
    kept["tasks"] = [asyncio.create_task(worker(event, "w%d" % n)) for n in range(count)]


def settled():
    return parked == task_count


def release():
    """Leave holes: every buffer between two walls, two scattered ones of three, the large ones."""
    released["walls"] = [wall for _, wall in released["walls"]]
    for number, _ in enumerate(released["scattered"]):
        if number % 3:
            released["scattered"][number] = None
    for name in ("large", "larger", "ring"):
        del released[name]
    del released["files"][2:]
    for name in ("generator_done", "long_list", "map"):
        del kept[name]
    kept["late_walls"][0].pop(0)
    gc.collect()


class Probe:
    """The call stack of a moment: module, function, method, generator, recursion."""

    def __init__(self, where):
        self.where = where

    def run(self):
        for answer in self.steps():
            return answer

    def steps(self):
        local_list = [self.where, 1, 2.5]
        yield descend(self.where, 3, local_list)


def descend(where, depth, carried):
    if depth:
        return descend(where, depth - 1, carried)
    note = "moment " + where
    # One line, so that mem_info and the traceback agree.
    micropython.qstr_info(1); micropython.mem_info(1); raise Moment(note)


def moment(where):
    Probe(where).run()


def described(name, value):
    """What the board says about one object. An address is what id() returns for a heap object."""
    entry = {"name": name, "address": id(value), "type": type(value).__name__}
    if isinstance(value, (int, float, complex, str, bytes, tuple, list, dict, set, frozenset)):
        if name not in ("long_list", "tasks", "late_walls", "latest"):
            entry["repr"] = repr(value)
    elif isinstance(value, (bytearray, array.array, BaseException)):
        entry["repr"] = repr(value)
    elif isinstance(value, (Shape, Labelled, Node)):
        entry["attributes"] = sorted(value.__dict__)
    if hasattr(value, "__len__"):
        entry["length"] = len(value)
    return entry


def expected():
    print(
        json.dumps(
            {
                "objects": [described(name, kept[name]) for name in sorted(kept)],
                "globals": sorted(globals()),
                "kept_address": id(kept),
                "released_address": id(released),
                "tasks": task_count,
            }
        )
    )


def identity():
    """Everything the board says about its own version."""
    print(
        json.dumps(
            {
                "sys_version": sys.version,
                "implementation": list(sys.implementation)[:2],
                "platform": sys.platform,
                "byteorder": sys.byteorder,
                "maxsize": sys.maxsize,
            }
        )
    )


build()
start_tasks(3)
