#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A hung board as one page: two cores, `mpheap report`, and what a browser then shows.

A program on a micro:bit keeps all that it has fetched, and goes silent. Two cores are taken through
the debug port, one before, one after. The page that is written of them is opened in Chromium and
used as a reader would, by keyboard; what it shows must be what the reports say. Exits with 0 when
every claim holds.

    html_report.py [--keep FOLDER]    the page, and a picture of it, go there
"""

from __future__ import annotations

import argparse
import contextlib
import json
import re
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1])]

from page import (  # noqa: E402
    MPHEAP, ROOT, SILENCE_S, Failure, Page, check_tools, listen, play, shell,
)

sys.path[:0] = [str(ROOT / "tests" / "chromium")]

# Found by the paths above, and those that page.py adds
from browser import Browser  # noqa: E402
from rig import Board, DebugPort, OpenOcd  # noqa: E402
from rig.microbit import NOTHING_THERE  # noqa: E402

FIRST = 5  # places before the first core
BEFORE, AFTER = "before.core", "hung.core"
PAGE = "hung.html"
PICTURE = "page.png"
BYTES_MAX = 400_000

PROGRAM = """\
from microbit import sleep

class Forecast:
    def __init__(self, place):
        self.place = place
        self.hours = bytearray(240)

cache = {}

def forecast(place):
    while place not in cache:
        try:
            cache[place] = Forecast(place)
        except MemoryError:
            sleep(10000)  # there may be room later
    return cache[place]

number = 0
while True:
    forecast('place %d' % number)
    number += 1
    print(number, 'places')
    if number == 5:
        input('go on? ')
"""


def expect(shown: str, pattern: str) -> re.Match[str]:
    """Where a regular expression of whole lines matches. Raises Failure where it does not."""
    found = re.search(pattern, shown, re.MULTILINE)
    if not found:
        raise Failure(f"nothing that is shown matches '{pattern}'")
    return found


def take_cores(page: Page, board: Board, where: str) -> int:
    """Gives the number of places that the board has fetched."""
    page.heading(
        "A board that keeps what it fetches",
        "A micro:bit, emulated by QEMU, runs this program.",
    )
    for number, line in enumerate(PROGRAM.splitlines(), 1):
        page.answer(f"{number:2}  {line}")
    page.heading(
        "Two cores",
        f"One after {FIRST} places, and one when the board has said nothing for {SILENCE_S} s.",
    )
    board.repl.start(PROGRAM)
    board.repl.read_until(b"go on? ")
    shell(page, f"snapshot {BEFORE} --halt {where}")
    board.repl.send(b"\r")
    said = listen(board)
    shell(page, f"snapshot {AFTER} --halt {where}")
    return int(re.findall(r"^(\d+) places$", said, re.M)[-1])


def write(page: Page) -> None:
    page.heading("One page of both", "It takes no board any more, and no network.")
    shell(page, f"report {PAGE} {BEFORE} --core={AFTER}")
    size = Path(PAGE).stat().st_size
    page.gap()
    if size > BYTES_MAX:
        raise Failure(f"the page has {size} bytes")
    page.claim(f"One file of less than {BYTES_MAX // 1000} kB.")


def report(words: str) -> dict[str, object]:
    """The document of a report on the later core."""
    done = subprocess.run([MPHEAP, *words.split(), "--format=json", f"--core={AFTER}"],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    return json.loads(done.stdout)


def see_verdict(page: Page, browser: Browser) -> None:
    page.heading("What it says first", "Below the numbers, what `diagnose` finds.")
    verdicts = browser.texts("[aria-label=Diagnosis] .verdict .target")
    for verdict in verdicts[:2]:
        page.answer(verdict.split("\n")[0])
    page.gap()
    findings = report("diagnose")["findings"]
    if [one["text"] for one in findings] != [text.split("\n")[0] for text in verdicts]:
        raise Failure("diagnose says something else")
    expect(verdicts[0], r"^memory ran out: MemoryError")
    expect(verdicts[1], r"^Python stands in .* in forecast, inside a loop")
    page.claim("Memory ran out in forecast(), which tries again for ever.")


def see_change(page: Page, browser: Browser, places: int) -> None:
    page.heading("What changed?", "The card of the difference, its first row.")
    row = browser.texts("[aria-label=Difference] .columns > :last-child tbody tr:first-child td")
    page.answer("  ".join(row[:5]))
    page.gap()
    if row[0] != "cache" or f"{places - FIRST} Forecast" not in row[4]:
        raise Failure(f"what grew first is {row}")
    page.claim(f"The dict named cache grew, by {places - FIRST} forecasts.")


def see_objects(page: Page, browser: Browser, places: int) -> None:
    page.heading("Which are they?", "Type: Forecast. Then the path of the first in the list.")
    browser.choose("#type-filter", "Forecast")
    count = browser.text("#matches")
    page.answer(count)
    if count.split(" ")[0] != str(places + 1):
        raise Failure(f"there are {count}")
    browser.click("#results button")
    hops = browser.texts("#object ol.path .hop")
    page.answer(" -> ".join(hops))
    page.gap()
    address = browser.texts("#object dd")[0]
    steps = report(f"why {address}")["paths"][0]["steps"]
    if hops != [step["by"] for step in steps]:
        raise Failure(f"why has {steps}")
    page.claim(f"{places} that cache keeps, and the one that was on its way there.")
    page.claim("The path is that of `why`.")


def see_earlier(page: Page, browser: Browser) -> None:
    page.heading("And before?", "The switch on top shows the earlier moment.")
    browser.click("#moments label:first-of-type")
    browser.choose("#type-filter", "Forecast")
    count = browser.text("#matches")
    page.answer(count)
    page.gap()
    if not count.startswith(f"{FIRST} "):
        raise Failure(f"there were {count}")
    page.claim(f"There were {FIRST}.")


def read_page(page: Page, places: int) -> None:
    with Browser() as browser:
        browser.open(Path(PAGE), width=1000, height=720)
        see_verdict(page, browser)
        see_change(page, browser, places)
        see_objects(page, browser, places)
        browser.evaluate("document.getElementById('workbench').scrollIntoView()")
        browser.screenshot(Path(PICTURE))
        see_earlier(page, browser)
        if browser.events():
            raise Failure(f"the page did more than show itself: {browser.events()}")
        page.claim("The page has asked for nothing but itself.")


def tell(keep: Path | None, page: Page) -> None:
    check_tools("chromium", "node")
    if not (ROOT / "node_modules" / "playwright-core").exists():
        raise Failure("playwright-core is not installed (make deps)")
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        with Board() as board, DebugPort(board, options=NOTHING_THERE) as port:
            with OpenOcd(port) as openocd:
                places = take_cores(page, board, f"--openocd :{openocd.tcl_port}")
        write(page)
        read_page(page, places)
        for name in (PAGE, PICTURE) if keep else ():
            Path(name).rename(keep / name)


def main() -> int:
    parser = argparse.ArgumentParser(description="A hung board as one page.")
    parser.add_argument("--keep", type=lambda name: Path(name).resolve(), metavar="FOLDER")
    return play("html-report", partial(tell, parser.parse_args().keep))


if __name__ == "__main__":
    sys.exit(main())
