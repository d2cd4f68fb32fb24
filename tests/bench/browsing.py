# SPDX-License-Identifier: MIT
"""How long a page takes in Chromium until it is seen."""

from __future__ import annotations

from pathlib import Path

from chromium.browser import Browser
from table import row

RUNS = 3
SEEN_S = 1.0

# Seconds from the start of the navigation on: something is seen; the map is; all is.
TIMES = """[performance.getEntriesByName("first-contentful-paint")[0].startTime,
    ...["mpheap-map", "mpheap-done"].map((name) => performance.getEntriesByName(name)[0].startTime)]
    .map((milliseconds) => milliseconds / 1000)"""


def measure_browsing(page: Path, name: str) -> None:
    """The shortest times of some: other load only adds."""
    runs = []
    with Browser() as browser:
        for _ in range(RUNS):
            browser.open(page)
            runs.append(browser.evaluate(TIMES))
    paint, drawn, complete = (min(times) for times in zip(*runs))
    row(f"{name} in Chromium: first paint", paint, SEEN_S, " s")
    row(f"{name} in Chromium: the map is drawn", drawn, SEEN_S, " s")
    row(f"{name} in Chromium: all is drawn", complete, unit=" s")
