// SPDX-License-Identifier: MIT
// A published WebAssembly build of MicroPython in this process, and its linear memory.

import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";

const HERE = path.dirname(fileURLToPath(import.meta.url));
const MODULES = path.resolve(HERE, "../../../node_modules");
const VARIANTS = ["-settrace-ulab", "-settrace", "-ulab", ""];
// Small, so that the program outgrows it and the board adds areas.
export const HEAP_BYTES = 64 * 1024;
const PAGE_BYTES = 4096;
const MAX_TURNS = 1000;

export function findBuild(name) {
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

export class Board {
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

    // The whole linear memory as it is now.
    copyMemory() {
        return new Uint8Array(this.memory.buffer.slice(0));
    }

    receive(line) {
        if (line.startsWith("GC memory layout") && this.copy === null) {
            this.copy = this.copyMemory();
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
export function writeSparse(file, data) {
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
