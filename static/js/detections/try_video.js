/* A video dropped on a model: it goes to the site, a worker looks at every frame, and its tile leads to the page of the result. */
import { html } from "../utils.js";

const PERIOD = 2000; // Milliseconds between two questions how far it is.

/**
 * Whether a file is a video, or a GIF that moves: one with more than one frame.
 * @param {File} file @param {string} suffixes endings of videos, with dots, parted by blanks
 */
export async function isFilm(file, suffixes) {
  if (file.type.startsWith("video/")) return true;
  const suffix = /\.[^.]*$/.exec(file.name.toLowerCase())?.[0];
  if (suffix !== ".gif") return Boolean(suffix) && suffixes.split(" ").includes(suffix);
  return severalFrames(new Uint8Array(await file.arrayBuffer()));
}

/** Each frame of an animation has a block of its own for its time: 21 F9 04. @param {Uint8Array} bytes */
function severalFrames(bytes) {
  let frames = 0;
  for (let at = bytes.indexOf(0x21); at >= 0 && frames < 2; at = bytes.indexOf(0x21, at + 1)) {
    if (bytes[at + 1] === 0xf9 && bytes[at + 2] === 4) frames += 1;
  }
  return frames > 1;
}

/**
 * @param {File} file
 * @param {{grid: Element, url: string, model: number, threshold: string, token: string}} place
 */
export async function sendFilm(file, { grid, url, model, threshold, token }) {
  const note = html("span", { role: "status" }, "sending…");
  const tile = html("figure", { class: "tile" }, preview(file), html("figcaption", { class: "caption" }, html("span", { class: "clip" }, file.name), note));
  grid.append(tile);
  const body = new FormData();
  for (const [name, value] of Object.entries({ model, threshold, video: file })) body.append(name, value);
  try {
    const film = await answer(await fetch(url, { method: "POST", body, headers: { "X-CSRFToken": token }, credentials: "same-origin" }));
    tile.append(html("p", { class: "soft" }, html("a", { href: film.page }, "Its page"), " has the copy with boxes, what appears when, and the counts."));
    await follow(`${url}/${film.id}`, note);
  } catch (error) {
    note.textContent = "";
    tile.append(html("p", { class: "tried-problem", role: "alert" }, error.message));
  }
}

/** @param {File} file */
function preview(file) {
  const source = { src: URL.createObjectURL(file) };
  const film = file.name.toLowerCase().endsWith(".gif") ? html("img", { ...source, alt: file.name }) : html("video", { ...source, controls: true, preload: "metadata", "aria-label": file.name });
  return html("div", { class: "photo" }, film);
}

/** Says how the look at a video goes, until it ends. @param {string} url @param {HTMLElement} note */
async function follow(url, note) {
  for (;;) {
    const film = await answer(await fetch(url, { credentials: "same-origin" }));
    if (!note.isConnected) return;
    if (film.state === "succeeded") {
      note.textContent = `${film.summary.frames} frames looked at`;
      return;
    }
    if (!["queued", "running"].includes(film.state)) throw new Error(film.error || "It was stopped. Its page says more.");
    note.textContent = film.state === "queued" ? "waits for a worker" : "being looked at…";
    await new Promise((resolve) => setTimeout(resolve, PERIOD));
  }
}

/** @param {Response} response */
async function answer(response) {
  const said = await response.json().catch(() => null);
  if (response.ok && said) return said;
  throw new Error(said?.error?.message ?? "The site could not answer. Try again in a moment.");
}
