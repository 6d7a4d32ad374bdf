/* Draws the store over the photo: class colour on a dark casing, names, grips, crosshair. Reads, never writes. */
import { svg } from "../utils.js";
import { HANDLES, handlePoint, heightOf, sizeText, widthOf } from "./geometry.js";

/** @import { Store } from "./store.js" */
/** @import { Box, Point, Rect } from "./types.js" */
/** @import { Viewport } from "./view.js" */

const GRIP = 10;
const MANY = 60;

/** @param {Rect} rect */
const edges = (rect) => ({ x: rect.x1, y: rect.y1, width: widthOf(rect), height: heightOf(rect) });

function setAll(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
}

/** @param {Box} box @param {string} name of its class */
export function spokenBox(box, name) {
  const flags = ["difficult", "truncated", "occluded"].filter((flag) => box[flag]);
  const model = box.source === "model" ? [`drawn by a model${box.score === null ? "" : `, score ${box.score.toFixed(2)}`}`] : [];
  return [name, sizeText(box), `at ${Math.round(box.x1)}, ${Math.round(box.y1)}`, ...flags, ...model].join(", ");
}

export class Renderer {
  /**
   * @param {{stage: HTMLElement, photo: HTMLImageElement, canvas: SVGSVGElement}} parts
   * @param {Store} store
   * @param {Viewport} viewport
   * @param {AbortSignal} [signal] ends it: another photo is shown, and the store may live on
   */
  constructor({ stage, photo, canvas }, store, viewport, signal) {
    this.stage = stage;
    this.photo = photo;
    this.canvas = canvas;
    this.store = store;
    this.viewport = viewport;
    /** @type {Map<string, SVGElement>} */
    this.marks = new Map();
    this.showNames = store.byId.size <= MANY;
    this.world = svg("g", { class: "world" });
    this.grips = svg("g", { class: "grips", "aria-hidden": "true" }, ...HANDLES.map(() => svg("g", {}, svg("rect", { class: "grip", x: -GRIP / 2, y: -GRIP / 2, width: GRIP, height: GRIP, rx: 2 }))));
    this.cross = svg("path", { class: "cross", "aria-hidden": "true" });
    canvas.append(this.cross, this.world);
    this.listen(signal);
    this.boxes([...store.byId.keys()]);
    this.place();
    this.names(this.showNames);
  }

  /** @private */
  listen(signal) {
    this.store.addEventListener("boxes", (event) => this.boxes(event.detail.ids), { signal });
    this.store.addEventListener("selection", (event) => this.selection(event.detail), { signal });
    this.store.addEventListener("aside", (event) => this.boxes(event.detail.ids), { signal });
    this.viewport.addEventListener("view", () => this.place());
  }

  /** The photo and the boxes under the current view. */
  place() {
    const { scale, x, y } = this.viewport.view;
    this.photo.style.transform = `translate(${x}px, ${y}px) scale(${scale})`;
    this.photo.classList.toggle("pixels", scale > 2);
    this.world.setAttribute("transform", `translate(${x} ${y}) scale(${scale})`);
    this.world.style.setProperty("--inverse", String(1 / scale));
  }

  /** @param {string[]} ids boxes that came, changed or went */
  boxes(ids) {
    for (const id of ids) {
      const box = this.store.byId.get(id);
      if (!box) {
        this.marks.get(id)?.remove();
        this.marks.delete(id);
      } else {
        this.mark(box);
      }
    }
    this.placeGrips(this.store.selected);
  }

  /** @private @param {Box} box */
  mark(box) {
    let mark = this.marks.get(box.id);
    if (!mark) {
      mark = svg("g", { id: `box-${box.id}`, role: "option", class: "mark", "aria-selected": "false" },
        svg("rect", { class: "wash" }), svg("rect", { class: "case" }), svg("rect", { class: "box" }),
        svg("g", { class: "tag" }, svg("text", { x: 2, y: -6 })));
      this.marks.set(box.id, mark);
      this.world.append(mark);
    }
    const labelClass = this.store.labelClass(box.class_id);
    const colour = labelClass?.colour ?? "#ffffff";
    const [wash, , line] = mark.children;
    wash.setAttribute("fill", colour);
    line.setAttribute("stroke", colour);
    line.classList.toggle("dashed", box.source === "model");
    mark.classList.toggle("hidden", this.store.aside.hidden.has(box.id));
    mark.classList.toggle("locked", this.store.aside.locked.has(box.id));
    mark.setAttribute("aria-label", spokenBox(box, labelClass?.name ?? "unknown class"));
    this.shape(mark, box, this.tagText(box));
  }

  /** @private */
  shape(mark, rect, text) {
    const [wash, casing, line, tag] = mark.children;
    for (const part of [wash, casing, line]) setAll(part, edges(rect));
    tag.setAttribute("transform", `translate(${rect.x1} ${rect.y1})`);
    tag.firstChild.textContent = text;
  }

  /** @private @param {Box} box */
  tagText(box) {
    const name = this.store.labelClass(box.class_id)?.name ?? "?";
    const flags = ["difficult", "truncated", "occluded"].filter((flag) => box[flag]);
    const score = box.source === "model" && box.score !== null ? [box.score.toFixed(2)] : [];
    return [name, ...score, ...flags].join(" · ");
  }

  /**
   * Show a box where a drag would put it; the store does not know yet.
   * @param {Box} box @param {Rect} rect
   */
  preview(box, rect) {
    const isNew = !this.store.byId.has(box.id);
    if (isNew && !this.marks.has(box.id)) this.mark(box);
    const mark = this.marks.get(box.id);
    mark.classList.add("live");
    this.shape(mark, rect, `${this.store.labelClass(box.class_id)?.name ?? "?"} · ${sizeText(rect)}`);
    this.placeGrips(isNew ? null : rect);
  }

  /** @param {string} id the drag is over, or was given up */
  endPreview(id) {
    this.marks.get(id)?.classList.remove("live");
    this.boxes([id]);
  }

  /** @private */
  selection({ after, ids }) {
    for (const id of ids) {
      const mark = this.marks.get(id);
      if (!mark) continue;
      const isOn = this.store.chosen.has(id);
      mark.classList.toggle("on", isOn);
      mark.setAttribute("aria-selected", String(isOn));
      if (isOn) this.world.append(mark); // Above the others.
    }
    if (after) this.canvas.setAttribute("aria-activedescendant", `box-${after}`);
    else this.canvas.removeAttribute("aria-activedescendant");
    this.placeGrips(this.store.selected);
  }

  /** @private @param {Rect | null} rect of the one chosen box that may be resized */
  placeGrips(rect) {
    const { chosen, selectedId, aside } = this.store;
    if (!rect || chosen.size > 1 || aside.locked.has(selectedId)) {
      this.grips.remove();
      return;
    }
    HANDLES.forEach((handle, index) => {
      const at = handlePoint(rect, handle);
      this.grips.children[index].setAttribute("transform", `translate(${at.x} ${at.y})`);
    });
    if (this.world.lastChild !== this.grips) this.world.append(this.grips);
  }

  /** @param {boolean} shown */
  names(shown) {
    this.showNames = shown;
    this.canvas.classList.toggle("nameless", !shown);
  }

  /** @param {Point | null} point on the stage; null takes the crosshair away */
  crosshair(point) {
    const { width, height } = this.viewport.room;
    this.cross.setAttribute("d", point ? `M0 ${point.y}H${width}M${point.x} 0V${height}` : "");
  }
}
