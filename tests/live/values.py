# SPDX-License-Identifier: MIT
"""Whether a value as mpheap prints it is what the board's repr() says, in ASCII.

The two differ by intent in three ways: mpheap writes every address with 0x, writes floats with the
fewest digits that say the same number, and cuts what is long with "...".
"""

from __future__ import annotations

import re

FLOAT = re.compile(r"(?<![\w.])\d+(?:\.\d+(?:e[+-]?\d+)?|e[+-]?\d+)")
# repr() of these says what they hold; of all others, no more than that they are there.
TELLING = re.compile(r"<class '\w+'>$|<\w+ object at 0x[0-9a-f]+>$|<function \S+ at 0x|[^<]")
LONGEST_WHOLE = 16  # characters: what is no longer is never cut


def plain(word: str) -> str:
    """A repr() in ASCII, and with 0x before the addresses that %p prints."""
    word = word.encode("ascii", "backslashreplace").decode()
    return re.sub(r" at (?!0x)([0-9a-f]+)(?=[>,])", r" at 0x\1", word)


def _rounded(text: str) -> str:
    """Every float to six digits, which the board's builds with single floats print."""
    return FLOAT.sub(lambda found: f"{float(found[0]):.5e}", text)


def is_telling(word: str) -> bool:
    """Whether a repr() says what the object holds."""
    return bool(TELLING.match(plain(word)))


def agrees(value: str, word: str) -> bool:
    """Whether a printed value, maybe cut, is that of the repr()."""
    expected = plain(word)
    if _rounded(value) == _rounded(expected):
        return True
    if len(expected) <= LONGEST_WHOLE:
        return False
    # A text that is cut: 'abc'...; a container: [1, 2, ...], or ... for all of it.
    pattern = re.sub(r"(?:'|\")?\\\.\\\.\\\.", ".*", re.escape(_rounded(value)))
    return bool(re.fullmatch(pattern, _rounded(expected)))
