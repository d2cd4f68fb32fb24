# SPDX-License-Identifier: MIT
"""libmpheap through ctypes: the mirror of plugin/mpheap.h, which says what everything means.

Knows nothing of GDB.
"""

from __future__ import annotations

import ctypes
import itertools
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from .interrupt import Interrupt

ABI_VERSION = "0"  # of the soname, and the first number of mpheap_version()

READ_REFUSED, READ_INTERRUPTED = -1, -2  # what mpheap_read_fn returns
STATE_UNKNOWN, STATE_HALTED, STATE_RUNNING, STATE_DUMP = range(4)  # enum mpheap_state
REPORT, NOTES = 1, 2  # enum mpheap_stream
ASK_WORD, ASK_OBJECT, ASK_TYPE, ASK_QSTR, ASK_GLOBAL, ASK_MODULE = range(1, 7)
ASK_LONG = 256  # enum mpheap_question
STATUS_UNREADABLE = 3  # exit status: the target could not be read

ReadFn = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.c_void_p, ctypes.c_uint64, ctypes.c_void_p, ctypes.c_size_t
)
WriteFn = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t
)
UnwindFn = ctypes.CFUNCTYPE(
    # c_void_p: ctypes would free the bytes of a c_char_p before C reads them
    ctypes.c_void_p,
    ctypes.c_void_p,
    ctypes.c_void_p,
    ctypes.c_void_p,
)


class Register(ctypes.Structure):
    """struct mpheap_register"""

    _fields_ = [("name", ctypes.c_char_p), ("value", ctypes.c_uint64)]


class Thread(ctypes.Structure):
    """struct mpheap_thread"""

    _fields_ = [("registers", ctypes.POINTER(Register)), ("register_count", ctypes.c_size_t)]


class Options(ctypes.Structure):
    """struct mpheap_options"""

    _fields_ = [
        ("size", ctypes.c_size_t),
        ("read", ReadFn),
        ("context", ctypes.c_void_p),
        ("elf", ctypes.c_char_p),
        ("machine", ctypes.c_uint16),
        ("word_bytes", ctypes.c_uint8),
        ("big_endian", ctypes.c_uint8),
        ("state", ctypes.c_int),
        ("registers", ctypes.POINTER(Register)),
        ("register_count", ctypes.c_size_t),
        ("entry", ctypes.c_uint64),
        ("unwind", UnwindFn),
        ("core", ctypes.c_char_p),
        ("threads", ctypes.POINTER(Thread)),
        ("thread_count", ctypes.c_size_t),
    ]


class Frame(ctypes.Structure):
    """struct mpheap_frame"""

    _fields_ = [
        ("size", ctypes.c_size_t),
        ("pc", ctypes.c_uint64),
        ("sp", ctypes.c_uint64),
        ("function", ctypes.c_char_p),
        ("file", ctypes.c_char_p),
        ("line", ctypes.c_uint32),
    ]


TakeFrameFn = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.POINTER(Frame))


class Answer(ctypes.Structure):
    """struct mpheap_answer"""

    _fields_ = [
        ("size", ctypes.c_size_t),
        ("word", ctypes.c_uint64),
        ("text", ctypes.c_char_p),
    ]


Write = Callable[[int, bytes], None]  # takes a piece of a report's output: stream, bytes

# Name: result, arguments
FUNCTIONS = {
    "mpheap_open": (ctypes.c_void_p, [ctypes.POINTER(Options)]),
    "mpheap_close": (None, [ctypes.c_void_p]),
    "mpheap_run": (
        ctypes.c_int,
        [
            ctypes.c_void_p,
            ctypes.c_int,
            ctypes.POINTER(ctypes.c_char_p),
            WriteFn,
            ctypes.c_void_p,
        ],
    ),
    "mpheap_ask": (
        ctypes.c_int,
        [
            ctypes.c_void_p,
            ctypes.c_int,
            ctypes.c_uint64,
            ctypes.c_char_p,
            ctypes.POINTER(Answer),
        ],
    ),
    "mpheap_forget": (None, [ctypes.c_void_p]),
    "mpheap_error": (ctypes.c_char_p, [ctypes.c_void_p]),
    "mpheap_version": (ctypes.c_char_p, []),
    "mpheap_report_name": (ctypes.c_char_p, [ctypes.c_size_t]),
    "mpheap_report_summary": (ctypes.c_char_p, [ctypes.c_size_t]),
}


class LibraryError(Exception):
    """The library is missing, or not the one this mirror is of, or has no answer. One line."""


@dataclass(frozen=True)
class CFrame:
    """A C frame: program counter, stack pointer (0 not known), names or None, line or 0."""

    pc: int
    sp: int
    function: str | None
    file: str | None
    line: int


class Walk(Protocol):
    """C frames, innermost first. When they have come, `end` says why there are no more, None
    if the last one was the outermost."""

    end: str | None

    def __iter__(self) -> Iterator[CFrame]: ...


@dataclass
class Target:
    """A target that the caller lends.

    `read(address, size)` gives `size` bytes, or None where the target refuses them. Whatever it
    raises ends the report and comes out of Library.run(). `walk()` unwinds the stack; None where
    that cannot be done.
    """

    read: Callable[[int, int], bytes | None]
    elf: str | None = None
    machine: int = 0
    word_bytes: int = 0
    big_endian: bool = False
    state: int = STATE_UNKNOWN
    registers: dict[str, int] = field(default_factory=dict)
    entry: int = 0
    walk: Callable[[], Walk] | None = None
    core: str | None = None
    threads: Sequence[dict[str, int]] = ()


@dataclass(frozen=True)
class Outcome:
    """How a run ended: the shell command's exit status, the error line without its prefix ("" if
    there was none), and what was raised by the caller's own functions or by Ctrl-C."""

    status: int
    error: str
    raised: BaseException | None


def _registers(values: dict[str, int]) -> ctypes.Array[Register]:
    found = [Register(name.encode(), value) for name, value in values.items()]
    return (Register * len(found))(*found)


class _Handle:
    """An mpheap_t, and the function that C calls to read the target.

    Nothing that C calls may raise: ctypes would print a traceback and hand an undefined integer to
    C (CPython Modules/_ctypes/callbacks.c, _CallPythonObject). What was raised is kept in
    `raised`. A KeyboardInterrupt could come before the first line of a function is reached, so
    Ctrl-C only sets a flag while C runs (interrupt.py): C is called within `interrupt`.
    """

    def __init__(self, c: ctypes.CDLL, target: Target | None) -> None:
        self._c = c
        self._target = target
        self._heap: int | None = None
        self._options = Options(size=ctypes.sizeof(Options))
        self.interrupt = Interrupt()
        self.raised: BaseException | None = None
        self._end = b""  # which C may read as long as the handle is open
        if target:
            self._lend(target)
        self._heap = c.mpheap_open(ctypes.byref(self._options))
        if not self._heap:
            raise LibraryError("library: out of memory")

    def _lend(self, target: Target) -> None:
        options = self._options
        options.read = ReadFn(self._on_read)
        options.elf = os.fsencode(target.elf) if target.elf else None
        options.machine = target.machine
        options.word_bytes = target.word_bytes
        options.big_endian = target.big_endian
        options.state = target.state
        options.registers = _registers(target.registers)
        options.register_count = len(target.registers)
        options.entry = target.entry
        options.core = os.fsencode(target.core) if target.core else None
        threads = [Thread(_registers(registers), len(registers)) for registers in target.threads]
        options.threads = (Thread * len(threads))(*threads)
        options.thread_count = len(threads)
        if target.walk:
            options.unwind = UnwindFn(self._on_unwind)

    def _on_read(self, _: int | None, address: int, buffer: int, size: int) -> int:
        try:
            data = None if self.interrupt.seen else self._target.read(address, size)
        except BaseException as error:  # pylint: disable=broad-except
            self.raised = error
            return READ_INTERRUPTED
        if self.interrupt.seen:
            return READ_INTERRUPTED
        if data is None or len(data) != size:
            return READ_REFUSED
        ctypes.memmove(buffer, data, size)
        return 0

    def _on_unwind(self, _: int | None, take: int, taker: int) -> int | None:
        try:
            end = self._hand_over(self._target.walk(), TakeFrameFn(take), taker)
        except BaseException as error:  # pylint: disable=broad-except
            self.raised = error
            end = "failed"
        self._end = (end or "").encode()
        return ctypes.cast(self._end, ctypes.c_void_p).value if end else None

    def _hand_over(
        self, walk: Walk, take: Callable[[int, object], int], taker: int
    ) -> str | None:
        """Give C each frame; says why there are no more."""
        for frame in walk:
            if self.interrupt.seen:
                return "interrupted"
            names = (frame.function, frame.file)
            function, file = (name.encode() if name else None for name in names)
            given = Frame(ctypes.sizeof(Frame), frame.pc, frame.sp, function, file, frame.line)
            if take(taker, ctypes.byref(given)):
                break
        return walk.end

    def error(self) -> bytes:
        """The last error line, without its prefix."""
        return self._c.mpheap_error(self._heap)

    def take_raised(self) -> BaseException | None:
        """What was raised while C ran, by the caller's own functions or by Ctrl-C."""
        raised, self.raised = self.raised, None
        return raised or (KeyboardInterrupt() if self.interrupt.seen else None)

    def close(self) -> None:
        """The handle is void afterwards. Again is fine."""
        self._c.mpheap_close(self._heap)
        self._heap = None


class _Run(_Handle):
    """One report."""

    def __init__(
        self, c: ctypes.CDLL, target: Target | None, write: Write
    ) -> None:
        super().__init__(c, target)
        self._write = write

    def _on_write(self, _: int | None, stream: int, buffer: int, size: int) -> int:
        data = ctypes.string_at(buffer, size)
        try:
            if stream != NOTES or data != b"mpheap: " + self.error() + b"\n":
                self._write(stream, data)
        except BaseException as error:  # pylint: disable=broad-except
            self.raised = error
        return 1 if self.raised or self.interrupt.seen else 0

    def run(self, words: Sequence[str]) -> Outcome:
        """Run it and close the handle."""
        argv = (ctypes.c_char_p * len(words))(*map(os.fsencode, words))
        write = WriteFn(self._on_write)
        with self.interrupt:
            status = self._c.mpheap_run(self._heap, len(words), argv, write, None)
            error = self.error().decode(errors="replace")
            self.close()
        return Outcome(status, error, self.take_raised())


class Asker(_Handle):
    """Questions about single words of a target that stands still. Close it when it has run."""

    def _ask(self, question: int, value: int, name: str | None) -> Answer:
        answer = Answer(size=ctypes.sizeof(Answer))
        encoded = None if name is None else name.encode()
        self.interrupt = Interrupt()
        with self.interrupt:
            status = self._c.mpheap_ask(
                self._heap, question, value, encoded, ctypes.byref(answer)
            )
        if raised := self.take_raised():
            raise raised
        if status:
            raise LibraryError(self.error().decode(errors="replace"))
        return answer

    def text(self, question: int, value: int) -> str:
        """The answer to ASK_WORD, ASK_OBJECT, ASK_TYPE or ASK_QSTR.

        LibraryError says why there is none; whatever the target's reader raises comes out too.
        """
        return self._ask(question, value, None).text.decode("ascii")

    def word(self, question: int, name: str) -> int:
        """The answer to ASK_GLOBAL or ASK_MODULE; fails likewise."""
        return self._ask(question, 0, name).word


class Library:
    """libmpheap, loaded from the file `path` or, without a slash in it, by the loader's search."""

    def __init__(self, path: str) -> None:
        try:
            self._c = ctypes.CDLL(path)
            for name, (result, arguments) in FUNCTIONS.items():
                function = getattr(self._c, name)
                function.restype = result
                function.argtypes = arguments
        except (OSError, AttributeError) as error:
            raise LibraryError(f"library: {error}") from None
        version = self._c.mpheap_version().decode()
        if version.split(".")[0] != ABI_VERSION:
            raise LibraryError(f"library: version {version}, not {ABI_VERSION}.x ({path})")

    def report_names(self) -> list[str]:
        """The reports, in the order of the library's help."""
        names = map(self._c.mpheap_report_name, itertools.count())
        return [name.decode() for name in itertools.takewhile(bool, names)]

    def report_summaries(self) -> dict[str, str]:
        """What each report tells, one line, by its name."""
        names = self.report_names()
        lines = (self._c.mpheap_report_summary(index) for index in range(len(names)))
        return dict(zip(names, (line.decode() for line in lines)))

    def run(
        self, words: Sequence[str], target: Target | None, write: Write
    ) -> Outcome:
        """Run a report. `write(stream, bytes)` gets its output as it comes, except the error
        line, which is in the outcome."""
        return _Run(self._c, target, write).run(words)

    def asker(self, target: Target | None) -> Asker:
        """A handle to ask a target about single words."""
        return Asker(self._c, target)

    def text(self, *words: str) -> str:
        """What a command that needs no target prints, such as --help."""
        chunks: list[bytes] = []
        self.run(words, None, lambda stream, data: chunks.append(data))
        return b"".join(chunks).decode()


def _candidates() -> Iterator[str]:
    """Where the library may be, best first; the last one is left to the loader."""
    folder = Path(__file__).resolve().parent
    if folder.parents[2].name == "share":  # PREFIX/share/mpheap/gdb/mpheap_gdb
        yield str(folder.parents[3] / "lib" / f"libmpheap.so.{ABI_VERSION}")
    yield str(folder.parents[1] / "build" / "libmpheap.so")


def load() -> Library:
    """The library that MPHEAP_LIBRARY names, or the nearest one. LibraryError if there is none."""
    if named := os.environ.get("MPHEAP_LIBRARY"):
        return Library(named)
    found = next(filter(os.path.exists, _candidates()), f"libmpheap.so.{ABI_VERSION}")
    return Library(found)
