# SPDX-License-Identifier: MIT
"""`set mpheap link`: through what the library reads the target."""

from __future__ import annotations

import gdb

from . import inferior

# The options by which a user names a target himself (src/cli/options.c options_have_target)
TARGET_OPTIONS = ("--core", "--gdb", "--hex", "--image", "--openocd")


class Link(gdb.Parameter):
    """Where mpheap reads the target's memory.

    gdb                  what GDB itself is connected to (the default)
    openocd [HOST:]PORT  straight from OpenOCD's Tcl port, also while the program runs
    openocd              the same, at its usual port"""

    set_doc = "Set where mpheap reads the target's memory."
    show_doc = "Show where mpheap reads the target's memory."

    def __init__(self) -> None:
        super().__init__("mpheap link", gdb.COMMAND_DATA, gdb.PARAM_STRING_NOESCAPE)
        self.value = self._valid = "gdb"

    def get_set_string(self) -> str:
        """Called by GDB when the value has been set."""
        words = self.value.split()
        if words != ["gdb"] and (words[:1] != ["openocd"] or len(words) > 2):
            self.value = self._valid
            raise gdb.GdbError("mpheap: usage: set mpheap link gdb|openocd [[HOST:]PORT]")
        self.value = self._valid = " ".join(words)
        return ""

    def get_show_string(self, value: str) -> str:
        """Called by GDB for `show`."""
        return f"mpheap reads the target's memory from: {value}."

    def options(self, words: list[str]) -> list[str]:
        """What to put before a report's own words, so that they still win."""
        kind, *where = self.value.split()
        if kind == "gdb" or any(map(_names_target, words)):
            return []
        elf = inferior.elf()
        return ["=".join(["--openocd", *where])] + ([f"--elf={elf}"] if elf else [])


def _names_target(word: str) -> bool:
    """Whether a word is one of TARGET_OPTIONS, which may be shortened."""
    name = word.split("=")[0]
    return len(name) > 2 and any(option.startswith(name) for option in TARGET_OPTIONS)


class Set(gdb.Command):
    """Set how mpheap works."""

    def __init__(self) -> None:
        super().__init__("set mpheap", gdb.COMMAND_DATA, gdb.COMPLETE_NONE, True)


class Show(gdb.Command):
    """Show how mpheap works."""

    def __init__(self) -> None:
        super().__init__("show mpheap", gdb.COMMAND_DATA, gdb.COMPLETE_NONE, True)


def register() -> Link:
    """Define the commands; gives the parameter."""
    Set()
    Show()
    return Link()
