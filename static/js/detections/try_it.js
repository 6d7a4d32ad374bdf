/* Try a model: pictures are sent one after another and shown with their boxes; the slider hides boxes without asking again.

   The pictures stay in the browser. "Keep" sends them with the form, as any form sends files. */
import { applyThreshold } from "../threshold.js";
import { html, on } from "../utils.js";
import { Camera } from "./camera.js";
import { overlay } from "./overlay.js";
import { isFilm, sendFilm } from "./try_video.js";

const data = JSON.parse(document.getElementById("try-data")?.textContent ?? "null");
const form = /** @type {HTMLFormElement} */ (document.querySelector("[data-try]"));
const grid = document.querySelector("[data-tried]");
const DOWNLOADS = [["image", "Picture"], ["json", "JSON"], ["voc", "VOC"], ["coco", "COCO"]];
/** The files on the page, in their order. @type {Map<HTMLElement, File>} */
const shown = new Map();
let queue = Promise.resolve();

/** @param {Blob} image @param {string} name @param {Record<string, string | number>} [query] @returns {Promise<Response>} */
export async function ask(image, name, query = { threshold: data.threshold }) {
  const body = new FormData();
  body.append("image", image, name);
  const headers = { "X-CSRFToken": form.elements.namedItem("csrfmiddlewaretoken").value };
  const response = await fetch(`${data.detect_url}?${new URLSearchParams(query)}`, { method: "POST", body, headers, credentials: "same-origin" });
  if (response.ok) return response;
  const said = await response.json().catch(() => null);
  throw new Error(said?.error?.message ?? "The site could not answer. Try again in a moment.");
}

function say(text) {
  form.querySelector("[data-said]").textContent = text;
}

/** @param {File} file */
function add(file) {
  const photo = html("div", { class: "photo" }, html("img", { src: URL.createObjectURL(file), alt: file.name }));
  const note = html("span", { class: "num nowrap", role: "status" }, "waiting");
  const tile = html("figure", { class: "tile" }, photo, html("figcaption", { class: "caption" }, html("span", { class: "clip" }, file.name), note), actions());
  grid.append(tile);
  shown.set(tile, file);
  settle();
  queue = queue.then(() => look(tile, file, photo, note));
}

function actions() {
  const buttons = DOWNLOADS.map(([kind, word]) => html("button", { class: "btn small quiet", type: "button", "data-download": kind, disabled: true }, word));
  return html("div", { class: "row tried-actions" }, ...buttons, html("button", { class: "btn small quiet", type: "button", "data-remove": true, "aria-label": "Remove this picture" }, "Remove"));
}

async function look(tile, file, photo, note) {
  if (!shown.has(tile)) return;
  note.textContent = "looking…";
  const start = performance.now();
  try {
    const answer = await (await ask(file, file.name)).json();
    photo.append(overlay(answer, data.colours), badge());
    note.textContent = answer.boxes.length ? `${Math.round(performance.now() - start)} ms` : "nothing found";
    for (const button of tile.querySelectorAll("[data-download]")) button.disabled = false;
    applyThreshold();
  } catch (error) {
    note.textContent = "";
    tile.querySelector(".caption").after(html("p", { class: "tried-problem", role: "alert" }, error.message));
    shown.delete(tile); // What cannot be looked at is not kept either.
    settle();
  }
}

function badge() {
  return html("span", { class: "badge r" }, html("span", { class: "chip", title: "Boxes shown", "data-shown-count": true }));
}

/** The button and the form's own files follow what is on the page. */
function settle() {
  const files = new DataTransfer();
  for (const file of shown.values()) files.items.add(file);
  form.elements.namedItem("images").files = files.files;
  document.querySelector("[data-keep]").disabled = !shown.size;
  form.querySelector("[data-clear]").hidden = !grid.children.length;
}

/** @param {HTMLElement} tile */
function remove(tile) {
  URL.revokeObjectURL(tile.querySelector("img, video").src);
  shown.delete(tile);
  tile.remove();
  settle();
}

/** @param {HTMLElement} tile @param {string} kind */
async function download(tile, kind) {
  const file = shown.get(tile);
  const threshold = document.querySelector("[data-threshold]").value;
  try {
    const answer = await ask(file, file.name, { threshold, format: kind });
    const suffix = { image: "-boxes.jpg", voc: ".xml" }[kind] ?? ".json";
    const link = html("a", { href: URL.createObjectURL(await answer.blob()), download: file.name.replace(/\.[^.]*$/, "") + suffix });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  } catch (error) {
    say(error.message);
  }
}

async function take(files) {
  let others = 0;
  for (const file of [...files]) {
    if (await isFilm(file, data.videos)) send(file);
    else if (file.type.startsWith("image/") || /\.(jpe?g|png|webp|bmp|gif|tiff?)$/i.test(file.name)) add(file);
    else others += 1;
  }
  say(others ? "Only pictures and videos are looked at here; the other files were left out." : "");
}

/** @param {File} film */
function send(film) {
  const threshold = document.querySelector("[data-threshold]").value;
  const token = form.elements.namedItem("csrfmiddlewaretoken").value;
  sendFilm(film, { grid, url: data.videos_url, model: data.model, threshold, token });
  form.querySelector("[data-clear]").hidden = false;
}

function listen() {
  const drop = form.querySelector("[data-drop]");
  on(form, "change", "input[type=file]", (event, input) => {
    const files = [...input.files];
    settle(); // Choosing again adds to what is there.
    take(files);
  });
  for (const type of ["dragenter", "dragover"]) {
    drop.addEventListener(type, (event) => {
      event.preventDefault();
      drop.classList.add("over");
    });
  }
  for (const type of ["dragleave", "drop"]) drop.addEventListener(type, () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    take(event.dataTransfer.files);
  });
  document.addEventListener("paste", (event) => event.clipboardData.files.length && take(event.clipboardData.files));
  on(grid, "click", "[data-remove]", (event, button) => remove(button.closest(".tile")));
  on(grid, "click", "[data-download]", (event, button) => download(button.closest(".tile"), button.dataset.download));
  on(form, "click", "[data-clear]", () => [...grid.children].forEach(remove));
  const camera = new Camera(document.querySelector("[data-live]"), { ask, colours: data.colours, say });
  on(form, "click", "[data-camera]", async (event, button) => {
    const running = camera.running ? camera.stop() : await camera.start();
    button.textContent = running ? "Stop the camera" : "Use the camera";
    form.querySelector("[data-shoot]").hidden = !running;
  });
  on(form, "click", "[data-shoot]", async () => add(await camera.shoot()));
}

if (data) listen();
