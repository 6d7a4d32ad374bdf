import assert from "node:assert/strict";
import { test } from "node:test";
import { readPlace, viewOn } from "../../static/js/editor/asked.js";
import { fitView, toStage } from "../../static/js/editor/geometry.js";

const PHOTO = { width: 4000, height: 3000 };
const STAGE = { width: 1000, height: 800 };

test("a place is four numbers of a rectangle", () => {
  assert.deepEqual(readPlace("1,2.5,30,40"), { x1: 1, y1: 2.5, x2: 30, y2: 40 });
  for (const text of [null, "", "1,2,3", "a,b,c,d", "5,5,5,9", "9,9,1,1", "1,2,Infinity,4"]) assert.equal(readPlace(text), null);
});

test("a small place comes near, to the middle of the stage", () => {
  const view = viewOn({ x1: 100, y1: 100, x2: 200, y2: 180 }, STAGE, fitView(PHOTO, STAGE));
  assert.equal(view.scale, 4);
  assert.deepEqual(toStage(view, { x: 150, y: 140 }), { x: 500, y: 400 });
});

test("a place that fills the photo leaves it whole", () => {
  assert.equal(viewOn({ x1: 0, y1: 0, x2: 4000, y2: 3000 }, STAGE, fitView(PHOTO, STAGE)), null);
});
