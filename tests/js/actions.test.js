import assert from "node:assert/strict";
import { test } from "node:test";
import { boxActions, putIn } from "../../static/js/editor/boxes.js";
import { copied, fitting } from "../../static/js/editor/clipboard.js";
import { guessActions, guesses } from "../../static/js/editor/guesses.js";
import { beginDraw, beginExtreme } from "../../static/js/editor/tools/draw.js";
import { beginSelect, hit } from "../../static/js/editor/tools/select.js";
import { CLASSES, makeBox, makeEditor, makeStore } from "./builders.js";

const at = (x, y, more = {}) => ({ clientX: x, clientY: y, button: 0, ...more });
const edgesOf = ({ x1, y1, x2, y2 }) => [x1, y1, x2, y2];

/** Press, move, let go. */
function drag(gesture, ...points) {
  for (const point of points) gesture.move(point);
  gesture.end(points.at(-1));
}

test("a drag draws one box and is one step", () => {
  const editor = makeEditor();
  drag(beginDraw(editor, at(20, 30)), at(40, 50), at(120, 90));
  assert.deepEqual(edgesOf(editor.store.boxes[0]), [20, 30, 120, 90]);
  assert.equal(editor.history.done.length, 1);
});

test("two clicks in drawing mode draw a box, too", () => {
  const editor = makeEditor();
  editor.setMode("draw");
  drag(beginDraw(editor, at(20, 30)), at(20, 30));
  assert.equal(editor.store.byId.size, 0);
  drag(beginDraw(editor, at(80, 90)), at(80, 90));
  assert.deepEqual(edgesOf(editor.store.boxes[0]), [20, 30, 80, 90]);
  assert.equal(editor.mode, "select");
});

test("with Ctrl it is a square; close to an edge it ends there", () => {
  const editor = makeEditor();
  drag(beginDraw(editor, at(100, 100)), at(150, 110, { ctrlKey: true }));
  drag(beginDraw(editor, at(300, 200)), at(397, 250));
  assert.deepEqual(editor.store.boxes.map(edgesOf), [[100, 100, 150, 150], [300, 200, 400, 250]]);
});

test("four clicks on the outermost points draw a box", () => {
  const editor = makeEditor();
  for (const [x, y] of [[50, 20], [30, 60], [55, 90], [80, 50]]) beginExtreme(editor, at(x, y)).end();
  assert.deepEqual(edgesOf(editor.store.boxes[0]), [30, 20, 80, 90]);
});

test("outside the photo nothing is drawn, and that is said", () => {
  const editor = makeEditor();
  drag(beginDraw(editor, at(420, 10)), at(480, 60));
  assert.equal(editor.store.byId.size, 0);
  assert.match(editor.said.at(-1), /less than a pixel/);
});

test("boxes chosen together move together, stop together, and are one step", () => {
  const editor = makeEditor({ boxes: [makeBox(), makeBox({ id: "b", x1: 340, x2: 390 })] });
  editor.store.selectMany(["a", "b"]);
  drag(beginSelect(editor, at(30, 40), { box: editor.store.boxes[0], handle: null }), at(90, 40));
  assert.deepEqual(editor.store.boxes.map(({ x1 }) => x1), [20, 350]);
  editor.history.undo();
  assert.deepEqual(editor.store.boxes.map(({ x1 }) => x1), [10, 340]);
});

test("a locked box is neither moved nor deleted, and its grips are gone", () => {
  const editor = makeEditor({ boxes: [makeBox()] });
  editor.store.select("a");
  editor.act("lock");
  assert.equal(hit(editor, at(10, 20)).handle, null);
  drag(beginSelect(editor, at(30, 40), { box: editor.store.boxes[0], handle: null }), at(90, 40));
  editor.act("delete");
  assert.deepEqual(editor.store.boxes.map(edgesOf), [[10, 20, 50, 60]]);
  assert.match(editor.said.at(-1), /locked/);
});

test("a hidden box is not under the pointer", () => {
  const editor = makeEditor({ boxes: [makeBox()] });
  editor.store.putAside("hidden", ["a"], true);
  assert.equal(hit(editor, at(30, 40)), null);
});

test("cycling goes through overlapping boxes and begins again", () => {
  const editor = makeEditor({ boxes: [makeBox(), makeBox({ id: "b", x2: 90 })] });
  editor.pointer = at(30, 40);
  const seen = [1, 2, 3].map(() => (editor.act("cycle"), editor.store.selectedId));
  assert.deepEqual(seen, ["a", "b", "a"]);
});

test("arrow keys move, with Alt resize; without a box they move the photo", () => {
  const editor = makeEditor({ boxes: [makeBox()] });
  editor.act("nudge:1:0");
  assert.equal(editor.history.canUndo, false);
  editor.store.select("a");
  editor.act("nudge:10:0");
  editor.act("stretch:0:-1");
  assert.deepEqual(edgesOf(editor.store.selected), [20, 20, 60, 59]);
});

test("a double lies beside its box; taking it back leaves the one", () => {
  const editor = makeEditor({ boxes: [makeBox({ occluded: true })] });
  editor.store.select("a");
  editor.act("duplicate");
  const [, double] = editor.store.boxes;
  assert.notEqual(double.id, "a");
  assert.deepEqual([edgesOf(double), double.occluded, double.id === editor.store.selectedId], [[22, 32, 62, 72], true, true]);
  editor.history.undo();
  assert.equal(editor.store.byId.size, 1);
});

test("flags, classes and deleting reach all chosen boxes and come back in their order", () => {
  const editor = makeEditor({ boxes: ["a", "b", "c"].map((id) => makeBox({ id })) });
  editor.store.selectMany(["a", "c"]);
  editor.act("flag:truncated");
  editor.act("class:9");
  assert.deepEqual(editor.store.boxes.map((box) => [box.truncated, box.class_id]), [[true, 9], [false, 7], [true, 9]]);
  editor.act("delete");
  assert.deepEqual(editor.store.boxes.map(({ id }) => id), ["b"]);
  editor.history.undo();
  assert.deepEqual(editor.store.boxes.map(({ id }) => id), ["a", "b", "c"]);
});

test("boxes from elsewhere are cut to the photo, or left out, and both are said", () => {
  const editor = makeEditor();
  const count = putIn(editor, [makeBox({ x2: 900 }), makeBox({ x1: 500, x2: 600 })], "paste");
  assert.equal(count, 1);
  assert.deepEqual(edgesOf(editor.store.boxes[0]), [10, 20, 400, 60]);
  assert.match(editor.said.at(-1), /1 reached beyond the photo .* 1 had less than a pixel/);
});

test("copied boxes find their class by name; unknown names are told", () => {
  const store = makeStore({ boxes: [makeBox()] });
  const clip = [...copied(store, store.boxes), { ...makeBox(), class_name: "Ewok" }];
  const { boxes, unknown } = fitting(makeStore(), clip);
  assert.equal(boxes.length, 1);
  assert.deepEqual([boxes[0].class_id, unknown], [CLASSES[0].id, ["Ewok"]]);
});

test("Enter accepts a chosen guess and goes to the next; the accepted one is a person's", () => {
  const editor = makeEditor({ boxes: [makeBox({ source: "model", score: 0.4 }), makeBox({ id: "b", source: "model", score: 0.9 })] });
  editor.store.select("b");
  editor.act("verify-next");
  const accepted = editor.store.byId.get("b");
  assert.deepEqual([accepted.source, accepted.score, editor.store.selectedId], ["person", null, "a"]);
  editor.act("delete");
  assert.deepEqual([...editor.store.byId.keys()], ["b"]);
  editor.history.undo();
  editor.history.undo();
  assert.deepEqual(editor.store.boxes.map(({ score }) => score), [0.4, 0.9]);
});

test("all guesses above the threshold are accepted in one step", () => {
  const editor = makeEditor({ boxes: [0.2, 0.5, 0.8].map((score, n) => makeBox({ id: `g${n}`, source: "model", score })) });
  editor.act("accept-all");
  assert.deepEqual(guesses(editor.store).map(({ id }) => id), ["g0"]);
  editor.history.undo();
  assert.equal(guesses(editor.store).length, 3);
});

test("a photo with guesses is not verified by the way", () => {
  const editor = makeEditor({ boxes: [makeBox({ source: "model", score: 0.2 })] });
  editor.act("verify-next");
  assert.equal(editor.store.verified, false);
});

test("actions have the names that keys and buttons use", () => {
  const editor = makeEditor();
  assert.equal(typeof boxActions(editor).insert, "function");
  editor.act("insert");
  assert.equal(editor.store.byId.size, 1);
  assert.equal(typeof guessActions(editor)["reject-all"], "function");
});
