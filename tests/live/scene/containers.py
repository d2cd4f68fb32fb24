# SPDX-License-Identifier: MIT
"""What holds other objects."""

from __future__ import annotations

from live.scene.batch import Batch

BATCHES = (
    Batch(
        "sequences",
        """\
ring = [1]
ring.append(ring)
knot = [2]
knot.append((3, knot))
deep = 'leaf'
for _ in range(6): deep = [deep]
""",
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
            "list_deep": "deep",
            "list_of_types": "[int, str, list, ValueError]",
        },
        {
            "list_ring": ("ring", "[1, [...]]"),
            "list_knot": ("knot", "[2, (3, [...])]"),
        },
    ),
    Batch(
        "decoys",
        """\
import array
word = id(list).to_bytes(4, 'little')
shrunk = [[n] for n in range(20)]
for n in range(17): shrunk.pop()
grown = bytearray(b'grown ')
for n in range(5): grown.append(48 + n)
cleared = {n: n for n in range(9)}
cleared.clear()
""",
        {
            "decoy_bytearray": "bytearray(word * 8)",
            "decoy_bytes": "word + b' the address of a type at first'",
            "decoy_list": "[list, 3, 4]",
            "decoy_dict": "{list: 1}",
            "decoy_set": "{list}",
            "decoy_array": "array.array('O', [dict, 5, 6, 7])",
            "decoy_ints": "array.array('I', [id(list), 0, 0, 0])",
            "decoy_tuple": "(list, 1, 2, 3)",
            "list_shrunk": "shrunk",
            "bytearray_grown": "grown",
            "dict_cleared": "cleared",
        },
    ),
    Batch(
        "dicts",
        """\
from collections import OrderedDict
ring = {'key': 1}
ring['self'] = ring
gaps = {n: -n for n in range(20)}
for n in range(0, 20, 3): del gaps[n]
order = OrderedDict()
for n in ('zulu', 'alpha', 'mike'): order[n] = len(n)
holes = OrderedDict([(n, n * n) for n in range(7)])
del holes[3]
""",
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
        {
            "dict_ring": ("ring", "{'key': 1, 'self': {...}}"),
        },
    ),
    Batch(
        "sets",
        """\
class Taker:
    def __getitem__(self, index): return index
gaps = set(range(12))
for n in range(0, 12, 5): gaps.remove(n)
""",
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
        "namedtuples",
        """\
from collections import namedtuple
Point = namedtuple('Point', ('x', 'y'))
""",
        {
            "namedtuple_type": "Point",
            "namedtuple": "Point(3, -4)",
            "namedtuple_nested": "Point(Point(1, 2), [Point(None, 'y')])",
            "namedtuple_five": "namedtuple('Five', tuple('abcde'))(1, 2, 3, 4, 5)",
        },
    ),
    Batch(
        "deques",
        """\
from collections import deque
rotated = deque((), 5)
for n in range(7): rotated.append(n * 11)
popped = deque((), 4)
for n in range(4): popped.append(str(n))
popped.popleft()
""",
        {
            "deque_empty": "deque((), 3)",
            "deque_rotated": "rotated",
            "deque_popped": "popped",
            "deque_iter": "iter(rotated)",
        },
    ),
)
