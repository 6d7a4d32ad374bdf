/* The threshold slider: boxes with a lower score disappear at once, without asking the server.

   <label>Threshold <input type="range" min="0" max="1" step="0.01" value="0.5" data-threshold></label><output for="the input's id">
   It rules over the nearest [data-threshold-scope] around it, or over the whole page. Photos can say what is left:
   [data-shown-count] inside a .photo gets the number of its boxes above the threshold. The slider also sends a "threshold"
   event {value} from the document, for charts and tables that follow it. */
import { on } from "./utils.js";

/** @param {HTMLInputElement} slider */
function scopeOf(slider) {
  return slider.closest("[data-threshold-scope]") ?? document;
}

/** @param {HTMLInputElement} slider */
function apply(slider) {
  const value = Number(slider.value);
  for (const box of scopeOf(slider).querySelectorAll("[data-score]")) box.classList.toggle("below", Number(box.dataset.score) < value);
  for (const count of scopeOf(slider).querySelectorAll("[data-shown-count]")) {
    count.textContent = String(count.closest(".photo")?.querySelectorAll("[data-score]:not(.below)").length ?? "");
  }
}

/** @param {HTMLInputElement} slider */
function moved(slider) {
  apply(slider);
  for (const output of slider.id ? document.querySelectorAll(`output[for="${CSS.escape(slider.id)}"]`) : []) output.value = Number(slider.value).toFixed(2);
  document.dispatchEvent(new CustomEvent("threshold", { detail: { value: Number(slider.value) } }));
}

const sliders = () => document.querySelectorAll("input[data-threshold]");

on(document, "input", "input[data-threshold]", (event, slider) => moved(slider));
/** For photos that a script has put on the page. */
export const applyThreshold = () => sliders().forEach(apply);

document.body.addEventListener("htmx:load", () => sliders().forEach(apply)); // Photos that came later.
sliders().forEach(moved);
