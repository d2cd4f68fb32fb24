# SPDX-License-Identifier: MIT
"""docs/json.md lists every key of every document, with its type, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dumps import Dump
from rig import free_port

import mpheap

TOP = Path(__file__).resolve().parents[2]
ROW = re.compile(r"^\| `([^`]+)` \| (\w+) \| (always|if known|if any) \| \S.* \|$", re.MULTILINE)
CODE_ROW = re.compile(r"^\| `(\w+)` \| (\d) \| \S.* \|$", re.MULTILINE)
TYPES = {bool: "boolean", int: "number", float: "number", str: "string"}

# A heap of three areas, one in a collection, and one of the first release, whose firmware
# has least to tell.
VARIANTS = ["v1.28.0-split", "v1.28.0-weakref", "v1.27.0-collecting", "v1.8"]


def section(title: str) -> str:
    """The text of a section of the document."""
    text = (TOP / "docs" / "json.md").read_text("utf-8")
    return re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)[1]


def listed(title: str) -> dict[str, tuple[str, str]]:
    """Type and presence by path, from a section's tables."""
    rows = ROW.findall(section(title))
    assert len(rows) == len({path for path, _, _ in rows}), "a path is listed twice"
    return {path: (kind, there) for path, kind, there in rows}


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Path and value of everything in a document that is no object and no list."""
    if isinstance(value, dict):
        for key, below in value.items():
            yield from leaves(below, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for below in value:
            yield from leaves(below, f"{path}[]")
    else:
        yield path, value


def paths(documents: list[Any]) -> dict[str, str]:
    """Type by path, of all documents together."""
    found: dict[str, str] = {}
    for document in documents:
        for path, value in leaves(document):
            assert found.setdefault(path, TYPES[type(value)]) == TYPES[type(value)], path
    return found


def check(title: str, documents: list[Any]) -> None:
    """The section says what the documents hold, no less and no more."""
    promised = listed(title)
    assert paths(documents) == {path: kind for path, (kind, _) in promised.items()}
    for document in documents:
        present = dict(leaves(document))
        missing = {path for path, (_, there) in promised.items()
                   if there == "always" and path not in present}
        assert not missing
        for path, value in present.items():
            check_spelling(path, value)


def check_spelling(path: str, value: Any) -> None:
    """What the names of keys promise."""
    key = path.removesuffix("[]").rpartition(".")[2]
    assert re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", key), path
    if key.endswith("address"):
        assert re.fullmatch(r"0x[0-9a-f]+", value), path
    if key.endswith(("_bytes", "_count", "_blocks", "_depth")):
        assert isinstance(value, int) and not isinstance(value, bool) and value >= 0, path


def words_of(dump: Dump) -> list[str]:
    return [*dump.images(), "--reg", f"sp={dump.sp:#x}"]


def document(report: str, *words: str | Path) -> Any:
    result = mpheap.run(report, "--format=json", *words)
    assert result.status == 0, result
    return result.json


def test_info(dump_of) -> None:
    documents = []
    for variant in VARIANTS:
        dump = dump_of(variant)
        for elf in ([], dump.elf(stripped=True), dump.elf()):
            documents.append(document("info", "--verbose", *words_of(dump), *elf))
    check("info", documents)


def test_info_without_verbose_has_no_provenance(dump_of) -> None:
    dump = dump_of("v1.28.0-split")
    found = paths([document("info", *words_of(dump))])
    promised = listed("info").items()
    always = {path for path, (_, there) in promised if there == "always"}
    assert always - found.keys() == {path for path, _ in promised if path.startswith("provenance")}


def damaged(dump: Dump, folder: Path) -> list[str]:
    """The dump without the second half of its RAM, of which a note must tell."""
    file = folder / "half"
    ram = dump.bytes_of("ram")
    file.write_bytes(ram[: len(ram) // 2])
    return dump.images(ram=file)


def test_map(dump_of, tmp_path: Path) -> None:
    dumps = [dump_of(variant) for variant in VARIANTS]
    documents = [document("map", *words_of(dump), *dump.elf()) for dump in dumps]
    short = document("map", *damaged(dumps[-1], tmp_path), *dumps[-1].elf(stripped=True))
    assert short["notes"]
    check("map", [*documents, short])


def test_snapshot(dump_of, tmp_path: Path) -> None:
    dump = dump_of("v1.28.0-split")
    with_elf = document("snapshot", tmp_path / "a.core", *words_of(dump), *dump.elf())
    without = document("snapshot", tmp_path / "b.core", *dump.images())
    assert without["notes"]
    check("snapshot", [with_elf, without])


ERRORS = {
    "usage": [],
    "file": ["--image", "no-such-file@0"],
    "no_heap": ["--image", "{zeros}@0x20000000"],
    "link": ["--gdb", "127.0.0.1:{port}"],
}


def test_errors(dump_of, tmp_path: Path) -> None:
    zeros = tmp_path / "zeros"
    zeros.write_bytes(bytes(4096))
    codes = dict(CODE_ROW.findall(section("Errors")))
    documents = []
    for code, words in ERRORS.items():
        words = [word.format(zeros=zeros, port=free_port()) for word in words]
        result = mpheap.run("info", "--format=json", *words)
        assert (result.json["error"]["code"], str(result.status)) == (code, codes[code])
        documents.append(result.json)
    elf = dump_of("v1.28.0-split").elf()
    with_address = mpheap.run("map", "--format=json", "--image", f"{zeros}@0x20000000", *elf).json
    assert "address" in with_address["error"]
    promised = {path for path in listed("Errors") if path != "notes[]"}
    assert paths([*documents, with_address]).keys() == promised


def test_every_code_of_an_error_is_listed() -> None:
    header = (TOP / "src" / "base" / "error.h").read_text("utf-8")
    count = len(re.findall(r"^ +MPH_ERR_\w+ = -\d+,", header, re.MULTILINE))
    assert len(CODE_ROW.findall(section("Errors"))) == count
