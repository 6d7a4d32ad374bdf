/* How the reader likes the photo grid: thumb size and boxes, remembered in this browser.

   An empty <div class="grid-tools" data-grid-tools></div> is filled with the controls (without scripts there are none,
   instead of dead ones). They rule every .grid on the page. */
import { html, on, store } from "./utils.js";

const THUMB_KEY = "grid:thumb";
const BOXES_KEY = "grid:boxes";
const SIZES = { min: 1, max: 5, value: 3 };

function controls() {
  const boxes = html("input", { type: "checkbox", "data-toggle-boxes": true });
  const size = html("input", { type: "range", ...SIZES, step: 1, "data-thumb-size": true, "aria-label": "Size of the photos" });
  return [html("label", { class: "nowrap" }, boxes, "Boxes"), size];
}

function apply() {
  const thumb = store.get(THUMB_KEY);
  const showsBoxes = store.get(BOXES_KEY) !== "off";
  for (const tools of document.querySelectorAll("[data-grid-tools]:empty")) tools.append(...controls());
  for (const grid of document.querySelectorAll(".grid")) {
    if (thumb) grid.dataset.thumb = thumb;
    grid.classList.toggle("no-boxes", !showsBoxes);
  }
  for (const slider of document.querySelectorAll("[data-thumb-size]")) if (thumb) slider.value = thumb;
  for (const box of document.querySelectorAll("[data-toggle-boxes]")) box.checked = showsBoxes;
}

on(document, "input", "[data-thumb-size]", (event, slider) => {
  store.set(THUMB_KEY, slider.value);
  apply();
});
on(document, "change", "[data-toggle-boxes]", (event, box) => {
  store.set(BOXES_KEY, box.checked ? "on" : "off");
  apply();
});
document.body.addEventListener("htmx:load", apply); // A grid that was swapped in.
apply();
