/* Choosing, moving and resizing. A drag shows where the boxes would go and becomes one command when it ends. */
import { boxesAt, centreOf, contains, handleAt, heightOf, moveRect, resizeRect, sameRect, snapToEdges, widthOf } from "../geometry.js";
import { mayEdit } from "../rules.js";
import { CLICK, SNAP } from "./draw.js";

/** @import { Editor } from "../editor.js" */
/** @import { Gesture } from "../gestures.js" */
/** @import { Box, Handle, Point, Rect } from "../types.js" */

/** Stage pixels around a grip or an edge; a finger needs more than a mouse. */
const reachOf = (event) => (event.pointerType === "touch" ? 22 : 8);

/** The inner half of a box moves it, however near the grips of a small one are. @param {Rect} rect @param {Point} point */
export function isCore(rect, point) {
  const { x, y } = centreOf(rect);
  return Math.abs(point.x - x) < widthOf(rect) / 4 && Math.abs(point.y - y) < heightOf(rect) / 4;
}

/**
 * What lies under the pointer: a grip of the chosen box, a chosen box, else the smallest box.
 * @param {Editor} editor
 * @param {PointerEvent} event
 * @returns {{box: Box, handle: Handle | null} | null}
 */
export function hit(editor, event) {
  const point = editor.viewport.imagePoint(event);
  const reach = reachOf(event) / editor.viewport.view.scale;
  const { store } = editor;
  const only = store.chosen.size === 1 && !store.aside.locked.has(store.selectedId) ? store.selected : null;
  const handle = only && !isCore(only, point) && handleAt(only, point, reach);
  if (handle) return { box: only, handle };
  const under = boxesAt(store.visible, point, reach / 4);
  const box = under.find(({ id }) => store.chosen.has(id)) ?? under[0];
  if (box) return { box, handle: null };
  return only && contains(only, point, reach / 2) ? { box: only, handle: null } : null;
}

/** The boxes under a place, one after the other: the one after the chosen one. @param {Editor} editor @param {Point} point on the image */
export function cycle(editor, point) {
  const under = boxesAt(editor.store.visible, point, 2 / editor.viewport.view.scale);
  const next = under[(under.findIndex(({ id }) => id === editor.store.selectedId) + 1) % under.length];
  if (next) editor.store.select(next.id);
}

/**
 * @param {Editor} editor
 * @param {PointerEvent} event
 * @param {NonNullable<ReturnType<typeof hit>>} target
 * @returns {Gesture | null}
 */
export function beginSelect(editor, event, { box, handle }) {
  const { store, renderer, viewport } = editor;
  const wasChosen = store.chosen.has(box.id);
  if (!wasChosen) store.select(box.id);
  if (mayEdit(editor.canEdit)) return null;
  const from = viewport.imagePoint(event);
  const pressed = { x: event.clientX, y: event.clientY };
  const held = store.selection.filter(({ id }) => !store.aside.locked.has(id));
  /** @type {Map<string, Rect> | null} */
  let rects = null;
  return {
    move(to) {
      if (!rects && Math.hypot(to.clientX - pressed.x, to.clientY - pressed.y) < CLICK) return;
      rects = landing(editor, held, handle, from, viewport.imagePoint(to));
      for (const each of held) renderer.preview(each, rects.get(each.id));
    },
    end() {
      for (const each of held) renderer.endPreview(each.id);
      if (rects) editor.change(held.filter((each) => !sameRect(rects.get(each.id), each)), (each) => rects.get(each.id), handle ? "resize box" : "move box");
      else if (wasChosen && !handle) cycle(editor, from);
    },
    cancel() {
      for (const each of held) renderer.endPreview(each.id);
    },
  };
}

/** @param {Editor} editor @param {Box[]} boxes @param {Handle | null} handle @param {Point} from @param {Point} to @returns {Map<string, Rect>} */
function landing({ store, viewport }, boxes, handle, from, to) {
  const { size } = store;
  if (handle) return new Map(boxes.map((box) => [box.id, resizeRect(box, handle, snapToEdges(to, size, SNAP / viewport.view.scale), size)]));
  const [dx, dy] = together(boxes, to.x - from.x, to.y - from.y, size);
  return new Map(boxes.map((box) => [box.id, moveRect(box, dx, dy, size)]));
}

/** Boxes that move together stop together: none may leave the image. @returns {[number, number]} */
export function together(boxes, dx, dy, size) {
  const hold = (step, low, high, limit) => Math.min(Math.max(step, -low), Math.max(-low, limit - high));
  const edge = (name, best) => best(...boxes.map((box) => box[name]));
  return [
    hold(dx, edge("x1", Math.min), edge("x2", Math.max), size.width),
    hold(dy, edge("y1", Math.min), edge("y2", Math.max), size.height),
  ];
}
