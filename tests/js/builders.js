/* Things the tests are made of. */
import { History } from "../../static/js/editor/history.js";
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
    image: { id: 42, url: "/photo.jpg", width: 400, height: 300, revision: 3, verified: false, negative: false, ...image },
    classes: CLASSES, boxes, save_url: "/save/", next_url: "", previous_url: "", csrf: "token",
  };
}

export function makeStore(fields) {
  return new Store(makeData(fields));
}

export function makeHistory(fields) {
  return new History(makeStore(fields));
}

/** @returns {string[]} filled with the type of each event as it comes */
export function recorded(target, ...types) {
  const seen = [];
  for (const type of types) target.addEventListener(type, () => seen.push(type));
  return seen;
}
