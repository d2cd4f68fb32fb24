// SPDX-License-Identifier: MIT
// Makes the page's template: one HTML file with its style and script inside.
//
//   node page/build.mjs OUT.html
//
// The policy in it allows this one script and this one style, and nothing else; and where browsers
// know trusted types, not even that script may make elements of text.

import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

const HERE = path.dirname(fileURLToPath(import.meta.url));
const MODULES = path.resolve(HERE, "../node_modules");
const LIBRARIES = ["d3-hierarchy", "uplot"];

// Their licences ask to go wherever the code goes.
function licences() {
    const texts = LIBRARIES.map((name) =>
        `${name}\n\n${fs.readFileSync(path.join(MODULES, name, "LICENSE"), "utf8").trim()}`);
    return `/*! This page holds code of these libraries.\n\n${texts.join("\n\n")}\n*/`;
}

async function bundle(entry, options) {
    const { outputFiles } = await build({ entryPoints: [path.join(HERE, entry)], bundle: true,
        minify: true, write: false, charset: "ascii", legalComments: "inline", ...options });
    return outputFiles[0].text.trim();
}

// The hash of what stands between the tags, as a policy names it.
function hash(text) {
    return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}

async function main(out) {
    const style = await bundle("page.css", {});
    const script = await bundle("main.js", { format: "iife", target: "es2022",
        banner: { js: licences() } });
    const parts = {
        STYLE: style,
        SCRIPT: script,
        POLICY: `default-src 'none'; script-src ${hash(script)}; style-src ${hash(style)}; ` +
            "base-uri 'none'; form-action 'none'; " +
            "trusted-types 'none'; require-trusted-types-for 'script'",
    };
    const page = fs.readFileSync(path.join(HERE, "page.html"), "utf8");
    fs.mkdirSync(path.dirname(out), { recursive: true });
    fs.writeFileSync(out, page.replace(/@(STYLE|SCRIPT|POLICY)@/g, (whole, name) => parts[name]));
}

await main(process.argv[2]);
