# SPDX-License-Identifier: MIT
"""The fixture's qstr pools as GDB sees them by the firmware's debug information; runs in GDB.

`qstr-pools HASH_BYTES` prints, as one JSON document, the pools in RAM, newest first: where a pool
is, its `alloc`, the bytes that it was allocated with, and its strings with the address that the
pool has of each. HASH_BYTES is how many bytes of hash stand in front of a text, before v1.19.
"""

from __future__ import annotations

import json

import gdb


def text_of(pool: gdb.Value, index: int, hash_bytes: int) -> str:
    """A string, by its length."""
    start, inferior = int(pool["qstrs"][index]), gdb.selected_inferior()
    if any(field.name == "lengths" for field in pool.type.fields()):
        length = int(pool["lengths"][index])
    else:
        start += hash_bytes
        length, start = inferior.read_memory(start, 1)[0][0], start + 1
    return inferior.read_memory(start, length).tobytes().decode()


def asked_bytes(pool: gdb.Value) -> int:
    """What the firmware asked its allocator for."""
    arrays = [field for field in pool.type.fields() if field.name in ("hashes", "lengths")]
    each = sum(field.type.target().sizeof for field in arrays)
    each += pool["qstrs"].type.target().sizeof
    return pool.type.sizeof + int(pool["alloc"]) * each


class QstrPools(gdb.Command):
    """Print the pools in RAM."""

    def __init__(self) -> None:
        super().__init__("qstr-pools", gdb.COMMAND_DATA)

    def invoke(self, argument: str, from_tty: bool) -> None:
        """Run the command."""
        pools = []
        address = gdb.parse_and_eval("mp_state_ctx.vm.last_pool")
        while address != gdb.parse_and_eval("&mp_qstr_const_pool"):
            pool = address.dereference()
            indices = range(int(pool["len"]))
            pools.append({
                "address": int(address),
                "first": int(pool["total_prev_len"]),
                "alloc": int(pool["alloc"]),
                "asked_bytes": asked_bytes(pool),
                "starts": [int(pool["qstrs"][index]) for index in indices],
                "texts": [text_of(pool, index, int(argument)) for index in indices],
            })
            address = pool["prev"]
        gdb.write(json.dumps(pools) + "\n")


QstrPools()
