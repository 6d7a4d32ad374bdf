/* What can be done to the chosen boxes, or to all: actions for the editor's table. */
import { addBox, deleteBox, together } from "./commands.js";
import { centreOf, cutToImage, moveRect, sameRect, stretchRect, widthOf, heightOf } from "./geometry.js";
import { newId } from "./ids.js";
import { mayDraw, mayTouch } from "./rules.js";
import { freshBox } from "./tools/draw.js";
import { cycle, together as heldTogether } from "./tools/select.js";

/** @import { Editor } from "./editor.js" */
/** @import { Box, Rect } from "./types.js" */

const OFFSET = 12; // pixels of the stage between a box and its double
const SHARE = 0.2; // of what is seen, for a box put in by a key
const PAN = 60; // stage pixels, when arrow keys have no box to move

/** @param {Editor} editor @returns {Record<string, (...words: string[]) => unknown>} */
export function boxActions(editor) {
  const { store } = editor;
  return {
    delete: () => deleteChosen(editor),
    flag: (flag) => toggleFlag(editor, flag),
    nudge: (dx, dy) => nudge(editor, Number(dx), Number(dy)),
    stretch: (dx, dy) => stretch(editor, Number(dx), Number(dy)),
    insert: () => insert(editor),
    duplicate: () => duplicate(editor),
    "same-class": () => store.classId !== null && editor.setClass(store.classId),
    "select-all": () => store.selectMany(store.visible.map(({ id }) => id)),
    cycle: () => cycle(editor, editor.pointer ? editor.viewport.imagePoint(editor.pointer) : centre(store.selected)),
    lock: () => putAside(editor, "locked"),
    hide: () => putAside(editor, "hidden"),
    "show-all": () => showAll(editor),
    "zoom-box": () => store.selected && editor.viewport.zoomToRect(around(store.selection)),
    box: (id) => store.select(id),
    "ask-class": () => askClass(editor),
  };
}

const centre = (box) => (box ? centreOf(box) : { x: -1, y: -1 });

/** @param {Box[]} boxes @returns {Rect} */
function around(boxes) {
  const all = (name, best) => best(...boxes.map((box) => box[name]));
  return { x1: all("x1", Math.min), y1: all("y1", Math.min), x2: all("x2", Math.max), y2: all("y2", Math.max) };
}

/** @param {Editor} editor @param {Box[]} [boxes] */
export function deleteChosen(editor, boxes = editor.store.selection) {
  const { store, history } = editor;
  if (boxes.length === 0 || !editor.allowed(mayTouch(store, boxes, editor.canEdit))) return;
  const order = store.boxes.map(({ id }) => id);
  // From the last to the first: taken back in the other order, each finds its old place.
  const commands = boxes.map((box) => ({ box, index: order.indexOf(box.id) })).sort((a, b) => b.index - a.index).map(({ box, index }) => deleteBox(box, index));
  const label = boxes.length === 1 ? "delete box" : `delete ${boxes.length} boxes`;
  history.run(commands.length === 1 ? commands[0] : together(commands, label, boxes.map(({ id }) => id)));
}

function toggleFlag(editor, flag) {
  const boxes = editor.store.selection;
  const isOn = !boxes.every((box) => box[flag]);
  editor.change(boxes, () => ({ [flag]: isOn }), isOn ? flag : `not ${flag}`);
}

function nudge(editor, dx, dy) {
  const { size, selection } = editor.store;
  if (selection.length === 0) return editor.viewport.panBy(-Math.sign(dx) * PAN, -Math.sign(dy) * PAN);
  const [x, y] = heldTogether(selection, dx, dy, size);
  if (x || y) editor.change(selection, (box) => moveRect(box, x, y, size), "move box", "nudge");
}

function stretch(editor, dx, dy) {
  const { size, selection } = editor.store;
  const boxes = selection.filter((box) => !sameRect(stretchRect(box, dx, dy, size), box));
  editor.change(boxes, (box) => stretchRect(box, dx, dy, size), "resize box", "stretch");
}

/** A box without a pointer: in the middle of what is seen. */
function insert(editor) {
  const { store, viewport } = editor;
  if (!editor.allowed(mayDraw(store, editor.canEdit))) return;
  const { x, y } = viewport.middle;
  const [width, height] = [viewport.room.width, viewport.room.height].map((side) => Math.max(1, Math.round((side * SHARE) / viewport.view.scale / 2)));
  const rect = cutToImage({ x1: Math.round(x) - width, y1: Math.round(y) - height, x2: Math.round(x) + width, y2: Math.round(y) + height }, store.size);
  editor.setMode("select");
  if (rect) editor.add(freshBox(editor, rect));
  else editor.say("The middle of the window is not on the photo. Press {fit} to see all of it.", "warn");
}

function duplicate(editor) {
  const { store, viewport } = editor;
  const step = OFFSET / viewport.view.scale;
  const room = (low, high, limit) => (high + step <= limit ? step : low - step >= 0 ? -step : 0);
  putIn(editor, store.selection.map((box) => {
    const [dx, dy] = [room(box.x1, box.x2, store.size.width), room(box.y1, box.y2, store.size.height)];
    return { ...box, ...moveRect(box, dx, dy, store.size) };
  }), "duplicate");
}

/**
 * Boxes that come from elsewhere: each gets a name of its own and is a person's.
 * @param {Editor} editor @param {Omit<Box, "id">[]} boxes @param {string} label
 * @returns {number} how many were put in; what lies outside the photo is cut off, and said
 */
export function putIn(editor, boxes, label) {
  const { store, history } = editor;
  if (boxes.length === 0 || !editor.allowed(mayDraw(store, editor.canEdit))) return 0;
  const cut = boxes.map((box) => ({ box, rect: cutToImage(/** @type {Box} */ (box), store.size) }));
  const whole = cut.filter(({ rect }) => rect !== null);
  const added = whole.map(({ box, rect }) => ({ ...box, ...rect, id: newId(), source: "person", score: null }));
  const trimmed = whole.filter(({ box, rect }) => widthOf(rect) < widthOf(/** @type {Box} */ (box)) || heightOf(rect) < heightOf(/** @type {Box} */ (box))).length;
  if (added.length) {
    const wasNegative = store.negative;
    history.run(together(added.map((box, index) => addBox(box, wasNegative && index === 0)), label, added.map(({ id }) => id)));
  }
  sayCut(editor, trimmed, boxes.length - added.length);
  return added.length;
}

function sayCut(editor, trimmed, lost) {
  const notes = [];
  if (trimmed) notes.push(`${trimmed} reached beyond the photo and ${trimmed === 1 ? "was" : "were"} cut to it.`);
  if (lost) notes.push(`${lost} had less than a pixel on the photo and ${lost === 1 ? "was" : "were"} left out.`);
  if (notes.length) editor.say(notes.join(" "), "warn");
}

/** @param {Editor} editor @param {"locked" | "hidden"} how */
function putAside(editor, how) {
  const { store } = editor;
  const ids = [...store.chosen];
  if (ids.length === 0) return editor.say("Choose a box first: click it, or press Tab.");
  const isOn = !ids.every((id) => store.aside[how].has(id));
  store.putAside(how, ids, isOn);
  editor.say(how === "locked" ? `${isOn ? "Locked" : "Unlocked"}.` : "Hidden. {show-all} shows all again.");
}

function showAll({ store }) {
  const ids = store.boxes.map(({ id }) => id);
  const isAnyHidden = ids.some((id) => store.aside.hidden.has(id));
  store.putAside("hidden", ids, !isAnyHidden);
}

function askClass(editor) {
  editor.asksClass = !editor.asksClass;
  editor.say(editor.asksClass ? "Each new box asks for its class; Enter takes the last one." : "New boxes get the class of the last one.");
}
