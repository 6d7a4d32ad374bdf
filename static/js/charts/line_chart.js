/* A line chart that draws itself from JSON and keeps itself fresh until its run has finished.

   <div data-line-chart data-source="URL" data-refresh="2000" data-x-label="Step" data-y-label="Loss"
        data-series='[{"key": "total_loss", "label": "Total loss"}, {"key": "ap50", "label": "AP50", "axis": "right"}]'
        data-right-label="AP"></div>
   The URL answers {"series": {"total_loss": [[step, value], …]}, "finished": true}. A `dashed` series is drawn dashed. */
import { html, svg } from "../utils.js";
import { saveCsv, saveSvg } from "./download.js";
import { figure, nearest, niceAxis, thin } from "./scale.js";
import { figures } from "./source.js";

const HEIGHT = 280;
const EDGE = { top: 26, right: 28, bottom: 44, left: 56 };
const LAST_RETRY_MS = 60000;

/** @import { XY } from "./scale.js" */
/** @typedef {{key: string, label: string, axis?: "left" | "right", dashed?: boolean, points: XY[], hidden: boolean, colour: string}} Series */

export class LineChart {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    const { xLabel = "", yLabel = "", rightLabel = "", refresh = "0", source } = root.dataset;
    Object.assign(this, { xLabel, yLabel, rightLabel, source, refreshMs: Number(refresh) });
    /** @type {Series[]} */
    this.series = JSON.parse(root.dataset.series).map((each, index) => ({ ...each, points: [], hidden: false, colour: `series-${(index % 6) + 1}` }));
    this.waitMs = this.refreshMs;
    this.build();
    new ResizeObserver(() => this.draw()).observe(root);
    this.load();
  }

  /** @private */
  build() {
    this.legend = html("ul", { class: "legend" }, ...this.series.map((each) => this.legendItem(each)));
    const csv = html("button", { type: "button", class: "btn quiet small" }, "CSV");
    const picture = html("button", { type: "button", class: "btn quiet small" }, "SVG");
    csv.addEventListener("click", () => saveCsv(this.name, this.xLabel || "x", this.series));
    picture.addEventListener("click", () => saveSvg(this.name, this.drawing));
    this.drawing = svg("svg", { role: "img" });
    this.tip = html("div", { class: "chart-tip", hidden: true });
    this.notice = html("p", { class: "empty-chart", role: "status" }, "Waiting for the first figures.");
    this.root.classList.add("chart");
    this.root.replaceChildren(html("div", { class: "chart-head" }, this.legend, csv, picture), this.notice, this.drawing, this.tip);
    this.drawing.addEventListener("pointermove", (event) => this.point(event));
    this.drawing.addEventListener("pointerleave", () => this.unpoint());
  }

  get name() {
    return (this.root.dataset.name ?? this.series.map(({ label }) => label).join("-")).toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
  }

  /** @private @param {Series} each */
  legendItem(each) {
    const sample = svg("svg", { viewBox: "0 0 18 8", class: each.colour, "aria-hidden": "true" }, svg("path", { class: `line${each.dashed ? " dashed" : ""}`, d: "M0 4H18" }));
    const button = html("button", { type: "button", "aria-pressed": "true" }, sample, each.label);
    button.addEventListener("click", () => {
      each.hidden = !each.hidden;
      button.setAttribute("aria-pressed", String(!each.hidden));
      this.draw();
    });
    return html("li", {}, button);
  }

  /** Fetch, draw, and come back later unless the run has finished or the chart has left the page. */
  async load() {
    if (!this.root.isConnected) return;
    let finished = false;
    if (!document.hidden || !this.hasPoints) {
      try {
        finished = this.take(await figures(this.source));
        this.waitMs = this.refreshMs;
      } catch {
        this.waitMs = Math.min(Math.max(this.waitMs, 1000) * 2, LAST_RETRY_MS);
        if (!this.hasPoints) this.notice.textContent = "The figures could not be fetched. Trying again.";
      }
    }
    if (!finished && this.refreshMs > 0) setTimeout(() => this.load(), this.waitMs);
  }

  /** @private @returns {boolean} whether no more will come */
  take({ series, finished }) {
    for (const each of this.series) each.points = (series[each.key] ?? []).filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y));
    if (!this.hasPoints) this.notice.textContent = finished ? (this.root.dataset.empty || "This run ended before it wrote any figures.") : "Waiting for the first figures.";
    this.draw();
    return Boolean(finished);
  }

  get hasPoints() {
    return this.series.some(({ points }) => points.length > 0);
  }

  /** @private the series in sight on one side */
  on(side) {
    return this.series.filter((each) => !each.hidden && each.points.length > 0 && (each.axis ?? "left") === side);
  }

  /** @private @param {Series[]} series @param {0 | 1} index of x or y @param {number} count of ticks */
  axis(series, index, count) {
    let [low, high] = [Infinity, -Infinity];
    for (const { points } of series) {
      for (const point of points) {
        low = Math.min(low, point[index]);
        high = Math.max(high, point[index]);
      }
    }
    const fromZero = index === 1 && low > 0 && low < high * 0.6;
    return niceAxis(fromZero ? 0 : low, high, count);
  }

  draw() {
    this.notice.hidden = this.hasPoints;
    this.drawing.toggleAttribute("hidden", !this.hasPoints);
    const width = Math.round(this.root.clientWidth);
    if (!this.hasPoints || width === 0) return;
    const [left, right] = [this.on("left"), this.on("right")];
    const edge = { ...EDGE, right: right.length ? EDGE.left : EDGE.right };
    const x = this.axis([...left, ...right], 0, Math.max(2, Math.floor(width / 110)));
    this.plot = {
      width, edge, x, left: this.axis(left, 1, 5), right: this.axis(right, 1, 5),
      px: (value) => edge.left + ((value - x.min) / (x.max - x.min)) * (width - edge.left - edge.right),
      py: (value, axis) => HEIGHT - edge.bottom - ((value - axis.min) / (axis.max - axis.min)) * (HEIGHT - edge.top - edge.bottom),
    };
    this.guide = svg("g", { class: "guides" });
    this.drawing.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
    this.drawing.setAttribute("aria-label", this.summary());
    this.drawing.replaceChildren(...this.axes(left, right), ...[...left, ...right].map((each) => this.curve(each)), this.guide);
  }

  /** @private what a reader who cannot see the curves is told */
  summary() {
    const latest = this.series.filter(({ points }) => points.length).map(({ label, points }) => `${label} ${figure(points.at(-1)[1])} at ${figure(points.at(-1)[0])}`);
    return `${this.yLabel} over ${this.xLabel}. Latest: ${latest.join("; ")}.`;
  }

  /** @private */
  axes(left, right) {
    const { width, edge, x, px, py } = this.plot;
    const bottom = HEIGHT - edge.bottom;
    const parts = [];
    for (const tick of x.ticks) parts.push(svg("text", { class: "tick", x: px(tick), y: bottom + 18, "text-anchor": "middle" }, figure(tick)));
    const side = left.length ? this.plot.left : this.plot.right;
    for (const tick of side.ticks) parts.push(svg("path", { class: `axis${tick === side.min ? " base" : ""}`, d: `M${edge.left} ${py(tick, side)}H${width - edge.right}` }));
    if (left.length) {
      for (const tick of this.plot.left.ticks) parts.push(svg("text", { class: "tick", x: edge.left - 8, y: py(tick, this.plot.left) + 4, "text-anchor": "end" }, figure(tick)));
      parts.push(svg("text", { class: "axis-label", x: 0, y: 12 }, this.yLabel));
    }
    if (right.length) {
      for (const tick of this.plot.right.ticks) parts.push(svg("text", { class: "tick", x: width - edge.right + 8, y: py(tick, this.plot.right) + 4 }, figure(tick)));
      parts.push(svg("text", { class: "axis-label", x: width, y: 12, "text-anchor": "end" }, this.rightLabel));
    }
    parts.push(svg("text", { class: "axis-label", x: width - edge.right, y: HEIGHT - 6, "text-anchor": "end" }, this.xLabel));
    return parts;
  }

  /** @private @param {Series} each */
  curve(each) {
    const { px, py, width } = this.plot;
    const axis = this.plot[each.axis ?? "left"];
    const spots = thin(each.points, width).map(([x, y]) => [px(x).toFixed(1), py(y, axis).toFixed(1)]);
    const group = svg("g", { class: each.colour }, svg("path", { class: `line${each.dashed ? " dashed" : ""}`, d: `M${spots.map((spot) => spot.join(" ")).join("L")}` }));
    if (spots.length <= 40) group.append(...spots.map(([cx, cy]) => svg("circle", { class: "dot", cx, cy, r: 3 })));
    return group;
  }

  /** @private values under the pointer */
  point(event) {
    const { px, py, x, width, edge } = this.plot;
    const box = this.drawing.getBoundingClientRect();
    const at = x.min + ((((event.clientX - box.left) / box.width) * width - edge.left) / (width - edge.left - edge.right)) * (x.max - x.min);
    const found = [...this.on("left"), ...this.on("right")].map((each) => ({ each, point: nearest(each.points, at) }));
    if (!found.length) return;
    const main = found.reduce((best, next) => (Math.abs(next.point[0] - at) < Math.abs(best.point[0] - at) ? next : best)).point[0];
    const dots = found.map(({ each, point }) => svg("g", { class: each.colour }, svg("circle", { class: "dot", cx: px(point[0]), cy: py(point[1], this.plot[each.axis ?? "left"]), r: 4 })));
    this.guide.replaceChildren(svg("path", { class: "guide", d: `M${px(main)} ${edge.top}V${HEIGHT - edge.bottom}` }), ...dots);
    this.showTip(found, main, box);
  }

  /** @private */
  showTip(found, main, box) {
    const rows = found.map(({ each, point }) => html("div", { class: each.colour }, html("span", {}, each.label), html("b", {}, point[0] === main ? figure(point[1]) : `${figure(point[1])} at ${figure(point[0])}`)));
    this.tip.replaceChildren(html("div", {}, html("span", {}, this.xLabel), html("b", {}, figure(main))), ...rows);
    this.tip.hidden = false;
    const frame = this.root.getBoundingClientRect();
    const middle = (this.plot.px(main) / this.plot.width) * box.width + box.left - frame.left;
    const isLeft = middle + this.tip.offsetWidth + 16 > frame.width;
    this.tip.style.left = `${Math.max(0, isLeft ? middle - this.tip.offsetWidth - 12 : middle + 12)}px`;
    this.tip.style.top = `${box.top - frame.top + EDGE.top}px`;
  }

  /** @private */
  unpoint() {
    this.guide?.replaceChildren();
    this.tip.hidden = true;
  }
}

function startAll() {
  for (const root of document.querySelectorAll("[data-line-chart]:not(.chart)")) new LineChart(root);
}

startAll();
document.body.addEventListener("htmx:load", startAll); // Charts in swapped-in content.
