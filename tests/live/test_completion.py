# SPDX-License-Identifier: MIT
"""Completion in a real bash: by calling what it registers, and by pressing TAB."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pexpect
import pytest

import mpheap
from rig.terminal import Terminal

SCRIPT = Path(__file__).resolve().parents[2] / "completions" / "mpheap.bash"
DRIVER = """\
source {script}
function=$(complete -p mpheap | sed -E 's/.*-F ([^ ]+).*/\\1/')
COMP_WORDS=({words})
COMP_CWORD={last}
$function mpheap
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


def environment() -> dict[str, str]:
    """With the command under test in front of all others."""
    return {**os.environ, "PATH": f"{mpheap.command_path().resolve().parent}:{os.environ['PATH']}"}


def complete(folder: Path, *words: str) -> list[str]:
    """What bash offers at the end of these words; the last may be empty."""
    driver = DRIVER.format(
        script=shlex.quote(str(SCRIPT)),
        words=" ".join(map(shlex.quote, words)),
        last=len(words) - 1,
    )
    done = subprocess.run(
        ["bash", "--norc", "--noprofile", "-c", driver],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return sorted(done.stdout.split("\n")[:-1]) if done.stdout.strip() else []


@pytest.fixture(name="folder")
def folder_fixture(tmp_path: Path) -> Path:
    """A folder with files to choose from."""
    for name in ("ram.bin", "ram copy.bin", "firmware.elf"):
        (tmp_path / name).touch()
    return tmp_path


def reports() -> list[str]:
    return mpheap.run("--reports").stdout.split()


def options(report: str) -> list[str]:
    return sorted(set(re.findall(r"\[(--[a-z-]+)", mpheap.run(report, "--help").stdout)))


def test_every_report_is_offered(folder: Path) -> None:
    assert complete(folder, "mpheap", "") == sorted(reports())
    assert complete(folder, "mpheap", "help", "") == sorted(reports())
    assert complete(folder, "mpheap", "ma") == ["map"]
    assert complete(folder, "mpheap", "no-such") == []


def test_options_before_a_report(folder: Path) -> None:
    assert complete(folder, "mpheap", "--") == ["--help", "--version"]


@pytest.mark.parametrize("report", reports())
def test_every_option_of_a_report_is_offered(folder: Path, report: str) -> None:
    assert "--openocd" in options(report)
    assert complete(folder, "mpheap", report, "--") == options(report)
    assert complete(folder, "mpheap", report, "--openocd", "--ti") == ["--timeout"]


def test_a_report_that_does_not_exist_has_no_options(folder: Path) -> None:
    assert complete(folder, "mpheap", "no-such", "--") == []


FILE_OPTIONS = ["--elf", "--core", "--hex", "--image", "--output"]


@pytest.mark.parametrize("words", [(option, "=") for option in FILE_OPTIONS]
                         + [(option,) for option in [*FILE_OPTIONS, "-o"]])
def test_files_after_options_that_take_one(folder: Path, words: Sequence[str]) -> None:
    line = ("mpheap", "map", *words)
    assert complete(folder, *line, "ra") == ["ram copy.bin", "ram.bin"]
    assert complete(folder, *line, "") == ["firmware.elf", "ram copy.bin", "ram.bin"]


@pytest.mark.parametrize("words", [("--color", "="), ("--color",)])
def test_values_of_a_choice(folder: Path, words: Sequence[str]) -> None:
    line = ("mpheap", "map", *words)
    assert complete(folder, *line, "") == ["always", "auto", "never"]
    assert complete(folder, *line, "a") == ["always", "auto"]
    assert complete(folder, "mpheap", "info", "--format", "=") == ["dot", "json", "text"]


def test_nothing_where_only_the_user_knows(folder: Path) -> None:
    assert complete(folder, "mpheap", "map", "--timeout", "=", "") == []
    assert complete(folder, "mpheap", "map", "--reg", "") == []
    assert complete(folder, "mpheap", "map", "--gdb", "=", "f") == []


def test_arguments_of_a_report(folder: Path) -> None:
    assert complete(folder, "mpheap", "snapshot", "fi") == ["firmware.elf"]
    assert complete(folder, "mpheap", "report", "fi") == ["firmware.elf"]
    assert complete(folder, "mpheap", "map", "fi") == []


@pytest.fixture(name="shell")
def shell_fixture(folder: Path) -> Iterator[pexpect.spawn]:
    """A bash on a terminal that has sourced the script and nothing else."""
    child = Terminal(
        "setpriv",
        ["--pdeathsig", "KILL", "--", "bash", "--norc", "--noprofile"],
        cwd=str(folder),
        env={**environment(), "TERM": "dumb", "PS1": "> ", "INPUTRC": "/dev/null"},
        encoding="utf-8",
        timeout=20,
        dimensions=(24, 200),
    )
    child.expect("> ")
    child.sendline(f"source {shlex.quote(str(SCRIPT))}; echo ready")
    child.expect("ready\r\n")
    child.expect("> ")
    yield child
    child.close()


def test_tab_completes_the_line(shell: pexpect.spawn) -> None:
    shell.send("mpheap snap\t")
    shell.expect_exact("mpheap snapshot ")
    shell.send("--elf=firm\t")
    shell.expect_exact("--elf=firmware.elf ")
    shell.send("--format=j\t")
    shell.expect_exact("--format=json ")
    shell.send("--image=ram\\ c\t")
    shell.expect_exact("--image=ram\\ copy.bin ")
