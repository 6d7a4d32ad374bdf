/* The page of an evaluation: the sliders' numbers, the charts that follow the IoU, clicks on curves, bars as a picture.

   htmx fetches what follows the sliders; this keeps the sliders true when a link in it moved them. */
import { saveSvg } from "../charts/download.js";
import { html, on, svg } from "../utils.js";
import { CurveChart } from "./curve_chart.js";

const form = () => /** @type {HTMLFormElement} */ (document.getElementById("sliders"));
const region = () => document.getElementById("instrument");
const WAIT_MS = 80;
let timer = 0;
/** @type {CurveChart[]} */
let charts = [];

/** A point of a curve: its score, and where the chart asks for it exactly the boxes that count there. */
function choose(chart, { key, score }) {
  const slider = form().elements.namedItem("score");
  slider.value = String(Math.floor(Number((score * 100).toFixed(6))) / 100);
  // Nine decimals, rounded down, so that the box itself counts (detections/gallery.py: `read_score`).
  if (chart.showsBoxes) also({ at: (Math.floor(score * 1e9) / 1e9).toFixed(9), match: "boxes", class: key === "0" ? "" : key, sort: "-score", true: null, said: null });
  slider.dispatchEvent(new Event("input", { bubbles: true }));
}

/** What the form sends besides the sliders: values by name, null to send none. @param {Record<string, string | null>} values */
function also(values) {
  for (const [name, value] of Object.entries(values)) {
    const there = region().querySelector(`[form=sliders][name="${name}"]`);
    if (value === null) there?.remove();
    else if (there) there.value = value;
    else region().append(html("input", { type: "hidden", form: "sliders", name, value }));
  }
}

function showNumbers() {
  for (const slider of form().querySelectorAll("input[type=range]")) {
    form().querySelector(`output[for="${slider.id}"]`).value = Number(slider.value).toFixed(2);
  }
}

/** Ask for what the sliders say: soon after they begin to move, with what they say then. */
function ask() {
  timer ||= setTimeout(() => {
    timer = 0;
    form().dispatchEvent(new CustomEvent("moved"));
  }, WAIT_MS);
}

/** What a link or the browser's Back moved to, into the sliders. */
function settle() {
  form().elements.namedItem("score").value = region().dataset.score;
  form().elements.namedItem("iou").value = region().dataset.iou;
  showNumbers();
}

function drawCharts() {
  charts = [...document.querySelectorAll("[data-curve-chart]")].map((root) => new CurveChart(root, choose));
}

/** The bars of a table as one picture that stands alone. @param {HTMLTableElement} table */
function barsAsPicture(table) {
  const rows = [...table.tBodies[0].rows];
  const picture = svg("svg", { viewBox: `0 0 520 ${rows.length * 28 + 8}`, width: 520, height: rows.length * 28 + 8 });
  rows.forEach((row, index) => {
    const width = (parseFloat(row.querySelector(".bar rect").getAttribute("width")) / 100) * 220;
    const y = index * 28 + 8;
    picture.append(
      svg("text", { x: 0, y: y + 14, "font-size": 13, fill: "currentColor" }, row.cells[0].textContent.trim()),
      svg("rect", { x: 220, y, width, height: 20, fill: "#b45309" }),
      svg("text", { x: 228 + width, y: y + 14, "font-size": 13, fill: "currentColor" }, row.querySelector(".bar-cell .num").textContent),
    );
  });
  return picture;
}

on(document, "input", "#sliders input[type=range]", () => {
  showNumbers();
  ask();
});
on(document, "change", "[form=sliders]", ask); // They stand outside the form, so it does not hear them.
on(document, "click", "[data-save-bars]", (event, button) => {
  const picture = barsAsPicture(document.querySelector(`[data-bars="${button.dataset.saveBars}"]`));
  document.body.append(picture);
  saveSvg(button.dataset.saveBars, picture);
  picture.remove();
});
document.body.addEventListener("htmx:afterSwap", (event) => {
  if (!region() || event.detail.target?.id !== "instrument") return;
  if (event.detail.requestConfig?.elt !== form()) settle(); // An answer to the sliders must not move them back.
  for (const chart of charts) chart.follow(region().dataset.iou);
});
document.body.addEventListener("htmx:historyRestore", () => {
  if (!region()) return;
  settle();
  drawCharts(); // What came back is a copy, which listens to nothing.
});
drawCharts();
