# SPDX-License-Identifier: MIT
"""Whether a program has gone on at all between two hits of a breakpoint.

A step over a breakpoint may end without an instruction executed: QEMU's does where an interrupt
is due. The breakpoint is then hit again at once, by the same call.
"""

from __future__ import annotations

import gdb

from . import inferior

# Of mp_state_ctx, which begins with what the threads and the virtual machine have, and goes on with
# the heap's: 0.7 to 1.3 KB in firmware of 32 bits. Each allocation that succeeds counts there, in
# gc_alloc_amount.
STATE_BYTES = (2048, 1024, 512)


class Moment:
    """The last hit that was looked at: its registers, and the interpreter's state."""

    def __init__(self) -> None:
        self._last: tuple[dict[str, int], bytes] | None = None

    def is_repeated(self) -> bool:
        """Whether this hit is the last one once more. Without a symbol none is taken for such."""
        state = _state()
        now = (inferior.registers(), state) if state else None
        is_same = now is not None and now == self._last
        self._last = now
        return is_same


def _state() -> bytes | None:
    try:
        address = int(gdb.parse_and_eval("&mp_state_ctx"))
    except gdb.error:
        return None
    for size in STATE_BYTES:  # RAM may end before
        try:
            return bytes(gdb.selected_inferior().read_memory(address, size))
        except gdb.error:
            continue
    return None
