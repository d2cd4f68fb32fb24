# SPDX-License-Identifier: MIT
"""Values of MicroPython's C types as Python would show them: `print`, `info locals`, `bt`.

`disable pretty-printer global mpheap` turns them off, `print/r` passes them by once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import gdb
import gdb.printing

from . import abi, shapes
from .board import Board, NoAnswer

BAD = "<bad: "  # how a text begins that tells why there is no value (plugin/mpheap.h)
MAP_ENTRIES_MAX = 1 << 16
CHUNK = 64  # entries read at a time: each read is a round trip
DELETED = 4  # MP_OBJ_SENTINEL; 0 is MP_OBJ_NULL (py/obj.h)


class Text:
    """A value that is shown as text."""

    def __init__(self, text: str) -> None:
        self._text = text

    def to_string(self) -> str:
        """Called by GDB."""
        return self._text


class Map:
    """An mp_map_t as its entries. `table` is an array of {key, value}, in which the key of an
    empty entry is 0 and of a deleted one MP_OBJ_SENTINEL (py/map.c). One that says it has more
    entries than room is none, and shows no children."""

    def __init__(self, value: gdb.Value) -> None:
        self._table = value["table"]
        self._used = int(value["used"])
        self._room = int(value["alloc"])

    def to_string(self) -> str:
        """Called by GDB."""
        return f"mp_map_t, {self._used} of {self._room} used"

    def display_hint(self) -> str:
        """Called by GDB: children are keys and values by turns."""
        return "map"

    def _entries(self) -> Iterator[gdb.Value]:
        entry_type = self._table.type.target()
        for start in range(0, self._room, CHUNK):
            count = min(CHUNK, self._room - start)
            chunk = (self._table + start).cast(entry_type.array(count - 1).pointer()).dereference()
            chunk.fetch_lazy()
            for entry in (chunk[index] for index in range(count)):
                if shapes.number(entry["key"]) not in (0, DELETED):
                    yield entry

    def children(self) -> Iterator[tuple[str, gdb.Value]]:
        """Called by GDB. Where memory ends, so do the entries."""
        if not self._used <= self._room <= MAP_ENTRIES_MAX:
            return
        found = self._entries()
        try:
            for index, entry in zip(range(self._used), found):
                yield f"[{index}].key", entry["key"]
                yield f"[{index}].value", entry["value"]
        except gdb.error:
            return


class Printers:
    """One function a kind of value: a printer for it, or None for what GDB should show itself."""

    def __init__(self, board: Board) -> None:
        self._board = board

    def _text(self, question: int, value: gdb.Value, form: str = "{}") -> Text | None:
        """The answer in that form; where there is none, GDB's own text and the reason."""
        bits = shapes.number(value)
        if bits is None:
            return None
        try:
            text = self._board.text(question, bits)
        except NoAnswer as error:
            text = f"{BAD}{error}>"
        if text.startswith(BAD):
            return Text(f"{value.format_string(raw=True)} {text}")
        return Text(form.format(text))

    def word(self, value: gdb.Value) -> Text | None:
        """mp_obj_t"""
        return self._text(abi.ASK_WORD, value) if shapes.is_named(value.type, shapes.WORD) else None

    def qstr(self, value: gdb.Value) -> Text | None:
        """qstr: number and text, as GDB shows a char"""
        if not shapes.is_named(value.type, shapes.QSTR):
            return None
        return self._text(abi.ASK_QSTR, value, f"{int(value)} '{{}}'")

    def map(self, value: gdb.Value) -> Map | None:
        """mp_map_t"""
        bare = value.type.strip_typedefs()
        is_map = bare.code == gdb.TYPE_CODE_STRUCT and shapes.is_named(value.type, shapes.MAP)
        return Map(value) if is_map else None

    def type(self, value: gdb.Value) -> Text | None:
        """mp_obj_type_t *"""
        target = shapes.pointee(value.type)
        if not target or not shapes.is_named(target, shapes.TYPE) or not int(value):
            return None
        return self._text(abi.ASK_OBJECT, value, f"{shapes.number(value):#x} {{}}")

    def object(self, value: gdb.Value) -> Text | None:
        """mp_obj_*_t *"""
        target = shapes.pointee(value.type)
        if not target or not shapes.is_object(target) or not int(value):
            return None
        return self._text(abi.ASK_OBJECT, value)


class Subprinter:
    """A row of `info pretty-printer`, with the attributes that gdb.printing wants of it."""

    def __init__(self, name: str, make: Callable[[gdb.Value], object]) -> None:
        self.name = name
        self.enabled = True
        self.make = make


class Collection(gdb.printing.PrettyPrinter):
    """All of them. The first that takes a value has it."""

    def __init__(self, board: Board) -> None:
        kinds = Printers(board)
        rows = (
            ("mp_obj_t", kinds.word),
            ("qstr", kinds.qstr),
            ("mp_map_t", kinds.map),
            ("mp_obj_type_t", kinds.type),
            ("mp_obj_*_t", kinds.object),
        )
        super().__init__("mpheap", [Subprinter(*row) for row in rows])

    def __call__(self, value: gdb.Value) -> object | None:
        """Called by GDB for each value. Without a program, and for a value that the program does
        not have (optimized out, unreadable), its own text is right."""
        if not gdb.selected_inferior().pid:
            return None
        try:
            made = (row.make(value) for row in self.subprinters if row.enabled)
            return next(filter(None, made), None)
        except gdb.error:
            return None


def register(board: Board) -> None:
    """Put them among GDB's global printers, in place of those of an earlier call."""
    gdb.printing.register_pretty_printer(None, Collection(board), replace=True)
