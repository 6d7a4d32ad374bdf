import assert from "node:assert/strict";
import { test } from "node:test";

import { figures, joined, MOST_POINTS } from "../../static/js/charts/source.js";

/** Answers in turn; gives the addresses that were asked for. */
function serve(...answers) {
  const urls = [];
  globalThis.fetch = async (url) => {
    urls.push(url);
    return { ok: true, json: async () => answers.shift() };
  };
  return urls;
}

const later = (ms) => new Promise((done) => setTimeout(done, ms));
const line = (length) => Array.from({ length }, (_, n) => [n, 0.5]);

test("what has come is put behind what was there, each point once", () => {
  const before = { series: { loss: [[1, 9], [2, 8]] }, newest: 2 };
  const now = joined(before, { series: { loss: [[2, 8], [3, 7]], ap: [[3, 0.1]] }, newest: 4, finished: true });
  assert.deepEqual(now, { series: { loss: [[1, 9], [2, 8], [3, 7]], ap: [[3, 0.1]] }, newest: 4, finished: true });
  assert.deepEqual(before.series.loss, [[1, 9], [2, 8]]);
});

test("charts of one address ask once, then for what is new, and anew when the run went back", async () => {
  const urls = serve(
    { series: { loss: [[1, 9]] }, newest: 5, story: "1-0", goes_on: false },
    { series: { loss: [[2, 8]] }, newest: 6, story: "1-0", goes_on: true },
    { series: { loss: [[1, 9]] }, newest: 9, story: "1-1", goes_on: false },
  );
  const [one, other] = await Promise.all([figures("/a/"), figures("/a/")]);
  assert.equal(one, other);
  await later(350);
  assert.deepEqual((await figures("/a/")).series.loss, [[1, 9], [2, 8]]);
  await later(350);
  assert.deepEqual((await figures("/a/")).series.loss, [[1, 9]]);
  assert.deepEqual(urls, ["/a/", "/a/?after=5&story=1-0", "/a/?after=6&story=1-0"]);
});

test("a curve that has grown long is fetched whole once more, and other addresses always are", async () => {
  const grown = { series: { loss: line(MOST_POINTS + 1) }, newest: 5, story: "1-0", goes_on: false };
  const urls = serve(grown, grown, { series: {} }, { series: {} });
  await figures("/b/");
  await later(350);
  await figures("/b/");
  await figures("/compare/?run=1");
  await later(350);
  await figures("/compare/?run=1");
  assert.deepEqual(urls, ["/b/", "/b/", "/compare/?run=1", "/compare/?run=1"]);
});
