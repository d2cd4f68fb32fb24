// SPDX-License-Identifier: MIT
// Makes the page from this folder: one HTML file with its style and its script in it, and
// a place for the data.
//
//     node page/build.mjs build/page/page.html

import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const folder = dirname(fileURLToPath(import.meta.url));

const bundled = await build({
  entryPoints: [join(folder, "main.js")],
  bundle: true,
  minify: true,
  write: false,
  charset: "ascii",
  format: "iife",
  target: ["chrome103", "firefox113", "safari16.4"], // the first with DecompressionStream
  legalComments: "inline",
});
const script = bundled.outputFiles[0].text.trimEnd();
const hash = createHash("sha256").update(script).digest("base64");

const parts = {
  "@POLICY@": `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${hash}'`,
  "@STYLE@": readFileSync(join(folder, "page.css"), "utf8"),
  "@SCRIPT@": script,
};
let page = readFileSync(join(folder, "page.html"), "utf8");
for (const [place, part] of Object.entries(parts)) page = page.replace(place, () => part);
if (page.split("@DATA@").length !== 2) throw new Error("page.html has not one @DATA@");
writeFileSync(process.argv[2], page);
