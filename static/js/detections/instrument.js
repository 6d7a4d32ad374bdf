/* The page of an evaluation: the sliders' numbers, the charts that follow the IoU, clicks on curves, bars as a picture.

   htmx fetches what follows the sliders; this keeps the sliders true when a link in it moved them. */
import { LineChart } from "../charts/line_chart.js";
import { saveSvg } from "../charts/download.js";
import { on, svg } from "../utils.js";

const form = () => /** @type {HTMLFormElement} */ (document.getElementById("sliders"));
const region = () => document.getElementById("instrument");
const WAIT_MS = 80;
let timer = 0;
/** @type {CurveChart[]} */
let charts = [];

/** A curve whose points stand for score thresholds: a click sets the slider there. */
class CurveChart extends LineChart {
  constructor(root) {
    super(root);
    [this.address, this.iou] = root.dataset.source.split("?iou=");
    this.drawing.addEventListener("click", (event) => this.pick(event));
    this.drawing.classList.add("pickable");
  }

  take(data) {
    this.scores = data.scores;
    return super.take(data);
  }

  /** @param {string} iou */
  follow(iou) {
    if (this.iou === iou) return;
    this.iou = iou;
    this.source = `${this.address}?iou=${iou}`;
    this.load();
  }

  /** The threshold of the point nearest to the pointer, of all curves in sight. */
  pick(event) {
    const box = this.drawing.getBoundingClientRect();
    const scale = this.plot.width / box.width;
    const at = { x: (event.clientX - box.left) * scale, y: (event.clientY - box.top) * scale };
    let best = { far: Infinity, score: null };
    for (const each of this.on("left")) {
      each.points.forEach(([x, y], index) => {
        const far = Math.hypot(this.plot.px(x) - at.x, this.plot.py(y, this.plot.left) - at.y);
        const score = this.scores[each.key]?.[index];
        if (far < best.far && score !== undefined) best = { far, score };
      });
    }
    if (best.score !== null) setScore(best.score);
  }
}

/** Just below a box's score, so that the box itself counts. @param {number} score */
function setScore(score) {
  const slider = form().elements.namedItem("score");
  slider.value = String(Math.floor(score * 100) / 100);
  slider.dispatchEvent(new Event("input", { bubbles: true }));
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
  charts = [...document.querySelectorAll("[data-curve-chart]")].map((root) => new CurveChart(root));
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
