// SPDX-License-Identifier: MIT
// Keeps the memory of published WebAssembly builds of MicroPython around a collection.
//
//     node collect.mjs OUTDIR PROGRAM.py VERSION[-VARIANT]...
//
// OUTDIR receives VERSION-before.bin, -after.bin and -next.bin, the whole linear memory (address 0
// first; sparse files). The board runs PROGRAM.py, then drop(), which leaves garbage; then it
// stands at its top level (before). gc.collect() there asks for a collection: builds from 1.27 on
// make it as soon as that line ends (after), those before when they start on a line: this one, or
// the next, which is empty (next). All have nothing on their C stack then.

import fs from "node:fs";
import path from "node:path";
import process from "node:process";

import { Board, findBuild, writeSparse } from "./board.mjs";

async function collect(name, folder, program) {
    const board = new Board();
    await board.start(findBuild(name));
    board.run(program);
    board.run("gc.collect()"); // what this line needs for itself is there from now on
    board.run("drop()");
    writeSparse(path.join(folder, `${name}-before.bin`), board.copyMemory());
    board.run("gc.collect()");
    writeSparse(path.join(folder, `${name}-after.bin`), board.copyMemory());
    board.run("");
    writeSparse(path.join(folder, `${name}-next.bin`), board.copyMemory());
}

const [folder, program, ...names] = process.argv.slice(2);
if (names.length === 0) {
    console.error("usage: node collect.mjs OUTDIR PROGRAM.py VERSION[-VARIANT]...");
    process.exit(2);
}
try {
    for (const name of names) {
        await collect(name, folder, fs.readFileSync(program, "utf8"));
    }
    process.exit(0);
} catch (error) {
    console.error(`collect: ${error.message}`);
    process.exit(1);
}
