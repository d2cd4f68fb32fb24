# SPDX-License-Identifier: MIT
"""The command without a board: words, help, completion, errors, finding the library."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

import doors
from rig import run_gdb
from rig.gdb import PROMPT


def complete(text: str) -> list[str]:
    """What GDB offers for the end of a line, as whole lines."""
    return doors.gdb(f"complete {text}").stdout.splitlines()


def report_names() -> list[str]:
    """The library's reports, as the shell lists them."""
    return doors.shell("--reports").stdout.split()


# --- help and completion ---


def test_help_is_the_librarys():
    text = doors.gdb("help mpheap").stdout
    help_text = doors.shell("--help").stdout
    about, rest = re.split(r"^ Reports:\n(?:  .+\n)+\n", help_text, flags=re.M)
    for part in (about, rest):
        assert "\n".join(line.rstrip() for line in part.splitlines()).rstrip() in text
    assert all(f"\nmpheap {name} -- " in text for name in report_names())
    assert doors.gdb("mpheap --help").stdout == doors.shell("--help").stdout
    assert doors.gdb("mpheap help map").stdout == doors.shell("help", "map").stdout


def test_a_report_has_a_help_of_its_own():
    text = doors.gdb("help mpheap map").stdout
    help_lines = [line.rstrip() for line in doors.shell("map", "--help").stdout.splitlines()]
    assert "\n".join(help_lines).rstrip() in text


def test_reports_are_completed():
    names = sorted([*report_names(), "catch", "profile"])
    assert complete("mpheap ") == [f"mpheap {name}" for name in names]
    assert complete("mpheap ma") == ["mpheap map"]
    assert complete("mpheap nosuch") == []


def test_options_are_completed_from_the_reports_help():
    offered = {line.split()[-1] for line in complete("mpheap map --")}
    known = set(re.findall(r"^ .{5}(--[a-z-]+)", doors.shell("map", "--help").stdout, re.M))
    assert "--legend" in known
    assert offered == known
    assert complete("mpheap info --leg") == []
    assert complete("mpheap map --leg") == ["mpheap map --legend"]


@pytest.mark.parametrize("before", ["--format=", "--quiet --format "])
def test_values_are_completed(before):
    assert complete(f"mpheap map {before}") == [
        f"mpheap map {before}dot",
        f"mpheap map {before}json",
        f"mpheap map {before}text",
    ]


@pytest.mark.parametrize("before", ["map --elf=", "map --core ", "snapshot "])
def test_files_are_completed(tmp_path, before):
    (tmp_path / "board-one.elf").touch()
    (tmp_path / "board-two").mkdir()
    assert complete(f"mpheap {before}{tmp_path}/board-") == [
        f"mpheap {before}{tmp_path}/board-one.elf",
        f"mpheap {before}{tmp_path}/board-two/",
    ]


# --- errors ---


@pytest.mark.parametrize(
    "words",
    [
        "",
        "nosuch",
        "map",
        "map --nosuch",
        "map --format yaml",
        "map --core /nonexistent",
        "map --gdb :1 --openocd :1",
        "map --gdb :1",
    ],
)
def test_an_error_is_the_shells_line_and_ends_the_script(words):
    shell = doors.shell(*words.split())
    result = doors.gdb(f"mpheap {words}", "echo not reached")
    assert result.stderr.splitlines()[1:] == shell.stderr.splitlines()
    assert (result.stdout, result.exit) == (shell.stdout, 1)


def test_the_exit_status_is_a_convenience_variable():
    result = doors.gdb(
        "mpheap --version",
        "print $_mpheap_status",
        "python\ntry:\n    gdb.execute('mpheap nosuch')\nexcept gdb.error:\n    pass\nend",
        "print $_mpheap_status",
    )
    assert result.stdout.splitlines()[1:] == ["$1 = 0", "$2 = 2"]


def test_the_error_document_is_the_shells(tmp_path):
    words = ["map", "--format", "json", "--core", str(tmp_path / "nosuch")]
    assert doors.gdb("mpheap " + " ".join(words)).stdout == doors.shell(*words).stdout


def test_words_are_quoted_and_home_is_found(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert f"({tmp_path}/no such)" in doors.gdb("mpheap map --core '~/no such'").stderr


# --- the link ---


def test_the_link_is_shown_and_checked():
    result = doors.gdb("show mpheap link", "set mpheap link openocd  :7", "show mpheap link")
    kinds = [line.rpartition(": ")[2] for line in result.stdout.splitlines()]
    assert kinds == ["gdb.", "openocd :7."]


@pytest.mark.parametrize("value", ["", "gdb :1", "telnet", "openocd :1 :2"])
def test_a_wrong_link_is_refused(value):
    with doors.gdb_by_hand() as gdb:
        gdb.sendline(f"set mpheap link {value}")
        gdb.expect_exact("mpheap: usage: set mpheap link gdb|openocd [[HOST:]PORT]")
        gdb.expect(PROMPT)
        gdb.sendline("show mpheap link")
        gdb.expect_exact("from: gdb.")


# --- finding the library ---

FAKE = """\
#include <stddef.h>
void *mpheap_open(const void *o) { (void)o; return NULL; }
void mpheap_close(void *h) { (void)h; }
int mpheap_run(void) { return 0; }
int mpheap_ask(void) { return 0; }
void mpheap_forget(void *h) { (void)h; }
const char *mpheap_error(void) { return ""; }
const char *mpheap_version(void) { return VERSION; }
const char *mpheap_report_name(size_t i) { (void)i; return NULL; }
const char *mpheap_report_summary(size_t i) { (void)i; return NULL; }
"""


def fake_library(folder: Path, version: str) -> Path:
    """A library with the right names and any version."""
    source, library = folder / "fake.c", folder / "fake.so"
    source.write_text(FAKE)
    subprocess.run(
        ["gcc", "-shared", "-fPIC", f'-DVERSION="{version}"', "-o", library, source], check=True
    )
    return library


def error_of(library: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The lines that `mpheap map` prints with that library."""
    monkeypatch.setenv("MPHEAP_LIBRARY", str(library))
    result = doors.gdb("mpheap map")
    assert (result.stdout, result.exit) == ("", 1)
    return result.stderr.splitlines()[1:]


def test_a_missing_library_is_one_line(tmp_path, monkeypatch):
    lines = error_of(tmp_path / "nosuch.so", monkeypatch)
    assert len(lines) == 1
    assert lines[0].startswith(f"mpheap: library: {tmp_path}/nosuch.so: ")


def test_a_library_of_another_version_is_one_line(tmp_path, monkeypatch):
    library = fake_library(tmp_path, "9.1.0")
    line = f"mpheap: library: version 9.1.0, not 0.x ({library})"
    assert error_of(library, monkeypatch) == [line]


def test_another_library_is_one_line(tmp_path, monkeypatch):
    source, library = tmp_path / "other.c", tmp_path / "other.so"
    source.write_text("int other;\n")
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", library, source], check=True)
    lines = error_of(library, monkeypatch)
    assert lines == [f"mpheap: library: {library}: undefined symbol: mpheap_open"]


def test_an_installed_tree_finds_its_own_library(tmp_path, monkeypatch):
    monkeypatch.delenv("MPHEAP_LIBRARY")
    share, lib = tmp_path / "share" / "mpheap", tmp_path / "lib"
    shutil.copytree(doors.ROOT / "gdb", share / "gdb")
    lib.mkdir()
    shutil.copy(doors.LIBRARY, lib / "libmpheap.so.0")
    result = run_gdb(
        [
            f"source {share / 'gdb' / 'mpheap.py'}",
            "mpheap --version",
            "python import mpheap_gdb.abi",
            "python print(mpheap_gdb.abi.load()._c._name)",
        ]
    )
    assert result.stdout.splitlines() == [
        doors.shell("--version").stdout.strip(),
        str(lib / "libmpheap.so.0"),
    ]


def test_sourcing_twice_is_harmless():
    again = doors.gdb(f"source {doors.SCRIPT}", "mpheap --version")
    assert (again.stdout, again.stderr) == (doors.shell("--version").stdout, "")
