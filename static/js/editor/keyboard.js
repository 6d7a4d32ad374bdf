/* Keys to named actions, so that a key, a button and a test start the same thing. labelImg's keys where it has one.
   A key is written "ctrl+shift+z": Ctrl (or Cmd), Alt, Shift, then what the key types, in small letters. */

/** @typedef {[action: string, keys: string, text: string, together?: string]} KeyRow keys with blanks between; `together`: what rows of one line do */
/**
 * @typedef {object} KeyTable datasets/editor_keys.json, and what the person changed
 * @property {Record<string, string>} words how keys are printed that are not letters
 * @property {[pattern: string, sentence: string][]} refused
 * @property {[title: string, rows: KeyRow[], layer?: Layer][]} groups
 * @property {Record<string, string[]>} [changed] a person's own keys, by action
 */
/** Keys of the desk come before those of the editor, while one reviews or works through a queue. @typedef {"editor" | "desk"} Layer */
/** @typedef {{key: string, code?: string, ctrlKey?: boolean, metaKey?: boolean, altKey?: boolean, shiftKey?: boolean}} Press */

/** Keys of classes beyond the ninth, in the order of the list: Shift and a number, then letters that nothing else has. */
const MORE_KEYS = [..."123456789"].map((digit) => `shift+${digit}`).concat([..."sycefghijklmnopqrtuvxz"]);

/** A person's keys: those of the site, with what the person changed. */
export class Keyboard {
  /** @param {KeyTable} table */
  constructor({ words, refused, groups, changed = {} }) {
    Object.assign(this, { words, groups });
    this.refused = refused.map(([pattern, sentence]) => [new RegExp(pattern), sentence]);
    this.rows = groups.flatMap(([, rows]) => rows);
    /** action -> where its keys count @type {Map<string, Layer>} */
    this.layers = new Map(groups.flatMap(([, rows, layer = "editor"]) => rows.map(([action]) => [action, layer])));
    this.change(changed);
  }

  /** @param {Record<string, string[]>} changed a person's keys come before those of the site */
  change(changed) {
    this.changed = changed;
    /** key -> action, of the editor and of the desk @type {Record<Layer, Map<string, string>>} */
    this.maps = { editor: new Map(), desk: new Map() };
    for (const [action] of this.rows) if (!changed[action]) for (const key of this.usual(action)) this.mapOf(action).set(key, action);
    for (const [action] of this.rows) for (const key of changed[action] ?? []) this.mapOf(action).set(key, action);
  }

  /** Of the editor. @returns {Map<string, string>} key -> action */
  get map() {
    return this.maps.editor;
  }

  /** @param {string} action @returns {Map<string, string>} the keys it shares with the others of its layer */
  mapOf(action) {
    return this.maps[this.layers.get(action)];
  }

  /** @param {string} action @returns {string[]} the site's keys */
  usual(action) {
    return this.row(action)[1].split(" ");
  }

  /** @param {string} action @returns {string} */
  textOf(action) {
    return this.row(action)[2];
  }

  /** @param {string} action @returns {string[]} its keys now */
  keysOf(action) {
    return [...this.mapOf(action)].filter(([, each]) => each === action).map(([key]) => key);
  }

  /** @param {string} action @returns {boolean} whether it is one that can have keys */
  has(action) {
    return this.row(action) !== undefined;
  }

  /** @param {string} key @returns {string} as it is printed: "Ctrl ⇧ Z" */
  printed(key) {
    return key.match(/[^+]+|\+$/g).map((part) => this.words[part] ?? part.toUpperCase()).join(" ");
  }

  /** Keys that only a browser or the editor itself may have. @param {string} key @returns {string | null} why not */
  refusal(key) {
    return this.refused.find(([pattern]) => pattern.test(key))?.[1] ?? null;
  }

  /** @param {{id: number, hotkey: string}[]} classes @returns {Map<string, number>} key -> class id; the editor's own actions come first */
  classKeys(classes) {
    const keys = new Map();
    const give = (key, id) => this.map.has(key) || keys.has(key) || keys.set(key, id);
    for (const { id, hotkey } of classes) if (hotkey) give(hotkey.toLowerCase(), id);
    const given = new Set(keys.values());
    const free = MORE_KEYS.filter((key) => !this.map.has(key) && !keys.has(key));
    classes.filter(({ id }) => !given.has(id)).slice(0, free.length).forEach(({ id }, index) => keys.set(free[index], id));
    return keys;
  }

  /** @param {Press} event @param {{id: number, hotkey: string}[]} classes @returns {string | null} an action's name */
  actionFor(event, classes) {
    const key = keyName(event);
    const id = this.classKeys(classes).get(key);
    return this.map.get(key) ?? (id === undefined ? null : `class:${id}`);
  }

  /** @private @param {string} action */
  row(action) {
    return this.rows.find(([each]) => each === action);
  }
}

/**
 * The name of a pressed key. Letters of other alphabets count as the Latin one that is printed on the same key.
 * @param {Press} event
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
