# SPDX-License-Identifier: MIT
"""PNG files of three bytes a pixel, decoded: https://www.w3.org/TR/png-3/."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

SIGNATURE = b"\x89PNG\r\n\x1a\n"
CHANNELS = 3
RGB_OF_8_BITS = (8, 2, 0, 0, 0)  # depth, colour type, compression, filter, interlace


def chunks(data: bytes) -> dict[bytes, bytes]:
    """The contents of all chunks by their type, those of one type joined."""
    assert data.startswith(SIGNATURE)
    found: dict[bytes, bytes] = {}
    at = len(SIGNATURE)
    while at < len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        content = data[at + 8 : at + 8 + size]
        assert zlib.crc32(kind + content) == struct.unpack_from(">I", data, at + 8 + size)[0]
        found[kind] = found.get(kind, b"") + content
        at += 12 + size
    assert "IEND" == kind.decode() and at == len(data)
    return found


def paeth(left: int, above: int, corner: int) -> int:
    """What filter 4 predicts: the neighbour that is nearest to left + above - corner."""
    guess = left + above - corner
    distances = abs(guess - left), abs(guess - above), abs(guess - corner)
    return (left, above, corner)[distances.index(min(distances))]


def unfilter(kind: int, line: bytearray, above: bytes) -> None:
    """Add to each byte of a line what its filter predicted, in place."""
    if kind == 2:
        line[:] = bytes((a + b) & 0xFF for a, b in zip(line, above)) if any(line) else above
        return
    for i in range(len(line)):
        left = line[i - CHANNELS] if i >= CHANNELS else 0
        if kind == 1:
            predicted = left
        elif kind == 3:
            predicted = (left + above[i]) // 2
        else:
            predicted = paeth(left, above[i], above[i - CHANNELS] if i >= CHANNELS else 0)
        line[i] = (line[i] + predicted) & 0xFF


class Png:
    """A picture whose lines are decoded as far down as they are asked for."""

    def __init__(self, path: Path) -> None:
        found = chunks(path.read_bytes())
        self.width, self.height, *form = struct.unpack(">IIBBBBB", found[b"IHDR"])
        assert tuple(form) == RGB_OF_8_BITS
        self._raw = zlib.decompress(found[b"IDAT"])
        self._stride = self.width * CHANNELS
        assert len(self._raw) == self.height * (self._stride + 1)
        self._lines = [bytes(self._stride)]

    def line(self, y: int) -> bytes:
        """Three bytes for each pixel of a line: red, green, blue."""
        while len(self._lines) <= y + 1:
            start = (len(self._lines) - 1) * (self._stride + 1)
            line = bytearray(self._raw[start + 1 : start + 1 + self._stride])
            if self._raw[start]:
                unfilter(self._raw[start], line, self._lines[-1])
            self._lines.append(bytes(line))
        return self._lines[y + 1]

    def pixel(self, x: int, y: int) -> int:
        """A number 0xRRGGBB."""
        return int.from_bytes(self.line(y)[x * CHANNELS : (x + 1) * CHANNELS], "big")
