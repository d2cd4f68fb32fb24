# SPDX-License-Identifier: MIT
"""A table of measurements: name, value, aim, and whether it was met."""

from __future__ import annotations

import sys


def row(name: str, value: float | str, aim: float | None = None, unit: str = "") -> None:
    """Print one line. With an aim, `value` is a number and met when it is not above it."""
    shown = value if isinstance(value, str) else f"{value:,.3g}" if value < 100 else f"{value:,.0f}"
    verdict = "" if aim is None else "ok" if float(value) <= aim else "over"
    wanted = "" if aim is None else f"<= {aim:.3g}"
    print(f"{name:<64} {shown + unit:>14} {wanted:>10} {verdict}".rstrip(), flush=True)


def heading(text: str) -> None:
    """A line above the rows that belong together."""
    print(f"\n{text}", flush=True)


def skipped(name: str, why: str) -> None:
    """A measurement that could not be taken."""
    print(f"{name:<64} not measured: {why}", file=sys.stdout, flush=True)
