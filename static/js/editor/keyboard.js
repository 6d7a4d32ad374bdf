/* Keys to named actions, so that a key, a button and a test start the same thing. labelImg's keys where it has one. */

/** Plain keys; a name of the form "nudge:dx:dy" carries its numbers. */
const PLAIN = {
  w: "draw",
  d: "next",
  a: "previous",
  n: "negative",
  f: "fit",
  0: "actual-size",
  "+": "zoom-in",
  "=": "zoom-in",
  "-": "zoom-out",
  x: "flag:difficult",
  t: "flag:truncated",
  o: "flag:occluded",
  l: "labels",
  "?": "keys",
  enter: "verify-next",
  delete: "delete",
  backspace: "delete",
  escape: "cancel",
  arrowleft: "nudge:-1:0",
  arrowright: "nudge:1:0",
  arrowup: "nudge:0:-1",
  arrowdown: "nudge:0:1",
};

const WITH_CONTROL = { z: "undo", y: "redo", s: "save", e: "relabel" };

const SHIFTED = {
  arrowleft: "nudge:-10:0",
  arrowright: "nudge:10:0",
  arrowup: "nudge:0:-10",
  arrowdown: "nudge:0:10",
};

/**
 * @param {{key: string, ctrlKey?: boolean, metaKey?: boolean, altKey?: boolean, shiftKey?: boolean}} event
 * @param {{id: number, hotkey: string}[]} classes whose hotkeys count where the editor has no action of its own
 * @returns {string | null} an action's name
 */
export function actionFor(event, classes) {
  const key = event.key.toLowerCase();
  if (event.altKey) return null;
  if (event.ctrlKey || event.metaKey) {
    return key === "z" && event.shiftKey ? "redo" : (WITH_CONTROL[key] ?? null);
  }
  if (event.shiftKey && SHIFTED[key]) return SHIFTED[key];
  if (PLAIN[key]) return PLAIN[key];
  const labelClass = classes.find((each) => each.hotkey && each.hotkey.toLowerCase() === key);
  return labelClass ? `class:${labelClass.id}` : null;
}

/** What the key card shows: [keys, what they do]. */
export const KEY_CARD = [
  ["Boxes", [
    ["W", "draw a box (or drag where nothing is)"],
    ["1 – 9", "class of the selected box and of the next ones"],
    ["Ctrl E", "choose the class by typing (or double-click a box)"],
    ["← ↑ → ↓", "move 1 px, with Shift 10 px"],
    ["Del", "delete the box"],
    ["X  T  O", "difficult, truncated, occluded"],
    ["Tab", "next box, Shift Tab the one before"],
    ["Esc", "stop drawing, or let go of the box"],
  ]],
  ["Photo", [
    ["D  A", "next, previous photo; saves first"],
    ["Space", "verified, or not"],
    ["Enter", "verified, and on to the next photo"],
    ["N", "nothing to find here"],
    ["Ctrl Z", "undo; Ctrl Shift Z or Ctrl Y to redo"],
    ["Ctrl S", "save now (saving happens by itself)"],
  ]],
  ["View", [
    ["Wheel", "zoom at the pointer; + and − too"],
    ["Space drag", "move the photo (or the middle button)"],
    ["F  0", "fit the window, 100 %"],
    ["L", "names on boxes"],
  ]],
];
