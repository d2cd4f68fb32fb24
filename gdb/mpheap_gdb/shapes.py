# SPDX-License-Identifier: MIT
"""MicroPython's C types, known by their names: what a value of the firmware's is."""

from __future__ import annotations

import re
from collections.abc import Iterator

import gdb

# py/obj.h. mp_obj_t is a pointer or a 64-bit integer, which its name alone tells from others;
# constants in ROM have types of their own.
WORD = re.compile(r"mp_(const_|rom_)?obj_t")
QSTR = re.compile(r"qstr(_short_t)?")
MAP = re.compile(r"_?mp_map_t")
TYPE = re.compile(r"_?mp_obj_(full_|empty_)?type_t")
OBJECT = re.compile(r"_?mp_obj_\w+_t")

# Structures that begin with each other: a module's context with its module, that with its base.
NESTING_MAX = 4

SCALARS = (
    gdb.TYPE_CODE_PTR,
    gdb.TYPE_CODE_INT,
    gdb.TYPE_CODE_ENUM,
    gdb.TYPE_CODE_CHAR,
    gdb.TYPE_CODE_BOOL,
)


def _layers(kind: gdb.Type) -> Iterator[gdb.Type]:
    """The type, and what it is a typedef of, without const and volatile."""
    kind = kind.unqualified()
    yield kind
    while kind.code == gdb.TYPE_CODE_TYPEDEF:
        kind = kind.target().unqualified()
        yield kind


def is_named(kind: gdb.Type, pattern: re.Pattern[str]) -> bool:
    """Whether the type, or one that it is a typedef of, has such a name."""
    return any(layer.name and pattern.fullmatch(layer.name) for layer in _layers(kind))


def is_object(kind: gdb.Type, nesting: int = NESTING_MAX) -> bool:
    """Whether a structure is an object: by its name, or because it begins with a base."""
    bare = kind.strip_typedefs()
    if bare.code != gdb.TYPE_CODE_STRUCT:
        return False
    if is_named(kind, OBJECT):
        return True
    fields = bare.fields() if nesting else []
    return bool(fields) and is_object(fields[0].type, nesting - 1)


def pointee(kind: gdb.Type) -> gdb.Type | None:
    """What a pointer points at; None for other types."""
    bare = kind.strip_typedefs()
    return bare.target() if bare.code == gdb.TYPE_CODE_PTR else None


def number(value: gdb.Value) -> int | None:
    """A scalar's bits as an unsigned number, or a constant's in ROM (in representation D a union
    of 64 bits). None for other values; gdb.error where the program does not have the value."""
    bare = value.type.strip_typedefs()
    if bare.code == gdb.TYPE_CODE_UNION and is_named(value.type, WORD):
        return number(value["u64"])
    if bare.code not in SCALARS:
        return None
    return int(value) & ((1 << 8 * bare.sizeof) - 1)
