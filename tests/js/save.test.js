import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { Saver } from "../../static/js/editor/save.js";
import { takeOver } from "../../static/js/editor/unsaved.js";
import { replay } from "../../static/js/outbox/replay.js";
import { makeBox, makeData, makeServer, makeShelf, makeStore } from "./builders.js";

const values = ({ id, ...rest }) => rest;
/** What is to be sent, batch by batch: the ids of the boxes. */
const idsOf = (batches) => batches.map(({ operations }) => operations.map(({ id }) => id).join());
/** The only record there is. */
const recordOn = (shelf) => [...shelf.kept.values()][0];

function makeSaver(...answers) {
  return makeSaverOn(makeShelf(), ...answers);
}

function makeSaverOn(shelf, ...answers) {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
  const server = makeServer(...answers);
  const store = makeStore();
  const saver = new Saver({ store, shelf, data: makeData(), send: server.send });
  return { saver, store, shelf, ...server };
}

const ok = (revision, boxes = null, more = {}) => ({ body: { revision, boxes, verified: false, negative: false, notes: [], ...more } });

test("a save carries what changed and the revision it is based on", async () => {
  const { saver, store, shelf, sent } = makeSaver(ok(4));
  store.put(makeBox());
  assert.equal(saver.isDirty, true);
  assert.equal(await saver.flush(), true);
  const [{ batch, ...body }] = sent;
  assert.match(batch, /^[0-9a-f-]{36}$/);
  assert.deepEqual(body, { base_revision: 3, operations: [{ id: "a", box: values(makeBox()), was: null }] });
  assert.deepEqual([saver.revision, saver.state, shelf.kept.size], [4, "saved", 0]);
});

test("saving begins by itself within a second of the change", async () => {
  const { saver, store, sent } = makeSaver(ok(4));
  store.put(makeBox());
  mock.timers.tick(999);
  await saver.inFlight;
  assert.equal(sent.length, 1);
});

test("with nothing changed, or all of it taken back, nothing is sent", async () => {
  const { saver, store, sent } = makeSaver();
  assert.equal(await saver.flush(), true);
  store.put(makeBox());
  store.remove("a");
  assert.equal(await saver.flush(), true);
  assert.deepEqual([sent.length, saver.state], [0, "saved"]);
});

test("a change during a save is sent in a save of its own, on the new revision", async () => {
  const { saver, store, shelf, sent } = makeSaver(ok(4), ok(5));
  store.put(makeBox());
  const first = saver.flush();
  store.put(makeBox({ id: "b" }));
  assert.equal(await first, false);
  assert.deepEqual(recordOn(shelf).batches.map(({ base_revision }) => base_revision), [4]);
  assert.equal(await saver.flush(), true);
  assert.deepEqual(sent.map(({ base_revision, operations }) => [base_revision, operations.map(({ id }) => id).join()]), [[3, "a"], [4, "b"]]);
});

test("without a network the same batch is kept and tried again, ever later", async () => {
  const { saver, store, shelf, sent } = makeSaver();
  store.put(makeBox());
  assert.equal(await saver.flush(), false);
  assert.equal(saver.state, "failed");
  assert.deepEqual(recordOn(shelf).batches[0].operations, [{ id: "a", box: values(makeBox()), was: null }]);
  mock.timers.tick(1000);
  await saver.inFlight;
  mock.timers.tick(1999);
  await saver.inFlight;
  assert.equal(sent.length, 2);
  mock.timers.tick(1);
  await saver.inFlight;
  assert.equal(sent.length, 3);
  assert.equal(new Set(sent.map(({ batch }) => batch)).size, 1);
});

test("what comes after a lost answer goes out in a batch of its own", async () => {
  const { saver, store, sent, answers } = makeSaver();
  store.put(makeBox());
  await saver.flush();
  store.put(makeBox({ id: "b" }));
  answers.push(ok(4), ok(5));
  await saver.flush();
  await saver.flush();
  assert.equal(sent[1].batch, sent[0].batch);
  assert.notEqual(sent[2].batch, sent[0].batch);
  assert.deepEqual(sent[2].operations.map(({ id }) => id), ["b"]);
});

test("a refusal is told in the server's words and not repeated", async () => {
  const { saver, store, sent } = makeSaver({ status: 422, body: { error: { code: "invalid", message: "Box 2 names a class that was deleted." } } });
  let reason = "";
  saver.addEventListener("state", (event) => {
    reason = event.detail.reason;
  });
  store.put(makeBox());
  assert.equal(await saver.flush(), false);
  assert.deepEqual([saver.state, reason], ["refused", "Box 2 names a class that was deleted."]);
  mock.timers.tick(60000);
  assert.equal(sent.length, 1);
});

test("signed out, the work waits in the browser and goes out after signing in", async () => {
  const { saver, store, shelf, answers } = makeSaver({ status: 401, body: { error: { code: "not_signed_in", message: "…" } } });
  store.put(makeBox());
  assert.equal(await saver.flush(), false);
  assert.deepEqual([saver.state, shelf.kept.size], ["signed-out", 1]);
  answers.push(ok(4));
  assert.equal(await saver.flush(), true);
});

test("a sign-in page instead of an answer is no success", async () => {
  const { saver, store } = makeSaver({ body: "<html>" });
  store.put(makeBox());
  assert.equal(await saver.flush(), false);
  assert.equal(saver.state, "signed-out");
});

test("what somebody else did comes with the answer and is no change of mine", async () => {
  const theirs = makeBox({ id: "theirs" });
  const { saver, store, sent } = makeSaver(ok(7, [makeBox(), theirs], { verified: true }));
  store.put(makeBox());
  assert.equal(await saver.flush(), true);
  assert.deepEqual(store.boxes.map(({ id }) => id), ["a", "theirs"]);
  assert.deepEqual([store.verified, saver.revision, sent.length], [true, 7, 1]);
});

const conflict = (...boxes) => ({ status: 409, body: { error: { code: "conflict" }, current: { revision: 9, verified: false, negative: false, boxes, user: "bob", when: "" } } });

function makeDispute(...answers) {
  const made = makeSaver(...answers);
  made.saver.known.boxes.push(makeBox());
  made.store.fold({ verified: false, negative: false, boxes: [makeBox()] });
  made.store.put(makeBox({ x1: 1 }));
  return made;
}

test("in a conflict nothing more is sent until a person has chosen", async () => {
  const { saver, store, shelf, sent } = makeDispute(conflict(makeBox({ x1: 2 })));
  await saver.flush();
  assert.equal(saver.state, "conflict");
  assert.deepEqual(saver.conflicts.map(({ id, mine, theirs }) => [id, mine.x1, theirs.x1]), [["a", 1, 2]]);
  store.put(makeBox({ id: "b" }));
  mock.timers.tick(60000);
  assert.equal(await saver.flush(), false);
  assert.equal(sent.length, 1);
  assert.deepEqual(idsOf(recordOn(shelf).batches), ["a,b"]);
});

test("a choice put off is asked for again by whoever opens the photo next, not taken for mine", async () => {
  const first = makeDispute(conflict(makeBox({ x1: 2 })));
  await first.saver.flush();
  const record = recordOn(first.shelf);
  const [{ was, box }] = record.batches[0].operations;
  assert.deepEqual([was.x1, box.x1], [10, 1]);
  const { saver, sent } = makeSaver(conflict(makeBox({ x1: 2 })));
  await saver.resume(record);
  assert.deepEqual([sent[0].operations[0].was.x1, saver.state], [10, "conflict"]);
});

test("after a choice put off what is kept is the box as it is by then", async () => {
  const { saver, store } = makeDispute(conflict(makeBox({ x1: 2 })));
  await saver.flush();
  store.put(makeBox({ x1: 5 }));
  assert.deepEqual(saver.disputes().map(({ mine, theirs }) => [mine.x1, theirs.x1]), [[5, 2]]);
});

test("keeping mine saves it on top of theirs", async () => {
  const { saver, sent } = makeDispute(conflict(makeBox({ x1: 2 })), ok(10));
  await saver.flush();
  assert.equal(await saver.settle(() => {}), true);
  const { base_revision, operations } = sent[1];
  assert.deepEqual([base_revision, operations[0].box.x1, operations[0].was.x1], [9, 1, 2]);
});

test("taking theirs leaves nothing to save", async () => {
  const { saver, store, sent } = makeDispute(conflict(makeBox({ x1: 2 })));
  await saver.flush();
  assert.equal(await saver.settle(() => store.put(makeBox({ x1: 2 }))), true);
  assert.deepEqual([saver.state, sent.length, saver.revision], ["saved", 1, 9]);
});

test("a dispute that is none any more is saved without asking", async () => {
  const { saver } = makeDispute(conflict(makeBox()), ok(10));
  assert.equal(await saver.flush(), false);
  assert.equal(await saver.flush(), true);
});

test("an editor that is opened again goes on with what it could not save", async () => {
  const first = makeSaver();
  first.store.put(makeBox());
  await first.saver.flush();
  const { saver, store, shelf, sent } = makeSaverOn(first.shelf, ok(5, [makeBox(), makeBox({ id: "theirs" })]));
  await takeOver(saver, () => {}, shelf, { isUrgent: true });
  assert.equal(sent[0].batch, first.sent[0].batch);
  assert.deepEqual([store.boxes.map(({ id }) => id), saver.isDirty, shelf.kept.size], [["a", "theirs"], false, 0]);
});

test("an edit made before the shelf was read hides nothing of what lies there", async () => {
  const first = makeSaver();
  first.store.put(makeBox());
  first.store.put(makeBox({ id: "c" }));
  const { saver, store, shelf, sent } = makeSaverOn(first.shelf, ok(4), ok(5));
  store.put(makeBox({ id: "b" }));
  store.put(makeBox({ id: "c", x1: 30 }));
  await takeOver(saver, () => {}, shelf, { isUrgent: true });
  assert.equal(await saver.flush(), true);
  assert.deepEqual([idsOf(sent), store.byId.get("c").x1], [["a,c", "c,b"], 30]);
});

test("what an earlier page made is not saved over what somebody else made of the box since", async () => {
  const first = makeDispute();
  await first.saver.flush();
  const { saver, shelf, sent } = makeSaverOn(first.shelf, conflict(makeBox({ x1: 2 })));
  saver.known.boxes.push(makeBox({ x1: 2 })); // as the page with the photo was given it
  saver.store.fold(saver.known);
  await takeOver(saver, () => {}, shelf, { isUrgent: true });
  assert.deepEqual([sent[0].operations[0].was.x1, saver.state], [10, "conflict"]);
});

test("another page on the same photo with nothing to save leaves the record of this one alone", async () => {
  const first = makeSaver();
  first.store.put(makeBox());
  const other = makeSaverOn(first.shelf);
  other.store.put(makeBox({ id: "b" }));
  other.store.remove("b");
  assert.deepEqual([idsOf(recordOn(first.shelf).batches), first.shelf.kept.size], [["a"], 1]);
});

test("a batch has the id that it was kept under, whoever sends it", async () => {
  const { saver, store, shelf, sent } = makeSaver(ok(4));
  store.put(makeBox());
  const [{ batch }] = recordOn(shelf).batches;
  await saver.flush();
  assert.equal(sent[0].batch, batch);
});

test("a page that is closed sends what it has once more, and leaves it on the shelf", async () => {
  const { saver, store, shelf, sent } = makeSaver();
  store.put(makeBox());
  saver.sendOff();
  saver.sendOff();
  await saver.inFlight;
  assert.deepEqual([sent.length, recordOn(shelf).batches[0].batch], [1, sent[0].batch]);
});

test("an idle editor follows what others save, a busy one does not", () => {
  const { saver, store } = makeSaver();
  saver.follow({ revision: 8, verified: true, negative: false, boxes: [makeBox({ id: "theirs" })] });
  assert.deepEqual([saver.revision, store.boxes.length, saver.isDirty], [8, 1, false]);
  store.put(makeBox());
  saver.follow({ revision: 9, verified: true, negative: false, boxes: [] });
  assert.equal(saver.revision, 8);
});

async function leftBehind(...afterwards) {
  const { saver, store, shelf, sent } = makeSaver();
  store.put(makeBox());
  await saver.flush();
  store.put(makeBox({ id: "b" }));
  const server = makeServer(...afterwards);
  const outcome = await replay(recordOn(shelf), shelf, { send: server.send });
  return { outcome, shelf, first: sent[0], sent: server.sent };
}

test("another page sends what an editor left: the lost save as it was, then the rest", async () => {
  const { outcome, shelf, first, sent } = await leftBehind(ok(4), ok(5));
  assert.deepEqual([outcome, shelf.kept.size, sent[0].batch], ["saved", 0, first.batch]);
  assert.deepEqual(sent[1].operations.map(({ id }) => id), ["b"]);
});

test("what cannot be sent stays, with what was done of it", async () => {
  const { outcome, shelf } = await leftBehind(ok(4));
  assert.deepEqual([outcome, idsOf(recordOn(shelf).batches)], ["later", ["b"]]);
});
