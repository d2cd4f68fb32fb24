# SPDX-License-Identifier: MIT
"""What a part of the scene consists of."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Batch:
    """Objects that fit together into 8 KB: what they need, and an expression for each."""

    name: str
    setup: str = ""
    objects: dict[str, str] = field(default_factory=dict)
    # Objects whose repr() would not end: expression, and what CPython would print.
    cycles: dict[str, tuple[str, str]] = field(default_factory=dict)
