/* Copy and paste of boxes: within a photo, to another one, to another tab. */
import { store as browser } from "../utils.js";
import { putIn } from "./boxes.js";

/** @import { Editor } from "./editor.js" */
/** @import { Store } from "./store.js" */
/** @import { Box } from "./types.js" */

const KEY = "copied-boxes";

/** @typedef {Omit<Box, "id" | "class_id"> & {class_name: string}} Copied classes go by name: another dataset has other numbers */

/** @param {Store} store @param {Box[]} boxes @returns {Copied[]} */
export function copied(store, boxes) {
  return boxes.map(({ id, class_id, ...box }) => ({ ...box, class_name: store.labelClass(class_id)?.name ?? "" }));
}

/**
 * @param {Store} store @param {Copied[]} boxes
 * @returns {{boxes: Omit<Box, "id">[], unknown: string[]}} boxes with this dataset's classes, and names that it does not have
 */
export function fitting(store, boxes) {
  const byName = new Map(store.classes.map((each) => [each.name, each.id]));
  const known = boxes.filter(({ class_name }) => byName.has(class_name));
  const unknown = new Set(boxes.map(({ class_name }) => class_name).filter((name) => !byName.has(name)));
  return { boxes: known.map(({ class_name, ...box }) => ({ ...box, class_id: byName.get(class_name) })), unknown: [...unknown] };
}

/** @param {Editor} editor @param {() => string} previousBoxes address of the boxes of the photo before; "" if there is none */
export function clipboardActions(editor, previousBoxes) {
  return {
    copy: () => copy(editor),
    paste: () => paste(editor, previousBoxes),
    "copy-previous": () => copyPrevious(editor, previousBoxes()),
  };
}

/** @param {Editor} editor */
function copy(editor) {
  const { store } = editor;
  const boxes = store.selection.length ? store.selection : store.boxes;
  if (boxes.length === 0) return editor.say("There is no box to copy.");
  browser.set(KEY, JSON.stringify(copied(store, boxes)));
  editor.say(`Copied ${boxes.length === 1 ? "one box" : `${boxes.length} boxes`}. {paste} pastes, here or on another photo.`);
}

/** What was copied; if nothing was, all boxes of the photo before, as labelImg does. */
function paste(editor, previousBoxes) {
  const text = browser.get(KEY);
  if (!text) return copyPrevious(editor, previousBoxes());
  const { boxes, unknown } = fitting(editor.store, JSON.parse(text));
  const count = putIn(editor, boxes, "paste");
  if (unknown.length) editor.say(`This dataset has no class ${unknown.map((name) => `“${name}”`).join(", ")}; ${count} pasted. Add the class on the Classes page and paste again.`, "warn");
}

/** @param {Editor} editor @param {string} url */
async function copyPrevious(editor, url) {
  if (!url) return editor.say("There is no photo before this one.");
  const response = await fetch(url, { credentials: "same-origin" }).catch(() => null);
  if (!response?.ok) return editor.say("The boxes of the photo before could not be fetched. Try again when the server answers.", "warn");
  const { boxes } = await response.json();
  if (editor.signal?.aborted) return; // Another photo by now.
  const count = putIn(editor, boxes, "copy boxes of the photo before");
  if (boxes.length === 0) editor.say("There are no boxes on the photo before.");
  else if (count === boxes.length) editor.say(`Copied ${count === 1 ? "one box" : `${count} boxes`} of the photo before.`);
}
