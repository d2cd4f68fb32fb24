# SPDX-License-Identifier: MIT
"""Text of the target stays text: nothing in it runs, breaks the page or hides what it says."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest
from live.page import DATA, data_of
from chromium.browser import Browser
from chromium.conftest import Written
from chromium.documents import rewritten

import mpheap

RUN = Path(__file__).resolve().parents[1] / "live/wasm/run.mjs"
VERSION = "1.27.0"
EVIL = [
    "</script><script>alert(1)</script>",
    '"><img src=x onerror=alert(2)>',
    "<svg/onload=alert(3)>",
    "'-alert(4)-'",
    "--><!--<script>",
    "javascript:alert(5)",
    "@DATA@ ${alert(6)} {{7*7}}",
    "\x00\x07\x1b[31mred\x7f",
    "\u202egnirts\u202c\u2066isolated\u2069\u200f",
    "line\u2028line\u0085line\ufeff",
    "blank\u3164filler\u034f\ufe0f",
]
PROGRAM = f"""
evil = {EVIL!r}
table = {{text: [text, bytes(text, "utf-8")] for text in evil}}
class Holder:
    pass
holder = Holder()
kinds = []
for text in evil:
    setattr(holder, text, text * 3)
    kinds.append(type(text, (), {{}})())
class Error(Exception):
    pass
error = Error(evil[0])
"""
# What no reader can see, and what changes the order of what stands beside it.
HIDDEN = r"/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\u3164\u034f\ufe0f]/u"
# Texts, attributes and the canvas's description, without what lays out the page itself.
SHOWN = f"""(() => {{
    const texts = [];
    for (const node of document.querySelectorAll("body *:not(script)")) {{
        for (const attribute of node.attributes)
            texts.push(attribute.value);
        for (const child of node.childNodes)
            if (child.nodeType === 3)
                texts.push(child.data.replace(/[\\n\\t]/g, ""));
    }}
    return texts.filter((text) => {HIDDEN}.test(text.replace(/\\n/g, "")));
}})()"""
FOREIGN = """[...document.querySelectorAll(
    "img, iframe, object, embed, link, base, form, script:not(#data), animate, foreignObject")]
    .map((one) => one.outerHTML.slice(0, 60))"""


@pytest.fixture(name="evil_page", scope="module")
def evil_page_fixture(tmp_path_factory: pytest.TempPathFactory) -> Written:
    """Of a board that holds such texts as values, keys, attributes, classes and messages."""
    folder = tmp_path_factory.mktemp("evil")
    (folder / "program.py").write_text(PROGRAM)
    subprocess.run([shutil.which("node"), RUN, folder, folder / "program.py", VERSION],
                   check=True, capture_output=True, timeout=60)
    words = ("--image", f"{folder / VERSION}.bin@0")
    result = mpheap.run("report", folder / "heap.html", *words)
    assert result.status == 0, result
    return Written(folder / "heap.html", words)


def select_all(page: Browser, queries: list[str]) -> list[str]:
    """Finds and selects each; the texts of their cards."""
    cards = []
    for query in queries:
        page.press("Escape", "/")
        page.type(query)
        page.press("Enter")
        cards.append(page.text("#object"))
    return cards


def test_texts_of_a_board_run_nothing(browser: Browser, evil_page: Written) -> None:
    browser.open(evil_page.file)
    lines = evil_page.lines("--all")
    assert any("onerror=alert" in line["type"] for line in lines)
    queries = [line["address"] for line in lines if "alert" in json.dumps(line)]
    assert len(queries) > 20
    cards = select_all(browser, queries[::4])
    assert all("alert" in card for card in cards)
    assert browser.events() == []
    assert len(browser.evaluate(FOREIGN)) == 1
    assert browser.evaluate(SHOWN) == []


def test_a_search_for_them_finds_them(browser: Browser, evil_page: Written) -> None:
    if not browser.shows(evil_page.file):
        browser.open(evil_page.file)
    for text, card in zip(EVIL[:6], select_all(browser, EVIL[:6])):
        assert text in card
    assert browser.events() == []


# --- a document that says anything anywhere ---

KEEP = {"address", "level", "kind", "blocks", "state"}  # what the page goes by, besides numbers


def worsened(value: Any, key: str = "") -> Any:
    """All texts of a document become hostile, but addresses and words that the page goes by."""
    if isinstance(value, dict):
        return {name: one if name == "columns" else worsened(one, name)
                for name, one in value.items()}
    if isinstance(value, list):
        return [worsened(one, key) for one in value]
    if not isinstance(value, str) or key in KEEP or key.endswith("_address"):
        return value
    return f"{EVIL[len(value) % len(EVIL)]}{EVIL[8]}\ud800"


def worsen_columns(columns: dict[str, Any]) -> None:
    """The same of a table: every word, and every line."""
    for column in columns.values():
        if "words" in column:
            column["words"] = [worsened(word) for word in column["words"]]
        if "lines" in column:
            column["lines"] = "\n".join(
                worsened(line) if line else "" for line in column["lines"].split("\n"))


def test_a_document_of_hostile_texts(browser: Browser, fixture_page: Written,
                                     tmp_path: Path) -> None:
    document = worsened(data_of(fixture_page.file))
    worsen_columns(document["moments"][0]["objects"]["columns"])
    browser.open(rewritten(fixture_page.file, document, tmp_path / "worse.html"))
    select_all(browser, [line["address"] for line in fixture_page.lines("--all")[::100]])
    select_all(browser, ["alert"])
    assert browser.events() == []
    assert len(browser.evaluate(FOREIGN)) == 1
    assert browser.evaluate(SHOWN) == []
    assert r"\u{202e}gnirts\u{202c}" in browser.text("main")


@pytest.mark.parametrize("data", ["", "not base64", "eJwDAAAAAAE="])
def test_data_that_are_none(browser: Browser, fixture_page: Written, tmp_path: Path,
                            data: str) -> None:
    page = tmp_path / "broken.html"
    page.write_text(DATA.sub(f'<script type="text/plain" id="data">{data}</script>',
                             fixture_page.file.read_text()))
    browser.open(page)
    assert "data" in browser.text("#problem")
    assert browser.events() == []


# A script, a listener, markup and an image that are put into the page later.
INTRUDER = """(() => {
    const script = document.createElement("script");
    script.append("globalThis.ran = true");
    document.body.append(script);
    const box = document.createElement("div");
    document.body.append(box);
    try {
        box.setAttribute("onclick", "globalThis.ran = true");
    } catch {}
    box.click();
    try {
        box.innerHTML = "<i id='marked'></i>";
    } catch {}
    const image = new Image();
    image.onerror = () => { globalThis.failed = true; };
    image.src = "http://127.0.0.1:%d/x.png";
})()"""


def test_the_policy_lets_no_other_script_run(browser: Browser, fixture_page: Written) -> None:
    browser.open(fixture_page.file)
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        browser.evaluate(INTRUDER % server.getsockname()[1])
        browser.wait("globalThis.failed")
        with pytest.raises(BlockingIOError):
            server.accept()
    assert browser.evaluate("globalThis.ran ?? null") is None
    assert browser.evaluate("document.getElementById('marked')") is None
    assert any("Content Security Policy" in event for event in browser.events())
