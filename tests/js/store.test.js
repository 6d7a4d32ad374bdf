import assert from "node:assert/strict";
import { test } from "node:test";
import { makeBox, makeStore, recorded } from "./builders.js";

test("a new store holds what the page gave it, and its own copies of the boxes", () => {
  const box = makeBox();
  const store = makeStore({ boxes: [box], verified: true });
  box.x1 = 999;
  assert.equal(store.boxes[0].x1, 10);
  assert.equal(store.verified, true);
  assert.equal(store.classId, 7);
});

test("only a box that exists can be selected", () => {
  const store = makeStore({ boxes: [makeBox()] });
  store.select("a");
  assert.equal(store.selected.id, "a");
  store.select("nobody");
  assert.equal(store.selected, null);
});

test("selecting what is selected says nothing", () => {
  const store = makeStore({ boxes: [makeBox()] });
  const seen = recorded(store, "selection");
  store.select("a");
  store.select("a");
  assert.deepEqual(seen, ["selection"]);
});

test("a class that the dataset does not have cannot be chosen", () => {
  const store = makeStore();
  store.chooseClass(9);
  store.chooseClass(1234);
  assert.equal(store.classId, 9);
});

test("a change of boxes is told before the content is to be saved", () => {
  const store = makeStore();
  const seen = recorded(store, "boxes", "marks", "content");
  store.put(makeBox());
  assert.deepEqual(seen, ["boxes", "content"]);
});

test("choosing is not a change that must be saved", () => {
  const store = makeStore({ boxes: [makeBox()] });
  const seen = recorded(store, "content");
  store.select("a");
  store.chooseClass(9);
  assert.deepEqual(seen, []);
});

test("a box comes back to its old place in the list", () => {
  const store = makeStore({ boxes: ["a", "b", "c"].map((id) => makeBox({ id })) });
  store.remove("b");
  store.put(makeBox({ id: "b" }), 1);
  assert.deepEqual(store.boxes.map(({ id }) => id), ["a", "b", "c"]);
});

test("removing the selected box ends the selection", () => {
  const store = makeStore({ boxes: [makeBox()] });
  store.select("a");
  store.remove("a");
  assert.equal(store.selectedId, null);
});

test("a snapshot does not follow later changes", () => {
  const store = makeStore({ boxes: [makeBox()] });
  const before = store.snapshot();
  store.put(makeBox({ x2: 77 }));
  store.mark({ verified: true });
  assert.equal(before.boxes[0].x2, 50);
  assert.equal(before.verified, false);
});

test("replacing everything names the boxes that came and the ones that went", () => {
  const store = makeStore({ boxes: [makeBox({ id: "old" })] });
  let ids = [];
  store.addEventListener("boxes", (event) => {
    ids = event.detail.ids;
  });
  store.replace({ verified: true, negative: false, boxes: [makeBox({ id: "new" })] });
  assert.deepEqual(ids.toSorted(), ["new", "old"]);
  assert.deepEqual(store.boxes.map(({ id }) => id), ["new"]);
  assert.equal(store.verified, true);
});

test("several boxes can be chosen; the last is the one that keys stand at", () => {
  const store = makeStore({ boxes: ["a", "b", "c"].map((id) => makeBox({ id })) });
  store.selectMany(["a", "c", "nobody"]);
  assert.deepEqual(store.selection.map(({ id }) => id), ["a", "c"]);
  assert.equal(store.selectedId, "c");
  store.toggle("c");
  assert.equal(store.selectedId, "a");
});

test("a hidden box is let go, and what is put aside is nothing to save", () => {
  const store = makeStore({ boxes: [makeBox(), makeBox({ id: "b" })] });
  store.select("a");
  const seen = recorded(store, "content", "aside");
  store.putAside("hidden", ["a"], true);
  assert.deepEqual([store.selectedId, store.visible.map(({ id }) => id)], [null, ["b"]]);
  assert.deepEqual(seen, ["aside"]);
});
