# SPDX-License-Identifier: MIT
"""`make install` into a folder of its own: everything works from there, and goes away again."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from fixture import run as fixture
from rig import run_gdb

TOP = Path(__file__).resolve().parents[2]

PROGRAM = r"""
#include <mpheap.h>
#include <stdio.h>
#include <string.h>

static int read_zeros(void *context, uint64_t address, void *bytes, size_t size)
{
    (void)context;
    (void)address;
    memset(bytes, 0, size);
    return 0;
}

static int write_out(void *context, int stream, const char *bytes, size_t size)
{
    (void)context;
    fwrite(bytes, 1, size, stream == MPHEAP_REPORT ? stdout : stderr);
    return 0;
}

int main(void)
{
    struct mpheap_options options = {.size = sizeof options, .read = read_zeros, .word_bytes = 4};
    const char *argv[] = {"info", "--ram=0x20000000+64K"};
    mpheap_t *heap = mpheap_open(&options);
    int status = mpheap_run(heap, 2, argv, write_out, NULL);

    printf("%s %d %s\n", mpheap_version(), status, mpheap_error(heap));
    mpheap_close(heap);
    return 0;
}
"""


def make(*words: str) -> None:
    """Run the project's own make, apart from the one that may be running these tests."""
    environment = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MFLAGS")}
    subprocess.run(["make", "-s", *words], cwd=TOP, check=True, env=environment, timeout=300,
                   stdout=subprocess.DEVNULL)


def files_below(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir())


@pytest.fixture(scope="module")
def prefix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("installed")
    make("install", f"PREFIX={folder}")
    return folder


def test_the_command_runs_from_there(prefix: Path) -> None:
    done = subprocess.run([prefix / "bin/mpheap", "--version"], capture_output=True, text=True,
                          check=True, timeout=30)
    assert done.stdout.startswith("mpheap ")


def test_a_program_builds_and_runs_with_pkg_config(prefix: Path, tmp_path: Path) -> None:
    source = tmp_path / "program.c"
    source.write_text(PROGRAM)
    environment = os.environ | {"PKG_CONFIG_PATH": str(prefix / "lib/pkgconfig"),
                                "LD_LIBRARY_PATH": str(prefix / "lib")}
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "mpheap"], env=environment,
                           capture_output=True, text=True, check=True, timeout=30).stdout.split()
    subprocess.run(["gcc", "-Wall", "-Werror", source, "-o", tmp_path / "program", *flags],
                   check=True, timeout=60)
    done = subprocess.run([tmp_path / "program"], env=environment, capture_output=True, text=True,
                          check=True, timeout=30)
    version, status, error = done.stdout.split(" ", 2)
    assert status == "4" and "no MicroPython heap" in error
    assert f"mpheap {version}\n" == subprocess.run(
        [prefix / "bin/mpheap", "--version"], capture_output=True, text=True, check=True,
        timeout=30).stdout


def test_the_gdb_command_loads_from_there(prefix: Path, tmp_path: Path) -> None:
    with fixture.run("v1.27.0") as board:
        words = " ".join(f"--image {path}@0x{Path(path).stem.split('-')[1]}"
                         for path in board.dump(tmp_path).values()
                         if Path(path).suffix == ".bin")
        expected = board.map
    done = run_gdb([f"source {prefix}/share/mpheap/gdb/mpheap.py", f"mpheap map {words}"])
    assert expected in done.stdout, done.stderr


def test_the_manual_page_and_completion_are_there(prefix: Path) -> None:
    files = files_below(prefix)
    assert "share/man/man1/mpheap.1" in files
    assert "share/bash-completion/completions/mpheap" in files
    assert "share/mpheap/openocd/mpheap.tcl" in files


def test_destdir_is_put_in_front_and_uninstall_leaves_no_file(tmp_path: Path) -> None:
    stage = tmp_path / "stage"
    make("install", f"DESTDIR={stage}", "PREFIX=/opt/mpheap")
    files = files_below(stage)
    assert files and all(name.startswith("opt/mpheap/") for name in files)
    assert "prefix=/opt/mpheap" in (stage / "opt/mpheap/lib/pkgconfig/mpheap.pc").read_text()
    make("uninstall", f"DESTDIR={stage}", "PREFIX=/opt/mpheap")
    assert files_below(stage) == []
