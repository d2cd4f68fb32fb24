# SPDX-License-Identifier: MIT
"""What comes from modules."""

from __future__ import annotations

from live.scene.batch import Batch
from live.scene.tasks import BATCHES as TASK_BATCHES

BATCHES = (
    Batch(
        "streams",
        """\
import io
text = io.StringIO()
text.write('written ' * 5)
text.seek(7)
data = io.BytesIO(b'the bytes of a stream')
data.read(4)
""",
        {
            "string_io": "text",
            "string_io_fixed": "io.StringIO('never written to, only read')",
            "bytes_io": "data",
            "bytes_io_empty": "io.BytesIO()",
        },
    ),
    Batch(
        "modules",
        """\
import sys
def imported(name):
    file = open(name + '.py', 'w')
    file.write('origin = %r\\ndef here(): return origin\\n' % name)
    file.close()
    return __import__(name)
""",
        {
            "module_builtin": "sys",
            "module_main": "__import__('__main__')",
            "module_imported": "imported('scene_module')",
            "module_function": "imported('scene_other').here",
            "implementation": "sys.implementation",
        },
    ),
    Batch(
        "patterns",
        """\
import re
""",
        {
            "re_pattern": "re.compile('(a|b)+c?')",
            "re_match": "re.match('(.)(.+)c', 'xabbc and more')",
        },
    ),
    Batch(
        "files",
        """\
import os
file = open('scene.txt', 'w')
file.write('scene')
file.close()
""",
        {
            "file_read": "open('scene.txt')",
            "file_write": "open('scene2.txt', 'w')",
            "file_binary": "open('scene.txt', 'rb')",
            "os_stat": "os.stat('scene.txt')",
            "os_listing": "os.ilistdir()",
        },
    ),
    Batch(
        "file_systems",
        """\
import vfs
""",
        {
            "vfs_posix": "vfs.VfsPosix('/')",
        },
    ),
    *TASK_BATCHES,
    Batch(
        "task_queues",
        """\
import _asyncio
""",
        {
            "task_queue": "_asyncio.TaskQueue()",
            "task_alone": "_asyncio.Task((n for n in [1]), {})",
        },
    ),
    Batch(
        "weak_references",
        """\
import weakref
class Target: pass
target = Target()
lost = weakref.ref(Target())
""",
        {
            "weak_target": "target",
            "weak_ref": "weakref.ref(target)",
            "weak_ref_called": "weakref.ref(target, print)",
            "weak_finalize": "weakref.finalize(target, print, 1, sep='')",
            "weak_lost": "lost",
        },
    ),
    Batch(
        "ring_buffers",
        """\
import micropython
""",
        {
            "ring_io": "micropython.RingIO(32)",
        },
    ),
    Batch(
        "structures",
        """\
import uctypes
memory = bytearray(16)
""",
        {
            "uctypes_struct": "uctypes.struct(uctypes.addressof(memory), {'a': uctypes.UINT32})",
            "uctypes_bytes": "uctypes.bytearray_at(uctypes.addressof(memory), 8)",
        },
    ),
    Batch(
        "frame_buffers",
        """\
import framebuf
""",
        {
            "framebuf": "framebuf.FrameBuffer(bytearray(32), 16, 16, framebuf.MONO_VLSB)",
        },
    ),
    Batch(
        "hashes",
        """\
import hashlib
""",
        {
            "sha256": "hashlib.sha256(b'text')",
        },
    ),
    Batch(
        "compression",
        """\
import deflate, io
""",
        {
            "deflate_io": "deflate.DeflateIO(io.BytesIO(b'stream'))",
        },
    ),
    Batch(
        "polls",
        """\
import select
""",
        {
            "poll": "select.poll()",
        },
    ),
    Batch(
        "templates",
        """\
from string.templatelib import Template, Interpolation
name = 'value'
""",
        {
            "template": 'eval("t\'text {name!r} end\'")',
            "interpolation": "Interpolation(3, 'a', None, '')",
        },
    ),
    Batch(
        "javascript",
        """\
import js
""",
        {
            "js_object": "js.Math",
            "js_function": "js.Math.abs",
        },
    ),
    Batch(
        "numeric_arrays",
        """\
from ulab import numpy
""",
        {
            "ndarray": "numpy.array([1.0, 2.0, 3.0])",
            "ndarray_view": "numpy.zeros((3, 4))[1:]",
        },
    ),
    Batch(
        "devices",
        """\
import microbit
""",
        {
            "image": "microbit.Image('90000:09000')",
            "image_blank": "microbit.Image(2, 3)",
        },
    ),
)
