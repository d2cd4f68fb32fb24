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
import { fileURLToPath, pathToFileURL } from "node:url";

const HERE = path.dirname(fileURLToPath(import.meta.url));
const MODULES = path.resolve(HERE, "../../../node_modules");
const VARIANTS = ["-settrace-ulab", "-settrace", "-ulab", ""];
// Small, so that the program outgrows it and the board adds areas.
const HEAP_BYTES = 64 * 1024;
const PAGE_BYTES = 4096;
const MAX_TURNS = 1000;

function findBuild(name) {
    const variant = VARIANTS.find((suffix) => name.endsWith(suffix));
    const version = name.slice(0, name.length - variant.length);
    const folder = path.join(MODULES, `mpy-${version}`);
    const wasm = path.join(folder, `micropython${variant}.wasm`);
    if (!fs.existsSync(wasm)) {
        throw new Error(`${wasm} is missing: run 'npm ci' in the top folder, or check the name`);
    }
    const script = path.join(folder, "micropython.mjs");
    return { version, variant: variant.slice(1), wasm, script };
}

// Every way to an instance passes through one of these functions; keep the memory it exports.
function watchInstances(keep) {
    const look = (instance) => {
        for (const value of Object.values(instance.exports)) {
            if (value instanceof WebAssembly.Memory) {
                keep(value);
            }
        }
    };
    for (const name of ["instantiate", "instantiateStreaming"]) {
        const original = WebAssembly[name];
        WebAssembly[name] = async (...args) => {
            const result = await original.apply(WebAssembly, args);
            look(result.instance ?? result);
            return result;
        };
    }
    WebAssembly.Instance = class extends WebAssembly.Instance {
        constructor(...args) {
            super(...args);
            look(this);
        }
    };
}

// Builds before 1.22 print to the process too, whatever callbacks they are given.
function quietly(action) {
    const streams = [process.stdout, process.stderr];
    const writes = streams.map((stream) => stream.write);
    streams.forEach((stream) => (stream.write = () => true));
    try {
        action();
    } finally {
        streams.forEach((stream, index) => (stream.write = writes[index]));
    }
}

class Board {
    // The lines printed since the last program was started, and the memory copied meanwhile.
    lines = [];
    copy = null;
    memory = null;

    async start(build) {
        watchInstances((memory) => (this.memory = memory));
        const loader = await import(pathToFileURL(build.script));
        this.micropython = await loader.loadMicroPython({
            url: build.wasm,
            heapsize: HEAP_BYTES,
            stdout: (line) => this.receive(line),
        });
        if (this.memory === null) {
            throw new Error("the module exports no memory");
        }
    }

    receive(line) {
        if (line.startsWith("GC memory layout") && this.copy === null) {
            this.copy = new Uint8Array(this.memory.buffer.slice(0));
        }
        // Builds from 1.22 on end lines with CR LF, as a serial console does.
        this.lines.push(line.replace(/\r$/, ""));
    }

    run(source) {
        this.lines = [];
        this.copy = null;
        quietly(() => this.micropython.runPython(source));
        return this.lines;
    }

    // The traceback of a program that ends with an exception of that class.
    runToException(source, name) {
        try {
            this.run(source);
        } catch (error) {
            if (error.message.includes(`\n${name}: `)) {
                return error.message;
            }
            throw error;
        }
        throw new Error(`${source} raised no ${name}`);
    }

    ask(source) {
        return JSON.parse(this.run(source).join("\n"));
    }

    // Lets the host's event loop turn until every task on the board waits.
    async settle() {
        for (let turn = 0; turn < MAX_TURNS; turn++) {
            if (this.run("print(settled() and scene_settled())")[0] === "True") {
                return;
            }
            await new Promise((resolve) => setTimeout(resolve, 0));
        }
        throw new Error("the board's tasks do not settle");
    }
}

// A file as long as the data, with holes where pages are all zero.
function writeSparse(file, data) {
    const zeros = Buffer.alloc(PAGE_BYTES);
    const handle = fs.openSync(file, "w");
    for (let offset = 0; offset < data.length; offset += PAGE_BYTES) {
        const page = data.subarray(offset, offset + PAGE_BYTES);
        if (Buffer.compare(page, zeros) !== 0) {
            fs.writeSync(handle, page, 0, page.length, offset);
        }
    }
    fs.ftruncateSync(handle, data.length);
    fs.closeSync(handle);
}

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
