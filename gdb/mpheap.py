# SPDX-License-Identifier: MIT
"""The heap of a MicroPython board, in GDB::

    (gdb) source gdb/mpheap.py
    (gdb) help mpheap
    (gdb) mpheap map

Needs libmpheap.so: of this tree, of an installed one, or the file that MPHEAP_LIBRARY names.
"""

import os
import sys

# GDB runs a sourced script in __main__ and sets __file__ only while it runs
# (CPython PyRun_SimpleFileExFlags, which gdb/python/python.c calls).
_folder = os.path.dirname(os.path.realpath(__file__))
if _folder not in sys.path:
    sys.path.insert(0, _folder)

import mpheap_gdb  # noqa: E402

mpheap_gdb.register()
