# SPDX-License-Identifier: MIT
"""The scene is whole on every board, and the second opinion on reachability is the collector's."""

from __future__ import annotations

from pathlib import Path

import pytest
from captures import MOMENTS, VERSIONS, capture
from live import microbit_scenes, scenes
from live.reachable import Memory, heads_of, reachable
from live.scene import tasks
from rig import Board
from rig.microbit import RAM
from wasm_heap import heap_of

EMITTERS = {"function_native", "function_viper", "function_asm"}
TASKS, PYTHON_TASKS = ({*batch.objects} for batch in tasks.BATCHES)
DEQUES = {"deque_empty", "deque_rotated", "deque_popped", "deque_iter"}
# What v1.28 brought.
WEAK = {"weak_target", "weak_ref", "weak_ref_called", "weak_finalize", "weak_lost"}
TEMPLATES = {"template", "interpolation"}
# What the micro:bit's firmware was built without.
ABSENT_ON_MICROBIT = {
    *("function_native", "function_viper", "complex_both", "complex_imaginary", "complex_real"),
    *("memoryview_whole", "memoryview_part", "memoryview_words", "memoryview_of_bytes"),
    *("iter_memoryview", "coroutine_function", "coroutine_new", "coroutine_mid", "code", "frame"),
    *("property_get", "property_both", "class_method", "static_method", "list_constants"),
    *("string_io", "string_io_fixed", "bytes_io", "bytes_io_empty", "re_pattern", "re_match"),
    *("os_stat", "os_listing", "vfs_posix", "task_queue", "task_alone", "ring_io", "framebuf"),
    *("uctypes_struct", "uctypes_bytes", "sha256", "deflate_io", "poll", "js_object"),
    *("js_function", "ndarray", "ndarray_view"),
}

every_version = pytest.mark.parametrize("version", VERSIONS)
every_moment = pytest.mark.parametrize("moment", MOMENTS)


def all_names() -> set[str]:
    return {name for batch in scenes.BATCHES for name in (*batch.objects, *batch.cycles)}


def absent_in(version: str) -> set[str]:
    """What a published WebAssembly build cannot build."""
    minor = int(version.split(".")[1])
    absent = EMITTERS | {"image", "image_blank"}
    absent |= set() if "settrace" in version else {"frame"}
    absent |= set() if "ulab" in version else {"ndarray", "ndarray_view"}
    absent |= {"deflate_io", "vfs_posix"} if minor < 21 else set()
    absent |= {"vfs_posix"} if minor < 22 else set()
    absent |= DEQUES | TASKS if minor < 22 else set()
    absent |= {"ring_io"} if minor < 24 else set()
    return absent | (WEAK | TEMPLATES if minor < 28 else set())


@every_version
@every_moment
def test_scene_is_whole(version: str, moment: int) -> None:
    kept, missing = capture(version).scene(moment)
    assert all_names() - set(kept) == absent_in(version), missing
    assert not set(kept) & set(missing)


@every_version
@every_moment
def test_all_that_is_kept_is_reachable(version: str, moment: int) -> None:
    heap = heap_of(version, moment)
    on_heap = [entry for entry in capture(version).scene(moment)[0].values()
               if entry.address in heap.heads]
    assert len(on_heap) > 200
    assert [entry for entry in on_heap if entry.address not in heap.reachable] == []


@every_version
def test_after_a_collection_nothing_else_is_left(version: str) -> None:
    """Between the collection and moment 2 the board allocates no more than a few blocks."""
    heap = heap_of(version, 2)
    assert heap.reachable < set(heap.heads)
    assert len(heap.heads) - len(heap.reachable) <= 5


def test_all_that_is_kept_is_reachable_on_the_microbit(
    microbit_dumps: dict[str, microbit_scenes.Dump],
) -> None:
    absent = all_names()
    for dump in microbit_dumps.values():
        heads, found = dump.reachable()
        on_heap = {entry.address for entry in dump.kept.values() if entry.address in heads}
        assert on_heap <= found < set(heads)
        absent -= set(dump.kept)
    assert absent == ABSENT_ON_MICROBIT | WEAK | TEMPLATES | TASKS | PYTHON_TASKS | DEQUES


def test_what_the_microbit_s_collector_keeps(tmp_path: Path) -> None:
    """The heads that a collection leaves, but for what the line that asks for it is made of."""
    batch = next(batch for batch in scenes.BATCHES if batch.name == "classes")
    with Board() as board:
        dump = microbit_scenes.take_batch(board, batch, tmp_path, microbit_scenes.COLLECT)
    heads, found = dump.reachable()
    assert len(found) > 100
    assert len(heads) - len(found) <= 8
    assert all(RAM[0] <= address < sum(RAM) for address in found)


def test_reachable_follows_exact_addresses_only() -> None:
    """Four blocks: a root names the first, that the third; the second is named at its inside."""
    pool = [0] * 16
    pool[1], pool[2] = 0x1020, 0x1014
    memory = Memory({0x1000: b"".join(word.to_bytes(4, "little") for word in pool)})
    heads = {0x1000: 16, 0x1010: 16, 0x1020: 16, 0x1030: 16}
    assert reachable(memory, heads, [0x1000, 0x1034]) == {0x1000, 0x1020}


def test_heads_of_a_table() -> None:
    """Free, head and two tails, marked head, head: two bits each, the first block lowest."""
    area = microbit_scenes.Area(0x100, 2, 0x1000, 0x1080)
    table = sum(kind << 2 * block for block, kind in enumerate((0, 1, 2, 2, 3, 1)))
    memory = Memory({0x100: table.to_bytes(4, "little")})
    assert heads_of(memory, [area]) == {0x1010: 48, 0x1040: 16, 0x1050: 16}
