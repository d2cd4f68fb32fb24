# SPDX-License-Identifier: MIT
"""The documents: what they link to exists, what they tell to type is understood, what they show was
printed, and the numbers they give are those of the tests."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from captures import VERSIONS
from fixture import run as fixture_run

import mpheap

TOP = Path(__file__).resolve().parents[2]
README = TOP / "README.md"
OPENOCD_SCRIPTS = Path("/usr/share/openocd/scripts")
DOCUMENTS = sorted(
    path
    for path in [README, *TOP.glob("docs/*.md"), *TOP.glob("examples/**/*.md")]
    + [TOP / "tests" / "fixture" / "README.md"]
)
COMMAND = mpheap.command_path().resolve()  # tests change folder
# Debug servers that are no packages of Debian's
FOREIGN = {"pyocd", "JLinkGDBServer"}


def name(path: Path) -> str:
    return str(path.relative_to(TOP))


def blocks(path: Path, kind: str) -> list[str]:
    """Fenced blocks of one kind."""
    text = path.read_text()
    return re.findall(rf"^```{kind}\n(.*?)^```$", text, re.M | re.S)


def command_lines() -> list[tuple[str, str]]:
    """Every line of every block that a reader is told to type, and where it stands."""
    return [
        (name(path), line)
        for path in DOCUMENTS
        for block in blocks(path, "sh")
        for line in block.replace("\\\n", " ").splitlines()
    ]


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_links_lead_somewhere(path: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", path.read_text())
    inside = [target for target in targets if "://" not in target]
    missing = [target for target in inside if not (path.parent / target).exists()]
    assert missing == []


def test_the_readme_leads_everywhere() -> None:
    """A document that nothing leads to is not found."""
    linked = {
        (path.parent / target).resolve()
        for path in DOCUMENTS
        for target in re.findall(r"\]\(([^)#]+)", path.read_text())
    }
    assert {path for path in TOP.glob("docs/*.md")} <= linked


def check_mpheap(words: list[str]) -> None:
    """It is understood: the target it names is not there, but its words are right."""
    nobody = [re.sub(r"^--(openocd|gdb)(=.*)?$", r"--\1=:1", word) for word in words]
    assert mpheap.run(*nobody, "--timeout=1", path=COMMAND).status == 3


def check_make(words: list[str]) -> None:
    targets = [word for word in words if not word.startswith("-") and "=" not in word]
    files = [TOP / "Makefile", *TOP.glob("tests/*/*.mk")]
    known = re.findall(r"^([\w-][\w -]*):", "\n".join(map(Path.read_text, files)), re.M)
    if "-f" not in words:
        assert set(targets) <= {target for line in known for target in line.split()}


def check_openocd(words: list[str]) -> None:
    scripts = [word for option, word in zip(words, words[1:]) if option == "-f"]
    assert scripts
    for script in scripts:
        assert (OPENOCD_SCRIPTS / script).exists() or (TOP / script).exists()


def check_file(word: str) -> None:
    if word.startswith("build/tests/"):
        assert (TOP / word.removeprefix("build/")).with_suffix(".c").exists()
    else:
        assert (TOP / word).exists()


@pytest.mark.parametrize("where, line", command_lines())
def test_command_lines_are_understood(
    where: str, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    program, *words = shlex.split(line, comments=True)
    if program == "mpheap":
        check_mpheap(words)
    elif program == "make":
        check_make(words)
    elif program == "openocd":
        check_openocd(words)
    elif program == "/usr/bin/python3":
        assert words[:2] == ["-m", "pytest"]
        check_file(words[2])
    elif program not in FOREIGN:
        check_file(program)


def test_openocd_files_in_tables_exist() -> None:
    commands = re.findall(r"`openocd (.*?)`", (TOP / "docs" / "links.md").read_text())
    assert len(commands) >= 4
    for command in commands:
        check_openocd(shlex.split(command))


def without_ports(text: str) -> str:
    return re.sub(r"(:|localhost )\d{4,5}\b", r"\1PORT", text)


def test_what_the_readme_shows_was_printed() -> None:
    transcripts = [(TOP / "examples" / name / "transcript.txt").read_text()
                   for name in ("microbit", "hung-board")]
    printed = without_ports(re.sub(r"^    ", "", "\n".join(transcripts), flags=re.M))
    shown = blocks(README, "console")
    assert len(shown) == 8
    for block in shown:
        assert without_ports(block) in printed


def test_every_report_is_in_the_readme() -> None:
    named = set(re.findall(r"`mpheap (\w+)", README.read_text()))
    assert named == set(mpheap.run("--reports").stdout.split())


def test_numbers_in_the_readme_are_those_of_the_tests() -> None:
    text = README.read_text()
    assert f"| {len(VERSIONS)} WebAssembly builds, MicroPython 1.20 to 1.29 preview" in text
    assert f"| {len(fixture_run.variants())} variants of the project's own firmware" in text
    assert (min(VERSIONS)[:4], max(VERSIONS)[:4]) == ("1.20", "1.29")


def test_exit_statuses_in_the_readme_are_the_command_s() -> None:
    listed = re.search(r"the exit status is (.*?)\.\n", README.read_text(), re.S)[1]
    assert re.findall(r"\b\d\b", listed) == list("012345")
