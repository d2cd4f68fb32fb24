// SPDX-License-Identifier: MIT
import { readData } from "./data.js";

function line(text) {
  const element = document.createElement("p");
  element.textContent = text;
  return element;
}

async function show(page) {
  const data = await readData(document.getElementById("data"));
  const heaps = data.moments.map((moment) => moment.reports.info?.heap).filter(Boolean);

  page.append(line(data.input));
  for (const heap of heaps)
    page.append(line(`${heap.used_bytes} of ${heap.total_bytes} bytes are in use`));
}

const page = document.getElementById("page");
show(page).catch((error) => page.append(line(`This page cannot be shown: ${error.message}`)));
