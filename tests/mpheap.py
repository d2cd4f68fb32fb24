# SPDX-License-Identifier: MIT
"""The shell command as tests start it.

    from mpheap import run
    result = run("map", "--image", f"{file}@0x20000000")
    result.status, result.stdout, result.stderr

The command is $MPHEAP_BUILD/mpheap, or build/mpheap in the top folder. Output is decoded with
surrogate escapes, so that bytes that are not UTF-8 survive and can be tested for.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TIMEOUT_S = 60
NOTE = "mpheap: note: "


def command_path() -> Path:
    """The command under test."""
    default = Path(__file__).resolve().parents[1] / "build"
    return Path(os.environ.get("MPHEAP_BUILD", default)) / "mpheap"


def asan_folder() -> Path | None:
    """Where all is built with the sanitizers: $MPHEAP_ASAN, or build-asan/ if it is there."""
    top = Path(__file__).resolve().parents[1]
    folder = top / os.environ.get("MPHEAP_ASAN", "build-asan")
    return folder if "MPHEAP_ASAN" in os.environ or (folder / "mpheap").exists() else None


@dataclass(frozen=True)
class Result:
    """How one run of the command ended, and what it said."""

    status: int  # negative for the signal that ended it
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        """The one JSON document on stdout."""
        return json.loads(self.stdout)

    @property
    def notes(self) -> list[str]:
        """The notes on stderr, without what each begins with."""
        lines = self.stderr.splitlines()
        return [line.removeprefix(NOTE) for line in lines if line.startswith(NOTE)]

    @property
    def error(self) -> str:
        """The error: all of stderr but notes, which must be one line that names the command."""
        said = self.stderr.splitlines(keepends=True)
        lines = [line for line in said if not line.startswith(NOTE)]
        assert len(lines) == 1 and lines[0].startswith("mpheap: ") and lines[0][-1] == "\n", self
        return lines[0].removeprefix("mpheap: ").rstrip("\n")


def _limit_memory(limit: int | None) -> Callable[[], None] | None:
    if limit is None:
        return None
    return lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def run(
    *words: str | bytes | Path,
    timeout: float = TIMEOUT_S,
    path: Path | None = None,
    memory_limit: int | None = None,
    env: dict[str, str] | None = None,
) -> Result:
    """Run the command with these words. Raises subprocess.TimeoutExpired when it hangs.

    `memory_limit` bounds its address space, in bytes; `env` adds to the environment.
    """
    done = subprocess.run(
        [path or command_path(), *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=timeout,
        check=False,
        env={**os.environ, **(env or {})},
        preexec_fn=_limit_memory(memory_limit),
    )
    stdout, stderr = (
        stream.decode("utf-8", "surrogateescape") for stream in (done.stdout, done.stderr)
    )
    return Result(done.returncode, stdout, stderr)


def board_map(*words: str | bytes | Path, **options: Any) -> str:
    """What `map` prints; it must succeed, and have nothing to note."""
    result = run("map", *words, **options)
    assert (result.status, result.stderr) == (0, ""), result
    return result.stdout


def info(*words: str | bytes | Path, **options: Any) -> dict[str, Any]:
    """The JSON document of `info`, which must succeed."""
    result = run("info", "--format", "json", *words, **options)
    assert (result.status, result.stderr) == (0, ""), result
    return result.json
