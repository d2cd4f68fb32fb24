# SPDX-License-Identifier: MIT
"""The post mortem example runs, and its transcript is what it prints."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "examples" / "postmortem"


def comparable(text: str) -> str:
    """Without addresses and sizes that another compiler would choose."""
    text = re.sub(r"0x[0-9a-f]+ *", "ADDRESS ", text)
    return re.sub(r"from [0-9a-f]+:|stack: \d+", "", text)


def test_post_mortem_prints_its_transcript() -> None:
    done = subprocess.run(
        [FOLDER / "postmortem.sh"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    printed = (FOLDER / "README.md").read_text().split("## What it printed\n\n```\n")[1]
    transcript = printed.split("```")[0]
    assert comparable(done.stdout) == comparable(transcript)
    assert "The maps of 1, 2 and 3 are the one that the board printed" in done.stdout
    assert "The objects are the same in all three" in done.stdout
