/* Keys to named actions, so that a key, a button and a test start the same thing. labelImg's keys where it has one.
   A key is written "ctrl+shift+z": Ctrl (or Cmd), Alt, Shift, then what the key types, in small letters. */

/** @typedef {{action: string, keys: string[], text: string}} KeyAction */

const row = (action, keys, text) => ({ action, keys: keys.split(" "), text });

/** Every action that has a key, by the headings of the key card. @type {[string, KeyAction[]][]} */
export const KEY_GROUPS = [
  ["Draw and choose", [
    row("draw", "w", "draw: drag, or click two corners"),
    row("extreme", "e", "draw by the four outermost points"),
    row("insert", "i", "put a box in the middle, for the arrow keys"),
    row("duplicate", "b", "one more of the chosen boxes"),
    row("copy", "ctrl+c", "copy the chosen boxes, or all"),
    row("paste", "ctrl+v", "paste them, here or on another photo"),
    row("copy-previous", "p", "all boxes of the photo before"),
    row("select-all", "ctrl+a", "choose all boxes"),
    row("cycle", "c", "the next box under the pointer"),
    row("cancel", "escape", "stop drawing, or let go of the boxes"),
  ]],
  ["The chosen boxes", [
    row("relabel", "ctrl+e", "choose the class by typing"),
    row("same-class", "r", "same class as the last box"),
    row("delete", "delete backspace", "delete, or reject a guess"),
    row("flag:difficult", "x", "difficult"),
    row("flag:truncated", "t", "truncated"),
    row("flag:occluded", "o", "occluded"),
    row("lock", "k", "lock, or unlock"),
    row("hide", "h", "hide"),
    row("show-all", "shift+h", "hide all, or show all"),
    row("zoom-box", "z", "zoom to it"),
    row("nudge:-1:0", "arrowleft", "left 1 px"),
    row("nudge:1:0", "arrowright", "right 1 px"),
    row("nudge:0:-1", "arrowup", "up 1 px"),
    row("nudge:0:1", "arrowdown", "down 1 px"),
    row("nudge:-10:0", "shift+arrowleft", "left 10 px"),
    row("nudge:10:0", "shift+arrowright", "right 10 px"),
    row("nudge:0:-10", "shift+arrowup", "up 10 px"),
    row("nudge:0:10", "shift+arrowdown", "down 10 px"),
    row("stretch:-1:0", "alt+arrowleft", "narrower"),
    row("stretch:1:0", "alt+arrowright", "wider"),
    row("stretch:0:-1", "alt+arrowup", "lower"),
    row("stretch:0:1", "alt+arrowdown", "higher"),
    row("stretch:-10:0", "alt+shift+arrowleft", "narrower by 10 px"),
    row("stretch:10:0", "alt+shift+arrowright", "wider by 10 px"),
    row("stretch:0:-10", "alt+shift+arrowup", "lower by 10 px"),
    row("stretch:0:10", "alt+shift+arrowdown", "higher by 10 px"),
  ]],
  ["Photo", [
    row("next", "d", "next photo; saves first"),
    row("previous", "a", "previous photo; saves first"),
    row("next-unlabelled", "u", "next photo without an answer"),
    row("next-flagged", "g", "next returned photo, or one with guesses"),
    row("jump", "j", "to a photo by name or number"),
    row("verify-next", "enter", "verified, and on; accepts a chosen guess"),
    row("accept-all", "shift+enter", "accept all guesses above the threshold"),
    row("negative", "n", "nothing to find here"),
    row("undo", "ctrl+z", "undo"),
    row("redo", "ctrl+y ctrl+shift+z", "do it again"),
    row("save", "ctrl+s", "save now (saving happens by itself)"),
  ]],
  ["View", [
    row("fit", "f", "fit the window"),
    row("actual-size", "0", "100 %"),
    row("zoom-in", "+ =", "zoom in; the wheel too"),
    row("zoom-out", "-", "zoom out"),
    row("labels", "l", "names on boxes"),
    row("light:brightness:1", "]", "brighter"),
    row("light:brightness:-1", "[", "darker"),
    row("light:contrast:1", "}", "more contrast"),
    row("light:contrast:-1", "{", "less contrast"),
    row("light:invert", "v", "invert"),
    row("light:reset", "\\", "as it was"),
    row("ask-class", "q", "ask for the class of each new box"),
    row("keys", "?", "this card"),
  ]],
];

/** @type {KeyAction[]} */
export const KEY_ACTIONS = KEY_GROUPS.flatMap(([, actions]) => actions);

/**
 * @param {Record<string, string[]>} [changed] a person's own keys, by action
 * @returns {Map<string, string>} key -> action; a person's keys come before those of the site
 */
export function keymap(changed = {}) {
  const map = new Map();
  for (const { action, keys } of KEY_ACTIONS) if (!changed[action]) for (const key of keys) map.set(key, action);
  for (const { action } of KEY_ACTIONS) for (const key of changed[action] ?? []) map.set(key, action);
  return map;
}

/** @param {string} action @param {Map<string, string>} map @returns {string[]} its keys */
export const keysOf = (action, map) => [...map].filter(([, each]) => each === action).map(([key]) => key);

/**
 * The name of a pressed key. Letters of other alphabets count as the Latin one that is printed on the same key.
 * @param {{key: string, code?: string, ctrlKey?: boolean, metaKey?: boolean, altKey?: boolean, shiftKey?: boolean}} event
 * @returns {string}
 */
export function keyName({ key, code = "", ctrlKey, metaKey, altKey, shiftKey }) {
  const latin = /^Key([A-Z])$/.exec(code)?.[1];
  const digit = shiftKey && /^Digit([0-9])$/.exec(code)?.[1];
  const name = digit || (latin && !/^[a-z]$/i.test(key) ? latin : key === " " ? "space" : key);
  const text = name.toLowerCase();
  const typed = text.length === 1 && !/^[a-z0-9]$/.test(text); // "?" is Shift already.
  return [(ctrlKey || metaKey) && "ctrl", altKey && "alt", shiftKey && !typed && "shift", text].filter(Boolean).join("+");
}

/** Keys of classes beyond the ninth, in the order of the list: Shift and a number, then letters that nothing else has. */
const MORE_KEYS = [..."123456789"].map((digit) => `shift+${digit}`).concat([..."sycefghijklmnopqrtuvxz"]);

/**
 * @param {{id: number, hotkey: string}[]} classes
 * @param {Map<string, string>} map
 * @returns {Map<string, number>} key -> class id; the editor's own actions come first
 */
export function classKeys(classes, map) {
  const keys = new Map();
  const give = (key, id) => map.has(key) || keys.has(key) || keys.set(key, id);
  for (const { id, hotkey } of classes) if (hotkey) give(hotkey.toLowerCase(), id);
  const given = new Set(keys.values());
  const free = MORE_KEYS.filter((key) => !map.has(key) && !keys.has(key));
  classes.filter(({ id }) => !given.has(id)).slice(0, free.length).forEach(({ id }, index) => keys.set(free[index], id));
  return keys;
}

/**
 * @param {Parameters<typeof keyName>[0]} event
 * @param {{id: number, hotkey: string}[]} classes
 * @param {Map<string, string>} [map]
 * @returns {string | null} an action's name
 */
export function actionFor(event, classes, map = keymap()) {
  const key = keyName(event);
  const id = classKeys(classes, map).get(key);
  return map.get(key) ?? (id === undefined ? null : `class:${id}`);
}

const WORDS = { ctrl: "Ctrl", alt: "Alt", shift: "⇧", arrowleft: "←", arrowright: "→", arrowup: "↑", arrowdown: "↓", escape: "Esc", delete: "Del", backspace: "⌫", enter: "Enter", space: "Space" };

/** @param {string} key @returns {string} as it is printed: "Ctrl ⇧ Z" */
export const printed = (key) => (key === "+" ? "+" : key.split("+").map((part) => WORDS[part] ?? part.toUpperCase()).join(" "));

/** Keys that only a browser or the editor itself may have. @param {string} key @returns {string | null} why not */
export function refusedKey(key) {
  if (/^(ctrl\+(alt\+)?(w|t|n|q|r|l|tab)|f\d+|alt\+f4)$/.test(key)) return "The browser keeps this key for itself. Choose another one.";
  if (/^(shift\+)?(tab|space)$/.test(key)) return "Tab goes from box to box and Space moves the photo. Choose another key.";
  if (/(^|\+)(control|shift|alt|meta|dead|unidentified|process)$/.test(key)) return "Press a letter, a number or a sign, with Ctrl, Alt or Shift if you like.";
  return null;
}
