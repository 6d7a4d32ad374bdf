/* Choosing, moving and resizing. A drag shows where the box would go and becomes one command when it ends. */
import { changeBox } from "../commands.js";
import { boxAt, contains, handleAt, moveRect, resizeRect, sameRect } from "../geometry.js";
import { mayEdit } from "../rules.js";
import { CLICK } from "./draw.js";

/** @import { Editor } from "../editor.js" */
/** @import { Gesture } from "../gestures.js" */
/** @import { Box, Handle } from "../types.js" */

/** Stage pixels around a grip or an edge; a finger needs more than a mouse. */
const reachOf = (event) => (event.pointerType === "touch" ? 18 : 8);

/**
 * What lies under the pointer.
 * @param {Editor} editor
 * @param {PointerEvent} event
 * @returns {{box: Box, handle: Handle | null} | null}
 */
export function hit(editor, event) {
  const point = editor.viewport.imagePoint(event);
  const reach = reachOf(event) / editor.viewport.view.scale;
  const { selected } = editor.store;
  const handle = selected && handleAt(selected, point, reach);
  if (handle) return { box: selected, handle };
  const box = boxAt(editor.store.byId.values(), point, reach / 4);
  if (box) return { box, handle: null };
  return selected && contains(selected, point, reach / 2) ? { box: selected, handle: null } : null;
}

/**
 * @param {Editor} editor
 * @param {PointerEvent} event
 * @param {NonNullable<ReturnType<typeof hit>>} target
 * @returns {Gesture | null}
 */
export function beginSelect(editor, event, { box, handle }) {
  editor.store.select(box.id);
  if (mayEdit(editor.canEdit)) return null;
  const from = editor.viewport.imagePoint(event);
  const pressed = { x: event.clientX, y: event.clientY };
  let rect = null;
  const landing = (point) =>
    handle ? resizeRect(box, handle, point, editor.store.size) : moveRect(box, point.x - from.x, point.y - from.y, editor.store.size);
  return {
    move(to) {
      if (!rect && Math.hypot(to.clientX - pressed.x, to.clientY - pressed.y) < CLICK) return;
      rect = landing(editor.viewport.imagePoint(to));
      editor.renderer.preview(box, rect);
    },
    end() {
      editor.renderer.endPreview(box.id);
      if (rect && !sameRect(rect, box)) editor.history.run(changeBox(box, rect, handle ? "resize box" : "move box"));
    },
    cancel() {
      editor.renderer.endPreview(box.id);
    },
  };
}
