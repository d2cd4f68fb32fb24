// SPDX-License-Identifier: MIT
// Chromium without a window, which does what it is told on stdin: one JSON object a line, with one
// line in answer, {"value": ...} or {"error": "..."}. browser.py says what there is to do.
//
//     node browser.mjs CHROMIUM

import process from "node:process";
import readline from "node:readline";

import { chromium } from "playwright-core";

const TIMEOUT_MS = 10000;

const browser = await chromium.launch({ executablePath: process.argv[2], args: ["--no-sandbox"] });
let page = null;
let events = [];

// Everything that a page should not do, and what it asks for over a network or of files.
function watch() {
    page.on("console", (message) => events.push(`console ${message.type()}: ${message.text()}`));
    page.on("pageerror", (error) => events.push(`error: ${error.message}`));
    page.on("request", (request) => events.push(`request: ${request.url()}`));
    page.on("dialog", (dialog) => {
        events.push(`dialog: ${dialog.message()}`);
        dialog.dismiss();
    });
}

// Ends when the whole page is drawn, or says that it cannot be.
async function open({ url, width, height, scheme, script }) {
    await page?.context().close();
    const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme });
    page = await context.newPage();
    page.setDefaultTimeout(TIMEOUT_MS);
    events = [];
    watch();
    if (script) {
        await page.addInitScript(script);
    }
    await page.goto(url);
    await settle();
}

async function settle() {
    await page.waitForFunction(() => performance.getEntriesByName("mpheap-done").length > 0 ||
        !document.getElementById("problem").hidden);
}

// The page's policy forbids the page to evaluate texts, so it is not the page that waits.
async function wait({ expression }) {
    const end = Date.now() + TIMEOUT_MS;
    while (!await page.evaluate(expression)) {
        if (Date.now() > end) {
            throw new Error(`this did not come true: ${expression}`);
        }
        await page.evaluate(() => new Promise(requestAnimationFrame));
    }
    return null;
}

const actions = {
    open,
    evaluate: ({ expression }) => page.evaluate(expression),
    wait,
    press: ({ keys }) => page.keyboard.press(keys),
    type: ({ text }) => page.keyboard.insertText(text),
    click: ({ selector }) => page.click(selector),
    choose: ({ selector, value }) => page.selectOption(selector, value),
    move: ({ x, y }) => page.mouse.move(x, y),
    press_mouse: () => page.mouse.down(),
    release_mouse: () => page.mouse.up(),
    wheel: ({ y }) => page.mouse.wheel(0, y),
    screenshot: ({ path }) => page.screenshot({ path }).then(() => null),
    events: () => events,
};

process.stdout.write("{}\n");
for await (const line of readline.createInterface({ input: process.stdin })) {
    const { action, ...words } = JSON.parse(line);
    let answer;
    try {
        answer = { value: (await actions[action](words)) ?? null };
    } catch (error) {
        answer = { error: error.message };
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`);
}
await browser.close();
