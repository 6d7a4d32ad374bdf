import assert from "node:assert/strict";
import { test } from "node:test";
import { addBox, changeBox, deleteBox, markPhoto, replaceContent } from "../../static/js/editor/commands.js";
import { makeBox, makeHistory, recorded } from "./builders.js";

/** Runs a command and checks that undo and redo lead to the very same content. */
function roundTrip(history, command) {
  const before = history.store.snapshot();
  history.run(command);
  const after = history.store.snapshot();
  history.undo();
  assert.deepEqual(history.store.snapshot(), before);
  history.redo();
  assert.deepEqual(history.store.snapshot(), after);
  return { before, after };
}

test("a drawn box is selected, and undo takes it away", () => {
  const history = makeHistory();
  const { after } = roundTrip(history, addBox(makeBox()));
  assert.deepEqual(after.boxes, [makeBox()]);
  assert.equal(history.store.selectedId, "a");
});

test("drawing on a photo with nothing on it says that there is something; undo says nothing again", () => {
  const history = makeHistory({ negative: true });
  const { before, after } = roundTrip(history, addBox(makeBox(), true));
  assert.equal(before.negative, true);
  assert.equal(after.negative, false);
});

test("a move changes the edges and nothing else", () => {
  const box = makeBox({ truncated: true });
  const history = makeHistory({ boxes: [box] });
  const { after } = roundTrip(history, changeBox(box, { x1: 11, x2: 51 }, "move box"));
  assert.deepEqual(after.boxes, [{ ...box, x1: 11, x2: 51 }]);
});

test("a deleted box comes back where it was, and selected", () => {
  const boxes = ["a", "b", "c"].map((id) => makeBox({ id }));
  const history = makeHistory({ boxes });
  history.run(deleteBox(boxes[0], 0));
  assert.deepEqual(history.store.boxes.map(({ id }) => id), ["b", "c"]);
  history.undo();
  assert.deepEqual(history.store.boxes.map(({ id }) => id), ["a", "b", "c"]);
  assert.equal(history.store.selectedId, "a");
});

test("verifying leaves the other mark alone", () => {
  const history = makeHistory({ negative: true });
  const { after } = roundTrip(history, markPhoto(history.store, { verified: true }, "verified"));
  assert.deepEqual([after.verified, after.negative], [true, true]);
});

test("taking another version can be undone", () => {
  const history = makeHistory({ boxes: [makeBox()] });
  const theirs = { verified: true, negative: false, boxes: [makeBox({ id: "z" })] };
  const { after } = roundTrip(history, replaceContent(history.store.snapshot(), theirs, "take the other version"));
  assert.deepEqual(after, theirs);
});

test("one drag, one undo", () => {
  const box = makeBox();
  const history = makeHistory({ boxes: [box] });
  history.run(changeBox(box, { x1: 20 }, "resize box"));
  history.run(changeBox({ ...box, x1: 20 }, { x1: 30 }, "resize box"));
  history.undo();
  assert.equal(history.store.boxes[0].x1, 20);
});

test("a held arrow key is undone at once, and letting it go begins a new step", () => {
  const history = makeHistory({ boxes: [makeBox()] });
  const nudge = () => history.run(changeBox(history.store.boxes[0], { x1: history.store.boxes[0].x1 + 1 }, "move box", "nudge"));
  nudge();
  nudge();
  history.seal();
  nudge();
  assert.equal(history.store.boxes[0].x1, 13);
  history.undo();
  assert.equal(history.store.boxes[0].x1, 12);
  history.undo();
  assert.equal(history.store.boxes[0].x1, 10);
});

test("nudging another box begins a new step", () => {
  const boxes = [makeBox(), makeBox({ id: "b" })];
  const history = makeHistory({ boxes });
  history.run(changeBox(boxes[0], { x1: 11 }, "move box", "nudge"));
  history.run(changeBox(boxes[1], { x1: 11 }, "move box", "nudge"));
  history.undo();
  assert.deepEqual(history.store.boxes.map(({ x1 }) => x1), [11, 10]);
});

test("a new command forgets what was undone", () => {
  const history = makeHistory();
  history.run(addBox(makeBox()));
  history.undo();
  history.run(addBox(makeBox({ id: "b" })));
  assert.equal(history.canRedo, false);
  assert.equal(history.redo(), null);
});

test("with nothing done there is nothing to undo", () => {
  const history = makeHistory();
  const seen = recorded(history, "change");
  assert.equal(history.undo(), null);
  assert.equal(history.canUndo, false);
  assert.deepEqual(seen, []);
});
