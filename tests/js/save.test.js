import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { DraftBox, sameContent } from "../../static/js/editor/draft.js";
import { Saver } from "../../static/js/editor/save.js";
import { makeBox, makeData, makeStore } from "./builders.js";

/** A shelf like localStorage. */
function makeShelf() {
  const kept = new Map();
  return { get: (key) => kept.get(key) ?? null, set: (key, value) => Boolean(kept.set(key, value)), remove: (key) => kept.delete(key) };
}

/** A server that gives the listed answers in turn and keeps what it was sent. */
function makeSaver(...answers) {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
  const sent = [];
  const send = async (url, options) => {
    sent.push(JSON.parse(options.body));
    const answer = answers.shift();
    if (answer === undefined) throw new TypeError("network");
    return new Response(JSON.stringify(answer.body), { status: answer.status ?? 200 });
  };
  const store = makeStore();
  const draft = new DraftBox(42, makeShelf());
  const saver = new Saver({ store, draft, data: makeData(), send });
  return { saver, store, draft, sent };
}

test("a save carries everything and the revision it is based on", async () => {
  const { saver, store, draft, sent } = makeSaver({ body: { revision: 4, boxes: [] } });
  store.put(makeBox());
  assert.equal(saver.isDirty, true);
  assert.equal(await saver.flush(), true);
  assert.deepEqual(sent, [{ base_revision: 3, verified: false, negative: false, boxes: [makeBox()] }]);
  assert.equal(saver.revision, 4);
  assert.equal(saver.state, "saved");
  assert.equal(draft.read(), null);
});

test("saving begins by itself within a second of the change", async () => {
  const { saver, store, sent } = makeSaver({ body: { revision: 4 } });
  store.put(makeBox());
  mock.timers.tick(999);
  await saver.inFlight;
  assert.equal(sent.length, 1);
});

test("with nothing changed nothing is sent", async () => {
  const { saver, sent } = makeSaver();
  assert.equal(await saver.flush(), true);
  assert.equal(sent.length, 0);
});

test("a change during a save is sent in a save of its own, on the new revision", async () => {
  const { saver, store, draft, sent } = makeSaver({ body: { revision: 4 } }, { body: { revision: 5 } });
  store.put(makeBox());
  const first = saver.flush();
  store.put(makeBox({ id: "b" }));
  assert.equal(await first, false);
  assert.equal(draft.read().base_revision, 4);
  assert.equal(await saver.flush(), true);
  assert.deepEqual(sent.map(({ base_revision, boxes }) => [base_revision, boxes.length]), [[3, 1], [4, 2]]);
});

test("without a network the work is kept and tried again, ever later", async () => {
  const { saver, store, draft, sent } = makeSaver();
  store.put(makeBox());
  assert.equal(await saver.flush(), false);
  assert.equal(saver.state, "failed");
  assert.deepEqual(draft.read().boxes, [makeBox()]);
  mock.timers.tick(1000);
  await saver.inFlight;
  mock.timers.tick(1999);
  await saver.inFlight;
  assert.equal(sent.length, 2);
  mock.timers.tick(1);
  await saver.inFlight;
  assert.equal(sent.length, 3);
});

test("a refusal is told in the server's words and not repeated", async () => {
  const { saver, store, sent } = makeSaver({ status: 422, body: { error: { code: "invalid", message: "Box 2 names a class that was deleted." } } });
  let reason = "";
  saver.addEventListener("state", (event) => {
    reason = event.detail.reason;
  });
  store.put(makeBox());
  assert.equal(await saver.flush(), false);
  assert.equal(saver.state, "refused");
  assert.equal(reason, "Box 2 names a class that was deleted.");
  mock.timers.tick(60000);
  assert.equal(sent.length, 1);
});

test("a sign-in page instead of an answer is no success", async () => {
  const { saver, store } = makeSaver({ body: "<html>" });
  store.put(makeBox());
  assert.equal(await saver.flush(), false);
  assert.equal(saver.state, "refused");
});

const CONFLICT = { status: 409, body: { error: { code: "stale_revision" }, current: { revision: 9, verified: true, negative: false, boxes: [], user: "bob", when: "" } } };

test("in a conflict nothing more is sent until a person has chosen", async () => {
  const { saver, store, draft, sent } = makeSaver(CONFLICT);
  store.put(makeBox());
  await saver.flush();
  assert.equal(saver.state, "conflict");
  store.put(makeBox({ id: "b" }));
  mock.timers.tick(60000);
  assert.equal(await saver.flush(), false);
  assert.equal(sent.length, 1);
  assert.equal(draft.read().boxes.length, 2);
});

test("keeping mine saves it on top of theirs", async () => {
  const { saver, store, sent } = makeSaver(CONFLICT, { body: { revision: 10 } });
  store.put(makeBox());
  await saver.flush();
  assert.equal(await saver.keepMine(9), true);
  assert.equal(sent[1].base_revision, 9);
  assert.equal(saver.revision, 10);
});

test("taking theirs leaves nothing to save", async () => {
  const { saver, store, draft } = makeSaver(CONFLICT);
  store.put(makeBox());
  await saver.flush();
  store.replace({ verified: true, negative: false, boxes: [] });
  saver.tookTheirs(9);
  assert.equal(saver.isDirty, false);
  assert.equal(saver.revision, 9);
  assert.equal(draft.read(), null);
});

test("a draft that is cut short or not ours is no draft", () => {
  const shelf = makeShelf();
  const draft = new DraftBox(42, shelf);
  shelf.set("unsaved:42", '{"boxes": [');
  assert.equal(draft.read(), null);
  shelf.set("unsaved:42", '{"boxes": 3}');
  assert.equal(draft.read(), null);
});

test("content is the same whatever the order of its boxes", () => {
  const [a, b] = [makeBox(), makeBox({ id: "b" })];
  const marks = { verified: false, negative: false };
  assert.equal(sameContent({ ...marks, boxes: [a, b] }, { ...marks, boxes: [b, a] }), true);
  assert.equal(sameContent({ ...marks, boxes: [a] }, { ...marks, boxes: [{ ...a, x1: 11 }] }), false);
  assert.equal(sameContent({ ...marks, boxes: [] }, { ...marks, verified: true, boxes: [] }), false);
});
