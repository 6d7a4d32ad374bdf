/* Drawing: press, drag, let go; or click one corner and then the other; or click the four outermost points.
   Each way ends in one "add box" command, or in nothing. */
import { rectAround, rectFromPoints, snapToEdges, squareCorner, touchesImage } from "../geometry.js";
import { mayDraw } from "../rules.js";
import { newId } from "../ids.js";

/** @import { Editor } from "../editor.js" */
/** @import { Gesture } from "../gestures.js" */
/** @import { Box, Point, Rect } from "../types.js" */

/** Stage pixels: below this a press is a click. */
export const CLICK = 4;
/** Stage pixels from the image's edge within which a corner lies on it. */
export const SNAP = 6;
const EXTREMES = ["the top", "the left", "the bottom", "the right"];

/** @param {Editor} editor @param {Rect} rect @returns {Box} */
export function freshBox(editor, rect) {
  return {
    id: newId(), class_id: editor.store.classId, difficult: false, truncated: false, occluded: false, source: "person", score: null, ...rect,
  };
}

/** @param {Editor} editor @param {PointerEvent} event @returns {Point} on the image, on its edge when close to it */
export function snapped(editor, event) {
  return snapToEdges(editor.viewport.imagePoint(event), editor.store.size, SNAP / editor.viewport.view.scale);
}

/** The rectangle from a corner to the pointer (Ctrl: a square), or null where it covers no pixel of the image. */
function rectTo(editor, from, event) {
  const { size } = editor.store;
  const here = snapped(editor, event);
  const to = event.ctrlKey || event.metaKey ? squareCorner(from, here, size) : here;
  return touchesImage(from, to, size) ? rectFromPoints(from, to, size) : null;
}

/**
 * @param {Editor} editor
 * @param {PointerEvent} event
 * @param {() => void} [onClick] instead of drawing from click to click, when the hand did not move
 * @returns {Gesture | null}
 */
export function beginDraw(editor, event, onClick) {
  const refusal = mayDraw(editor.store, editor.canEdit);
  if (refusal) {
    editor.say(refusal, "warn");
    return null;
  }
  const corner = editor.stroke?.from;
  const from = corner ?? snapped(editor, event);
  const box = editor.stroke?.box ?? freshBox(editor, { x1: 0, y1: 0, x2: 1, y2: 1 });
  const pressed = { x: event.clientX, y: event.clientY };
  let moved = false;
  return {
    move(to) {
      moved ||= Math.hypot(to.clientX - pressed.x, to.clientY - pressed.y) >= CLICK;
      if (moved || corner) showStroke(editor, { box, from }, to);
    },
    end(to) {
      if (!moved && !corner) return click(editor, onClick, { box, from });
      editor.stroke = null;
      finish(editor, box, rectTo(editor, from, to), moved);
    },
    cancel: () => dropStroke(editor, box),
  };
}

/** The hand did not move: in drawing mode the first corner is set; else the press meant something else. */
function click(editor, onClick, stroke) {
  if (onClick) return onClick();
  if (editor.mode !== "draw") return editor.store.select(null);
  editor.stroke = stroke;
  editor.say("Click the opposite corner. {cancel} gives it up.");
}

/** The box as it would be. @param {Editor} editor @param {{box: Box, from: Point}} stroke @param {PointerEvent} event */
export function showStroke(editor, { box, from }, event) {
  const rect = rectTo(editor, from, event);
  editor.renderer.crosshair(editor.viewport.stagePoint(event));
  if (rect) editor.renderer.preview(box, rect);
  else editor.renderer.endPreview(box.id);
}

/** @param {Editor} editor @param {Box} box @param {Rect | null} rect @param {boolean} [isDrag] */
function finish(editor, box, rect, isDrag = true) {
  editor.renderer.endPreview(box.id);
  editor.setMode("select");
  if (rect) editor.add({ ...box, ...rect });
  else editor.say(isDrag ? "No box: it would cover less than a pixel of the photo." : "No box: both corners are in one place.", "warn");
}

/** @param {Editor} editor @param {Box} [box] */
export function dropStroke(editor, box = editor.stroke?.box) {
  editor.stroke = null;
  if (box) editor.renderer.endPreview(box.id);
  editor.renderer.crosshair(null);
}

/**
 * One of the four outermost points of an object, in any order.
 * @param {Editor} editor @param {PointerEvent} event
 * @returns {Gesture | null}
 */
export function beginExtreme(editor, event) {
  const refusal = mayDraw(editor.store, editor.canEdit);
  if (refusal) {
    editor.say(refusal, "warn");
    return null;
  }
  const stroke = (editor.stroke ??= { box: freshBox(editor, { x1: 0, y1: 0, x2: 1, y2: 1 }), points: [] });
  stroke.points.push(snapped(editor, event));
  return {
    move() {},
    end() {
      if (stroke.points.length < EXTREMES.length) return showExtreme(editor, stroke);
      editor.stroke = null;
      finish(editor, stroke.box, rectAround(stroke.points, editor.store.size));
    },
    cancel: () => dropStroke(editor, stroke.box),
  };
}

/** @param {Editor} editor */
function showExtreme(editor, { box, points }) {
  editor.renderer.preview(box, rectAround(points, editor.store.size));
  editor.say(`Click ${EXTREMES[points.length]} of the object (${points.length} of 4, in any order).`);
}
