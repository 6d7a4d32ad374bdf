/* Where the photo lies on the stage, and how large. */
import { fitView, holdView, toImage, viewOf, zoomAt } from "./geometry.js";

/** @import { Point, Size, View } from "./types.js" */

/** Tells "view" whenever something moved. */
export class Viewport extends EventTarget {
  /** @param {HTMLElement} stage @param {Size} size of the image @param {AbortSignal} [signal] ends it */
  constructor(stage, size, signal) {
    super();
    this.stage = stage;
    this.size = size;
    this.fitted = true;
    this.view = fitView(size, this.room);
    const observer = new ResizeObserver(() => (this.fitted ? this.fit() : this.set(this.view)));
    observer.observe(stage);
    signal?.addEventListener("abort", () => observer.disconnect());
  }

  get room() {
    return { width: this.stage.clientWidth, height: this.stage.clientHeight };
  }

  fit() {
    this.view = fitView(this.size, this.room);
    this.fitted = true;
    this.dispatchEvent(new CustomEvent("view"));
  }

  /** @param {View} view */
  set(view) {
    this.view = holdView(view, this.size, this.room);
    this.fitted = false;
    this.dispatchEvent(new CustomEvent("view"));
  }

  /** @param {number} dx @param {number} dy stage pixels */
  panBy(dx, dy) {
    this.set({ ...this.view, x: this.view.x + dx, y: this.view.y + dy });
  }

  /** @param {number} scale @param {Point} [at] on the stage; its middle if left out */
  zoomTo(scale, at = { x: this.room.width / 2, y: this.room.height / 2 }) {
    this.set(zoomAt(this.view, at, scale));
  }

  /** @param {number} factor @param {Point} [at] */
  zoomBy(factor, at) {
    this.zoomTo(this.view.scale * factor, at);
  }

  /** @param {import("./types.js").Rect} rect of the image, to fill most of the stage */
  zoomToRect(rect) {
    this.set(viewOf(rect, this.room));
  }

  /** @param {Point} point of the image, to come into the middle of the stage */
  lookAt({ x, y }) {
    const { scale } = this.view;
    this.set({ scale, x: this.room.width / 2 - x * scale, y: this.room.height / 2 - y * scale });
  }

  /** @returns {import("./types.js").Rect} what is seen, in pixels of the image; it may reach beyond it */
  get sight() {
    const { x: x1, y: y1 } = toImage(this.view, { x: 0, y: 0 });
    const { x: x2, y: y2 } = toImage(this.view, { x: this.room.width, y: this.room.height });
    return { x1, y1, x2, y2 };
  }

  /** @returns {Point} of the image, in the middle of what is seen */
  get middle() {
    return toImage(this.view, { x: this.room.width / 2, y: this.room.height / 2 });
  }

  /** @param {{clientX: number, clientY: number}} event @returns {Point} on the stage */
  stagePoint(event) {
    const edge = this.stage.getBoundingClientRect();
    return { x: event.clientX - edge.left, y: event.clientY - edge.top };
  }

  /** @param {{clientX: number, clientY: number}} event @returns {Point} on the image */
  imagePoint(event) {
    return toImage(this.view, this.stagePoint(event));
  }
}
