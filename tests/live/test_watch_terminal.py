# SPDX-License-Identifier: MIT
"""`watch` on a real terminal: drawn in place, and the terminal is as before when it ends."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from rig import Board, DebugPort, OpenOcd
from rig.process import wait_until

import mpheap

COLUMNS, ROWS = 90, 28
ALLOCATE = """\
import microbit
while True:
  x = [bytearray(100) for i in range(3)]
  microbit.sleep(20)
"""


class Tmux:
    """A terminal of its own, whose screen can be looked at."""

    def __init__(self, folder: Path, script: str) -> None:
        config = folder / "tmux.conf"
        config.write_text("set -g status off\n")
        self._words = ["tmux", "-S", str(folder / "tmux"), "-f", str(config)]
        self._run("new-session", "-d", "-x", str(COLUMNS), "-y", str(ROWS), script)

    def _run(self, *words: str) -> str:
        done = subprocess.run([*self._words, *words], capture_output=True, text=True, timeout=20,
                              check=True, env={**os.environ, "LC_ALL": "C.UTF-8"})
        return done.stdout

    def screen(self) -> list[str]:
        return self._run("capture-pane", "-p").split("\n")[:-1]

    def send(self, *keys: str) -> None:
        self._run("send-keys", *keys)

    def resize(self, columns: int, rows: int) -> None:
        self._run("resize-window", "-x", str(columns), "-y", str(rows))

    def wait(self, pattern: str) -> list[str]:
        """The screen, as soon as it matches."""
        shown = self.screen()

        def matches() -> bool:
            shown[:] = self.screen()
            return bool(re.search(pattern, "\n".join(shown), re.M))

        wait_until(matches, 15, f"{pattern} on the screen")
        return shown

    def end(self) -> None:
        subprocess.run([*self._words, "kill-server"], capture_output=True, timeout=20, check=False)


@pytest.fixture(name="where", scope="module")
def where_fixture() -> Iterator[str]:
    """The options for a board that allocates, behind a port that is asked what it did to it."""
    with Board() as board, DebugPort(board) as port:
        board.repl.start(ALLOCATE)
        with OpenOcd(port) as openocd:
            yield f"--openocd=:{openocd.tcl_port}"
        stats = port.stats()
        assert (stats["memory_writes"], stats["cpu_halts"]) == (0, 0)


@pytest.fixture(name="terminal")
def terminal_fixture(where: str, tmp_path: Path) -> Iterator[Tmux]:
    """A shell on it watches, says how that ended, and stays until a line is typed."""
    command = shlex.quote(str(mpheap.command_path().resolve()))
    csv = shlex.quote(str(tmp_path / "heap.csv"))
    script = tmp_path / "script"
    script.write_text(
        f"trap : INT QUIT; cd {shlex.quote(str(tmp_path))}; stty -g >before\n"
        f"{command} watch --interval=50 --alarm=3K --for=60 --csv={csv} {where}\n"
        "echo status $?; stty -g >written; mv written after; read line\n")
    terminal = Tmux(tmp_path, f"sh {shlex.quote(str(script))}")
    try:
        yield terminal
    finally:
        terminal.end()


def check_end(terminal: Tmux, folder: Path) -> None:
    shown = "\n".join(terminal.wait(r"^status \d$"))
    assert re.search(r"^\d+ samples in \d+\.\d s, \d+ torn, taken again \d+ times", shown, re.M)
    alarms = (folder / "heap.csv").read_text().count("\n") > 1 and "status 1" in shown
    assert alarms or "status 0" in shown
    wait_until((folder / "after").exists, 10, "the shell")
    terminal.send("x", "Enter")  # the terminal echoes and reads lines
    assert (folder / "after").read_text() == (folder / "before").read_text()


def test_all_of_it_is_drawn_in_place(terminal: Tmux, tmp_path: Path) -> None:
    """The numbers, the curves, all blocks, events; larger and smaller terminals, and q."""
    shown = terminal.wait(r"collection: ")
    assert len(shown) == ROWS
    used, free, total = map(int, re.search(r"used (\d+)  free (\d+)  of (\d+) ", shown[0]).groups())
    assert used + free == total == 10048
    assert re.match(r"largest free run \d+ ", shown[1])
    curve = re.match(r"used +([▁▂▃▄▅▆▇█]+)", shown[4])
    assert curve and len(curve[1]) == len(re.match(r"largest +(\S+)", shown[5])[1]) > 1
    letters = "".join(line for line in shown[7:21] if re.fullmatch(r"[h=.m]+", line))
    assert len(letters) == 628, "a letter for each block"
    assert shown[-1].startswith("q ends; alarm below 3072 bytes")

    terminal.resize(50, 20)
    # 628 blocks in 6 lines of 50 letters
    small = terminal.wait(r"\A(?:.*\n){6}3 blocks a letter.*\n(?:[-+#.]{50}\n){4}[-+#.]{10}\n"
                          r"(?:.*\n){7}q ends")
    assert max(map(len, small)) <= 50
    terminal.resize(120, 40)
    terminal.wait(r"\A(?:.*\n){39}q ends")
    terminal.send("q")
    check_end(terminal, tmp_path)


def test_ctrl_c_leaves_everything_sane(terminal: Tmux, tmp_path: Path) -> None:
    terminal.wait(r"^used +\S{3}")
    terminal.send("C-c")
    check_end(terminal, tmp_path)
    lines = (tmp_path / "heap.csv").read_text().splitlines()
    assert len({line.count(",") for line in lines}) == 1 and len(lines) > 3


def test_ctrl_backslash_leaves_everything_sane(terminal: Tmux, tmp_path: Path) -> None:
    terminal.wait(r"^used +\S{3}")
    terminal.send("C-\\")
    check_end(terminal, tmp_path)


def test_a_terminal_that_is_gone_ends_it(where: str) -> None:
    """Also where no signal tells: the terminal of another session."""
    ours, its = os.openpty()
    argv = [mpheap.command_path(), "watch", "--interval=60000", where]
    with subprocess.Popen(argv, stdin=its, stdout=its, stderr=subprocess.DEVNULL,
                          start_new_session=True, env={**os.environ, "TERM": "xterm"}) as command:
        os.close(its)
        try:
            shown = b""
            while b"q ends" not in shown:
                shown += os.read(ours, 4096)
            os.close(ours)
            command.wait(10)
        finally:
            command.kill()


@pytest.mark.parametrize("words, environment", [
    (["--color=never"], {}), (["--quiet"], {}), ([], {"TERM": "dumb"}), ([], {"NO_COLOR": "1"})])
def test_lines_where_nothing_can_be_or_shall_be_drawn(
        where: str, tmp_path: Path, words: list[str], environment: dict[str, str]) -> None:
    assign = [f"{name}={value}" for name, value in environment.items()]
    command = ["env", *assign, str(mpheap.command_path().resolve()), "watch", "--count=3",
               "--interval=10", *words, where]
    terminal = Tmux(tmp_path, f"{shlex.join(command)}; read line")
    try:
        shown = terminal.wait("^3 samples in ")
    finally:
        terminal.end()
    assert re.match(r" +seconds +used", "\n".join(shown))
