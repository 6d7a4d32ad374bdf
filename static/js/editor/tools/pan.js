/* Moving the photo under the window: Space and drag, the middle button, or two fingers (which also zoom). */

/** @import { Editor } from "../editor.js" */
/** @import { Gesture } from "../gestures.js" */

/**
 * @param {Editor} editor
 * @param {PointerEvent} event
 * @returns {Gesture}
 */
export function beginPan(editor, event) {
  let last = { x: event.clientX, y: event.clientY };
  return {
    move(to) {
      editor.viewport.panBy(to.clientX - last.x, to.clientY - last.y);
      last = { x: to.clientX, y: to.clientY };
    },
    end() {},
    cancel() {},
  };
}

/**
 * @param {Editor} editor
 * @param {[PointerEvent, PointerEvent]} fingers where they are now
 * @returns {(fingers: [PointerEvent, PointerEvent]) => void} to be called as they move
 */
export function beginPinch(editor, fingers) {
  const middle = ([a, b]) => editor.viewport.stagePoint({ clientX: (a.clientX + b.clientX) / 2, clientY: (a.clientY + b.clientY) / 2 });
  const spread = ([a, b]) => Math.max(1, Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY));
  let before = { at: middle(fingers), spread: spread(fingers) };
  return (moved) => {
    const now = { at: middle(moved), spread: spread(moved) };
    editor.viewport.panBy(now.at.x - before.at.x, now.at.y - before.at.y);
    editor.viewport.zoomBy(now.spread / before.spread, now.at);
    before = now;
  };
}
