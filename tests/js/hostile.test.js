/* Names that mean something to JavaScript, in what the server, another tab or the clipboard hands to the editor. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { copied, fitting } from "../../static/js/editor/clipboard.js";
import { changesBetween, rebase, withChanges } from "../../static/js/editor/operations.js";
import { makeBox, makeStore } from "./builders.js";

const NAMES = ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty"];
const untouched = () => assert.deepEqual(Object.keys(Object.prototype), []) ?? assert.equal({}.own, undefined);

test("boxes called like parts of an object are boxes", () => {
  const store = makeStore({ boxes: NAMES.map((id) => makeBox({ id })) });
  assert.deepEqual(store.boxes.map(({ id }) => id), NAMES);
  for (const id of NAMES) {
    store.select(id);
    assert.equal(store.selected.id, id);
  }
  store.select("valueOf");
  assert.equal(store.selected, null);
  untouched();
});

test("a box that brings a prototype along does not hand it on", () => {
  const box = JSON.parse('{"id": "a", "class_id": 7, "x1": 1, "y1": 1, "x2": 9, "y2": 9, "__proto__": {"own": 1}, "constructor": {"prototype": {"own": 1}}}');
  const store = makeStore({ boxes: [box] });
  assert.equal(store.boxes[0].x2, 9);
  assert.equal({}.own, undefined);
  untouched();
});

test("what is pasted has classes of this dataset, whatever they are called", () => {
  const store = makeStore({ boxes: [makeBox()] });
  const pasted = NAMES.map((class_name) => ({ ...copied(store, store.boxes)[0], class_name }));
  const { boxes, unknown } = fitting(store, [...pasted, ...copied(store, store.boxes)]);
  assert.deepEqual(boxes.map(({ class_id }) => class_id), [7]);
  assert.deepEqual(unknown, NAMES);
});

test("changes of such boxes are folded like any other", () => {
  const known = { boxes: [], verified: false, negative: false };
  const content = { ...known, boxes: NAMES.map((id) => makeBox({ id })) };
  const changes = changesBetween(known, content);
  assert.deepEqual(changes.operations.map(({ id }) => id), NAMES);
  assert.deepEqual(withChanges(known, changes).boxes.map(({ id }) => id), NAMES);
  const again = rebase([{ ...changes, batch: "b", base_revision: 1 }], known, known);
  assert.deepEqual(again.content.boxes.map(({ id }) => id), NAMES);
  untouched();
});
