# SPDX-License-Identifier: MIT
"""GDB's door to libmpheap: words go in as they are typed, and the library's bytes come out."""

from .commands import register

__all__ = ["register"]
