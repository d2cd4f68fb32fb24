# SPDX-License-Identifier: MIT
"""What a reader of the page sees and does, in real Chromium; held against the other reports."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from chromium.browser import Browser
from chromium.conftest import Written
from chromium.documents import rewritten
from live.page import data_of

TOP = Path(__file__).resolve().parents[2]

# Moves the pointer over the map, step by step: the address that the tip names, and the colour
# there; only where all pixels around have it, so that no letter and no border is met.
SCAN = """(() => {
    const canvas = document.getElementById("map");
    const box = canvas.getBoundingClientRect();
    const { width } = canvas;
    const ratio = width / box.width;
    const data = canvas.getContext("2d").getImageData(0, 0, width, canvas.height).data;
    const pixels = new Uint32Array(data.buffer);
    const around = [-width - 1, -width, -width + 1, -1, 1, width - 1, width, width + 1];
    const seen = [];
    for (let y = 2; y < box.height - 2; y += 13) {
        for (let x = 2; x < box.width - 2; x += 29) {
            const at = Math.floor(y * ratio) * width + Math.floor(x * ratio);
            if (around.some((step) => pixels[at + step] !== pixels[at]))
                continue;
            canvas.dispatchEvent(new PointerEvent("pointermove",
                { clientX: box.left + x, clientY: box.top + y }));
            const tip = document.getElementById("tip");
            if (!tip.hidden)
                seen.push([tip.querySelector(".address").textContent, data[4 * at],
                    data[4 * at + 1], data[4 * at + 2]]);
        }
    }
    return seen;
})()"""

# The colours of the map, each with how many of some pixels have it.
COLORS = """(() => {
    const canvas = document.getElementById("map");
    const context = canvas.getContext("2d");
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    const counts = {};
    for (let i = 0; i < data.length; i += 28) {
        const color = data.slice(i, i + 3).join();
        counts[color] = (counts[color] ?? 0) + 1;
    }
    return counts;
})()"""

LEGEND = """Object.fromEntries([...document.querySelectorAll("[data-letter]")].map((one) =>
    [one.dataset.letter, getComputedStyle(one).borderBottomColor]))"""
MAP_BOX = """(({ left, top, width, height }) => [left, top, width, height])(
    document.getElementById("map").getBoundingClientRect())"""


@pytest.fixture(name="page")
def page_fixture(browser: Browser, fixture_page: Written) -> Browser:
    """The fixture's page, as if it had just been opened."""
    if browser.shows(fixture_page.file):
        browser.press("Escape")
        browser.evaluate("document.getElementById('zoom-fit').click()")
        browser.evaluate("document.getElementById('map').scrollIntoView()")
    else:
        browser.open(fixture_page.file)
        browser.evaluate("document.getElementById('map').scrollIntoView()")
    return browser


def map_colors(page: Browser) -> Counter[tuple[int, ...]]:
    return Counter({channels(color): count for color, count in page.evaluate(COLORS).items()})


def channels(color: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", color)))[:3]


def letters_by_address(written: Written) -> dict[int, str]:
    """What `map --rich` has for each block."""
    return {
        int(area["pool_start_address"], 16) + i * area["block_bytes"]: letter
        for area in written.document("map", "--rich")["areas"]
        for i, letter in enumerate(area["blocks"])
    }


def find(page: Browser, query: str) -> None:
    """Searches, and selects the first that is found."""
    page.press("Escape", "/")
    page.type(query)
    page.press("Enter")


def fact(page: Browser, name: str) -> str | None:
    """What the object's card says under a name."""
    facts = dict(zip(page.texts("#object dt"), page.texts("#object dd")))
    return facts.get(name)


def found(page: Browser) -> int:
    """How many allocations the filter lets through."""
    return int(page.text("#matches").split(" ")[0].replace(",", ""))


def map_middle(page: Browser) -> tuple[float, float]:
    left, top, width, height = page.evaluate(MAP_BOX)
    return left + width / 2, top + height / 2


# --- the map ---

def test_blocks_have_the_colour_of_their_kind(page: Browser, fixture_page: Written) -> None:
    letters = letters_by_address(fixture_page)
    legend = {letter: channels(color) for letter, color in page.evaluate(LEGEND).items()}
    colors: dict[str, Counter[tuple[int, ...]]] = {}
    for address, *color in page.evaluate(SCAN):
        colors.setdefault(letters[int(address, 16)], Counter())[tuple(color)] += 1
    assert {letter for letter in colors if letter not in ".="} <= set(legend)
    assert len(colors) > 8 and colors["."].total() > 100
    assert len(colors["."]) == 1
    heads = {letter: set(seen) for letter, seen in colors.items() if letter not in ".="}
    assert heads == {letter: {legend[letter]} for letter in heads}
    assert not set(colors["="]) & {*colors["."], *legend.values()}


def test_tails_without_a_head_are_no_free_blocks(
        browser: Browser, fixture_page: Written, tmp_path: Path) -> None:
    document = data_of(fixture_page.file)
    moment, = document["moments"]
    end = int(moment["reports"]["info"]["heap"]["areas"][0]["pool_end_address"], 16)
    moment["loose"] = {"count": 2, "columns": {
        "address": {"hex_deltas": f"{end - 80} 32"}, "blocks": {"numbers": "1 3"}}}
    browser.open(rewritten(fixture_page.file, document, tmp_path / "loose.html"))
    browser.evaluate("document.getElementById('map').focus()")
    browser.press("End")
    said = []
    for _ in range(6):
        said.append(browser.text("#map-says").split(": ")[1])
        browser.press("ArrowLeft")
    tail = "a tail without a head"
    assert said == [tail, tail, tail, "free", tail, "free"]
    assert map_colors(browser)[(0xA6, 0xA6, 0xA6)] > 0
    assert "tails without a head" in browser.text("#legend")


def test_the_legend_has_the_kinds_of_the_heap(page: Browser, fixture_page: Written) -> None:
    kinds: dict[str, set[str]] = {}
    for line in fixture_page.lines("--all"):
        kinds.setdefault(line["letter"], set()).add(line["kind"].replace("?", "not known"))
    shown = page.evaluate("[...document.querySelectorAll('[data-letter]')].map((one) => one.title)")
    assert sorted(shown) == sorted(
        ", ".join(names) for letter, names in sorted_kinds(kinds, shown).items())


def sorted_kinds(kinds: dict[str, set[str]], shown: list[str]) -> dict[str, list[str]]:
    """Each letter's kinds, in the order in which the page has them."""
    order = [set(title.split(", ")) for title in shown]
    return {letter: shown[order.index(names)].split(", ") for letter, names in kinds.items()}


def test_families_are_those_of_the_other_maps() -> None:
    """One colour a kind, wherever it is drawn."""
    palette = re.findall(r'\{"(\w+)", "([^"]+)", 0x(\w+)',
                         (TOP / "src/report/palette.c").read_text())
    families = re.findall(r'name: "(\w+)", title: "[^"]+", letters: "([^"]+)"',
                          (TOP / "page/kinds.js").read_text())
    css = dict(re.findall(r"--(\w+): (?:light-dark\()?#(\w{6})",
                          (TOP / "page/page.css").read_text()))
    assert [(name, letters, css[name]) for name, letters in families] == [
        row for row in palette if row[0] not in ("free", "tail")]
    assert css["free"] == dict((row[0], row[2]) for row in palette)["free"]


def test_the_pointer_shows_what_whatis_says(page: Browser, fixture_page: Written) -> None:
    left, top, width, height = page.evaluate(MAP_BOX)
    titles = set()
    for i in range(20):
        page.move(left + width * (i % 8 + 1.5) / 10, top + 3 + height * i / 80)
        address = page.texts("#tip .address")
        title = page.texts("#tip b")
        if not address or not title:
            continue
        places = fixture_page.document("whatis", address[0])["places"]
        text = next(place["text"] for place in places if place["place"] == "heap")
        assert text.split("): ")[1].startswith(title[0])
        titles.add(title[0])
    assert len(titles) > 5


def test_zooming_and_moving_keep_the_block_below_the_pointer(page: Browser) -> None:
    x, y = map_middle(page)
    page.move(x, y - 150)
    address = page.text("#tip .address")
    page.evaluate("document.getElementById('map').focus()")
    page.wheel(-400)
    page.wait("document.getElementById('tip').innerText.includes('0x')")
    assert page.text("#tip .address") == address
    page.drag((x, y - 150), (x + 60, y - 130))
    page.move(x + 61, y - 130)
    page.move(x + 60, y - 130)
    assert page.text("#tip .address") == address
    page.press("0")
    page.move(x, y - 150)
    assert page.text("#tip .address") == address


# --- objects ---

def test_a_click_selects_what_it_hits(page: Browser) -> None:
    left, top, width, _ = page.evaluate(MAP_BOX)
    page.drag((left + width / 2, top + 40), (left + width / 2, top + 40))
    title = page.text("#tip b")
    assert page.text("#object .title") == title
    assert title in page.text("#map-says")


@pytest.mark.parametrize("key", ["value", "name", "holder", "owner_address"])
def test_the_card_of_an_object(page: Browser, fixture_page: Written, key: str) -> None:
    line = next(line for line in fixture_page.lines("--all") if line.get(key) and line["blocks"] > 1
                or line.get(key) and key in ("name", "value"))
    find(page, line["address"])
    assert fact(page, "Address") == line["address"]
    assert fact(page, "Kind") == f"{line['letter']} {line['kind']}"
    assert fact(page, "Name") == line.get("name")
    assert fact(page, "Value") == line.get("value")
    assert fact(page, "Size").startswith(
        f"{line['bytes']:,} bytes, {line['blocks']} block")
    assert (line.get("owner_address") or "") in (fact(page, "Owner") or "")
    assert fact(page, "Held by") == line.get("holder")


def test_the_path_is_that_of_why(page: Browser, fixture_page: Written) -> None:
    for line in fixture_page.lines()[::60]:
        steps = (fixture_page.document("why", line["address"])["paths"] or [{"steps": []}])[0]
        find(page, line["address"])
        hops = page.texts("#object ol.path .hop")
        assert [hop.removesuffix(" (looks like the address)") for hop in hops] == [
            step["by"] for step in steps["steps"]]
        assert page.texts("#object ol.path code") == [step["address"] for step in steps["steps"]]


# --- search and filter ---

def test_a_search_finds_what_holds_the_text(page: Browser, fixture_page: Written) -> None:
    lines = fixture_page.lines("--all")
    for query in ("generator", "hello", "__name__"):
        keys = ("type", "kind", "name", "value", "holder")
        expected = [line for line in lines
                    if any(query in (line.get(key) or "").lower() for key in keys)]
        find(page, query)
        assert found(page) == len(expected)
        shown = page.texts("#results code")
        assert shown == [line["address"] for line in expected][:len(shown)]


def test_an_address_inside_an_object_finds_it(page: Browser, fixture_page: Written) -> None:
    line = max(fixture_page.lines("--all"), key=lambda line: line["blocks"])
    find(page, hex(int(line["address"], 16) + line["bytes"] - 1))
    assert (found(page), fact(page, "Address")) == (1, line["address"])


def test_filters_by_type_letter_and_reach(page: Browser, fixture_page: Written) -> None:
    lines = fixture_page.lines("--all")
    page.choose("#type-filter", "dict")
    assert found(page) == sum(line["type"] == "dict" for line in lines)
    page.press("Escape")
    page.click("[data-letter=L]")
    page.click("[data-letter=l]")
    assert found(page) == sum(line["letter"] in "Ll" for line in lines)
    page.press("Escape")
    page.choose("#state-filter", "garbage")
    assert found(page) == fixture_page.document("garbage", "--all")["count"]


def test_a_filter_dims_what_it_leaves_out(page: Browser) -> None:
    before = map_colors(page)
    legend = {letter: channels(color) for letter, color in page.evaluate(LEGEND).items()}
    pressed = "document.querySelector('[data-letter=D]').ariaPressed"
    assert page.evaluate(pressed) == "false"
    page.click("[data-letter=D]")
    assert page.evaluate(pressed) == "true"
    after = map_colors(page)
    assert before[legend["S"]] and not after[legend["S"]]
    assert after[legend["D"]] and after[legend["D"]] <= before[legend["D"]]


# --- keyboard ---

def test_all_of_it_by_keyboard(page: Browser, fixture_page: Written) -> None:
    lines = fixture_page.lines("--all")
    page.press("/")
    assert page.evaluate("document.activeElement.id") == "query"
    page.type(lines[5]["address"])
    page.press("Enter")
    assert fact(page, "Address") == lines[5]["address"]
    assert page.text("#map-says").startswith(hex(int(lines[5]["address"], 16)))
    page.evaluate("document.getElementById('map').focus()")
    page.press("Shift+ArrowRight", "Enter")
    assert fact(page, "Address") == lines[6]["address"]
    page.press("Shift+ArrowLeft", "Enter")
    assert fact(page, "Address") == lines[5]["address"]
    page.press("Home", "Enter")
    assert fact(page, "Address") == lines[0]["address"]
    page.press("ArrowRight")
    assert page.text("#map-says").startswith(hex(int(lines[0]["address"], 16) + 16))
    page.press("Escape")
    assert fact(page, "Address") is None
    assert page.evaluate("document.getElementById('query').value") == ""


def test_tab_reaches_everything_and_shows_where_it_is(page: Browser) -> None:
    page.evaluate("document.getElementById('theme').focus()")
    reached: list[str] = []
    while "query" not in reached:
        assert len(reached) < 80
        page.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || "
                                     "document.activeElement.className"))
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
    assert {"map", "zoom-in", "zoom-fit", "letter", "query"} <= set(reached)


# --- looks ---

def lightness(page: Browser, selector: str, key: str) -> int:
    return sum(channels(page.evaluate(
        f"getComputedStyle(document.querySelector('{selector}')).{key}")))


def test_dark_and_light(browser: Browser, fixture_page: Written) -> None:
    free = {}
    for scheme in ("light", "dark"):
        browser.open(fixture_page.file, scheme=scheme)
        ground, ink = (lightness(browser, "body", key) for key in ("backgroundColor", "color"))
        assert (ground > ink) == (scheme == "light")
        browser.click("#theme")
        assert lightness(browser, "body", "backgroundColor") > 600
        browser.click("#theme")
        assert lightness(browser, "body", "backgroundColor") < 100
        (free[scheme], _), = map_colors(browser).most_common(1)
    assert free["light"] == free["dark"] and sum(free["dark"]) < 200


@pytest.mark.parametrize("width", [360, 768])
def test_a_narrow_window_needs_no_scrolling_sideways(
        browser: Browser, fixture_page: Written, width: int) -> None:
    browser.open(fixture_page.file, width=width, height=740)
    assert browser.evaluate("document.documentElement.scrollWidth") == width
    outside = browser.evaluate(f"""[...document.querySelectorAll(".card, .tile, button, input")]
        .filter((one) => !one.closest(".scroll") && one.getBoundingClientRect().right > {width})
        .map((one) => one.outerHTML.slice(0, 80))""")
    assert outside == []


# --- reports ---

def test_every_report_has_its_card(page: Browser, fixture_page: Written) -> None:
    cards = {title: card for title, card in zip(
        page.texts("h2"), page.evaluate("[...document.querySelectorAll('h2')].map((one) => "
                                        "one.parentElement.innerText)"))}
    for report, title in (("diagnose", "Diagnosis"), ("bounds", "Bounds")):
        document = fixture_page.document(report)
        sentences = [one["text"] for one in document.get("findings") or document["verdicts"]]
        assert sentences and all(sentence in cards[title] for sentence in sentences)
    for row in fixture_page.document("bounds")["rows"]:
        assert row["name"] in cards["Memory layout"] and row["start_address"] in cards[
            "Memory layout"]
    for pool in fixture_page.document("qstr")["pools"]:
        assert pool["address"] in cards["Interned strings"]
    for frame in fixture_page.document("bt")["frames"]:
        assert frame["function"] in cards["Traceback"]
    notes = {note for report in ("info", "check", "garbage", "bounds", "types", "diagnose")
             for note in fixture_page.document(report)["notes"]}
    assert all(note in cards["Notes"] for note in notes)


def test_free_runs_make_up_the_free_bytes(page: Browser, fixture_page: Written) -> None:
    info = fixture_page.document("info")["heap"]
    columns = page.evaluate("""[...document.querySelectorAll("[aria-label='Free runs'] tbody tr")]
        .map((row) => [...row.cells].map((cell) => Number(cell.innerText.replace(/[^0-9]/g, ""))))
        """)
    assert sum(row[2] for row in columns) == info["free_bytes"]
    assert sum(row[1] for row in columns) == fixture_page.document("fit", "16")["now"]["runs"]
    page.click("[aria-label='Free runs'] .link")
    largest = info["max_free_blocks"] * info["block_bytes"]
    assert f"{largest:,}" in page.texts("[aria-label='Free runs'] .link")[0]
    assert page.text("#map-says").endswith(": free")


def test_whether_a_length_fits_is_what_fit_says(page: Browser, fixture_page: Written) -> None:
    now = fixture_page.document("fit", "1024")["now"]
    assert now["fits"]
    assert (f"1,024 bytes in one piece fit at {now['address']}, the first of "
            f"{now['fitting_runs']} free run") in page.text("[aria-label='Free runs']")


def test_a_length_that_does_not_fit(
        browser: Browser, fixture_page: Written, tmp_path: Path) -> None:
    document = data_of(fixture_page.file)
    fit = document["moments"][0]["reports"]["fit"]
    fit["after"] = {**fit["now"], "fits": None}
    fit["now"]["fits"] = False
    fit["is_locked"] = True
    browser.open(rewritten(fixture_page.file, document, tmp_path / "full.html"))
    card = browser.text("[aria-label='Free runs']")
    assert f"do not fit. After a collection: perhaps, at {fit['after']['address']}" in card
    assert "locked" in card


def test_garbage_is_what_garbage_says(page: Browser, fixture_page: Written) -> None:
    report = fixture_page.document("garbage")
    card = page.text("[aria-label=Garbage]")
    assert f"{report['bytes']:,} bytes" in card and f"in {report['count']:,} allocation" in card
    assert f"free run would be {report['after']['largest_run_bytes']:,} bytes" in card
    for one in report["types"][:8]:
        assert f"{one['type']}\t{one['count']:,}\t{one['bytes']:,}" in card
    page.click("[aria-label=Garbage] tbody .link")
    first = report["types"][0]["type"]
    addresses = {line["address"] for line in fixture_page.document("garbage", "--all")["largest"]}
    assert found(page) == sum(line["type"] == first and line["address"] in addresses
                              for line in fixture_page.lines("--all"))


def test_the_treemap_has_the_biggest_retainers(page: Browser, fixture_page: Written) -> None:
    largest = fixture_page.document("retained")["largest"]
    labels = page.evaluate("[...document.querySelectorAll('.retainer')].map((one) => "
                           "one.getAttribute('aria-label'))")
    assert sorted(label.split(" retained")[0] for label in labels) == sorted(
        f"{one['what']}: {one['retained_bytes']:,} bytes" for one in largest)
    page.evaluate("document.querySelector('.retainer').focus()")
    page.press("Enter")
    assert fact(page, "Address") in {one["address"] for one in largest}


def test_a_click_on_a_type_filters_by_it(page: Browser, fixture_page: Written) -> None:
    first = fixture_page.document("types")["types"][0]
    page.click("[aria-label=Types] tbody .link")
    assert page.evaluate("document.getElementById('type-filter').value") == first["type"]
    assert str(first["count"]) in page.text("[aria-label=Types] tbody tr")


def test_it_says_what_an_old_browser_lacks(browser: Browser, fixture_page: Written) -> None:
    browser.open(fixture_page.file, script="delete globalThis.DecompressionStream")
    assert "lacks DecompressionStream" in browser.text("#problem")
