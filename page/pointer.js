// SPDX-License-Identifier: MIT
// Mouse, pen and fingers on the block map: hover, click, drag, pinch, wheel.
import { hideTip, showTip } from "./tip.js";

const CLICK = 4; // pixels that a pointer may move in a click

function positionOf(map, event) {
    const box = map.canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
}

function distance([one, other]) {
    return Math.hypot(one.x - other.x, one.y - other.y);
}

// The map with the pointers that are down on it.
class Hand {
    constructor(map) {
        this.map = map;
        this.down = new Map();
        this.travel = 0;
    }

    press(event) {
        this.down.set(event.pointerId, positionOf(this.map, event));
        this.travel = 0;
        this.map.canvas.setPointerCapture(event.pointerId);
    }

    move(event) {
        const to = positionOf(this.map, event);
        const from = this.down.get(event.pointerId);
        if (!from) {
            showTip(this.map, this.map.blockAtPixel(to.x, to.y), to.x, to.y);
            return;
        }
        const before = [...this.down.values()];
        this.down.set(event.pointerId, to);
        this.travel += Math.hypot(to.x - from.x, to.y - from.y);
        if (before.length === 2) {
            this.pinch(before, [...this.down.values()]);
        } else if (this.travel > CLICK) {
            hideTip();
            this.map.camera.move(this.map.grid, to.x - from.x, to.y - from.y);
            this.map.draw();
        }
    }

    pinch(before, after) {
        const middle = { x: (after[0].x + after[1].x) / 2, y: (after[0].y + after[1].y) / 2 };
        this.map.zoom(distance(after) / Math.max(1, distance(before)), middle.x, middle.y);
    }

    release(event) {
        const at = this.down.get(event.pointerId);
        this.down.delete(event.pointerId);
        if (at && event.type === "pointerup" && this.travel <= CLICK) {
            this.map.pick(this.map.blockAtPixel(at.x, at.y));
        }
    }
}

// The page scrolls under the wheel until the reader has clicked the map.
function wheel(map, event) {
    if (document.activeElement !== map.canvas && !event.ctrlKey && !event.metaKey) {
        return;
    }
    event.preventDefault();
    const { x, y } = positionOf(map, event);
    const pixels = event.deltaY * (event.deltaMode === 1 ? 16 : 1);
    map.zoom(Math.exp(-pixels / 300), x, y);
    showTip(map, map.blockAtPixel(x, y), x, y);
}

export function followPointer(map) {
    const { canvas } = map;
    const hand = new Hand(map);
    canvas.addEventListener("pointerdown", (event) => hand.press(event));
    canvas.addEventListener("pointermove", (event) => hand.move(event));
    canvas.addEventListener("pointerup", (event) => hand.release(event));
    canvas.addEventListener("pointercancel", (event) => hand.release(event));
    canvas.addEventListener("pointerleave", hideTip);
    canvas.addEventListener("wheel", (event) => wheel(map, event), { passive: false });
}
