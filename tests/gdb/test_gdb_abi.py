# SPDX-License-Identifier: MIT
"""The ctypes mirror, the header, the version script and the library say the same."""

from __future__ import annotations

import ctypes
import re
import subprocess
from pathlib import Path
from types import ModuleType

import pytest

from doors import LIBRARY, ROOT

HEADER = ROOT / "plugin" / "mpheap.h"


@pytest.fixture(name="abi")
def _abi(without_gdb: None) -> ModuleType:
    from mpheap_gdb import abi  # pylint: disable=import-outside-toplevel,import-error

    return abi


def c_layout(folder: Path, structures: dict[str, type[ctypes.Structure]]) -> list[str]:
    """Sizes and offsets as a C compiler sees them, one a line."""
    lines = []
    for name, mirror in structures.items():
        lines.append(f'printf("{name} %zu\\n", sizeof(struct {name}));')
        for field in mirror._fields_:
            member = f"struct {name}, {field[0]}"
            size = f"sizeof((struct {name} *)0)->{field[0]}"
            lines.append(f'printf("{field[0]} %zu %zu\\n", offsetof({member}), {size});')
    source = folder / "layout.c"
    text = f'#include <stdio.h>\n#include "{HEADER}"\nint main(void)\n{{\n' + "\n".join(lines)
    source.write_text(text + "\n}\n")
    program = folder / "layout"
    subprocess.run(["gcc", "-std=c11", "-Wall", "-Werror", "-o", program, source], check=True)
    return subprocess.run([program], capture_output=True, text=True, check=True).stdout.splitlines()


def ctypes_layout(structures: dict[str, type[ctypes.Structure]]) -> list[str]:
    """The same of the mirror."""
    lines = []
    for name, mirror in structures.items():
        lines.append(f"{name} {ctypes.sizeof(mirror)}")
        for field in mirror._fields_:
            place = getattr(mirror, field[0])
            lines.append(f"{field[0]} {place.offset} {place.size}")
    return lines


def test_the_mirror_has_the_layout_of_the_header(abi, tmp_path):
    structures = {
        "mpheap_register": abi.Register,
        "mpheap_options": abi.Options,
        "mpheap_answer": abi.Answer,
    }
    assert ctypes_layout(structures) == c_layout(tmp_path, structures)


def test_the_mirror_has_the_numbers_of_the_header(abi):
    values = dict(re.findall(r"^\s+MPHEAP_(\w+) = (-?\d+)", HEADER.read_text(), re.M))
    mirrored = {name: str(getattr(abi, name)) for name in values if hasattr(abi, name)}
    assert mirrored == values


def declared() -> set[str]:
    """The functions that the header promises."""
    return set(re.findall(r"^[\w *]+?\b(mpheap_\w+)\(", HEADER.read_text(), re.M))


def test_the_mirror_has_the_functions_of_the_header(abi):
    assert set(abi.FUNCTIONS) == declared()


def test_the_version_script_names_the_functions_of_the_header():
    script = (ROOT / "plugin" / "mpheap.map").read_text()
    assert set(re.findall(r"\bmpheap_\w+", script)) == declared()


def test_the_library_exports_the_functions_of_the_header_only():
    listing = subprocess.run(
        ["nm", "-D", "--defined-only", LIBRARY], capture_output=True, text=True, check=True
    ).stdout
    exported = {line.split()[2].split("@")[0] for line in listing.splitlines() if " T " in line}
    assert exported == declared()
