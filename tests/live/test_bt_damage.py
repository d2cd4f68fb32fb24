# SPDX-License-Identifier: MIT
"""bt on stacks of real boards that something has overwritten, and beside what earlier calls left.

With a build with the sanitizers ($MPHEAP_ASAN, or build-asan/) that is what reads the damage.
"""

from __future__ import annotations

import os
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from captures import capture
from elftools.elf.elffile import ELFFile
from faults.survival import run_sound
from live.test_bt import HEADING, PROGRAMS, running
from rig import Board, DebugPort, OpenOcd
from rig.microbit import RAM

import mpheap

LINE = re.compile(r'  File "(<?[\w./?]+>?)"(, line \d+)?, in \S+(  \(machine code\))?'
                  r"(  \(uncertain: [\w ,]+\))?")
MOST_SECONDS = 5
DAMAGES = int(os.environ.get("MPHEAP_DAMAGES", "6"))  # of each board


@dataclass
class Victim:
    """A file that can be opened, and where in it the stack is that Python uses."""

    file: Path
    options: Callable[[Path], list[str]]
    start: int  # of the stack in use, as an address
    end: int
    base: int  # address of the file's byte `offset`
    offset: int
    word: int = 4
    data: bytearray = field(init=False)

    def __post_init__(self) -> None:
        self.data = bytearray(self.file.read_bytes())

    def words(self, start: int, end: int) -> list[int]:
        at = self.offset - self.base
        raw = self.data[start + at : end + at]
        return [int.from_bytes(raw[i : i + self.word], "little")
                for i in range(0, len(raw), self.word)]

    def put(self, address: int, words: list[int]) -> None:
        raw = b"".join(word.to_bytes(self.word, "little") for word in words)
        at = address - self.base + self.offset
        self.data[at : at + len(raw)] = raw

    def bt(self, folder: Path, *more: str) -> mpheap.Result:
        """The report on the file as it is now."""
        file = folder / "damaged"
        file.write_bytes(self.data)
        return run_sound("bt", "--locals", *self.options(file), *more, timeout=MOST_SECONDS)


def frames_in(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("  File ")]


def frame_places(victim: Victim, folder: Path) -> list[int]:
    """Where the frames are that lie on the stack."""
    file = folder / "healthy"
    file.write_bytes(victim.data)
    frames = mpheap.run("bt", "--format=json", *victim.options(file)).json["frames"]
    places = [int(frame["frame_address"], 0) for frame in frames]
    return [place for place in places if victim.start <= place < victim.end]


# --- the boards ---


@pytest.fixture(name="core", scope="module")
def core_fixture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A micro:bit in the fifth of five functions."""
    file = tmp_path_factory.mktemp("microbit") / "core"
    with Board() as board, DebugPort(board) as port, OpenOcd(port) as openocd:
        with running(board, PROGRAMS["five deep"][0]):
            link = f"--openocd=:{openocd.tcl_port}"
            assert mpheap.run("snapshot", file, "--halt", link).status == 0
    return file


def microbit_victim(core: Path) -> Victim:
    with open(core, "rb") as file:
        (ram,) = [segment for segment in ELFFile(file).iter_segments("PT_LOAD")
                  if segment["p_vaddr"] == RAM[0]]
    stack = mpheap.info("--core", core)["stack"]
    top = int(stack["top_address"], 0)
    return Victim(core, lambda file: ["--core", str(file)], top - stack["used_bytes"], top,
                  RAM[0], ram["p_offset"])


def fixture_victim(dump_of: Callable, variant: str) -> Victim:
    dump = dump_of(variant)
    file, base = dump.files["ram"]
    sp = f"sp={dump.sp:#x}"
    return Victim(file, lambda file: [*dump.images(ram=file), *dump.elf(), "--reg", sp],
                  dump.sp, dump.symbols["_estack"], base, 0, 8 if variant.endswith("64") else 4)


def wasm_victim(version: str) -> Victim:
    """Frames lie on the pystack, one behind the other."""
    file = capture(version).memory(1)
    frames = mpheap.run("bt", "--format=json", f"--image={file}@0").json["frames"]
    places = [int(frame["frame_address"], 0) for frame in frames if frame["place"] == "pystack"]
    return Victim(file, lambda file: [f"--image={file}@0"], min(places), max(places) + 128, 0, 0)


DUMPS = ["v1.8", "v1.18", "v1.27.0-nanbox", "v1.27.0-rv64"]
WITH_SP = ["microbit", *DUMPS]
VICTIMS = [*WITH_SP, "wasm 1.27.0"]


@pytest.fixture(name="victim", params=VICTIMS)
def victim_fixture(request: pytest.FixtureRequest, dump_of, core: Path) -> Victim:
    if request.param == "microbit":
        return microbit_victim(core)
    if request.param.startswith("wasm"):
        return wasm_victim(request.param.removeprefix("wasm "))
    return fixture_victim(dump_of, request.param)


# --- noise ---


def noise(victim: Victim, dice: random.Random) -> None:
    """Words of the stack become others: random, of elsewhere on it, or addresses in it."""
    healthy = victim.words(victim.start, victim.end)
    for _ in range(dice.choice((1, 4, 30, 200))):
        at = victim.start + dice.randrange(len(healthy)) * victim.word
        run = healthy[(first := dice.randrange(len(healthy))) : first + dice.choice((1, 1, 8))]
        kinds = ([dice.getrandbits(8 * victim.word)], [0], run, [at], [at - 8 * victim.word])
        words = dice.choice(kinds)
        victim.put(at, words[: (victim.end - at) // victim.word])


def test_noise_is_survived(victim: Victim, tmp_path: Path) -> None:
    """No more frames than there is stack for, each a line as any, and nothing but notes beside."""
    healthy = bytes(victim.data)
    most = (victim.end - victim.start) // victim.word
    felt = set()
    for seed in range(DAMAGES):
        victim.data[:] = healthy
        noise(victim, random.Random(seed))
        result = victim.bt(tmp_path)
        assert result.status == 0, (seed, result)
        frames = frames_in(result.stdout)
        assert len(frames) <= most
        assert all(LINE.fullmatch(line) for line in frames), (seed, frames)
        assert len(result.stdout) < 40000
        felt.add(result.stdout)
    assert len(felt) > 1


@pytest.mark.parametrize("filler", [0, 0xA5A5A5A5])
def test_a_stack_that_is_gone(victim: Victim, tmp_path: Path, filler: int) -> None:
    """Filled from end to end, as after an overflow: no frame is made up."""
    count = (victim.end - victim.start) // victim.word
    victim.put(victim.start, [filler] * count)
    result = victim.bt(tmp_path)
    assert result.status == 0
    assert frames_in(result.stdout) == []


# --- what earlier calls left ---


@pytest.mark.parametrize("victim", WITH_SP, indirect=True)
def test_below_the_stack_pointer_nothing_is_read(victim: Victim, tmp_path: Path) -> None:
    expected = victim.bt(tmp_path).stdout
    live = victim.words(victim.start, victim.end)
    victim.put(victim.start - len(live) * victim.word, live)
    assert victim.bt(tmp_path).stdout == expected


@pytest.mark.parametrize("victim", DUMPS, indirect=True)
def test_frames_in_dead_parts_of_the_stack_are_marked(victim: Victim, tmp_path: Path) -> None:
    """As when a C function has a large buffer that it has not written to: an old copy of the
    frames lies in there. None of them looks as sure as the live ones."""
    live = victim.words(victim.start, victim.end)
    expected = frames_in(victim.bt(tmp_path).stdout)
    copy = victim.start - len(live) * victim.word
    victim.put(copy, live)
    shown = frames_in(victim.bt(tmp_path, "--reg", f"sp={copy:#x}").stdout)
    certain = [line for line in shown if "(uncertain" not in line]
    assert certain == expected


# --- half-written frames ---


def test_half_written_frames_take_no_other_with_them(victim: Victim, tmp_path: Path) -> None:
    """The innermost frame's first words are not there yet: those further out stay as they are."""
    expected = frames_in(victim.bt(tmp_path).stdout)
    healthy = bytes(victim.data)
    places = frame_places(victim, tmp_path)
    assert len(expected) > 1
    inner = places[-1]
    for count in range(1, 6):
        victim.data[:] = healthy
        victim.put(inner, [0] * count)
        result = victim.bt(tmp_path)
        shown = frames_in(result.stdout)
        assert shown[: len(expected) - 1] == expected[:-1], (count, result)
        assert len(shown) <= len(expected)
        assert result.stdout.startswith(HEADING)
