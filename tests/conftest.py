# SPDX-License-Identifier: MIT
"""What several folders of tests share."""

from __future__ import annotations

import functools
from collections.abc import Callable

import pytest
from dumps import Dump, take


@pytest.fixture(scope="session")
def dump_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Dump]:
    """Gives the dump of a fixture variant; each is booted once."""

    @functools.cache
    def dump(variant: str) -> Dump:
        return take(variant, tmp_path_factory.mktemp(variant))

    return dump
