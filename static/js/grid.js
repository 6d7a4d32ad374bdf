/* How the reader likes the photo grid: thumb size and boxes, remembered in this browser.

   <div class="grid-tools"><label><input type="checkbox" data-toggle-boxes> Boxes</label>
     <input type="range" min="1" max="5" data-thumb-size aria-label="Thumb size"></div>
   They rule every .grid on the page. */
import { on, store } from "./utils.js";

const THUMB_KEY = "grid:thumb";
const BOXES_KEY = "grid:boxes";

function apply() {
  const thumb = store.get(THUMB_KEY);
  const showsBoxes = store.get(BOXES_KEY) !== "off";
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
