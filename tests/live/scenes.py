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

from dataclasses import dataclass, field

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
        word = '-' if name in scene_cycles else repr(value)
        print(name, id(value), type(value).__name__, word, sep='\\t')
    for name in scene_missing:
        print(name, 'missing', '-', scene_missing[name], sep='\\t')
"""
REPORT = "scene_report()"


@dataclass(frozen=True)
class Batch:
    """Objects that fit together into 8 KB: what they need, and an expression for each."""

    name: str
    setup: str = ""
    objects: dict[str, str] = field(default_factory=dict)
    # Objects whose repr() would not end: expression, and what CPython would print.
    cycles: dict[str, tuple[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Kept:
    """An object as the board describes it: id(), type(...).__name__, repr() in ASCII."""

    name: str
    address: int
    type: str
    repr: str | None


BATCHES = (
    Batch(
        "integers",
        objects={
            "small_ints": "[-1, 0, 1, 255, 2**30 - 1, -2**30, 1000000, -1000000]",
            "small_int_tuple": "(-1, 0, 2**30 - 1)",
            "int_2_30": "2**30",
            "int_minus_2_30_1": "-2**30 - 1",
            "int_2_31": "2**31",
            "int_2_32": "2**32",
            "int_2_64_1": "2**64 - 1",
            "int_minus_2_100": "-2**100",
            "int_hundred_digits": "10**99 + 7",
            "big_ints": "[2**40, -2**40, 2**31 - 1, -2**31]",
        },
    ),
    Batch(
        "floats",
        objects={
            "float_half": "0.5",
            "float_minus": "-1.5",
            "float_zero": "0.0",
            "float_minus_zero": "-0.0",
            "float_1e10": "1e10",
            "float_tenth": "0.1",
            "float_third": "1 / 3",
            "float_pi": "3.14159",
            "float_1e22": "1e22",
            "float_tiny": "1e-30",
            "float_inf": "float('inf')",
            "float_minus_inf": "-float('inf')",
            "float_nan": "float('nan')",
            "float_hundred": "100.0",
            "float_1e16": "1e16",
            "float_largest": "1.5e300",
            "float_denormal": "5e-324",
            "floats": "[0.5, -1.5, 1e10, 0.25, 100.0]",
            "complex_both": "1.5 - 2.5j",
            "complex_imaginary": "2j",
            "complex_real": "complex(3.0, 0.0)",
        },
    ),
    Batch(
        "strings",
        "part = 'join'\n",
        {
            "str_qstrs": "['short', '', 'a', 'append', '__init__', 'with space']",
            "str_long": "'a text that is too long to be interned, ' + part",
            "str_short_on_heap": "part[:2] + '!'",
            "str_one": "part[1:2] + ''",
            "str_single_quote": r'''"it's a single quote in a text of some length"''',
            "str_double_quote": r"""'say "double quote" in a text of some length'""",
            "str_both_quotes": r"""'it\'s "both quotes" in a text of some length'""",
            "str_newline": r"'first line\nsecond line\n\n' + part",
            "str_tab": r"'tab\tand return\r' + part",
            "str_backslash": r"'back\\slash and \\' + part",
            "str_nul": r"'nul \0 in the middle\0' + part",
            "str_delete": r"'delete \x7f and escape \x1b ' + part",
            "str_latin": r"'\xe4\xf6\xfc\xdf latin text on the heap'",
            "str_greek": r"'\u03b1\u03b2\u03b3 greek text on the heap'",
            "str_emoji": r"'\U0001f600 emoji on the heap \U0001f40d'",
        },
    ),
    Batch(
        "long_strings",
        "part = 'join'\n",
        {
            "str_61": "'0123456789' * 6 + '!'",
            "str_10000": "'0123456789' * (long // 10)",
            "str_list": r"[part + ' one', part + '\n', 'x' * 40]",
            "bytes_10000": r"b'\0\x01\xfe\xff' * (long // 4)",
        },
    ),
    Batch(
        "bytes",
        "part = b'join'\n",
        {
            "bytes_empty": "b''",
            "bytes_short": "b'short'",
            "bytes_long": "b'bytes that are a little longer ' + part",
            "bytes_single_quote": r'''b"it's a quote " + part''',
            "bytes_both_quotes": r"""b'it\'s "both" ' + part""",
            "bytes_controls": r"b'\n\r\t\\\0\x1b\x7f ' + part",
            "bytes_high": r"b'\x80\xe4\xff ' + part",
            "bytearray_empty": "bytearray()",
            "bytearray_zeros": "bytearray(20)",
            "bytearray_text": r"bytearray(b'mutable \0\n\xff\'')",
        },
    ),
    Batch(
        "arrays",
        "import array\nbase = bytearray(b'0123456789abcdef')\n",
        {
            "array_b": "array.array('b', [-128, 0, 127])",
            "array_B": "array.array('B', [0, 128, 255])",
            "array_h": "array.array('h', [-32768, 0, 32767])",
            "array_H": "array.array('H', [0, 65535])",
            "array_i": "array.array('i', [-2**31, 0, 2**31 - 1])",
            "array_I": "array.array('I', [0, 2**32 - 1])",
            "array_l": "array.array('l', [-2**31, 0, 2**31 - 1])",
            "array_L": "array.array('L', [0, 2**32 - 1])",
            "array_q": "array.array('q', [-2**63, 0, 2**63 - 1])",
            "array_Q": "array.array('Q', [0, 2**64 - 1])",
            "array_f": "array.array('f', [0.5, -1.5, 1e10])",
            "array_d": "array.array('d', [0.5, -1.5, 1e10])",
            "array_O": "array.array('O', [None, 7, (1, 2)])",
            "array_P": "array.array('P', [0, 4096])",
            "array_empty": "array.array('H')",
            "memoryview_whole": "memoryview(base)",
            "memoryview_part": "memoryview(base)[3:9]",
            "memoryview_words": "memoryview(array.array('I', [1, 2, 3]))[1:]",
            "memoryview_of_bytes": "memoryview(b'bytes that do not change')",
        },
    ),
    Batch(
        "sequences",
        "ring = [1]\nring.append(ring)\nknot = [2]\nknot.append((3, knot))\n"
        "def deeper(depth): return [deeper(depth - 1)] if depth else 'leaf'\n",
        {
            "tuple_empty": "()",
            "tuple_one": "(1,)",
            "tuple_mixed": "(1, 'two', 3.5, None, True, False, b'six', -7)",
            "tuple_nested": "((1, 2), (3, (4, (5,))), ())",
            "tuple_nine": "(1, 2, 3, 4, 5, 6, 7, 8, 9)",
            "tuple_long": "tuple(range(long // 50))",
            "list_empty": "[]",
            "list_one": "[None]",
            "list_constants": "[None, True, False, Ellipsis, NotImplemented]",
            "list_mixed": "[0, False, None, 'item', 1.25, [1, [2, [3]]], (), {}]",
            "list_eight": "[1, 2, 3, 4, 5, 6, 7, 8]",
            "list_long": "list(range(long // 20))",
            "list_deep": "deeper(6)",
            "list_of_types": "[int, str, list, ValueError]",
        },
        {"list_ring": ("ring", "[1, [...]]"), "list_knot": ("knot", "[2, (3, [...])]")},
    ),
    Batch(
        "dicts",
        "from collections import OrderedDict\n"
        "ring = {'key': 1}\nring['self'] = ring\n"
        "gaps = {n: -n for n in range(20)}\nfor n in range(0, 20, 3): del gaps[n]\n"
        "order = OrderedDict()\nfor n in ('zulu', 'alpha', 'mike'): order[n] = len(n)\n"
        "holes = OrderedDict([(n, n * n) for n in range(7)])\ndel holes[3]\n",
        {
            "dict_empty": "{}",
            "dict_str_keys": "{'a': 1, 'beta': 'two', 'gamma': 3.5}",
            "dict_int_keys": "{1: 'a', -2: 'b', 2**40: 'c'}",
            "dict_tuple_keys": "{(1, 2): [3], ('k', None): {}, (): ()}",
            "dict_mixed_keys": "{'a': 1, 2: 'b', None: 3.5, ('k', 1): [1], True: b'x'}",
            "dict_of_dicts": "{'outer': {'inner': {'leaf': 42}}, 'empty': {}}",
            "dict_gaps": "gaps",
            "dict_long": "{n: -n for n in range(long // 32)}",
            "dict_text_keys": "dict([('key number %d' % n, n) for n in range(4)])",
            "ordered": "order",
            "ordered_holes": "holes",
            "ordered_empty": "OrderedDict()",
        },
        {"dict_ring": ("ring", "{'key': 1, 'self': {...}}")},
    ),
    Batch(
        "sets",
        "class Taker:\n    def __getitem__(self, index): return index\n"
        "gaps = set(range(12))\nfor n in range(0, 12, 5): gaps.remove(n)\n",
        {
            "set_empty": "set()",
            "set_ints": "{1, 2, 3, 100, -5}",
            "set_mixed": "{1, 'two', (3, 4), None}",
            "set_gaps": "gaps",
            "set_long": "set(range(long // 100))",
            "frozenset_empty": "frozenset()",
            "frozenset_ints": "frozenset((5, 6, 7))",
            "range_stop": "range(10)",
            "range_step": "range(3, 30, 4)",
            "range_down": "range(10, -10, -3)",
            "slice_whole": "Taker()[:]",
            "slice_part": "Taker()[1:9:2]",
            "slice_tail": "Taker()[-3:]",
        },
    ),
    Batch(
        "functions",
        "def plain(): pass\n"
        "def defaults(a, b=2, c='text'): return a, b, c\n"
        "def star(a, *args): return args\n"
        "def keywords(a, *args, b=1, c, **kw): return kw\n"
        "def locals_of_all_kinds(first, second):\n"
        "    third = [first, second]\n    for fourth in third:\n        first += fourth\n"
        "    return first\n"
        "def outer(start):\n    total = start\n    calls = 0\n"
        "    def add(amount):\n        nonlocal total, calls\n"
        "        total += amount\n        calls += 1\n        return total, calls\n"
        "    add(5)\n    return add\n"
        "class Owner:\n    def method(self, x): return x\n"
        "    @classmethod\n    def make(cls): return cls()\n"
        "    @staticmethod\n    def double(x): return 2 * x\n"
        "owner = Owner()\n",
        {
            "function_plain": "plain",
            "function_defaults": "defaults",
            "function_star": "star",
            "function_keywords": "keywords",
            "function_locals": "locals_of_all_kinds",
            "function_lambda": "lambda a, b=2: a + b",
            "function_method": "Owner.method",
            "closure_two_cells": "outer(100)",
            "bound_method": "owner.method",
            "bound_class_method": "Owner.make",
            "bound_builtin": "[1, 2].append",
            "bound_str": "'joined by this text'.join",
            "static_method_function": "Owner.double",
            "partial_lambda": "(lambda x: lambda y: x + y)(3)",
        },
    ),
    Batch(
        "emitters",
        "import micropython\n"
        "def compiled(text):\n    scope = {'micropython': micropython}\n"
        "    exec(text, scope)\n    return scope['f']\n",
        {
            "function_native": "compiled('@micropython.native\\ndef f(a): return a')",
            "function_viper": "compiled('@micropython.viper\\ndef f(a): return a')",
            "function_asm": "compiled('@micropython.asm_thumb\\ndef f(r0): mov(r0, r0)')",
        },
    ),
    Batch(
        "generators",
        "def squares(limit):\n    for number in range(limit):\n"
        "        square = number * number\n        yield square\n"
        "def relay(source):\n    yield 'relay'\n    yield from source\n"
        "def advanced(iterator, steps):\n    for _ in range(steps): next(iterator)\n"
        "    return iterator\n"
        "def ended(iterator):\n    for _ in iterator: pass\n    return iterator\n"
        "def guarded():\n    try:\n        yield 1\n    finally:\n        pass\n",
        {
            "generator_function": "squares",
            "generator_new": "squares(3)",
            "generator_middle": "advanced(squares(10), 4)",
            "generator_finished": "ended(squares(2))",
            "generator_nested": "advanced(relay(squares(10)), 3)",
            "generator_guarded": "advanced(guarded(), 1)",
            "generator_expression": "(n + 1 for n in [1, 2, 3])",
        },
    ),
    Batch(
        "coroutines",
        "def handed(value):\n    yield value\n"
        "async def pause(values):\n    for value in values: await handed(value)\n"
        "started = pause([10, 20])\nstarted.send(None)\n",
        {"coroutine_function": "pause", "coroutine_new": "pause([1])", "coroutine_mid": "started"},
    ),
    Batch(
        "classes",
        "class Base:\n    shared = [1, 2]\n    def __init__(self, name): self.name = name\n"
        "class Other:\n    label = 'other'\n"
        "class Both(Base, Other):\n    pass\n"
        "class Items(list): pass\n"
        "class Table(dict): pass\n"
        "class Code(int): pass\n"
        "class Decorated:\n    @classmethod\n    def make(cls): return cls()\n"
        "    @staticmethod\n    def twice(x): return 2 * x\n"
        "node = Base('node')\nnode.next = node\n"
        "many = Base('many')\n"
        "for n in range(12): setattr(many, 'a%d' % n, n * 1000)\n"
        "items = Items([1, 2, 3])\nitems.note = 'subclass of list'\n"
        "table = Table()\ntable['key'] = 'value'\n",
        {
            "class_base": "Base",
            "class_one_base": "Items",
            "class_two_bases": "Both",
            "class_method": "Decorated.__dict__['make']",
            "static_method": "Decorated.__dict__['twice']",
            "instance": "Base('plain')",
            "instance_bare": "Other()",
            "instance_ring": "node",
            "instance_many": "many",
            "instance_two_bases": "Both('both')",
            "instance_list": "items",
            "instance_dict": "table",
            "instance_int": "Code(5)",
            "object": "object()",
            "super": "super(Both, Both('up'))",
        },
    ),
    Batch(
        "properties",
        "class Owner:\n    @property\n    def area(self): return 7\n"
        "class Both:\n    def get(self): return 1\n    def put(self, value): pass\n"
        "    value = property(get, put)\n",
        {"property_get": "Owner.__dict__['area']", "property_both": "Both.__dict__['value']"},
    ),
    Batch(
        "namedtuples",
        "from collections import namedtuple\nPoint = namedtuple('Point', ('x', 'y'))\n",
        {
            "namedtuple_type": "Point",
            "namedtuple": "Point(3, -4)",
            "namedtuple_nested": "Point(Point(1, 2), [Point(None, 'y')])",
            "namedtuple_five": "namedtuple('Five', 'a b c d e')(1, 2, 3, 4, 5)",
        },
    ),
    Batch(
        "exceptions",
        "class Problem(Exception):\n    pass\n"
        "class Worse(Problem):\n    def __init__(self, code):\n"
        "        super().__init__(code, 'worse')\n        self.code = code\n"
        "def caught(function):\n    try:\n        function()\n"
        "    except Exception as error:\n        return error\n"
        "def out_of_range(): return [1, 2, 3][7]\n"
        "def nested(): out_of_range()\n"
        "def raised():\n    raise Problem('raised', 1)\n",
        {
            "exception_new": "ValueError('never raised', 1)",
            "exception_bare": "KeyError()",
            "exception_caught": "caught(out_of_range)",
            "exception_deep": "caught(nested)",
            "exception_division": "caught(lambda: 1 // 0)",
            "exception_name": "caught(lambda: no_such_name)",
            "exception_os": "OSError(2)",
            "exception_stop": "StopIteration(5)",
            "exception_class": "Problem",
            "exception_user": "Problem('first', 2)",
            "exception_user_raised": "caught(raised)",
            "exception_user_init": "Worse(7)",
        },
    ),
    Batch(
        "iterators",
        "def after(iterator, steps=1):\n    for _ in range(steps): next(iterator)\n"
        "    return iterator\n"
        "class Walk:\n    def __getitem__(self, index): return index\n"
        "class Step:\n    def __iter__(self): return self\n    def __next__(self): return 1\n"
        "numbers = [10, 20, 30, 40]\npairs = {'a': 1, 'b': 2}\n",
        {
            "iter_list": "after(iter(numbers))",
            "iter_tuple": "after(iter((1, 2, 3)))",
            "iter_str": "after(iter('letters'))",
            "iter_bytes": "after(iter(b'bytes'))",
            "iter_bytearray": "after(iter(bytearray(b'bytes')))",
            "iter_dict": "after(iter(pairs))",
            "iter_items": "after(iter(pairs.items()))",
            "iter_set": "after(iter({1, 2, 3}))",
            "iter_range": "after(iter(range(0, 100, 7)), 2)",
            "iter_getitem": "after(iter(Walk()), 3)",
            "iter_self": "iter(Step())",
            "iter_enumerate": "after(enumerate(numbers), 2)",
            "iter_zip": "after(zip(numbers, 'abcd'))",
            "iter_map": "after(map(abs, [-1, -2, -3]))",
            "iter_filter": "after(filter(None, [0, 1, 2]))",
            "iter_reversed": "after(reversed(numbers))",
            "dict_keys": "pairs.keys()",
            "dict_values": "pairs.values()",
            "dict_items": "pairs.items()",
        },
    ),
    Batch(
        "array_iterators",
        "import array\nnumbers = array.array('H', [1, 2, 3])\nnext_up = iter(numbers)\n"
        "next(next_up)\n",
        {"iter_array": "next_up", "iter_memoryview": "iter(memoryview(b'text'))"},
    ),
    Batch(
        "streams",
        "import io\ntext = io.StringIO()\ntext.write('written ' * 5)\ntext.seek(7)\n"
        "data = io.BytesIO(b'the bytes of a stream')\ndata.read(4)\n",
        {
            "string_io": "text",
            "string_io_fixed": "io.StringIO('never written to, only read')",
            "bytes_io": "data",
            "bytes_io_empty": "io.BytesIO()",
        },
    ),
    Batch(
        "deques",
        "from collections import deque\nrotated = deque((), 5)\n"
        "for n in range(7): rotated.append(n * 11)\n"
        "popped = deque((), 4)\nfor n in range(4): popped.append(str(n))\npopped.popleft()\n",
        {
            "deque_empty": "deque((), 3)",
            "deque_rotated": "rotated",
            "deque_popped": "popped",
            "deque_iter": "iter(rotated)",
        },
    ),
    Batch(
        "modules",
        "import sys\n"
        "def imported(name):\n    file = open(name + '.py', 'w')\n"
        "    file.write('origin = %r\\ndef here(): return origin\\n' % name)\n"
        "    file.close()\n    return __import__(name)\n",
        {
            "module_builtin": "sys",
            "module_main": "__import__('__main__')",
            "module_imported": "imported('scene_module')",
            "module_function": "imported('scene_other').here",
            "implementation": "sys.implementation",
        },
    ),
    Batch(
        "patterns",
        "import re\n",
        {
            "re_pattern": "re.compile('(a|b)+c?')",
            "re_match": "re.match('(.)(.+)c', 'xabbc and more')",
        },
    ),
    Batch(
        "files",
        "import os\nfile = open('scene.txt', 'w')\nfile.write('scene')\nfile.close()\n",
        {
            "file_read": "open('scene.txt')",
            "file_write": "open('scene2.txt', 'w')",
            "file_binary": "open('scene.txt', 'rb')",
            "os_stat": "os.stat('scene.txt')",
            "os_listing": "os.ilistdir()",
        },
    ),
    Batch(
        "file_systems",
        "import vfs\n",
        {"vfs_posix": "vfs.VfsPosix('/')"},
    ),
    Batch(
        "tasks",
        "import asyncio, jsffi\n"
        "lock = asyncio.Lock()\nevent = asyncio.Event()\n"
        "async def holder():\n    global scene_parked\n    await lock.acquire()\n"
        "    scene_parked += 1\n    await event.wait()\n"
        "async def sleeper():\n    global scene_parked\n    scene_parked += 1\n"
        "    await asyncio.sleep(3600)\n"
        "async def contender():\n    global scene_parked\n    scene_parked += 1\n"
        "    async with lock: pass\n"
        "async def short():\n    global scene_parked\n    scene_parked += 1\n    return 'done'\n"
        "async def failing():\n    global scene_parked\n    scene_parked += 1\n"
        "    raise ValueError('task')\n"
        "async def watcher(task):\n    global scene_parked\n"
        "    try: await task\n    except ValueError: scene_parked += 1\n"
        "doomed = asyncio.create_task(failing())\n"
        "def scene_settled(): return scene_parked == 6\n",
        {
            "asyncio_lock": "lock",
            "asyncio_event": "event",
            "task_holder": "asyncio.create_task(holder())",
            "task_sleeper": "asyncio.create_task(sleeper())",
            "task_contender": "asyncio.create_task(contender())",
            "task_short": "asyncio.create_task(short())",
            "task_failing": "doomed",
            "task_watcher": "asyncio.create_task(watcher(doomed))",
        },
    ),
    Batch(
        "task_queues",
        "import _asyncio\n",
        {
            "task_queue": "_asyncio.TaskQueue()",
            "task_alone": "_asyncio.Task((n for n in [1]), {})",
        },
    ),
    Batch(
        "weak_references",
        "import weakref\nclass Target: pass\ntarget = Target()\nlost = weakref.ref(Target())\n",
        {
            "weak_target": "target",
            "weak_ref": "weakref.ref(target)",
            "weak_ref_called": "weakref.ref(target, print)",
            "weak_finalize": "weakref.finalize(target, print, 1, sep='')",
            "weak_lost": "lost",
        },
    ),
    Batch("ring_buffers", "import micropython\n", {"ring_io": "micropython.RingIO(32)"}),
    Batch(
        "structures",
        "import uctypes\nmemory = bytearray(16)\n",
        {
            "uctypes_struct": "uctypes.struct(uctypes.addressof(memory), {'a': uctypes.UINT32})",
            "uctypes_bytes": "uctypes.bytearray_at(uctypes.addressof(memory), 8)",
        },
    ),
    Batch(
        "frame_buffers",
        "import framebuf\n",
        {"framebuf": "framebuf.FrameBuffer(bytearray(32), 16, 16, framebuf.MONO_VLSB)"},
    ),
    Batch("hashes", "import hashlib\n", {"sha256": "hashlib.sha256(b'text')"}),
    Batch(
        "compression",
        "import deflate, io\n",
        {"deflate_io": "deflate.DeflateIO(io.BytesIO(b'stream'))"},
    ),
    Batch("polls", "import select\n", {"poll": "select.poll()"}),
    Batch("codes", "", {"code": "compile('x = 1', 'name', 'exec')"}),
    Batch(
        "frames",
        "import sys\nframes = []\n"
        "def tracer(frame, event, argument):\n"
        "    if event == 'call' and not frames: frames.append(frame)\n"
        "def traced(): return 1\n"
        "sys.settrace(tracer)\ntraced()\nsys.settrace(None)\n",
        {"frame": "frames[0]"},
    ),
    Batch(
        "templates",
        "from string.templatelib import Template, Interpolation\nname = 'value'\n",
        {
            "template": "eval(\"t'text {name!r} end'\")",
            "interpolation": "Interpolation(3, 'a', None, '')",
        },
    ),
    Batch(
        "javascript",
        "import js\n",
        {"js_object": "js.Math", "js_function": "js.Math.abs"},
    ),
    Batch(
        "numeric_arrays",
        "from ulab import numpy\n",
        {"ndarray": "numpy.array([1.0, 2.0, 3.0])", "ndarray_view": "numpy.zeros((3, 4))[1:]"},
    ),
    Batch(
        "devices",
        "import microbit\n",
        {"image": "microbit.Image('90000:09000')", "image_blank": "microbit.Image(2, 3)"},
    ),
)


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
