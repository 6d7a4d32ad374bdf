import assert from "node:assert/strict";
import { test } from "node:test";
import { frameChoices, isVideo } from "../../static/js/upload/frames.js";
import { PIECE, Refused, sendFile, WAITS } from "../../static/js/upload/client.js";
import { UploadQueue } from "../../static/js/upload/queue.js";

/** A tus server in memory; `trouble` may break each request by its number. */
function server(trouble = {}) {
  const state = { bytes: 0, length: 0, requests: [] };
  const reply = (status, headers = {}) => new Response(null, { status, headers });
  const ask = async (url, { method, headers, body }) => {
    state.requests.push(method);
    const number = state.requests.length;
    if (trouble[number] === "line") throw new TypeError("network");
    if (trouble[number]) return Response.json({ error: { code: trouble[number].code ?? "", message: "no" } }, { status: trouble[number].status });
    if (method === "POST") state.length = Number(headers["Upload-Length"]);
    if (method === "PATCH" && Number(headers["Upload-Offset"]) !== state.bytes) return Response.json({ error: { code: "wrong_offset", message: "no" } }, { status: 409 });
    if (body) state.bytes += body.size;
    return reply(method === "POST" ? 201 : method === "HEAD" ? 200 : 204, { "Upload-Offset": String(state.bytes), Location: "/one" });
  };
  return { state, ask };
}

function options(ask, more = {}) {
  const waited = [];
  return { endpoint: "/all", path: "föld/ä.jpg", token: "t", fetch: ask, wait: async (ms) => void waited.push(ms), waited, ...more };
}

test("a small file takes one request", async () => {
  const { state, ask } = server();
  await sendFile(new Blob(["abc"]), options(ask));
  assert.deepEqual([state.bytes, state.requests], [3, ["POST"]]);
});

test("a large file goes in pieces and says how far it is", async () => {
  const { state, ask } = server();
  const seen = [];
  await sendFile(new Blob([new Uint8Array(2 * PIECE + 5)]), options(ask, { onProgress: (sent) => seen.push(sent) }));
  assert.deepEqual(state.requests, ["POST", "PATCH", "PATCH"]);
  assert.deepEqual(seen, [PIECE, 2 * PIECE, 2 * PIECE + 5]);
});

test("after a broken line it asks how far it came and goes on", async () => {
  const { state, ask } = server({ 2: "line", 3: "line" });
  const given = options(ask);
  await sendFile(new Blob([new Uint8Array(PIECE + 5)]), given);
  assert.deepEqual(state.requests, ["POST", "PATCH", "HEAD", "HEAD", "PATCH"]);
  assert.equal(state.bytes, PIECE + 5);
  assert.deepEqual(given.waited, WAITS.slice(0, 2));
});

test("an old picture of the offset is corrected", async () => {
  const { state, ask } = server({ 2: { status: 409, code: "wrong_offset" } });
  await sendFile(new Blob([new Uint8Array(PIECE + 5)]), options(ask));
  assert.deepEqual(state.requests, ["POST", "PATCH", "HEAD", "PATCH"]);
});

test("a plain no is not asked again", async () => {
  const { state, ask } = server({ 1: { status: 400, code: "bad_name" } });
  await assert.rejects(sendFile(new Blob(["abc"]), options(ask)), (error) => error instanceof Refused && error.code === "bad_name");
  assert.equal(state.requests.length, 1);
});

test("a dead line is given up in the end", async () => {
  const { state, ask } = server(Object.fromEntries(Array.from({ length: 50 }, (_, n) => [n + 1, "line"])));
  await assert.rejects(sendFile(new Blob(["abc"]), options(ask)), TypeError);
  assert.equal(state.requests.length, WAITS.length + 1);
});

const item = (path, bytes = 1) => ({ path, file: new Blob([new Uint8Array(bytes)]) });
const turn = () => new Promise((done) => setTimeout(done));
const until = async (true_) => {
  while (!true_()) await turn();
};

test("photos go before labels, three at a time, each once", async () => {
  const order = [];
  let most = 0;
  let running = 0;
  const queue = new UploadQueue(async ({ path }) => {
    order.push(path);
    most = Math.max(most, (running += 1));
    await turn();
    running -= 1;
  }, () => {});
  queue.add([item("a.xml"), item("1.jpg"), item("2.jpg"), item("3.jpg"), item("4.jpg"), item("1.jpg")]);
  await until(() => queue.totals.done === 5);
  assert.deepEqual([order.length, order.at(-1), most], [5, "a.xml", 3]);
  assert.deepEqual([queue.totals.done, queue.totals.files], [5, 5]);
});

test("what failed says why and is tried again on demand", async () => {
  let fail = true;
  const queue = new UploadQueue(async () => {
    if (fail) throw new Refused(507, "disk_full", "The disk is full.");
  }, () => {});
  queue.add([item("1.jpg")]);
  await until(() => queue.totals.failed);
  assert.deepEqual(queue.failed.map((one) => one.reason), ["The disk is full."]);
  fail = false;
  queue.resume();
  await until(() => queue.totals.done);
  assert.deepEqual([queue.totals.done, queue.totals.failed], [1, 0]);
});

test("when the session has ended everything waits", async () => {
  const queue = new UploadQueue(async () => {
    throw new Refused(401, "not_signed_in", "Sign in.");
  }, () => {});
  queue.add([item("1.jpg"), item("2.jpg"), item("3.jpg"), item("4.jpg"), item("5.jpg")]);
  await until(() => queue.totals.paused && !queue.totals.sending);
  assert.ok(queue.totals.paused);
  assert.ok(queue.totals.failed <= 3);
});

test("files that are whole on the server do not come again", async () => {
  const sent = [];
  const queue = new UploadQueue(async ({ path }) => void sent.push(path), () => {});
  queue.add([item("1.jpg"), item("2.jpg")], new Set(["1.jpg"]));
  await until(() => queue.totals.done === 2);
  assert.deepEqual([sent, queue.totals.done], [["2.jpg"], 2]);
});

test("videos are told by their suffix, in whatever case", () => {
  const known = ".mp4 .mov";
  const told = ["a.mp4", "tour/B.MOV", "mp4", ".mp4", "a.mp4.jpg", "c"].map((path) => isVideo(path, known));
  assert.deepEqual(told, [true, true, false, false, false, false]);
});

test("the form of frames speaks the words of the API", () => {
  const elements = { unit: { value: "frames" }, every: { value: "5" }, keep_alike: { checked: true } };
  assert.deepEqual([...frameChoices({ elements }, ["a", "b"])], [["uploads", "a"], ["uploads", "b"], ["frames", "5"], ["keep_alike", "true"]]);
});
