# SPDX-License-Identifier: MIT
"""The demo: what it claims, what it leaves behind, and whether its transcript is still true."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import pexpect
import pytest

import mpheap
from rig.process import wait_until

FOLDER = Path(__file__).resolve().parents[2] / "examples" / "microbit"
DEMO = [sys.executable, str(FOLDER / "demo.py")]
MAP = re.compile(r"^    GC memory layout; from .*(?:\n    (?:[0-9a-f]+:|  ).*)+", re.M)
MARK = "DEMO_UNDER_TEST"


def descendants(mark: str) -> list[str]:
    """Command lines of all processes that have `mark` in their environment."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if f"{MARK}={mark}".encode() in (folder / "environ").read_bytes():
                found.append((folder / "cmdline").read_bytes().decode().replace("\0", " "))
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
    return found


def shape(text: str) -> list[str]:
    """The headings and the lines that are typed at a prompt, without the ports."""
    lines = [line for line in text.splitlines() if re.match(r"\w|    (\$|>|>>>|\(gdb\)) ", line)]
    return [re.sub(r"\d{4,5}$|\d\.\d s", "N", line) for line in lines]


@pytest.fixture(name="demo", scope="module")
def demo_fixture() -> subprocess.CompletedProcess[str]:
    env = {**os.environ, MARK: "whole"}
    return subprocess.run(DEMO, capture_output=True, text=True, timeout=60, check=False, env=env)


def heads(block_map: str) -> str:
    """A map in which every head has the same letter."""
    rows = (line.rpartition(": ")[2] for line in block_map.splitlines()[1:])
    return re.sub(r"[^.=]", "h", "".join(row for row in rows if "lines all free" not in row))


def test_it_succeeds_and_says_what_it_shows(demo) -> None:
    assert (demo.returncode, demo.stderr) == (0, "")
    assert "ok  the shell, GDB and OpenOCD show the same " in demo.stdout
    assert "ok  They are what the board printed" in demo.stdout
    assert "and none written." in demo.stdout
    assert "\033" not in demo.stdout


def test_the_board_and_three_views_show_one_map(demo) -> None:
    *plain, rich = MAP.findall(demo.stdout)
    assert len(plain) == 4
    assert len(set(plain)) == 1
    assert heads(rich) == heads(plain[0])  # other letters, the same blocks


def drawn(picture: Path) -> Counter[tuple[str, str]]:
    """The shapes and their colours; letters and other text depend on the fonts of a machine."""
    root = ElementTree.parse(picture).getroot()
    paths = root.iter("{http://www.w3.org/2000/svg}path")
    return Counter((path.get("style"), path.get("d")) for path in paths
                   if "fill:rgb" in path.get("style"))


def test_the_picture_in_the_readme_is_of_this_demo(demo) -> None:
    """When it is not: make docs"""
    shown = drawn(FOLDER.parents[1] / "docs" / "map.svg")
    assert shown.total() > 20
    assert shown == drawn(mpheap.command_path().parent / "microbit.svg")


def test_nothing_is_left(demo) -> None:
    assert descendants("whole") == []


def test_the_transcript_is_of_this_demo(demo) -> None:
    transcript = (FOLDER / "transcript.txt").read_text()
    assert shape(transcript.removeprefix("$ make demo\n")) == shape(demo.stdout)
    assert len(set(MAP.findall(transcript)[:4])) == 1
    assert not re.search(r"/(tmp|home|root|work)/", transcript)


def test_nothing_is_left_when_it_is_ended_in_the_middle() -> None:
    env = {**os.environ, MARK: "ended"}
    with subprocess.Popen(DEMO, stdout=subprocess.PIPE, text=True, env=env) as process:
        assert process.stdout
        for line in process.stdout:
            if line.startswith("The heap from the shell"):
                break
        assert len(descendants("ended")) > 3  # itself, QEMU, the debug port, OpenOCD
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 1
    wait_until(lambda: not descendants("ended"), 5, "the end of all that the demo started")


def test_a_difference_is_a_failure(tmp_path: Path) -> None:
    build = tmp_path / "build"
    build.mkdir()
    for name in ("tests", "libmpheap.so"):
        (build / name).symlink_to(mpheap.command_path().parent / name)
    wrong = build / "mpheap"
    command = f'{mpheap.command_path()} "$@"'  # wrong in the shell; OpenOCD talks to what it starts
    wrong.write_text("#!/bin/sh\n"
                     f"[ $2 = --openocd ] || exec {command}\n"
                     f"{command} | sed 's/h=/T=/'\n")
    wrong.chmod(0o755)
    env = {**os.environ, "MPHEAP_BUILD": str(build)}
    done = subprocess.run(DEMO, capture_output=True, text=True, timeout=60, check=False, env=env)
    assert done.returncode == 1
    assert re.fullmatch(r"\ndemo: the shell: line \d is '.*', but the board printed '.*'\n",
                        done.stderr)


def test_what_is_not_built_is_said(tmp_path: Path) -> None:
    env = {**os.environ, "MPHEAP_BUILD": str(tmp_path)}
    done = subprocess.run(DEMO, capture_output=True, text=True, timeout=60, check=False, env=env)
    assert done.returncode == 1
    assert re.fullmatch(r"\ndemo: .*mpheap is not built \(make demo\)\n", done.stderr)


def test_a_terminal_gets_colours() -> None:
    env = {**os.environ, "NO_COLOR": "", "TERM": "xterm"}
    shown = pexpect.run(" ".join(DEMO), timeout=60, env=env).decode()
    assert "\033[1mThe heap from GDB\033[0m" in shown
    plain = pexpect.run(" ".join(DEMO), timeout=60, env={**env, "NO_COLOR": "1"}).decode()
    assert "\033" not in plain
