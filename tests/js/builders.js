/* Things the tests are made of. */
import { readFileSync } from "node:fs";
import { boxActions } from "../../static/js/editor/boxes.js";
import { Editor } from "../../static/js/editor/editor.js";
import { toImage } from "../../static/js/editor/geometry.js";
import { guessActions } from "../../static/js/editor/guesses.js";
import { History } from "../../static/js/editor/history.js";
import { Keyboard } from "../../static/js/editor/keyboard.js";
import { Store } from "../../static/js/editor/store.js";

export const CLASSES = [
  { id: 7, number: 1, name: "BB-8", colour: "#ffb000", hotkey: "1" },
  { id: 9, number: 2, name: "R2-D2", colour: "#4cc9f0", hotkey: "2" },
];

export function makeBox(fields = {}) {
  return {
    id: "a", class_id: 7, x1: 10, y1: 20, x2: 50, y2: 60,
    difficult: false, truncated: false, occluded: false, source: "person", score: null, ...fields,
  };
}

export function makeData({ boxes = [], ...image } = {}) {
  return {
    image: { id: 42, name: "photo.jpg", url: "/photo.jpg", width: 400, height: 300, revision: 3, verified: false, negative: false, ...image },
    classes: CLASSES, boxes, user: "5", page_url: "/images/42/", operations_url: "/save/", next_url: "", previous_url: "", csrf: "token",
  };
}

export function makeStore(fields) {
  return new Store(makeData(fields));
}

export function makeHistory(fields) {
  return new History(makeStore(fields));
}

/** The site's keys, and what a person changed. @param {Record<string, string[]>} [changed] */
export function makeKeyboard(changed = {}) {
  const table = JSON.parse(readFileSync(new URL("../../datasets/editor_keys.json", import.meta.url), "utf8"));
  return new Keyboard({ ...table, changed });
}

/** @returns {string[]} filled with the type of each event as it comes */
export function recorded(target, ...types) {
  const seen = [];
  for (const type of types) target.addEventListener(type, () => seen.push(type));
  return seen;
}

/** A shelf like the one in the browser's database. */
export function makeShelf() {
  const kept = new Map();
  return {
    kept,
    keep: async (record) => Boolean(kept.set(record.key, structuredClone(record))),
    drop: async (key) => kept.delete(key),
    read: async (key) => kept.get(key) ?? null,
    all: async (user) => [...kept.values()].filter((record) => record.user === user),
  };
}

/** A server that gives the listed answers in turn; `sent` is what it got. An answer that is missing is a dead network. */
export function makeServer(...answers) {
  const sent = [];
  const send = async (url, options) => {
    sent.push(JSON.parse(options.body));
    const answer = answers.shift();
    if (answer === undefined) throw new TypeError("network");
    return new Response(JSON.stringify(answer.body), { status: answer.status ?? 200 });
  };
  return { send, sent, answers };
}

/** An editor whose photo lies at 100 % in the corner of its stage; `said` is what it told, and nothing is drawn. */
export function makeEditor(fields) {
  const nothing = () => {};
  const view = { scale: 1, x: 0, y: 0 };
  const viewport = {
    view, room: { width: 400, height: 300 }, middle: { x: 200, y: 150 }, panBy: nothing,
    imagePoint: ({ clientX, clientY }) => toImage(view, { x: clientX, y: clientY }), stagePoint: ({ clientX, clientY }) => ({ x: clientX, y: clientY }),
  };
  const history = makeHistory(fields);
  const editor = new Editor({
    parts: { root: { dataset: {} }, stage: { dataset: {} } }, store: history.store, history, viewport,
    renderer: { crosshair: nothing, preview: nothing, endPreview: nothing }, saver: {}, canEdit: true, urls: { next: "", previous: "" },
  });
  editor.said = [];
  editor.say = (text) => editor.said.push(text);
  Object.assign(editor.actions, boxActions(editor));
  Object.assign(editor.actions, guessActions(editor));
  return editor;
}
