// SPDX-License-Identifier: MIT
// The recorded curve of `watch`: bytes in use and the largest free run over time, with what
// happened.
import UPlot from "uplot";
import { Table } from "./data.js";
import { element, longTable } from "./dom.js";
import { bytes, decimal, integer } from "./text.js";
import { colorOf } from "./theme.js";

const HEIGHT = 260;
const SIGNS = { collection: "C", high_water: "H", alarm: "!", snapshot: "S", reset: "R", areas: "A",
    link: "L", state: "T" };
const SIGN_ROOM = 9; // pixels
const EVENTS_FEW = 20;
const ROUND_BYTES = Array.from({ length: 40 }, (none, power) => 2 ** power);

// Numbers as uPlot takes them: null where there is none. A torn sample is of no one moment, and
// leaves a gap.
function series(samples, name) {
    const torn = samples.numbers("torn");
    return Array.from(samples.numbers(name), (value, i) =>
        Number.isNaN(value) || name !== "seconds" && torn[i] > 0 ? null : value);
}

function compact(value) {
    return value >= 1 << 20 ? `${decimal(value / (1 << 20))} MiB`
        : value >= 1024 ? `${decimal(value / 1024)} KiB` : `${value}`;
}

// A line at each event, with its letter above where there is room.
function drawEvents(events) {
    return (plot) => {
        const { ctx: context, bbox } = plot;
        context.save();
        context.textAlign = "center";
        context.font = `${11 * devicePixelRatio}px sans-serif`;
        const [alarm, other] = ["var(--class)", "var(--muted)"].map(colorOf);
        let last = -Infinity;
        for (const event of events) {
            const x = plot.valToPos(event.seconds, "x", true);
            if (x < bbox.left || x > bbox.left + bbox.width) {
                continue;
            }
            context.fillStyle = context.strokeStyle = event.kind === "alarm" ? alarm : other;
            context.setLineDash([3, 3]);
            context.beginPath();
            context.moveTo(x, bbox.top);
            context.lineTo(x, bbox.top + bbox.height);
            context.stroke();
            if (x - last >= SIGN_ROOM * devicePixelRatio) {
                context.fillText(SIGNS[event.kind] ?? "\u2022", x, bbox.top - 4);
                last = x;
            }
        }
        context.restore();
    };
}

function optionsOf(watch, width) {
    const thin = { stroke: colorOf("var(--line)"), width: 1 };
    const axis = { stroke: colorOf("var(--muted)"), grid: thin, ticks: thin };
    const line = (label, color, dash) => ({ label, stroke: colorOf(color), width: 2, dash,
        value: (plot, value) => value === null ? "" : bytes(value) });
    return {
        width, height: HEIGHT,
        scales: { x: { time: false }, y: { range: (plot, low, high) => [0, high * 1.05 || 1] } },
        axes: [{ ...axis, values: (plot, values) => values.map((value) => `${value} s`) },
            { ...axis, size: 72, incrs: ROUND_BYTES,
                values: (plot, values) => values.map(compact) }],
        series: [{ label: "Time", value: (plot, value) => value === null ? ""
            : `${decimal(value)} s` },
        line("Used", "var(--text)"), line("Largest free run", "var(--class)", [6, 4])],
        hooks: { draw: [drawEvents(watch.events ?? [])] },
    };
}

function eventsTable(watch) {
    const rows = (watch.events ?? []).map((event) => [SIGNS[event.kind] ?? "\u2022",
        `${decimal(event.seconds)} s`,
        element("span", { class: "target" }, event.text, event.torn ? " (uncertain)" : "")]);
    return longTable([{ title: "" }, { title: "At", isNumber: true },
        { title: "Event", isLong: true }], rows, EVENTS_FEW);
}

function intro(watch, data) {
    const most = (values) => values.reduce((best, value) => Math.max(best, value ?? 0), 0);
    const least = (values) => values.reduce((best, value) => Math.min(best, value ?? best),
        Infinity);
    const torn = new Table(watch.samples).numbers("torn").filter((value) => value > 0).length;
    const doubt = torn ? `, ${integer(torn)} of them torn and left out` : "";
    return `${integer(data[0].length)} samples, one each ${watch.interval_ms} ms${doubt}, ` +
        `of a heap of ${bytes(watch.total_bytes)}. Most in use: ${bytes(most(data[1]))}. ` +
        `Shortest largest free run: ${bytes(least(data[2]))}.`;
}

// The card's body; `onTheme` is called with what draws the plot again.
export function curve(watch, onTheme) {
    const samples = new Table(watch.samples);
    const data = ["seconds", "used_bytes", "largest_free_bytes"]
        .map((name) => series(samples, name));
    const frame = element("div", { class: "plot", role: "img",
        "aria-label": "Bytes in use and the largest free run over time" });
    let plot = null;
    const draw = () => {
        plot?.destroy();
        plot = frame.clientWidth ? new UPlot(optionsOf(watch, frame.clientWidth), data, frame)
            : null;
    };
    new ResizeObserver(() => {
        if (plot?.width !== frame.clientWidth) {
            draw();
        }
    }).observe(frame);
    onTheme(draw);
    return element("div", {}, element("p", {}, intro(watch, data)), frame,
        element("p", { class: "muted small" }, "Drag over the curve to see a part of it; " +
            "a double click shows all."), eventsTable(watch));
}
