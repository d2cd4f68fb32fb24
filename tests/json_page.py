# SPDX-License-Identifier: MIT
"""What docs/json.md promises of each document, and whether a document keeps it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PAGE = Path(__file__).resolve().parents[1] / "docs" / "json.md"
ROW = re.compile(r"^\| `([^`]+)` \| (\w+) \| (always|if known|if any) \| \S.* \|$", re.MULTILINE)
TYPES = {bool: "boolean", int: "number", float: "number", str: "string"}


def section(title: str) -> str:
    """The text of a section of the document."""
    text = PAGE.read_text("utf-8")
    return re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)[1]


def listed(title: str) -> dict[str, tuple[str, str]]:
    """Type and presence by path, from a section's tables."""
    rows = ROW.findall(section(title))
    assert len(rows) == len({path for path, _, _ in rows}), "a path is listed twice"
    return {path: (kind, there) for path, kind, there in rows}


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Path and value of everything in a document that is no object, no list and not null."""
    if isinstance(value, dict):
        for key, below in value.items():
            yield from leaves(below, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for below in value:
            yield from leaves(below, f"{path}[]")
    elif value is not None:
        yield path, value


def paths(documents: list[Any]) -> dict[str, str]:
    """Type by path, of all documents together."""
    found: dict[str, str] = {}
    for document in documents:
        for path, value in leaves(document):
            assert found.setdefault(path, TYPES[type(value)]) == TYPES[type(value)], path
    return found


def check_listed(title: str, documents: list[Any]) -> None:
    """The section lists all that the documents hold, and they hold what is always there."""
    promised = listed(title)
    assert paths(documents).items() <= {path: kind for path, (kind, _) in promised.items()}.items()
    for document in documents:
        present = dict(leaves(document))
        missing = {path for path, (_, there) in promised.items()
                   if there == "always" and path not in present}
        assert not missing
        for path, value in present.items():
            check_spelling(path, value)


def check(title: str, documents: list[Any]) -> None:
    """The section says what the documents hold, no less and no more."""
    check_listed(title, documents)
    assert paths(documents).keys() == listed(title).keys()


def check_spelling(path: str, value: Any) -> None:
    """What the names of keys promise."""
    key = path.removesuffix("[]").rpartition(".")[2]
    assert re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", key), path
    if key.endswith("address") or key == "word":
        assert re.fullmatch(r"0x[0-9a-f]+", value), path
    if key.endswith(("_bytes", "_count", "_blocks", "_depth")):
        assert isinstance(value, int) and not isinstance(value, bool) and value >= 0, path
