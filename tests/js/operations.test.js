import assert from "node:assert/strict";
import { test } from "node:test";
import { changesBetween, fold, isEmpty, sameBox, withChanges } from "../../static/js/editor/operations.js";
import { makeBox } from "./builders.js";

const content = (boxes = [], marks = {}) => ({ verified: false, negative: false, boxes, ...marks });
const values = ({ id, ...rest }) => rest;

test("what came, went and changed is one operation a box", () => {
  const [kept, moved, gone, fresh] = ["kept", "moved", "gone", "fresh"].map((id) => makeBox({ id }));
  const after = { ...moved, x1: 15 };
  const { operations } = changesBetween(content([kept, moved, gone]), content([kept, after, fresh]));
  assert.deepEqual(operations, [
    { id: "moved", box: values(after), was: values(moved) },
    { id: "gone", box: null, was: values(gone) },
    { id: "fresh", box: values(fresh), was: null },
  ]);
});

test("marks are told only where they changed", () => {
  assert.equal(isEmpty(changesBetween(content(), content())), true);
  assert.deepEqual(changesBetween(content(), content([], { verified: true })), { operations: [], verified: true });
});

test("a hundredth of a pixel is no change, and accepting a model's box is one", () => {
  assert.equal(sameBox(makeBox(), makeBox({ x1: 10.005 })), true);
  assert.equal(sameBox(makeBox({ source: "model" }), makeBox()), false);
  assert.equal(sameBox(makeBox({ source: "import" }), makeBox()), true);
});

test("changes lead from one content to the other", () => {
  const [a, b, c] = ["a", "b", "c"].map((id) => makeBox({ id }));
  const target = content([{ ...a, x2: 99 }, c], { negative: false, verified: true });
  assert.deepEqual(withChanges(content([a, b]), changesBetween(content([a, b]), target)), target);
});

test("of two people's boxes each keeps what they did", () => {
  const [mine, theirs] = [makeBox({ id: "mine" }), makeBox({ id: "theirs" })];
  const here = content([{ ...mine, x1: 1 }, theirs, makeBox({ id: "new here" })]);
  const there = content([mine, { ...theirs, x1: 2 }, makeBox({ id: "new there" })], { verified: true });
  const { content: both, conflicts } = fold(content([mine, theirs]), here, there);
  assert.deepEqual(both.boxes.map(({ id, x1 }) => [id, x1]), [["mine", 1], ["theirs", 2], ["new here", 10], ["new there", 10]]);
  assert.deepEqual([both.verified, conflicts], [true, []]);
});

test("a box deleted there goes here, and one deleted here stays away", () => {
  const [a, b] = [makeBox({ id: "a" }), makeBox({ id: "b" })];
  const { content: both } = fold(content([a, b]), content([b]), content([a]));
  assert.deepEqual(both.boxes, []);
});

test("the same box made something else by both is a conflict, and stays as it is here", () => {
  const box = makeBox();
  const [mine, theirs] = [{ ...box, x1: 1 }, { ...box, x1: 2 }];
  const { content: both, conflicts } = fold(content([box]), content([mine]), content([theirs]));
  assert.deepEqual(conflicts, [{ id: "a", mine, theirs }]);
  assert.deepEqual(both.boxes, [mine]);
  assert.deepEqual(fold(content([box]), content([]), content([theirs])).conflicts, [{ id: "a", mine: null, theirs }]);
  assert.deepEqual(fold(content([box]), content([mine]), content([mine])).conflicts, []);
});

test("a photo on which somebody drew is not one with nothing on it", () => {
  assert.equal(fold(content(), content([], { negative: true }), content([makeBox()])).content.negative, false);
});
