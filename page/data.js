// SPDX-License-Identifier: MIT
// The data of the page: base64 of a zlib stream of one JSON document (docs/page.md).

/** The document in an element of the page. */
export async function readData(element) {
  const packed = Uint8Array.from(atob(element.textContent), (letter) => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  return JSON.parse(await new Response(stream).text());
}
