import assert from "node:assert/strict";
import { test } from "node:test";
import { figure, nearest, niceAxis, thin, toCsv } from "../../static/js/charts/scale.js";

test("ticks are round and cover the range", () => {
  assert.deepEqual(niceAxis(0, 0.93, 5).ticks, [0, 0.2, 0.4, 0.6, 0.8, 1]);
  assert.deepEqual(niceAxis(3, 1497, 5), { min: 0, max: 1500, ticks: [0, 500, 1000, 1500] });
});

test("one value, no value and negative values have an axis too", () => {
  assert.deepEqual([niceAxis(5, 5).min, niceAxis(5, 5).max], [0, 5]);
  assert.deepEqual([niceAxis(0, 0).min, niceAxis(0, 0).max], [0, 1]);
  assert.deepEqual(niceAxis(Infinity, -Infinity), { min: 0, max: 1, ticks: [0, 1] });
  const below = niceAxis(-7, -1);
  assert.ok(below.min <= -7 && below.max >= -1 && below.max <= 0);
});

test("thinning keeps the ends and every spike", () => {
  const points = Array.from({ length: 10000 }, (_, x) => [x, x === 4321 ? 99 : x === 7000 ? -99 : 0]);
  const thinned = thin(points, 100);
  assert.ok(thinned.length <= 202);
  assert.deepEqual([thinned[0], thinned.at(-1)], [points[0], points.at(-1)]);
  assert.ok(thinned.some(([, y]) => y === 99) && thinned.some(([, y]) => y === -99));
  assert.deepEqual(thinned, thinned.toSorted((a, b) => a[0] - b[0]));
});

test("a short curve is left as it is", () => {
  const points = [[0, 1], [1, 2]];
  assert.equal(thin(points, 100), points);
});

test("the nearest point is found at both ends and between", () => {
  const points = [[0, "a"], [10, "b"], [20, "c"]];
  assert.deepEqual([-5, 4, 6, 14, 99].map((x) => nearest(points, x)[1]), ["a", "a", "b", "b", "c"]);
  assert.equal(nearest([], 3), null);
});

test("series with different steps share one table", () => {
  const csv = toCsv("Step", [{ label: "Total loss", points: [[0, 2.5], [5, 1]] }, { label: "AP, 0.5", points: [[5, 0.4], [10, 0.6]] }]);
  assert.equal(csv, 'Step,Total loss,"AP, 0.5"\n0,2.5,\n5,1,0.4\n10,,0.6\n');
});

test("figures are short and true", () => {
  assert.deepEqual([0, 0.2134, 15.26, 1540, 0.0000213].map(figure), ["0", "0.213", "15.3", "1,540", "2.1e-5"]);
});
