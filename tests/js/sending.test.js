import assert from "node:assert/strict";
import { test } from "node:test";

import { sentWords } from "../../static/js/sending.js";

test("how much has left is said in megabytes and per cent", () => {
  assert.deepEqual(sentWords(25_000_000, 100_000_000), { percent: 25, words: "25.0 MB of 100.0 MB sent" });
  assert.equal(sentWords(99_999_999, 100_000_000).percent, 99);
});

test("when all has left nobody knows how long the server looks into it", () => {
  assert.equal(sentWords(100, 100).percent, null);
  assert.match(sentWords(100, 100).words, /looks into it/);
});
