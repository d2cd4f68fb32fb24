// SPDX-License-Identifier: MIT
// Families of the letters that `map --rich` has. A letter says what a block is; its family's
// colour says so from afar. The colours are those of Okabe and Ito, which the colour-blind tell
// apart; page.css has them.

export const FAMILIES = [
    { name: "text", title: "text and bytes", letters: "SsqP" },
    { name: "sequence", title: "lists, tuples, iterators", letters: "LTNQril" },
    { name: "mapping", title: "dicts and sets", letters: "DOyEdu" },
    { name: "number", title: "numbers", letters: "FXZz" },
    { name: "buffer", title: "arrays and streams", letters: "AVavHf" },
    { name: "code", title: "functions, generators, modules", letters: "BncebgGMkWtjUY" },
    { name: "class", title: "classes, instances, tasks", letters: "CIpxJKw" },
    { name: "other", title: "other objects and data", letters: "ohm*" },
    { name: "unknown", title: "not known", letters: "?" },
];

const UNKNOWN = FAMILIES.length - 1;

// The number of a letter's family.
export function familyOf(letter) {
    const found = FAMILIES.findIndex((family) => family.letters.includes(letter));
    return found < 0 ? UNKNOWN : found;
}

// The CSS colour of a family.
export function familyColor(number) {
    return `var(--${FAMILIES[number].name})`;
}
