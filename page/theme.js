// SPDX-License-Identifier: MIT
// Dark or light: as the system says, or as the reader does.

const CHOICES = ["system", "light", "dark"];

// The colour that a CSS expression gives now, as "rgb(...)".
export function colorOf(expression) {
    const probe = document.createElement("span");
    probe.style.color = expression;
    document.body.append(probe);
    const color = getComputedStyle(probe).color;
    probe.remove();
    return color;
}

// The same as [red, green, blue].
export function channelsOf(expression) {
    return colorOf(expression).match(/[\d.]+/g).slice(0, 3).map(Number);
}

// Makes the button change the theme, and calls `redraw` whenever it has changed.
export function watchTheme(button, redraw) {
    let choice = 0;
    button.addEventListener("click", () => {
        choice = (choice + 1) % CHOICES.length;
        document.documentElement.dataset.theme = CHOICES[choice];
        button.textContent = `Theme: ${CHOICES[choice]}`;
        redraw();
    });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
}
