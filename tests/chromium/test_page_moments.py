# SPDX-License-Identifier: MIT
"""Two moments on one page, and the curve that was recorded between them."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import pytest
from live.page import data_of
from live.wasm.captures import capture
from chromium.browser import Browser
from chromium.conftest import Written
from chromium.documents import rewritten

import mpheap

VERSION = "1.27.0"


@pytest.fixture(name="moments", scope="module")
def moments_fixture(tmp_path_factory: pytest.TempPathFactory) -> tuple[Written, Written]:
    """A WebAssembly heap at two moments; the later one's page has both."""
    folder = tmp_path_factory.mktemp("moments")
    heap = capture(VERSION)
    cores = []
    for moment in (1, 2):
        cores.append(folder / f"{moment}.core")
        mpheap.run("snapshot", cores[-1], "--image", f"{heap.memory(moment)}@0")
    page = folder / "both.html"
    result = mpheap.run("report", page, cores[0], "--core", cores[1])
    assert result.status == 0, result
    earlier, later = (Written(page, ("--core", core)) for core in cores)
    return earlier, later


def tile(page: Browser, title: str) -> str:
    """What stands below a tile's title."""
    tiles = [text.split("\n") for text in page.texts(".tile")]
    return next(rest[0] for name, *rest in tiles if name == title)


def identities(written: Written) -> set[tuple[str, int, str]]:
    return {(line["address"], line["blocks"], line["type"]) for line in written.lines("--all")}


def test_the_later_moment_is_shown_and_the_earlier_one_chosen(
        browser: Browser, moments: tuple[Written, Written]) -> None:
    earlier, later = moments
    browser.open(later.file)
    for written in (later, earlier, later):
        used = written.document("info")["heap"]["used_bytes"]
        assert tile(browser, "Used") == f"{used:,} bytes"
        assert browser.text("#matches").startswith(f"{len(written.lines('--all')):,} ")
        other = "Earlier" if written is later else "Later"
        browser.click(f"#moments label:has-text('{other}')")
    assert browser.events() == []


def test_a_cursor_behind_the_end_of_the_other_heap(
        browser: Browser, moments: tuple[Written, Written], tmp_path: Path) -> None:
    document = data_of(moments[1].file)
    area = document["moments"][0]["reports"]["info"]["heap"]["areas"][0]
    area["block_count"] //= 2
    browser.open(rewritten(moments[1].file, document, tmp_path / "grown.html"))
    browser.evaluate("document.getElementById('map').focus()")
    browser.press("End")
    assert browser.text("#map-says")
    browser.click("#moments label:has-text('Earlier')")
    assert browser.text("#map-says") == ""
    browser.evaluate("document.getElementById('map').focus()")
    browser.press("ArrowRight")
    first = int(area["pool_start_address"], 16)
    assert browser.text("#map-says").startswith(hex(first))
    assert browser.events() == []


def test_what_changed_can_be_picked_out(
        browser: Browser, moments: tuple[Written, Written]) -> None:
    browser.open(moments[1].file)
    sets = [identities(written) for written in moments]
    for label, mine, other in (("Later", sets[1], sets[0]), ("Earlier", sets[0], sets[1])):
        browser.click(f"#moments label:has-text('{label}')")
        browser.choose("#state-filter", "changed")
        found = int(browser.text("#matches").split(" ")[0].replace(",", ""))
        assert found == len(mine - other) > 0
    gone = min(address for address, *_ in sets[0] - sets[1])
    browser.press("/")
    browser.type(gone)
    browser.press("Enter")
    assert "At the other moment\nnot the same" in browser.text("#object")


def test_the_difference_is_that_of_diff(
        browser: Browser, moments: tuple[Written, Written]) -> None:
    cores = [written.words[1] for written in moments]
    diff = mpheap.run("diff", "--format=json", *cores).json
    if not browser.shows(moments[1].file):
        browser.open(moments[1].file)
    card = browser.text("[aria-label=Difference]").replace("\u2212", "-").replace(",", "")
    for key in ("used_bytes", "free_bytes", "objects", "runs", "largest_run_bytes"):
        assert str(diff["before"][key]) in card and str(diff["after"][key]) in card
    for one in [*diff["growers"][:10], *diff["types"][:10]]:
        assert re.search(rf"(?<!\d){one['change']:+d}(?!\d)".replace("+0", ".0"), card)
        assert (one.get("name") or one["type"]) in card


# --- the recorded curve ---

def watch_document() -> dict[str, Any]:
    """A minute in which the heap fills and is collected every ten seconds."""
    seconds = [i / 2 for i in range(120)]
    used = [20000 + 4000 * (i % 20) for i in range(120)]
    used[33] = 99999  # torn
    columns = {
        "seconds": seconds, "used_bytes": used, "free_bytes": [100000 - one for one in used],
        "torn": [int(i == 33) for i in range(120)],
        "largest_free_bytes": [round(60000 + 9000 * math.sin(i / 5)) for i in range(120)],
    }
    events = [{"seconds": float(at), "kind": "collection", "text": f"collection {at}"}
              for at in range(10, 60, 10)]
    events.append({"seconds": 31.5, "kind": "alarm", "text": "shorter than </script><b>x\u202e"})
    return {
        "interval_ms": 500, "total_bytes": 100000, "events": events,
        "samples": {"count": 120, "columns": {
            name: {"numbers": " ".join(map(str, values))} for name, values in columns.items()}},
    }


PLOT = """(() => {
    const canvas = document.querySelector(".uplot canvas");
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const counts = {};
    for (let i = 0; i < data.length; i += 4)
        if (data[i + 3] === 255) {
            const color = data.slice(i, i + 3).join();
            counts[color] = (counts[color] ?? 0) + 1;
        }
    return counts;
})()"""


def test_the_curve_with_its_events(browser: Browser, fixture_page: Written,
                                   tmp_path: Path) -> None:
    document = {"mpheap": "1", "input": "a board", "moments": [], "watch": watch_document()}
    browser.open(rewritten(fixture_page.file, document, tmp_path / "watch.html"))
    card = browser.text("[aria-label=Recorded]")
    assert "120 samples, one each 500 ms, 1 of them torn" in card
    assert "Most in use: 96,000 bytes" in card
    assert "shorter than </script><b>x\\u{202e}" in card and "50 s\tcollection 50" in card
    colors = browser.evaluate(PLOT)
    assert colors["86,180,233"] > 500 and colors["213,94,0"] > 200
    assert browser.evaluate("document.getElementById('workbench').offsetHeight") == 0
    assert browser.events() == []


def test_the_curve_beside_a_heap(browser: Browser, fixture_page: Written,
                                 tmp_path: Path) -> None:
    document = data_of(fixture_page.file)
    page = rewritten(fixture_page.file, {**document, "watch": watch_document()},
                     tmp_path / "both.html")
    browser.open(page, width=360, height=740)
    assert browser.evaluate("document.documentElement.scrollWidth") == 360
    assert browser.evaluate("document.querySelector('.uplot').clientWidth") < 360
    total = fixture_page.document("info")["heap"]["total_bytes"]
    assert tile(browser, "Heap") == f"{total:,} bytes"
