/* The whole photo, small, while only a part of it is in sight: its boxes and the part. A press or a drag goes there. */
import { svg } from "../utils.js";
import { cutToImage, heightOf, widthOf } from "./geometry.js";

/** @import { Editor } from "./editor.js" */
/** @import { Rect, Size } from "./types.js" */

/** Pixels of the stage that the longer side takes; on a small stage a third of it. */
const SIDE = 168;

/** @param {Rect} rect */
const outline = (rect) => `M${rect.x1} ${rect.y1}h${widthOf(rect)}v${heightOf(rect)}h${-widthOf(rect)}z`;

/** @param {Size} image @param {Size} room @returns {Size} of the map, in pixels of the stage */
export function mapSize(image, room) {
  const side = Math.min(SIDE, room.width / 3, room.height / 3);
  const scale = side / Math.max(image.width, image.height);
  return { width: Math.round(image.width * scale), height: Math.round(image.height * scale) };
}

/** @param {Editor} editor @param {HTMLElement} element with a picture in it */
export function openMinimap({ store, viewport, signal }, element) {
  const sight = svg("path", { class: "sight" });
  const canvas = svg("svg", { viewBox: `0 0 ${store.size.width} ${store.size.height}`, preserveAspectRatio: "none", "aria-hidden": "true" });
  element.append(canvas);
  let isDrawn = false;

  const drawBoxes = () => {
    isDrawn = !element.hidden;
    if (!isDrawn) return;
    const colour = ({ class_id }) => store.labelClass(class_id)?.colour ?? "#ffffff";
    canvas.replaceChildren(...store.visible.map((box) => svg("path", { d: outline(box), stroke: colour(box) })), sight);
  };
  const place = () => {
    const seen = cutToImage(viewport.sight, store.size);
    element.hidden = seen === null || (widthOf(seen) >= store.size.width && heightOf(seen) >= store.size.height);
    if (element.hidden) return;
    const { width, height } = mapSize(store.size, viewport.room);
    Object.assign(element.style, { width: `${width}px`, height: `${height}px` });
    sight.setAttribute("d", outline(seen));
    if (!isDrawn) drawBoxes();
  };
  viewport.addEventListener("view", place);
  for (const type of ["boxes", "aside"]) store.addEventListener(type, drawBoxes, { signal });
  goWhereDragged(element, viewport, store.size);
  place();
}

/** @param {HTMLElement} element @param {import("./view.js").Viewport} viewport @param {Size} size of the image */
function goWhereDragged(element, viewport, size) {
  const go = (event) => {
    const edge = element.getBoundingClientRect();
    viewport.lookAt({ x: ((event.clientX - edge.left) / edge.width) * size.width, y: ((event.clientY - edge.top) / edge.height) * size.height });
  };
  element.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    element.setPointerCapture(event.pointerId);
    go(event);
  });
  element.addEventListener("pointermove", (event) => {
    event.stopPropagation(); // No crosshair under it.
    if (element.hasPointerCapture(event.pointerId)) go(event);
  });
}
