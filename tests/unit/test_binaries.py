# SPDX-License-Identifier: MIT
"""Each cmocka program as one test, and once more as built with the sanitizers where that is so.

`make tests` builds them; they lie in tests/unit/ of $MPHEAP_BUILD (or build/) and of $MPHEAP_ASAN.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from mpheap import asan_folder, command_path

HERE = Path(__file__).resolve().parent
NAMES = sorted(path.stem for path in HERE.glob("test_*.c"))
FOLDERS = {"plain": command_path().parent, "asan": asan_folder()}
TIMEOUT_S = 60


@pytest.mark.parametrize("kind", [kind for kind, folder in FOLDERS.items() if folder])
@pytest.mark.parametrize("name", NAMES)
def test_unit(name: str, kind: str) -> None:
    program = FOLDERS[kind] / "tests" / "unit" / name
    if not os.access(program, os.X_OK):
        pytest.fail(f"{program} is not built: run 'make tests'", pytrace=False)
    done = subprocess.run(
        [program], capture_output=True, text=True, errors="replace", timeout=TIMEOUT_S, check=False
    )
    if done.returncode:
        pytest.fail(f"{name} ended with {done.returncode}\n{done.stdout}{done.stderr}",
                    pytrace=False)


def test_there_are_unit_tests() -> None:
    assert len(NAMES) >= 10
