# SPDX-License-Identifier: MIT
"""Numbers, texts and arrays."""

from __future__ import annotations

from live.scene.batch import Batch

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
        """\
part = 'join'
""",
        {
            "str_qstrs": "['short', '', 'a', 'append', '__init__', 'with space']",
            "str_long": "'a text that is too long to be interned, ' + part",
            "str_short_on_heap": "part[:2] + '!'",
            "str_one": "part[1:2] + ''",
            "str_single_quote": '"it\'s a single quote in a text of some length"',
            "str_double_quote": '\'say "double quote" in a text of some length\'',
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
        """\
part = 'join'
""",
        {
            "str_61": "'0123456789' * 6 + '!'",
            "str_10000": "'0123456789' * (long // 10)",
            "str_list": r"[part + ' one', part + '\n', 'x' * 40]",
            "bytes_10000": r"b'\0\x01\xfe\xff' * (long // 4)",
        },
    ),
    Batch(
        "bytes",
        """\
part = b'join'
""",
        {
            "bytes_empty": "b''",
            "bytes_short": "b'short'",
            "bytes_long": "b'bytes that are a little longer ' + part",
            "bytes_single_quote": 'b"it\'s a quote " + part',
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
        """\
import array
base = bytearray(b'0123456789abcdef')
""",
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
)
