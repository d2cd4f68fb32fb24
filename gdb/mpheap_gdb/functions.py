# SPDX-License-Identifier: MIT
"""Functions for expressions: $mp_repr, $mp_type, $mp_qstr, $mp_global, $mp_module."""

from __future__ import annotations

from typing import Any

import gdb

from . import abi, shapes, words
from .board import Board, NoAnswer


def _string(value: gdb.Value) -> str | None:
    """The text of a string, as "text" in an expression is one; None for other values."""
    bare = value.type.strip_typedefs()
    if bare.code not in (gdb.TYPE_CODE_ARRAY, gdb.TYPE_CODE_STRING):
        return None
    if bare.target().strip_typedefs().sizeof != 1:
        return None
    return value.string()


class Function(gdb.Function):
    """A function whose errors are one line with its name."""

    NAME = ""

    def __init__(self, board: Board) -> None:
        super().__init__(self.NAME)
        self._board = board

    def invoke(self, *arguments: gdb.Value) -> Any:
        """Called by GDB."""
        if len(arguments) != 1:
            raise gdb.GdbError(f"mpheap: ${self.NAME} takes one argument")
        try:
            return self.answer(arguments[0])
        except (NoAnswer, gdb.error) as error:
            raise gdb.GdbError(f"mpheap: ${self.NAME}: {error}") from None

    def answer(self, argument: gdb.Value) -> Any:
        """The value for one argument; NoAnswer or gdb.error when there is none."""
        raise NotImplementedError

    def word(self, argument: gdb.Value) -> int:
        """The object word that an argument stands for: an mp_obj_t, a pointer to an object, an
        object itself, an integer, or the name of a global."""
        if name := _string(argument):
            return self._board.word(abi.ASK_GLOBAL, name)
        if shapes.is_object(argument.type) and argument.address is not None:
            return int(argument.address)
        bits = shapes.number(argument)
        if bits is None:
            raise NoAnswer(f"no object word (it is a {argument.type})")
        return bits

    def name(self, argument: gdb.Value) -> str:
        """The text of an argument that must be a string."""
        text = _string(argument)
        if not text:
            raise NoAnswer('a name in quotes is wanted')
        return text


class Repr(Function):
    """The value of a MicroPython object, as repr() gives it in Python.

    Usage: $mp_repr (OBJECT)

    OBJECT is an mp_obj_t, a pointer to an object, a number that is one of these, or the name of a
    global in quotes: "cache" of the main module, or "module.cache"."""

    NAME = "mp_repr"

    def answer(self, argument: gdb.Value) -> str:
        return self._board.text(abi.ASK_WORD | abi.ASK_LONG, self.word(argument))


class Type(Function):
    """The name of the type of a MicroPython object.

    Usage: $mp_type (OBJECT)

    OBJECT is as in $mp_repr."""

    NAME = "mp_type"

    def answer(self, argument: gdb.Value) -> str:
        return self._board.text(abi.ASK_TYPE, self.word(argument))


class Qstr(Function):
    """The text of one of MicroPython's interned strings.

    Usage: $mp_qstr (ID)"""

    NAME = "mp_qstr"

    def answer(self, argument: gdb.Value) -> str:
        identifier = shapes.number(argument)
        if identifier is None:
            raise NoAnswer("the number of an interned string is wanted")
        return self._board.text(abi.ASK_QSTR, identifier)


class Global(Function):
    """A global of the MicroPython program, as an mp_obj_t.

    Usage: $mp_global ("NAME")

    NAME is a global of the main module, or that of another one: "module.name"."""

    NAME = "mp_global"

    def answer(self, argument: gdb.Value) -> gdb.Value:
        return words.value(self._board.word(abi.ASK_GLOBAL, self.name(argument)))


class Module(Function):
    """A module of the MicroPython program, as an mp_obj_t.

    Usage: $mp_module ("NAME")"""

    NAME = "mp_module"

    def answer(self, argument: gdb.Value) -> gdb.Value:
        return words.value(self._board.word(abi.ASK_MODULE, self.name(argument)))


def register(board: Board) -> None:
    """Define them. Again is fine."""
    for function in (Repr, Type, Qstr, Global, Module):
        function(board)
