# SPDX-License-Identifier: MIT
"""What several folders of tests share."""

from __future__ import annotations

import functools
from collections.abc import Callable

import pytest
from dumps import Dump, kept
from rig.debugport import build_folder

pytest.register_assert_rewrite("json_page")


@pytest.fixture(scope="session")
def dump_of() -> Callable[[str], Dump]:
    """Gives the dump of a fixture variant; each is booted once."""
    folder = build_folder() / "tests" / "dumps"

    @functools.cache
    def dump(variant: str) -> Dump:
        return kept(variant, folder.resolve())

    return dump
