// SPDX-License-Identifier: MIT
// Texts and numbers as a reader sees them.

// Control characters, those that change the order or the look of what is around them, and those
// that are not seen (DI: Default_Ignorable_Code_Point).
const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{DI}]/gu;

const INTEGER = new Intl.NumberFormat("en");
const DECIMAL = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });

function escaped(character) {
    return `\\u{${character.codePointAt(0).toString(16)}}`;
}

// A text with every character visible: what hides itself becomes \u{...}.
export function visible(text) {
    return String(text).replace(HIDDEN, escaped);
}

export function hex(address) {
    return `0x${address.toString(16)}`;
}

export function integer(number) {
    return INTEGER.format(number);
}

export function decimal(number) {
    return DECIMAL.format(number);
}

// "1 block", "2 blocks"
export function count(number, noun) {
    return `${integer(number)} ${noun}${number === 1 ? "" : "s"}`;
}

export function bytes(number) {
    return count(number, "byte");
}

// With its sign, and a minus as long as the plus.
export function change(number) {
    const sign = number > 0 ? "+" : number < 0 ? "\u2212" : "\u00b1";
    return sign + integer(Math.abs(number));
}

// A part of 1 as a percentage.
export function percent(part) {
    return `${decimal(100 * part)} %`;
}

export function shortened(text, length) {
    return text.length > length ? `${text.slice(0, length - 1)}\u2026` : text;
}
