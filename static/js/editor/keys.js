/* Listens to the keyboard and calls actions. Space is two things: a tap verifies, holding it while dragging moves the photo. */
import { inTextField } from "../utils.js";
import { keyName } from "./keyboard.js";

/** @import { Editor } from "./editor.js" */
/** @import { Keyboard } from "./keyboard.js" */

/** A focused button or link keeps the keys that press it. */
const presses = (event) => (event.key === "Enter" || event.key === " ") && event.target instanceof Element && event.target.closest("button, a[href], summary, input, select") !== null;

/** Actions that go on while their key is held. */
const HELD = /^(nudge|stretch|zoom-in|zoom-out|undo|redo|light)/;

/** @param {Editor} editor @param {Keyboard} keys which may change while the page is open */
export function listenToKeys(editor, keys) {
  const { signal } = editor;
  let leavesWithTab = false;
  const isBusy = (event) => inTextField(event.target) || document.querySelector("dialog[open]") !== null;

  document.addEventListener("keydown", (event) => {
    if (isBusy(event) || presses(event)) return;
    if (event.key === " ") return holdSpace(editor, event);
    if (event.key === "Tab" && !keys.map.has(keyName(event))) return tabToBox(editor, event, leavesWithTab);
    const action = keys.actionFor(event, editor.store.classes);
    if (!action || !(action.split(":")[0] in editor.actions)) return;
    if (event.repeat && !HELD.test(action)) return event.preventDefault();
    leavesWithTab = action === "cancel" && editor.mode === "select" && editor.store.selected === null;
    event.preventDefault();
    editor.act(action);
  }, { signal });
  document.addEventListener("keyup", (event) => {
    if (event.key.startsWith("Arrow")) editor.history.seal();
    if (event.key === " " && editor.spaceHeld) releaseSpace(editor);
  }, { signal });
  window.addEventListener("blur", () => {
    editor.spaceHeld = false;
  }, { signal });
  editor.parts.canvas.addEventListener("blur", () => {
    leavesWithTab = false;
  });
}

function holdSpace(editor, event) {
  event.preventDefault(); // The page must not scroll.
  if (event.repeat || event.ctrlKey || event.altKey || event.metaKey) return;
  editor.spaceHeld = true;
  editor.spaceUsed = false;
  editor.parts.stage.dataset.cursor = "grab";
}

function releaseSpace(editor) {
  editor.spaceHeld = false;
  editor.parts.stage.dataset.cursor = "";
  if (!editor.spaceUsed) editor.act("verify");
}

/** Tab walks through the boxes and leaves the photo after the last one, or after Escape. */
function tabToBox(editor, event, leaves) {
  if (leaves || event.target !== editor.parts.canvas || event.ctrlKey || event.altKey) return;
  const { visible: boxes, selectedId } = editor.store;
  const index = boxes.findIndex(({ id }) => id === selectedId);
  const next = event.shiftKey ? index - 1 : index + 1;
  if (next < 0 || next >= boxes.length) return;
  event.preventDefault();
  editor.store.select(boxes[next].id);
}
