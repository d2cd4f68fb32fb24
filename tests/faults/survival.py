# SPDX-License-Identifier: MIT
"""What every run on damaged memory must keep, and the build that notices when it does not."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import mpheap

STATUSES = (0, 1, 3, 4)
TIMEOUT_S = 20
MEMORY_LIMIT = 256 << 20
LEAKS = Path(__file__).with_name("leaks.supp")
FOLDER = mpheap.command_path().parent / "tests" / "survival"  # of files that reports write
FOLDER.mkdir(exist_ok=True)
COMMANDS = (
    ["info", "--verbose"], ["map"], ["map", "--rich"], ["types"], ["objects", "--all"],
    ["objects", "--sort", "size"], ["qstr"], ["qstr", "--strings"],
    ["bt", "--locals"], ["bt", "--threads"], ["tasks", "--all"], ["fault"], ["diagnose"],
    ["garbage", "--all"], ["retained", "--top=200", "--depth=9"],
    ["fit", "64", "--after-collect"], ["fit", "1G"], ["fit", "64", "--between"],
    ["check", "--all"],
    ["bounds", "--probe-ram"], ["report", f"{FOLDER}/page.html"],
    ["map", "--rich", f"--svg={FOLDER}/map.svg"],
    ["watch", "--alarm=64"],
)
FORMATS: tuple[list[str], ...] = ([], ["--format", "json"])


def guarded() -> dict[str, Any]:
    """Arguments of mpheap.run: the build with the sanitizers where there is one, and a bound
    on its memory."""
    folder = mpheap.asan_folder()
    if folder is None:
        return {"memory_limit": MEMORY_LIMIT, "timeout": TIMEOUT_S}
    limits = f"hard_rss_limit_mb={MEMORY_LIMIT >> 20}:allocator_may_return_null=1"
    return {
        "path": folder / "mpheap",
        "env": {"ASAN_OPTIONS": limits, "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
                "LSAN_OPTIONS": f"suppressions={LEAKS}:print_suppressions=0"},
        "timeout": TIMEOUT_S,
    }


def commands_about(addresses: Sequence[int]) -> list[list[str]]:
    """All reports, those about one address with each of these."""
    reports = ("show", "whatis", "disasm", "why", "refs", "retained")
    about = [[report, hex(address)] for address in addresses for report in reports]
    return [*COMMANDS, *about]


def documents(text: str) -> list[Any]:
    """JSON documents behind each other."""
    decoder, found, at = json.JSONDecoder(), [], 0
    while at < len(text):
        document, at = decoder.raw_decode(text, at)
        found.append(document)
        while at < len(text) and text[at] == "\n":
            at += 1
    return found


def assert_sound(result: mpheap.Result, words: Sequence[Any]) -> None:
    """It ended as it should, said in one line why it failed, and wrote nothing that a terminal
    obeys or a program cannot read."""
    case = (words, result.status, result.stderr[-2000:])
    assert result.status in STATUSES, case
    if result.status > 1:
        assert result.error, case
    assert result.stderr.count("\n") == result.stderr.count("mpheap: "), case
    said = result.stdout + result.stderr
    assert not any((ord(c) < 0x20 and c != "\n") or c == "\x7f" for c in said), case
    if "json" in words and result.status <= 1:
        assert documents(result.stdout), case
        if words[0] == "objects":
            assert all(line[0] == "{" and line[-1] == "}" for line in result.stdout.splitlines())


def run_sound(*words: str | Path, **instead: Any) -> mpheap.Result:
    """Run the command guarded; whatever it says, it must be sound."""
    result = mpheap.run(*words, **{**guarded(), **instead})
    assert_sound(result, words)
    return result
