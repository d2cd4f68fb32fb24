# SPDX-License-Identifier: MIT
"""What the command says of itself, and that the documents say the same."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

import mpheap

TOP = Path(__file__).resolve().parents[2]
MAN_PAGE = TOP / "docs" / "mpheap.1"


def header_version() -> str:
    text = (TOP / "src" / "base" / "version.h").read_text()
    return re.search(r'#define MPHEAP_VERSION "(.+)"', text)[1]


def help_text(*words: str) -> str:
    result = mpheap.run(*words)
    assert (result.status, result.stderr) == (0, ""), result
    return result.stdout


def reports() -> list[str]:
    return help_text("--reports").split()


def long_options(text: str) -> set[str]:
    return set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", text))


# --- the command ---


def test_without_words_it_says_how() -> None:
    result = mpheap.run()
    assert (result.status, result.stdout) == (2, "")
    assert result.error == "usage: which report? (mpheap --help)"


@pytest.mark.parametrize("words", [("nothing",), ("help", "nothing"), ("nothing", "--help")])
def test_an_unknown_report_is_named(words: tuple[str, ...]) -> None:
    result = mpheap.run(*words)
    assert (result.status, result.stdout) == (2, "")
    assert result.error == "usage: no report is called nothing (mpheap --help)"


def test_help_lists_every_report_and_exit_status() -> None:
    text = help_text("--help")
    assert help_text("help") == help_text("-h") == help_text("-?") == text
    listed = text.split("\n Reports:\n")[1].split("\n\n")[0]
    assert re.findall(r"^  (\S+)", listed, re.M) == reports()
    statuses = re.sub(r"\s+", " ", text.split("Exit status:")[1])
    assert re.findall(r"(\d) [a-z]", statuses) == list("012345")


@pytest.mark.parametrize("report", reports())
def test_help_of_a_report_in_every_spelling(report: str) -> None:
    text = help_text(report, "--help")
    assert text.startswith(f"Usage: mpheap {report} ")
    assert help_text("help", report) == help_text("--help", report) == text
    assert help_text(report, "--openocd", ":1", "--help") == text
    assert long_options(help_text("--help")) <= long_options(text)


@pytest.mark.parametrize("report", reports())
def test_help_fits_a_terminal(report: str) -> None:
    assert max(map(len, help_text(report, "--help").splitlines())) <= 80


def test_version_is_the_header_s() -> None:
    assert help_text("--version") == f"mpheap {header_version()}\n"


# --- exit statuses; 0 and 4 of real heaps are in the tests of reports ---


@pytest.mark.parametrize(
    "words, wanted",
    [
        ((), "which target?"),
        (("--format=xml",), "--format wants text, json or dot"),
        (("--color=red",), "--color wants auto, always or never"),
        (("--image=file",), "--image wants FILE@ADDR"),
        (("--ram=0x20000000",), "--ram wants ADDR+SIZE"),
        (("--reg=sp",), "--reg wants NAME=VALUE"),
        (("--timeout=soon",), "--timeout wants seconds"),
        (("--tries=0",), "--tries wants 2 to 1000"),
        (("--openocd", "--gdb=:1"), "--openocd and --gdb exclude each other"),
        (("--target=mp.cm", "--gdb=:1"), "--target goes with --openocd"),
    ],
)
def test_wrong_usage_is_2_and_says_what_is_wanted(words: tuple[str, ...], wanted: str) -> None:
    result = mpheap.run("map", *words)
    assert (result.status, result.stdout) == (2, "")
    assert wanted in result.error


def test_a_file_that_is_not_there_is_3() -> None:
    result = mpheap.run("map", "--core=no-such-file")
    assert (result.status, result.stdout) == (3, "")
    assert result.error == "file: No such file or directory (no-such-file)"


def test_memory_without_a_heap_is_4(tmp_path: Path) -> None:
    (tmp_path / "zeros").write_bytes(bytes(65536))
    result = mpheap.run("map", f"--image={tmp_path}/zeros@0x20000000")
    assert (result.status, result.stdout) == (4, "")
    assert result.error == "heap: no MicroPython heap found"


# --- the man page ---


def man_text() -> str:
    """The man page's source, with nothing but words and the macros' dots."""
    return MAN_PAGE.read_text().replace("\\-", "-").replace('"', "")


def man_section(title: str) -> str:
    return re.search(rf"^\.SH {title}\n(.*?)(?=^\.SH )", man_text(), re.M | re.S)[1]


def test_man_page_has_every_report_and_no_other() -> None:
    # A report's heading is the one line behind a .TP.
    found = re.findall(r"^\.TP\n\.BI? (\w+)", man_section("REPORTS"), re.M)
    assert found == reports()


def test_man_page_has_every_option_and_no_other() -> None:
    told = set().union(*(long_options(help_text(report, "--help")) for report in reports()))
    headings = "\n".join(re.findall(r"^\.TP\n(.*)", man_section("OPTIONS"), re.M))
    headings = re.sub(r"\\f.", "", headings)
    assert long_options(headings) == told
    of_reports = man_text().replace(man_section("COMMANDS IN GDB"), "")
    assert long_options(re.sub(r"\\f.", "", of_reports)) == told


def test_man_page_has_every_exit_status() -> None:
    assert re.findall(r"^\.B (\d)", man_section("EXIT STATUS"), re.M) == list("012345")


def test_man_page_is_of_this_version() -> None:
    assert "\n.TH MPHEAP 1 " in man_text()
    assert f" mpheap {header_version()} " in man_text()


def test_man_page_names_the_environment_that_is_read() -> None:
    sources = [*TOP.glob("src/*/*.c"), *TOP.glob("gdb/**/*.py"), *TOP.glob("openocd/*.tcl")]
    pattern = r'(?:getenv\(|environ\.get\(|mpheap_env )"?([A-Z_]+)'
    read = {name for file in sources for name in re.findall(pattern, file.read_text())}
    listed = re.findall(r"^\.B ([A-Z_]+)$", man_section("ENVIRONMENT"), re.M)
    assert set(listed) == read
    assert "NO_COLOR" in read


@pytest.mark.parametrize(
    "command",
    [["groff", "-man", "-Tutf8", "-ww", "-P-c", "-P-b", "-P-u"], ["man", "-l", "--warnings"]],
)
def test_man_page_is_formatted_without_a_warning(command: list[str]) -> None:
    done = subprocess.run(
        [*command, str(MAN_PAGE)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "SYNOPSIS" in done.stdout


# --- other documents ---


def test_commands_document_is_up_to_date() -> None:
    """When it is not: docs/commands.sh build/mpheap >docs/commands.md"""
    done = subprocess.run(
        [TOP / "docs" / "commands.sh", mpheap.command_path()],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout == (TOP / "docs" / "commands.md").read_text()
