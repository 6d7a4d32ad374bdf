/* Editors on one photo, as pages hold them but without a screen: real modules, a real server, and a line that fails.
   Run with one argument, JSON of what `play` takes; prints JSON of what it found. tests/e2e/test_interleavings.py. */
import { pathToFileURL } from "node:url";
import { addBox, changeBox, deleteBox } from "../../static/js/editor/commands.js";
import { History } from "../../static/js/editor/history.js";
import { newId } from "../../static/js/editor/ids.js";
import { sameBox } from "../../static/js/editor/operations.js";
import { Saver } from "../../static/js/editor/save.js";
import { carryOut } from "../../static/js/editor/status.js";
import { Store } from "../../static/js/editor/store.js";
import { takeOver } from "../../static/js/editor/unsaved.js";
import { replay } from "../../static/js/outbox/replay.js";
import { makeBox, makeShelf } from "./builders.js";
import { Ledger } from "./ledger.js";

const KEY_OF_ACTIONS = ["add", "add", "add", "move", "move", "move", "relabel", "remove", "undo", "undo", "redo"];

/** Numbers from 0 to 1, the same ones for the same seed (mulberry32). @param {number} seed */
function seeded(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One person's page, which can be closed in the middle of anything and opened again. */
class Screen {
  constructor(world, name) {
    Object.assign(this, { world, name, shelf: makeShelf(), counts: world.counts });
  }

  async open() {
    const { image, classes, operations_url, csrf } = this.world.setting;
    const state = await this.world.state();
    const data = { image: { ...image, ...state }, classes, boxes: state.boxes, user: this.name, page_url: "", operations_url, csrf };
    const page = { isClosed: false };
    this.page = page;
    this.store = new Store(data);
    this.history = new History(this.store);
    const shelf = this.untilClosed(page);
    this.saver = new Saver({ store: this.store, shelf, data, send: (...request) => this.send(page, ...request) });
    this.saver.addEventListener("state", ({ detail }) => detail.state === "refused" && this.world.ledger.faults.push(`refused: ${detail.reason}`));
    await takeOver(this.saver, () => {}, shelf, { isUrgent: true });
  }

  /** What a page that is gone still had in hand never reaches the browser's database. */
  untilClosed(page) {
    const { keep, drop, read, all } = this.shelf;
    return { read, all, keep: async (record) => !page.isClosed && keep(record), drop: async (key) => !page.isClosed && drop(key) };
  }

  async close() {
    this.page.isClosed = true;
    clearTimeout(this.saver.timer);
    this.counts.closed += 1;
    for (const record of await this.shelf.all(this.name)) {
      if (this.world.chance(0.6)) continue;
      this.counts.replayed += 1;
      await replay(record, this.shelf, { csrf: this.world.setting.csrf, send: (...request) => this.send({ isClosed: false }, ...request) });
    }
    await this.open();
  }

  /** The line: requests that never arrive, arrive twice, or whose answers get lost. */
  async send(page, url, options) {
    const { world } = this;
    if (page.isClosed) return new Promise(() => {});
    const fault = world.isCalm ? "" : world.pick(["", "", "", "", "cut", "lost", "twice"]);
    if (fault) this.counts[fault] += 1;
    if (fault === "cut") throw new TypeError("network");
    const deliver = () => world.deliver(options.body);
    const answers = fault === "twice" ? await Promise.all([deliver(), deliver()]) : [await deliver()];
    if (page.isClosed) return new Promise(() => {});
    if (fault === "lost") {
      if (world.chance(0.5)) world.late.push(options.body); // and comes once more, when nobody expects it
      throw new TypeError("network");
    }
    return answers[0];
  }

  /** @param {string} what */
  edit(what) {
    const { store, history, world } = this;
    const box = world.pick(store.boxes);
    const drawn = store.boxes.map(({ id }) => id);
    const before = new Map(store.boxes.map((each) => [each.id, each]));
    if (what === "add" || !box) history.run(addBox(this.freshBox(), store.negative));
    else if (what === "move") history.run(changeBox(box, this.elsewhere(), "move box"));
    else if (what === "relabel") history.run(changeBox(box, { class_id: world.pick(store.classes).id }, "class"));
    else if (what === "remove") history.run(deleteBox(box, drawn.indexOf(box.id)));
    else history[what]();
    this.meant(before);
  }

  /** Note what the person has made of each box; it must come to be, unless they themselves choose otherwise. */
  meant(before) {
    const after = new Map(this.store.boxes.map((each) => [each.id, each]));
    for (const id of new Set([...before.keys(), ...after.keys()])) {
      if (!sameBox(before.get(id), after.get(id))) this.world.ledger.mean(this.name, id, after.get(id) ?? null);
    }
  }

  freshBox() {
    return makeBox({ id: newId(), class_id: this.world.pick(this.store.classes).id, ...this.elsewhere() });
  }

  elsewhere() {
    const { width, height } = this.store.size;
    const [x1, y1] = [this.world.whole(width - 20), this.world.whole(height - 20)];
    return { x1, y1, x2: x1 + 2 + this.world.whole(18), y2: y1 + 2 + this.world.whole(18) };
  }

  async choose() {
    const { world, saver, store } = this;
    if (saver.state !== "conflict") return;
    const choices = saver.disputes().map((one) => ({ ...one, which: world.pick(one.mine && one.theirs ? ["mine", "theirs", "both"] : ["mine", "theirs"]) }));
    this.counts.conflicts += choices.length;
    await saver.settle(() => {
      for (const choice of choices) {
        const before = new Map(store.boxes.map((each) => [each.id, each]));
        carryOut(store, choice);
        world.ledger.forget(this.name, choice.which === "mine" ? null : choice.id);
        this.meant(new Map([...before].filter(([id]) => id !== choice.id)));
      }
    });
  }

  /** Everything sent and every question answered. */
  async finish() {
    for (let round = 0; round < 50 && !(await this.saver.flush()); round += 1) await this.choose();
    if (this.saver.isDirty) this.world.ledger.faults.push(`${this.name} does not come to rest: ${this.saver.state}`);
  }
}

class World {
  constructor(setting) {
    this.setting = setting;
    this.random = seeded(setting.seed);
    this.late = [];
    this.isCalm = false;
    this.counts = { cut: 0, lost: 0, twice: 0, late: 0, closed: 0, replayed: 0, conflicts: 0, requests: 0 };
  }

  chance = (share) => this.random() < share;
  whole = (below) => Math.floor(this.random() * below);
  pick = (list) => list[this.whole(list.length)];

  request(url, options = {}) {
    const headers = { Cookie: this.setting.cookie, "X-CSRFToken": this.setting.csrf, "Content-Type": "application/json", Accept: "application/json" };
    return fetch(this.setting.site + url, { ...options, headers });
  }

  state = async () => (await this.request(this.setting.boxes_url)).json();

  async deliver(body) {
    this.counts.requests += 1;
    const response = await this.request(this.setting.operations_url, { method: "POST", body });
    const answer = await response.clone().json();
    if (response.status === 200) this.ledger.done(JSON.parse(body), answer.revision);
    else if (response.status !== 409) this.ledger.faults.push(`the server answered ${response.status}: ${JSON.stringify(answer)}`);
    return response;
  }

  async step(screen) {
    screen.edit(this.pick(KEY_OF_ACTIONS));
    if (this.chance(0.5)) {
      const saving = screen.saver.flush();
      if (this.chance(0.6)) await saving;
    }
    if (this.chance(0.3)) await screen.choose();
    if (this.late.length > 0 && this.chance(0.3)) {
      this.counts.late += 1;
      await this.deliver(this.late.shift());
    }
    if (this.chance(0.02)) await screen.close();
  }
}

/**
 * @param {{site: string, cookie: string, csrf: string, boxes_url: string, operations_url: string, classes: object[],
 *          image: {id: number, name: string, width: number, height: number}, seed: number, edits: number, editors: number}} setting
 */
export async function play(setting) {
  const world = new World(setting);
  const start = await world.state();
  world.ledger = new Ledger(start);
  const screens = Array.from({ length: setting.editors }, (_, number) => new Screen(world, `editor ${number + 1}`));
  for (const screen of screens) await screen.open();
  for (let step = 0; step < setting.edits; step += 1) await world.step(world.pick(screens));
  world.isCalm = true;
  for (const body of world.late) await world.deliver(body);
  for (const screen of screens) await screen.finish();
  const end = await world.state();
  for (const { saver, store, name } of screens) {
    saver.follow(end);
    world.ledger.compare(name, store.boxes, end.boxes);
  }
  const faults = world.ledger.judge(end);
  return { seed: setting.seed, edits: setting.edits, editors: setting.editors, ...world.counts, saves: world.ledger.batches.size,
    acknowledged_boxes: world.ledger.made, boxes: end.boxes.length, revisions: end.revision - start.revision, faults };
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  console.log(JSON.stringify(await play(JSON.parse(process.argv[2]))));
  process.exit(0);
}
