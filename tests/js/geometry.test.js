import assert from "node:assert/strict";
import { test } from "node:test";
import {
  boxAt, boxesAt, cutToImage, fitView, handleAt, holdView, iou, moveRect, rectAround, rectFromPoints, resizeRect, sizeText, snapToEdges,
  squareCorner, stretchRect, toImage, toStage, touchesImage, viewOf, zoomAt,
} from "../../static/js/editor/geometry.js";

const PHOTO = { width: 400, height: 300 };
const RECT = { x1: 100, y1: 80, x2: 160, y2: 120 };

test("two corners in any order make the same rectangle", () => {
  const expected = { x1: 10, y1: 20, x2: 50, y2: 60 };
  assert.deepEqual(rectFromPoints({ x: 10, y: 20 }, { x: 50, y: 60 }, PHOTO), expected);
  assert.deepEqual(rectFromPoints({ x: 50, y: 60 }, { x: 10, y: 20 }, PHOTO), expected);
  assert.deepEqual(rectFromPoints({ x: 50, y: 20 }, { x: 10, y: 60 }, PHOTO), expected);
});

test("a rectangle drawn past the edges ends at the edges", () => {
  assert.deepEqual(rectFromPoints({ x: -30, y: 250 }, { x: 90, y: 900 }, PHOTO), { x1: 0, y1: 250, x2: 90, y2: 300 });
});

test("no side is shorter than one pixel, even in the last corner", () => {
  assert.deepEqual(rectFromPoints({ x: 5, y: 5 }, { x: 5, y: 5 }, PHOTO), { x1: 5, y1: 5, x2: 6, y2: 6 });
  assert.deepEqual(rectFromPoints({ x: 400, y: 300 }, { x: 400, y: 300 }, PHOTO), { x1: 399, y1: 299, x2: 400, y2: 300 });
});

test("a drag beside the photo touches nothing", () => {
  assert.equal(touchesImage({ x: 410, y: 10 }, { x: 500, y: 200 }, PHOTO), false);
  assert.equal(touchesImage({ x: 10, y: -50 }, { x: 200, y: 0.5 }, PHOTO), false);
  assert.equal(touchesImage({ x: 500, y: 200 }, { x: 390, y: 10 }, PHOTO), true);
});

test("moving keeps the size and stops at every edge", () => {
  assert.deepEqual(moveRect(RECT, 7, -3, PHOTO), { x1: 107, y1: 77, x2: 167, y2: 117 });
  assert.deepEqual(moveRect(RECT, -1000, -1000, PHOTO), { x1: 0, y1: 0, x2: 60, y2: 40 });
  assert.deepEqual(moveRect(RECT, 1000, 1000, PHOTO), { x1: 340, y1: 260, x2: 400, y2: 300 });
});

test("moving a box as large as the photo leaves it where it is", () => {
  const whole = { x1: 0, y1: 0, x2: 400, y2: 300 };
  assert.deepEqual(moveRect(whole, 15, 15, PHOTO), whole);
});

test("each handle moves its own edges only", () => {
  const to = { x: 110, y: 90 };
  assert.deepEqual(resizeRect(RECT, "nw", to, PHOTO), { x1: 110, y1: 90, x2: 160, y2: 120 });
  assert.deepEqual(resizeRect(RECT, "n", to, PHOTO), { x1: 100, y1: 90, x2: 160, y2: 120 });
  assert.deepEqual(resizeRect(RECT, "e", to, PHOTO), { x1: 100, y1: 80, x2: 110, y2: 120 });
  assert.deepEqual(resizeRect(RECT, "sw", to, PHOTO), { x1: 110, y1: 80, x2: 160, y2: 90 });
});

test("a handle dragged past the opposite edge turns the box over", () => {
  assert.deepEqual(resizeRect(RECT, "w", { x: 200, y: 0 }, PHOTO), { x1: 160, y1: 80, x2: 200, y2: 120 });
});

test("a corner is preferred to an edge, and far away there is no handle", () => {
  assert.equal(handleAt({ x1: 10, y1: 10, x2: 20, y2: 20 }, { x: 12, y: 11 }, 8), "nw");
  assert.equal(handleAt(RECT, { x: 130, y: 81 }, 5), "n");
  assert.equal(handleAt(RECT, { x: 130, y: 100 }, 5), null);
});

test("of boxes under the pointer the smallest answers", () => {
  const large = { id: "large", x1: 0, y1: 0, x2: 300, y2: 200 };
  const small = { id: "small", x1: 50, y1: 50, x2: 80, y2: 80 };
  assert.equal(boxAt([small, large], { x: 60, y: 60 }, 0).id, "small");
  assert.equal(boxAt([small, large], { x: 10, y: 10 }, 0).id, "large");
  assert.equal(boxAt([small, large], { x: 350, y: 10 }, 0), null);
  assert.equal(boxAt([], { x: 1, y: 1 }, 5), null);
});

test("fitting centres the photo inside the margin", () => {
  const view = fitView(PHOTO, { width: 832, height: 632 }, 16);
  assert.deepEqual(view, { scale: 2, x: 16, y: 16 });
});

test("stage and image coordinates are each other's inverse", () => {
  const view = { scale: 2.5, x: -40, y: 12 };
  const back = toImage(view, toStage(view, { x: 33, y: 71 }));
  assert.ok(Math.abs(back.x - 33) < 1e-9 && Math.abs(back.y - 71) < 1e-9);
});

test("zooming keeps what is under the pointer", () => {
  const view = { scale: 1, x: 10, y: 20 };
  const pointer = { x: 210, y: 120 };
  const zoomed = zoomAt(view, pointer, 4);
  assert.equal(zoomed.scale, 4);
  assert.deepEqual(toImage(zoomed, pointer), toImage(view, pointer));
});

test("zooming has an end in both directions", () => {
  const view = { scale: 1, x: 0, y: 0 };
  assert.equal(zoomAt(view, { x: 0, y: 0 }, 1e9).scale, 40);
  assert.equal(zoomAt(view, { x: 0, y: 0 }, 0).scale, 0.02);
});

test("a piece of the photo always stays in sight", () => {
  const stage = { width: 800, height: 600 };
  assert.deepEqual(holdView({ scale: 1, x: -5000, y: 5000 }, PHOTO, stage), { scale: 1, x: 60 - 400, y: 540 });
});

test("sizes are said in whole pixels", () => {
  assert.equal(sizeText({ x1: 0, y1: 0, x2: 211.6, y2: 240.2 }), "212 × 240");
});

test("a square keeps its sides equal, whichever way it is drawn, and ends at the photo's edge", () => {
  assert.deepEqual(squareCorner({ x: 100, y: 100 }, { x: 130, y: 80 }, PHOTO), { x: 130, y: 70 });
  assert.deepEqual(squareCorner({ x: 390, y: 100 }, { x: 500, y: 110 }, PHOTO), { x: 400, y: 110 });
});

test("a point near an edge lies on it", () => {
  assert.deepEqual(snapToEdges({ x: 3, y: 298 }, PHOTO, 4), { x: 0, y: 300 });
  assert.deepEqual(snapToEdges({ x: 5, y: 290 }, PHOTO, 4), { x: 5, y: 290 });
});

test("four outermost points make a box, in any order", () => {
  const points = [{ x: 50, y: 10 }, { x: 20, y: 40 }, { x: 45, y: 90 }, { x: 80, y: 30 }];
  assert.deepEqual(rectAround(points.toReversed(), PHOTO), { x1: 20, y1: 10, x2: 80, y2: 90 });
});

test("stretching moves the right and lower edge, to a pixel at least and the photo at most", () => {
  assert.deepEqual(stretchRect(RECT, 1, -10, PHOTO), { x1: 100, y1: 80, x2: 161, y2: 110 });
  assert.deepEqual(stretchRect(RECT, -999, 999, PHOTO), { x1: 100, y1: 80, x2: 101, y2: 300 });
});

test("what lies outside is cut off; less than a pixel is nothing", () => {
  assert.deepEqual(cutToImage({ x1: -20, y1: 10, x2: 30, y2: 900 }, PHOTO), { x1: 0, y1: 10, x2: 30, y2: 300 });
  assert.equal(cutToImage({ x1: 399.5, y1: 0, x2: 450, y2: 50 }, PHOTO), null);
});

test("boxes under a point come smallest first", () => {
  const boxes = [{ id: 1, x1: 0, y1: 0, x2: 100, y2: 100 }, { id: 2, x1: 10, y1: 10, x2: 20, y2: 20 }, { id: 3, x1: 50, y1: 50, x2: 60, y2: 60 }];
  assert.deepEqual(boxesAt(boxes, { x: 15, y: 15 }, 0).map(({ id }) => id), [2, 1]);
});

test("a box is zoomed to the middle of the stage", () => {
  const view = viewOf(RECT, { width: 600, height: 400 });
  assert.deepEqual(toStage(view, { x: 130, y: 100 }), { x: 300, y: 200 });
  assert.equal(view.scale, 6);
});

test("intersection over union", () => {
  assert.equal(iou(RECT, RECT), 1);
  assert.equal(iou(RECT, { x1: 160, y1: 80, x2: 200, y2: 120 }), 0);
});
