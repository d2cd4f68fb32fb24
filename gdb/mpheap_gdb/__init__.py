# SPDX-License-Identifier: MIT
"""GDB's door to libmpheap: words go in as they are typed, and the library's bytes come out."""

from . import board, catch, commands, frames, functions, link, printers, profile

__all__ = ["register"]


def register() -> None:
    """Define commands, printers, functions and the frame filter. Again is fine."""
    here = board.Board()
    commands.register(link.register(), here)
    catch.register(here)
    profile.ProfileAllocs(here)
    printers.register(here)
    functions.register(here)
    frames.register(here)
