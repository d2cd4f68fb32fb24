# SPDX-License-Identifier: MIT
"""Captures of real heaps, made when a test first asks for them and kept in the build folder.

    from captures import VERSIONS, capture
    heap = capture("1.27.0")
    heap.memory(1)      path of the whole linear memory at moment 1 (address 0 first)
    heap.text(1)        what the board printed for mem_info(1) at that very moment
    heap.qstrs(1)       the same of qstr_info(1)
    heap.moment(1)      what the board knows about its objects, and its call stack then
    heap.scene(1)       what it says about the objects of scenes.py, and what it has not

The folder is $MPHEAP_BUILD, or build/ in the top folder. A capture is made again when board.mjs,
capture.mjs, program.py, the scene or the pinned packages change. Moment 1: objects built; 2: holes
left, and collected.
"""

import fcntl
import functools
import hashlib
import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from live import scenes

HERE = Path(__file__).resolve().parent
TOP = HERE.parents[2]
MODULES = TOP / "node_modules"
PREFIX = "mpy-"
# The plain build of every package, and these where the package ships them.
VARIANTS = ("settrace", "ulab", "settrace-ulab")
WITH_VARIANTS = ("1.28.0-6", "1.29.0-6")
TIMEOUT_S = 60
MAP_START = "GC memory layout"


def _versions() -> tuple[str, ...]:
    packages = json.loads((TOP / "package.json").read_text())["devDependencies"]
    plain = [name.removeprefix(PREFIX) for name in packages if name.startswith(PREFIX)]
    variants = [f"{version}-{variant}" for version in WITH_VARIANTS for variant in VARIANTS]
    return (*plain, *variants)


VERSIONS = _versions()
MOMENTS = (1, 2)


class CaptureError(Exception):
    """A capture cannot be made here; the text says what is missing."""


@dataclass(frozen=True)
class Capture:
    """One captured heap. `meta` is meta.json: versions, and per moment what the board knows."""

    name: str
    folder: Path
    meta: dict[str, Any]

    def memory(self, moment: int) -> Path:
        """The memory file of a moment."""
        return self.folder / self.moment(moment)["memory"]

    def text(self, moment: int) -> str:
        """All that mem_info(1) printed."""
        return (self.folder / self.moment(moment)["mem_info"]).read_text()

    def qstrs(self, moment: int) -> str:
        """All that qstr_info(1) printed."""
        return (self.folder / self.moment(moment)["qstr_info"]).read_text()

    def map(self, moment: int) -> str:
        """The block map in that text: from the first area's heading to the end."""
        text = self.text(moment)
        return text[text.index(MAP_START) :]

    def moment(self, moment: int) -> dict[str, Any]:
        """The board's own knowledge: objects, globals, traceback (see expected() in program.py)."""
        return self.meta["moments"][moment - 1]

    def objects(self, moment: int) -> dict[str, dict[str, Any]]:
        """The objects that the program keeps, by name: address, type, and more by kind."""
        return {entry["name"]: entry for entry in self.moment(moment)["objects"]}

    def scene(self, moment: int) -> tuple[dict[str, scenes.Kept], dict[str, str]]:
        """The objects of the scene, and why others are missing, by name."""
        return scenes.parse("\n".join(self.moment(moment)["scene"]))


def _inputs_digest() -> str:
    """Changes with everything that a capture depends on."""
    digest = hashlib.sha256()
    inputs = [HERE / name for name in ("board.mjs", "capture.mjs", "program.py")]
    for path in (*inputs, TOP / "package-lock.json"):
        digest.update(path.read_bytes())
    digest.update(scenes.program().encode())
    return digest.hexdigest()


def _make(name: str, folder: Path, digest: str) -> None:
    """Run the board in node and put its capture into the folder, whole or not at all."""
    node = shutil.which("node")
    if node is None:
        raise CaptureError("node is not installed: the WebAssembly heaps need node 18 or newer")
    if not MODULES.is_dir():
        raise CaptureError(f"{MODULES} is missing: run 'npm ci' in {TOP}")
    unfinished = folder.with_name(folder.name + ".unfinished")
    for stale in (unfinished, folder):
        shutil.rmtree(stale, ignore_errors=True)
    unfinished.mkdir()
    scene = unfinished / "scene.py"
    scene.write_text(scenes.program())
    command = [node, HERE / "capture.mjs", name, unfinished, scene]
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S)
    if done.returncode:
        raise CaptureError(done.stderr.strip())
    (unfinished / "inputs").write_text(digest)
    unfinished.rename(folder)


@functools.cache
def capture(name: str) -> Capture:
    """The capture of a version (one of VERSIONS), made now if need be. Raises CaptureError."""
    build = Path(os.environ.get("MPHEAP_BUILD", TOP / "build"))
    folder = build / "tests" / "wasm" / name
    folder.parent.mkdir(parents=True, exist_ok=True)
    digest = _inputs_digest()
    with open(folder.with_name(name + ".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        inputs = folder / "inputs"
        if not inputs.exists() or inputs.read_text() != digest:
            _make(name, folder, digest)
        return Capture(name, folder, json.loads((folder / "meta.json").read_text()))
