// SPDX-License-Identifier: MIT
// The histogram of types; a click filters by one.
import { bar, element, longTable } from "./dom.js";
import { familyColor, familyOf } from "./kinds.js";
import { integer, percent } from "./text.js";

const FEW = 15;

export function typesTable(state, report) {
    const most = Math.max(1, ...report.types.map((type) => type.own_bytes + type.helper_bytes));
    const rows = report.types.map((type) => {
        const size = type.own_bytes + type.helper_bytes;
        return [
            element("button", { type: "button", class: "link target",
                onclick: () => state.setFilter({ type: type.type }) }, type.type),
            element("code", {}, type.letter),
            integer(type.count), integer(size), percent(type.share),
            bar(size / most, familyColor(familyOf(type.letter))),
        ];
    });
    return longTable([{ title: "Type" }, { title: "" }, { title: "Count", isNumber: true },
        { title: "Bytes", isNumber: true }, { title: "Of heap", isNumber: true }, { title: "" }],
    rows, FEW);
}
