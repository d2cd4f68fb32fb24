// SPDX-License-Identifier: MIT
// Runs a program on published WebAssembly builds of MicroPython, and keeps their memory.
//
//     node run.mjs OUTDIR PROGRAM.py VERSION[-VARIANT]...
//
// OUTDIR receives VERSION.bin, the whole linear memory (address 0 first; sparse file) when the
// program has ended, and VERSION.txt, what it printed.

import fs from "node:fs";
import path from "node:path";
import process from "node:process";

import { Board, findBuild, writeSparse } from "./board.mjs";

const [folder, program, ...names] = process.argv.slice(2);
if (names.length === 0) {
    console.error("usage: node run.mjs OUTDIR PROGRAM.py VERSION[-VARIANT]...");
    process.exit(2);
}
try {
    for (const name of names) {
        const board = new Board();
        await board.start(findBuild(name));
        const lines = board.run(fs.readFileSync(program, "utf8"));
        fs.writeFileSync(path.join(folder, `${name}.txt`), lines.join("\n"));
        writeSparse(path.join(folder, `${name}.bin`), board.copyMemory());
    }
    process.exit(0);
} catch (error) {
    console.error(`run: ${error.message}`);
    process.exit(1);
}
