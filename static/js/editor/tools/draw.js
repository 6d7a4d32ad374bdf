/* Drawing: press, drag, let go. Becomes one "add box" command, or nothing if the hand hardly moved. */
import { addBox } from "../commands.js";
import { rectFromPoints, touchesImage } from "../geometry.js";
import { mayDraw } from "../rules.js";
import { newId } from "../ids.js";

/** @import { Editor } from "../editor.js" */
/** @import { Gesture } from "../gestures.js" */

/** Stage pixels: below this a press is a click. */
export const CLICK = 4;

/**
 * @param {Editor} editor
 * @param {PointerEvent} event
 * @returns {Gesture | null}
 */
export function beginDraw(editor, event) {
  const refusal = mayDraw(editor.store, editor.canEdit);
  if (refusal) {
    editor.say(refusal, "warn");
    return null;
  }
  const from = editor.viewport.imagePoint(event);
  const pressed = { x: event.clientX, y: event.clientY };
  const box = {
    id: newId(), class_id: editor.store.classId, x1: 0, y1: 0, x2: 1, y2: 1,
    difficult: false, truncated: false, occluded: false, source: "person", score: null,
  };
  let rect = null;
  return {
    move(to) {
      if (!rect && Math.hypot(to.clientX - pressed.x, to.clientY - pressed.y) < CLICK) return;
      const here = editor.viewport.imagePoint(to);
      editor.renderer.crosshair(editor.viewport.stagePoint(to));
      if (!touchesImage(from, here, editor.store.size)) {
        rect = null;
        editor.renderer.endPreview(box.id);
        return;
      }
      rect = rectFromPoints(from, here, editor.store.size);
      editor.renderer.preview(box, rect);
    },
    end() {
      editor.renderer.endPreview(box.id);
      if (rect) editor.history.run(addBox({ ...box, ...rect }, editor.store.negative));
      else editor.store.select(null);
      editor.setMode("select");
    },
    cancel() {
      editor.renderer.endPreview(box.id);
      editor.renderer.crosshair(null);
    },
  };
}
