/* A curve whose points stand for score thresholds. Chosen by a click, or by the keyboard: the arrow keys go from point to
   point and from curve to curve, Home and End to the ends, Enter or the space bar choose. */
import { LineChart } from "../charts/line_chart.js";
import { figure } from "../charts/scale.js";
import { svg } from "../utils.js";

/** @typedef {{key: string, score: number}} Choice the curve ("0": all classes together) and the threshold of the point */

export class CurveChart extends LineChart {
  /** @param {HTMLElement} root @param {(chart: CurveChart, choice: Choice) => void} choose */
  constructor(root, choose) {
    super(root);
    this.choose = choose;
    this.showsBoxes = "showsBoxes" in root.dataset;
    [this.address, this.iou] = root.dataset.source.split("?iou=");
    this.place = { key: null, index: 0 };
    this.drawing.classList.add("pickable");
    this.drawing.addEventListener("click", (event) => this.pick(event));
    this.drawing.addEventListener("keydown", (event) => this.step(event));
    this.drawing.addEventListener("focus", () => this.show());
    this.drawing.addEventListener("blur", () => this.unpoint());
  }

  take(data) {
    this.scores = data.scores;
    return super.take(data);
  }

  draw() {
    super.draw();
    if (!this.hasPoints || !this.plot) return;
    const curve = this.curveAt();
    const values = { role: "slider", tabindex: 0, "aria-valuemin": 0, "aria-valuemax": Math.max(0, (curve?.points.length ?? 1) - 1) };
    for (const [name, value] of Object.entries(values)) this.drawing.setAttribute(name, String(value));
    this.tell();
  }

  /** @param {string} iou */
  follow(iou) {
    if (this.iou === iou) return;
    this.iou = iou;
    this.source = `${this.address}?iou=${iou}`;
    this.load();
  }

  /** Curves in sight whose points have scores. @private */
  curves() {
    return this.on("left").filter(({ key }) => this.scores?.[key]);
  }

  /** @private */
  curveAt() {
    return this.curves().find(({ key }) => key === this.place.key) ?? this.curves()[0];
  }

  /** The point nearest to the pointer, of all curves in sight. @private */
  pick(event) {
    const box = this.drawing.getBoundingClientRect();
    const scale = this.plot.width / box.width;
    const at = { x: (event.clientX - box.left) * scale, y: (event.clientY - box.top) * scale };
    let best = Infinity;
    for (const { key, points } of this.curves()) {
      points.forEach(([x, y], index) => {
        const far = Math.hypot(this.plot.px(x) - at.x, this.plot.py(y, this.plot.left) - at.y);
        if (far < best) [best, this.place] = [far, { key, index }];
      });
    }
    if (best < Infinity) this.chosen();
  }

  /** @private @param {KeyboardEvent} event */
  step(event) {
    const curve = this.curveAt();
    if (!curve || event.ctrlKey || event.metaKey || event.altKey) return;
    const last = curve.points.length - 1;
    const at = Math.min(this.place.index, last);
    const far = Math.max(1, Math.round(last / 10));
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, PageUp: at + far, PageDown: at - far, Home: 0, End: last }[event.key];
    if (to !== undefined) this.place = { key: curve.key, index: Math.min(Math.max(to, 0), last) };
    else if (event.key === "ArrowUp" || event.key === "ArrowDown") this.place = this.beside(curve, event.key === "ArrowDown" ? 1 : -1);
    else if (event.key === "Enter" || event.key === " ") this.chosen();
    else return;
    event.preventDefault();
    this.show();
  }

  /** The point of the next curve that is nearest in x. @private */
  beside(curve, way) {
    const all = this.curves();
    const next = all[(all.indexOf(curve) + way + all.length) % all.length];
    const [x] = curve.points[Math.min(this.place.index, curve.points.length - 1)];
    const index = next.points.reduce((best, point, at) => (Math.abs(point[0] - x) < Math.abs(next.points[best][0] - x) ? at : best), 0);
    return { key: next.key, index };
  }

  /** @private */
  chosen() {
    const curve = this.curveAt();
    const score = this.scores[curve.key][Math.min(this.place.index, curve.points.length - 1)];
    this.choose(this, { key: curve.key, score });
  }

  /** Marks the point where the keyboard is. @private */
  show() {
    const curve = this.curveAt();
    if (!curve) return;
    const [x, y] = curve.points[Math.min(this.place.index, curve.points.length - 1)];
    const { px, py, edge, left } = this.plot;
    const dot = svg("g", { class: curve.colour }, svg("circle", { class: "dot", cx: px(x), cy: py(y, left), r: 5 }));
    this.guide.replaceChildren(svg("path", { class: "guide", d: `M${px(x)} ${edge.top}V${py(left.min, left)}` }), dot);
    this.showTip([{ each: curve, point: [x, y] }], x, this.drawing.getBoundingClientRect());
    this.tell();
  }

  /** Says in words which point it is. @private */
  tell() {
    const curve = this.curveAt();
    if (!curve) return;
    const index = Math.min(this.place.index, curve.points.length - 1);
    const [x, y] = curve.points[index];
    const words = `${curve.label}: ${this.yLabel} ${figure(y)} at ${this.xLabel} ${figure(x)}, score ${figure(this.scores[curve.key][index])}`;
    this.drawing.setAttribute("aria-valuenow", String(index));
    this.drawing.setAttribute("aria-valuetext", words);
  }
}
