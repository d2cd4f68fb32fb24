// SPDX-License-Identifier: MIT
// What the reader looks at: the moment, the selected object and the filter. Views listen to it.
import { changedRows, Heap } from "./heap.js";
import { matches } from "./matches.js";

// Events: "moment", "selection", "filter".
export class State extends EventTarget {
    #mask;

    constructor(documentRead) {
        super();
        this.document = documentRead;
        this.heaps = [];
        this.moment = Math.max(0, (documentRead.moments ?? []).length - 1);
        this.selected = -1;
        this.filter = { query: "", type: "", letters: new Set(), state: "" };
    }

    momentCount() {
        return (this.document.moments ?? []).length;
    }

    // The heap of a moment, which is decoded when it is first asked for.
    heapOf(number) {
        this.heaps[number] ??= new Heap(this.document.moments[number]);
        return this.heaps[number];
    }

    get heap() {
        return this.heapOf(this.moment);
    }

    // Which rows differ at the other moment, or null where there is none.
    get changed() {
        if (this.momentCount() < 2) {
            return null;
        }
        this.heap.changedRows ??= changedRows(this.heap, this.heapOf(1 - this.moment));
        return this.heap.changedRows;
    }

    // What passes the filter at this moment, as matches() has it.
    get mask() {
        if (this.#mask === undefined) {
            this.#mask = matches(this.heap, this.filter, this.changed);
        }
        return this.#mask;
    }

    #tell(name) {
        if (name !== "selection") {
            this.#mask = undefined;
        }
        this.dispatchEvent(new Event(name));
    }

    // Shows another moment; an object that is there too stays selected.
    setMoment(number) {
        const address = this.selected < 0 ? NaN : this.heap.address[this.selected];
        this.moment = number;
        this.selected = Number.isNaN(address) ? -1 : this.heap.rowAt(address);
        this.#tell("moment");
        this.#tell("filter");
        this.#tell("selection");
    }

    // Selects a row; -1 selects none.
    select(row) {
        this.selected = row;
        this.#tell("selection");
    }

    setFilter(change) {
        Object.assign(this.filter, change);
        this.#tell("filter");
    }

    toggleLetter(letter) {
        const { letters } = this.filter;
        if (!letters.delete(letter)) {
            letters.add(letter);
        }
        this.#tell("filter");
    }

    clear() {
        this.setFilter({ query: "", type: "", letters: new Set(), state: "" });
        this.select(-1);
    }
}
