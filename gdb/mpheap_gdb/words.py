# SPDX-License-Identifier: MIT
"""Object words as values of GDB's."""

from __future__ import annotations

import gdb


def value(word: int) -> gdb.Value:
    """An object word as a value that prints as what it is: an mp_obj_t where the program has that
    type, else an integer of a pointer's size or, if it does not fit, of 64 bits."""
    plain = gdb.Value(word)
    try:
        return plain.cast(gdb.lookup_type("mp_obj_t"))
    except gdb.error:
        pass
    bits = 8 * gdb.lookup_type("void").pointer().sizeof
    architecture = gdb.selected_inferior().architecture()
    return plain.cast(architecture.integer_type(64 if word >> bits else bits, False))
