// SPDX-License-Identifier: MIT
// Runs program.py and a scene on a published WebAssembly build of MicroPython and keeps its heap.
//
//     node capture.mjs VERSION[-VARIANT] OUTDIR SCENE.py
//
// OUTDIR receives memory-1.bin and memory-2.bin, the whole linear memory at two moments (address 0
// first; sparse files), mem_info-1.txt and mem_info-2.txt, what the board printed at those moments
// for micropython.mem_info(1), qstr_info-1.txt and qstr_info-2.txt, the same of qstr_info(1), and
// meta.json. VERSION is one of the mpy-* packages of package.json; VARIANT is what the package
// ships beside the plain build: settrace, ulab, settrace-ulab. SCENE.py builds objects and defines
// scene_report(), which prints what the board knows about them.
//
// The memory is copied while the board is inside mem_info(1), when the line "GC memory layout"
// leaves it: the map is printed straight from the allocation table, and until its last row nothing
// changes but some forty bytes of C stack, so the rows describe the copied memory.

import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

import { Board, HEAP_BYTES, findBuild, writeSparse } from "./board.mjs";

const HERE = path.dirname(fileURLToPath(import.meta.url));

function writeLines(file, lines) {
    fs.writeFileSync(file, lines.join("\n") + "\n");
}

function captureMoment(board, number, folder) {
    const traceback = board.runToException(`moment("${number}")`, "Moment");
    const files = {
        memory: `memory-${number}.bin`,
        mem_info: `mem_info-${number}.txt`,
        qstr_info: `qstr_info-${number}.txt`,
    };
    // The board prints qstr_info(1) first; mem_info(1) begins with its statistics or the stack.
    const end = board.lines.findIndex((line) => /^(mem|stack): /.test(line));
    writeSparse(path.join(folder, files.memory), board.copy);
    writeLines(path.join(folder, files.qstr_info), board.lines.slice(0, end));
    writeLines(path.join(folder, files.mem_info), board.lines.slice(end));
    const memoryBytes = board.copy.length;
    const scene = board.run("scene_report()");
    return { ...files, memory_bytes: memoryBytes, traceback, ...board.ask("expected()"), scene };
}

async function main(name, folder, scene) {
    const build = findBuild(name);
    fs.mkdirSync(folder, { recursive: true });
    const board = new Board();
    await board.start(build);
    board.run(fs.readFileSync(scene, "utf8"));
    board.run(fs.readFileSync(path.join(HERE, "program.py"), "utf8"));
    await board.settle();
    const moments = [captureMoment(board, 1, folder)];
    board.run("release()");
    moments.push(captureMoment(board, 2, folder));
    const meta = {
        name,
        version: build.version,
        variant: build.variant,
        heap_bytes: HEAP_BYTES,
        ...board.ask("identity()"),
        moments,
    };
    fs.writeFileSync(path.join(folder, "meta.json"), JSON.stringify(meta, null, 1) + "\n");
}

if (process.argv.length !== 5) {
    console.error("usage: node capture.mjs VERSION[-VARIANT] OUTDIR SCENE.py");
    process.exit(2);
}
// exit, not return: the board's event loop may hold timers that never run out.
try {
    await main(process.argv[2], process.argv[3], process.argv[4]);
    process.exit(0);
} catch (error) {
    console.error(`capture: ${process.argv[2]}: ${error.message}`);
    process.exit(1);
}
