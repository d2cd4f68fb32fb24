# SPDX-License-Identifier: MIT
"""The data of an HTML report, as docs/page.md describes it."""

from __future__ import annotations

import base64
import json
import re
import zlib
from itertools import accumulate
from pathlib import Path
from typing import Any

DATA = re.compile(r'<script type="text/plain" id="data">([A-Za-z0-9+/]*=*)</script>')


def data_of(page: Path) -> Any:
    """The document that a page shows."""
    packed, = DATA.findall(page.read_text("ascii"))
    return json.loads(zlib.decompress(base64.b64decode(packed, validate=True)))


def sums(deltas: list[int | None]) -> list[int | None]:
    """Running sums; an empty cell changes nothing."""
    running = accumulate(delta or 0 for delta in deltas)
    return [None if delta is None else value for delta, value in zip(deltas, running)]


def cells(column: dict[str, Any]) -> list[Any]:
    """A column of a table; None where a cell is empty."""
    if "lines" in column:
        return [line or None for line in column["lines"].split("\n")]
    form = "index" if "index" in column else next(iter(column))
    numbers = [int(cell) if cell else None for cell in column[form].split(" ")]
    if form == "index":
        return [None if n is None else column["words"][n] for n in numbers]
    if form == "hex_deltas":
        return [None if n is None else hex(n) for n in sums(numbers)]
    return sums(numbers) if form == "deltas" else numbers


def rows_of(table: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of a table, without empty cells."""
    columns = {name: cells(column) for name, column in table["columns"].items()}
    assert {len(column) for column in columns.values()} == {table["count"]}
    return [
        {name: column[i] for name, column in columns.items() if column[i] is not None}
        for i in range(table["count"])
    ]
