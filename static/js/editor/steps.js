/* Undo and redo over all photos of the session: first on the photo that is shown; when there is no step left on it, the photo
   that was changed last is shown again and its step is taken there. */

/** @import { Editor } from "./editor.js" */
/** @import { Direction, Sessions } from "./sessions.js" */

const STEPS = /** @type {const} */ ({
  undo: { direction: "canUndo", done: "Undid", nothing: "Nothing to undo." },
  redo: { direction: "canRedo", done: "Did again", nothing: "Nothing to do again." },
});

/** @param {Editor} editor @param {Sessions} sessions */
export function stepActions(editor, sessions) {
  return { undo: () => step(editor, sessions, "undo"), redo: () => step(editor, sessions, "redo") };
}

/** @param {Editor} editor @param {Sessions} sessions @param {Direction} direction @returns {boolean} on this photo or another one */
export const canStep = (editor, sessions, direction) => editor.history[direction] || sessions.other(direction) !== undefined;

/** @param {Editor} editor @param {Sessions} sessions @param {"undo" | "redo"} way */
async function step(editor, sessions, way) {
  const { direction, done, nothing } = STEPS[way];
  if (editor.history[direction]) return editor.say(`${done}: ${editor.history[way]()}`);
  const other = sessions.other(direction);
  if (!other) return editor.say(nothing);
  const there = await editor.turnTo(other.address);
  if (there?.history === other.history) there.say(`${done} on ${other.data.image.name}: ${other.history[way]()}`);
}
