# SPDX-License-Identifier: MIT
"""Wrong words on the command line, names that would play tricks on a terminal, errors as JSON."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from dumps import Dump

import mpheap

USAGE = 2
WRONG = [
    "",
    "nonsense",
    "--nonsense",
    "help nonsense",
    "map --nonsense",
    "map extra",
    "map -v",
    "info --legend",
    "snapshot",
    "snapshot one two",
    "map",
    "map --",
    "map --image",
    "map --image x",
    "map --image @0",
    "map --image x@",
    "map --image x@zz",
    "map --image x@-1",
    "map --image x@0x10000000000000000",
    "map --elf",
    "map --elf x",
    "map --hex",
    "map --core",
    "map --reg sp",
    "map --reg =1",
    "map --reg sp=",
    "map --reg sp=x",
    "map --reg a_name_of_17_char=1",
    "map --ram 1",
    "map --ram +1",
    "map --ram 0+0",
    "map --ram 0+1Q",
    "map --ram 0+",
    "map --ram 0xffffffffffffffff+2",
    "map --timeout 0",
    "map --timeout -1",
    "map --timeout x",
    "map --timeout nan",
    "map --timeout inf",
    "map --timeout 1s",
    "map --tries 0",
    "map --tries 1001",
    "map --tries x",
    "map --format xml",
    "map --color blue",
    "map --openocd :",
    "map --openocd :0",
    "map --openocd :65536",
    "map --openocd=nonsense",
    "map --gdb",
    "map --gdb :",
    "map --gdb nonsense",
    "map --gdb localhost:",
    "map --target x",
    "map --target x --gdb :1",
    "map --openocd :1 --gdb :1",
    "map --halt=1",
    "map --quiet=1",
    "map -o",
]
# ESC, a newline, a control byte that UTF-8 spells with two, and a byte that is not UTF-8.
HOSTILE = b"a\x1b[31m\nb\r\xc2\x9b2J\xff"
CONTROL = re.compile(b"[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]")


@pytest.fixture(name="dump", scope="module")
def dump_fixture(dump_of) -> Dump:
    return dump_of("v1.27.0")


@pytest.mark.parametrize("line", WRONG)
def test_wrong_usage_is_said_in_one_line(line: str) -> None:
    result = mpheap.run(*line.split())
    assert result.status == USAGE
    assert result.stdout == ""
    assert result.error


@pytest.mark.parametrize("option", ["--image", "--reg", "--ram", "--timeout", "--tries"])
def test_what_was_wanted_is_said(option: str) -> None:
    assert f"{option} wants " in mpheap.run("map", option, "?").error


def test_registers_have_a_limit(dump: Dump) -> None:
    words = [word for index in range(100) for word in ("--reg", f"r{index}=1")]
    result = mpheap.run("map", *dump.images(), *words)
    assert result.status == USAGE
    assert result.error


@pytest.mark.parametrize("words", [["--help"], ["map", "--help"], ["--version"], ["help"]])
def test_help_is_no_error(words: list[str]) -> None:
    result = mpheap.run(*words)
    assert (result.status, result.stderr) == (0, "")
    assert "mpheap" in result.stdout


# Names


def raw(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def assert_harmless(result: mpheap.Result) -> None:
    for stream in (result.stdout, result.stderr):
        assert not CONTROL.search(raw(stream)), raw(stream)
    assert result.stderr.count("\n") == len(re.findall("^mpheap: ", result.stderr, re.M))


@pytest.fixture(name="hostile")
def hostile_fixture(tmp_path: Path) -> bytes:
    return bytes(tmp_path) + b"/" + HOSTILE


@pytest.mark.parametrize("report", [["map"], ["info"], ["info", "--verbose"]])
@pytest.mark.parametrize("form", ["text", "json"])
def test_names_of_good_files(dump: Dump, hostile: bytes, report: list[str], form: str) -> None:
    Path(hostile.decode("utf-8", "surrogateescape")).write_bytes(dump.bytes_of("ram"))
    result = mpheap.run(*report, "--format", form, "--image", hostile + b"@0x20000000")
    assert result.status == 0
    assert_harmless(result)
    if form == "json":
        assert result.json["notes"]


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("option", ["--core", "--hex", "--elf"])
@pytest.mark.parametrize("exists", [False, True])
def test_names_of_bad_files(
    dump: Dump, hostile: bytes, form: str, option: str, exists: bool
) -> None:
    if exists:
        Path(hostile.decode("utf-8", "surrogateescape")).write_bytes(b"noise" * 100)
    images = dump.images() if option == "--elf" else []
    result = mpheap.run("map", "--format", form, *images, option, hostile)
    assert result.status == 3
    assert result.error.count("a?[31m?b?") == 1
    assert_harmless(result)
    if form == "json":
        assert result.json["error"]["text"]


@pytest.mark.parametrize("form", ["text", "json"])
def test_names_of_files_that_are_written(dump: Dump, hostile: bytes, form: str) -> None:
    result = mpheap.run("snapshot", "--format", form, hostile, *dump.images())
    assert result.status == 0
    assert_harmless(result)
    again = mpheap.run("info", "--format", form, "--core", hostile)
    assert again.status == 0
    assert_harmless(again)
    assert_harmless(mpheap.run("map", *dump.images(), "--output", hostile + b"/x"))


@pytest.mark.parametrize(
    "words",
    [
        [HOSTILE],
        ["map", HOSTILE],
        ["map", b"--" + HOSTILE],
        ["map", "--image", HOSTILE],
        ["map", "--openocd=" + "h\x1b\n:1"],
        ["map", "--gdb", "h\x1b\n:1"],
        ["map", "--format", HOSTILE],
        ["map", "--openocd", ":1", "--target", HOSTILE],
        ["help", HOSTILE],
    ],
)
def test_words(words: list[str | bytes]) -> None:
    result = mpheap.run(*words)
    assert result.status in (2, 3)
    assert_harmless(result)
    assert result.error


def test_version_strings_of_a_target_are_not_obeyed(dump: Dump, tmp_path: Path) -> None:
    """What a dump says of itself came from a stranger, too."""
    flash = dump.bytes_of("flash")
    at = flash.index(b"MicroPython v") + len(b"MicroPython v")
    flash[at : at + 6] = b"1.27\xc2\x9b"
    (tmp_path / "flash").write_bytes(flash)
    for form in ("text", "json"):
        result = mpheap.run("info", "--format", form, *dump.images(flash=tmp_path / "flash"))
        assert result.status == 0
        assert_harmless(result)


# JSON


@pytest.mark.parametrize(
    "words, code",
    [
        (["map", "--image", "missing@0"], "file"),
        (["map", "--core", "/bin/true"], "file"),
        (["map", "--openocd", ":1"], "link"),
        (["map"], "usage"),
        (["info", "--image", "/bin/true@0"], "no_heap"),
    ],
)
def test_errors_are_json_too(words: list[str], code: str) -> None:
    result = mpheap.run(*words, "--format", "json")
    document = result.json
    assert result.status != 0
    assert document["error"]["code"] == code
    assert document["error"]["text"] == result.error


def test_json_errors_have_the_address(dump: Dump, tmp_path: Path) -> None:
    (tmp_path / "ram").write_bytes(dump.bytes_of("ram")[:0x80])
    words = [*dump.images(ram=tmp_path / "ram"), *dump.elf()]
    error = mpheap.run("map", "--format", "json", *words).json["error"]
    assert error["code"] == "unreadable"
    assert error["address"].startswith("0x200001")
    assert error["address"] in error["text"]


def test_json_is_one_document_and_utf_8(dump: Dump, tmp_path: Path) -> None:
    file = tmp_path / "out"
    for report in (["info", "--verbose"], ["map"]):
        words = [*report, "--format", "json", *dump.images()]
        result = mpheap.run(*words)
        assert raw(result.stdout).decode("utf-8")
        assert mpheap.run(*words, "--output", file).stdout == ""
        assert json.loads(file.read_text()) == result.json
