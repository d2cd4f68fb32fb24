# SPDX-License-Identifier: MIT
"""Functions, classes, and what they make."""

from __future__ import annotations

from live.scene.batch import Batch

BATCHES = (
    Batch(
        "functions",
        """\
def plain(): pass
def defaults(a, b=2, c='text'): return a, b, c
def star(a, *args): return args
def keywords(a, *args, b=1, c, **kw): return kw
def locals_of_all_kinds(first, second):
    third = [first, second]
    for fourth in third:
        first += fourth
    return first
def outer(start):
    total = start
    calls = 0
    def add(amount):
        nonlocal total, calls
        total += amount
        calls += 1
        return total, calls
    add(5)
    return add
class Owner:
    def method(self, x): return x
    @classmethod
    def make(cls): return cls()
    @staticmethod
    def double(x): return 2 * x
owner = Owner()
""",
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
        """\
import micropython
def compiled(text):
    scope = {'micropython': micropython}
    exec(text, scope)
    return scope['f']
""",
        {
            "function_native": r"compiled('@micropython.native\ndef f(a): return a')",
            "function_viper": r"compiled('@micropython.viper\ndef f(a): return a')",
            "function_asm": r"compiled('@micropython.asm_thumb\ndef f(r0): mov(r0, r0)')",
        },
    ),
    Batch(
        "generators",
        """\
def squares(limit):
    for number in range(limit):
        square = number * number
        yield square
def relay(source):
    yield 'relay'
    yield from source
def advanced(iterator, steps):
    for _ in range(steps): next(iterator)
    return iterator
def ended(iterator):
    for _ in iterator: pass
    return iterator
def guarded():
    try:
        yield 1
    finally:
        pass
""",
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
        """\
def handed(value):
    yield value
async def pause(values):
    for value in values: await handed(value)
started = pause([10, 20])
started.send(None)
""",
        {
            "coroutine_function": "pause",
            "coroutine_new": "pause([1])",
            "coroutine_mid": "started",
        },
    ),
    Batch(
        "classes",
        """\
class Base:
    shared = [1, 2]
    def __init__(self, name): self.name = name
class Other:
    label = 'other'
class Both(Base, Other):
    pass
class Items(list): pass
class Table(dict): pass
class Code(int): pass
class Text(str): pass
class Closing:
    def __del__(self): pass
class Decorated:
    @classmethod
    def make(cls): return cls()
    @staticmethod
    def twice(x): return 2 * x
node = Base('node')
node.next = node
many = Base('many')
for n in range(12): setattr(many, 'a%d' % n, n * 1000)
items = Items([1, 2, 3])
items.note = 'subclass of list'
table = Table()
table['key'] = 'value'
""",
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
            "instance_str": "Text('subclass of str')",
            "instance_finaliser": "Closing()",
            "object": "object()",
            "super": "super(Both, Both('up'))",
        },
    ),
    Batch(
        "properties",
        """\
class Owner:
    @property
    def area(self): return 7
class Both:
    def get(self): return 1
    def put(self, value): pass
    value = property(get, put)
""",
        {
            "property_get": "Owner.__dict__['area']",
            "property_both": "Both.__dict__['value']",
        },
    ),
    Batch(
        "exceptions",
        """\
class Problem(Exception):
    pass
class Worse(Problem):
    def __init__(self, code):
        super().__init__(code, 'worse')
        self.code = code
def caught(function):
    try:
        function()
    except Exception as error:
        return error
def out_of_range(): return [1, 2, 3][7]
def nested(): out_of_range()
def raised():
    raise Problem('raised', 1)
""",
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
        """\
def after(iterator, steps=1):
    for _ in range(steps): next(iterator)
    return iterator
class Walk:
    def __getitem__(self, index): return index
class Step:
    def __iter__(self): return self
    def __next__(self): return 1
numbers = [10, 20, 30, 40]
pairs = {'a': 1, 'b': 2}
""",
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
        """\
import array
numbers = array.array('H', [1, 2, 3])
next_up = iter(numbers)
next(next_up)
""",
        {
            "iter_array": "next_up",
            "iter_memoryview": "iter(memoryview(b'text'))",
        },
    ),
    Batch(
        "codes",
        objects={
            "code": "compile('x = 1', 'name', 'exec')",
        },
    ),
    Batch(
        "frames",
        """\
import sys
frames = []
def tracer(frame, event, argument):
    if event == 'call' and not frames: frames.append(frame)
def traced(): return 1
sys.settrace(tracer)
traced()
sys.settrace(None)
""",
        {
            "frame": "frames[0]",
        },
    ),
)
