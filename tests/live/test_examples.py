# SPDX-License-Identifier: MIT
"""The examples run, and their transcripts are what they print. (The demo has a test of its own.)"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import mpheap

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
POSTMORTEM = EXAMPLES / "postmortem"
HUNG_BOARD = EXAMPLES / "hung-board"
LEAKING_LIST = EXAMPLES / "leaking-list"
HTML_REPORT = EXAMPLES / "html-report"
WATCHING = EXAMPLES / "watching"


def run(script: Path, env: Mapping[str, str] | None = None,
        words: Sequence[str | Path] = ()) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [script, *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, **(env or {})},
    )


def without_addresses(text: str) -> str:
    """Without addresses and sizes that another compiler would choose."""
    text = re.sub(r"0x[0-9a-f]+ *", "ADDRESS ", text)
    return re.sub(r"from [0-9a-f]+:|stack: \d+", "", text)


def test_post_mortem_prints_its_transcript() -> None:
    done = run(POSTMORTEM / "postmortem.sh")
    assert (done.returncode, done.stderr) == (0, "")
    printed = (POSTMORTEM / "README.md").read_text().split("## What it printed\n\n```\n")[1]
    transcript = printed.split("```")[0]
    assert without_addresses(done.stdout) == without_addresses(transcript)
    assert "The maps of 1, 2 and 3 are the one that the board printed" in done.stdout
    assert "The objects are the same in all three" in done.stdout


# What differs between two runs on a hung board
DIFFERENCES = (
    (r":\d{4,5}\b", ":PORT"),
    (r"mpheap-\d{8}-\d{6}-", "mpheap-WHEN-"),
    (r"took \d+\.\d s", "took N s"),
    # A halt may meet the clock's interrupt, which has a stack and a program counter of its own.
    (r"^( +fact +the processor ).*\n(?: {15}.*\n)+", r"\1...\n"),
    (r"^( +fact +the stack is )\d+( bytes deep\n +sp +)\w+", r"\1N\2ADDRESS"),
    (r"in C: 0x\w+", "in C: ADDRESS"),
    (r"all its \d+ bytes", "all its N bytes"),
)


def without_differences(text: str) -> str:
    for pattern, instead in DIFFERENCES:
        text = re.sub(pattern, instead, text, flags=re.M)
    return text


def test_a_hung_board_prints_its_transcript() -> None:
    done = run(HUNG_BOARD / "hung_board.py")
    assert (done.returncode, done.stderr) == (0, "")
    transcript = (HUNG_BOARD / "transcript.txt").read_text()
    assert without_differences(done.stdout) == without_differences(transcript)
    assert not re.search(r"/(tmp|home|root|work)/", transcript)


def test_a_claim_about_a_hung_board_that_does_not_hold(tmp_path: Path) -> None:
    """It ends with one line, as it would if mpheap said where Python does not stand."""
    build = mpheap.command_path().resolve().parent
    for name in ("tests", "libmpheap.so"):
        (tmp_path / name).symlink_to(build / name)
    wrong = tmp_path / "mpheap"
    wrong.write_text(
        f"#!/bin/bash\nset -o pipefail\n{build}/mpheap \"$@\" | sed 's/in record/in measure/'\n")
    wrong.chmod(0o755)
    done = run(HUNG_BOARD / "hung_board.py", {"MPHEAP_BUILD": str(tmp_path)})
    assert done.returncode == 1
    assert re.fullmatch(r"\nhung-board: nothing that is shown matches '.* in record.*'\n",
                        done.stderr)


def test_a_leaking_list_prints_its_transcript() -> None:
    done = run(LEAKING_LIST / "leaking_list.py")
    assert (done.returncode, done.stderr) == (0, "")
    transcript = (LEAKING_LIST / "transcript.txt").read_text()
    assert without_differences(done.stdout) == without_differences(transcript)
    assert not re.search(r"/(tmp|home|root|work)/", transcript)


def test_an_html_report_prints_its_transcript(tmp_path: Path) -> None:
    done = run(HTML_REPORT / "html_report.py", words=("--keep", tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    transcript = (HTML_REPORT / "transcript.txt").read_text()
    assert without_differences(done.stdout) == without_differences(transcript)
    assert not re.search(r"/(tmp|home|root|work)/", transcript)
    png = b"\x89PNG\r\n\x1a\n"
    assert (tmp_path / "page.png").read_bytes()[:8] == png
    assert (HTML_REPORT / "page.png").read_bytes()[:8] == png
    assert (tmp_path / "hung.html").stat().st_size < 400_000


def test_watching_prints_its_transcript() -> None:
    """But for numbers: when the board's program does what is its own."""
    done = run(WATCHING / "watching.py")
    assert (done.returncode, done.stderr) == (0, "")

    def without_numbers(text: str) -> str:
        return re.sub(r"\d+(\.\d+)?(e-\d+)?", "N", text)

    transcript = (WATCHING / "transcript.txt").read_text()
    assert without_numbers(done.stdout) == without_numbers(transcript)
