/* Saving by itself: soon after the last change, one request at a time, again and again until the server has it.
   What changed is sent, not everything; what others changed meanwhile comes back and is folded in. */
import { sendBatch } from "../outbox/sending.js";
import { newId } from "./ids.js";
import { changesBetween, fold, isEmpty, rebase, withChanges } from "./operations.js";

/** @import { Batch, Unsaved } from "../outbox/shelf.js" */
/** @import { Conflict } from "./operations.js" */
/** @import { Store } from "./store.js" */
/** @import { Content } from "./types.js" */

/** @typedef {"saved" | "waiting" | "saving" | "failed" | "signed-out" | "refused" | "conflict"} SaveState */

const SOON_MS = 600;
const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 30000;

/** Events: "state" detail {state, reason?, conflicts?, current?}; "notes" detail {notes}: what the server made of it. */
export class Saver extends EventTarget {
  /**
   * @param {object} parts
   * @param {Store} parts.store
   * @param {{keep: Function, drop: Function}} parts.shelf
   * @param {{operations_url: string, csrf: string, user: string, page_url: string, image: {id: number, name: string, revision: number}}} parts.data
   * @param {typeof fetch} [parts.send] a stand-in in tests
   */
  constructor({ store, shelf, data, send }) {
    super();
    Object.assign(this, { store, shelf, data, send });
    /** Of this page's record on the shelf: another page on the same photo has its own. */
    this.key = newId();
    this.revision = data.image.revision;
    /** @type {Content} what the server has, as far as this page knows */
    this.known = store.snapshot();
    /** @type {Batch | null} a save that no answer came for */
    this.pending = null;
    /** @type {Batch | null} what is to be sent after that, as it was kept last */
    this.draft = null;
    /** @type {SaveState} */
    this.state = "saved";
    /** @type {Conflict[]} */
    this.conflicts = [];
    /** @type {Content} what was known before somebody else's version came */
    this.before = this.known;
    this.retryMs = FIRST_RETRY_MS;
    this.timer = undefined;
    /** @type {Promise<void> | null} */
    this.inFlight = null;
    store.addEventListener("content", () => this.changed());
  }

  get isDirty() {
    return this.pending !== null || this.conflicts.length > 0 || !isEmpty(changesBetween(this.known, this.store.snapshot()));
  }

  changed() {
    this.keep();
    if (this.state === "conflict") return; // A person is choosing.
    this.retryMs = FIRST_RETRY_MS;
    if (!this.inFlight) this.tell("waiting");
    this.later(SOON_MS);
  }

  /** Save now whatever is unsaved. @returns {Promise<boolean>} whether the server has everything */
  async flush() {
    clearTimeout(this.timer);
    if (this.inFlight) await this.inFlight;
    if (this.isDirty && this.state !== "conflict") await this.save();
    if (!this.isDirty && this.state === "waiting") this.tell("saved"); // It was all taken back before it was sent.
    return !this.isDirty;
  }

  /**
   * Go on with what another page could not save, under what was done here meanwhile.
   * @param {Unsaved} record @returns {Promise<boolean>} false while this page has a save of its own to bring to an end
   */
  async resume(record) {
    if (this.inFlight) await this.inFlight;
    if (this.pending || this.conflicts.length > 0) return false;
    const { known, content } = rebase(record.batches, this.known, this.store.snapshot());
    [this.pending, this.draft = null] = record.batches;
    this.known = known;
    this.revision = this.pending.base_revision;
    this.store.fold(content);
    await this.keep();
    await this.shelf.drop(record.key);
    await this.flush();
    return true;
  }

  /** The page is going: what is unsaved is sent on its way, and stays on the shelf because no answer will be heard. */
  sendOff() {
    if (!this.inFlight && this.isDirty && this.state !== "conflict") this.save({ keepalive: true });
  }

  /** @returns {Conflict[]} what is to be chosen, with the boxes as they are here by now */
  disputes() {
    return this.conflicts.map((one) => ({ ...one, mine: this.store.byId.get(one.id) ?? null }));
  }

  /**
   * A person has chosen: what stands in the store now is to be saved on top of the other version.
   * @param {() => void} choose writes the choice into the store
   */
  settle(choose) {
    this.conflicts = [];
    this.tell("waiting");
    choose();
    return this.flush();
  }

  /** Somebody else saved while nothing was done here. @param {Content & {revision: number}} current */
  follow(current) {
    if (this.inFlight || this.isDirty || current.revision <= this.revision) return;
    this.foldIn(current);
    this.tell("saved");
  }

  /** @private */
  later(ms) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.flush(), ms);
  }

  /** @private @param {{keepalive?: boolean}} [options] */
  save(options) {
    this.inFlight ??= this.request(options).finally(() => {
      this.inFlight = null;
    });
    return this.inFlight;
  }

  /** @private */
  async request({ keepalive = false } = {}) {
    this.pending ??= this.unsent();
    this.tell("saving");
    this.keep();
    const outcome = await sendBatch(this.data.operations_url, this.pending, { csrf: this.data.csrf, send: this.send, keepalive });
    const answers = {
      saved: () => this.saved(outcome.answer),
      conflict: () => this.disputed(outcome.current),
      later: () => this.tryAgain(outcome.reason),
      "signed-out": () => this.tell("signed-out"),
      refused: () => this.refused(outcome.reason),
    };
    answers[outcome.kind]();
  }

  /** @private */
  saved(answer) {
    this.known = withChanges(this.known, this.pending);
    this.pending = null;
    this.revision = answer.revision;
    this.retryMs = FIRST_RETRY_MS;
    if (answer.boxes) this.foldIn(answer);
    if (answer.notes?.length) this.dispatchEvent(new CustomEvent("notes", { detail: { notes: answer.notes } }));
    this.goOn();
  }

  /** @private Nothing was written: take over what does not collide, and ask about the rest. */
  disputed(current) {
    this.pending = null;
    this.foldIn(current);
    this.goOn();
  }

  /** @private */
  foldIn(current) {
    const { content, conflicts } = fold(this.known, this.store.snapshot(), current);
    this.before = this.known;
    this.known = { verified: current.verified, negative: current.negative, boxes: current.boxes };
    this.revision = current.revision;
    this.conflicts = conflicts;
    this.current = current;
    this.store.fold(content);
  }

  /** @private */
  goOn() {
    this.keep();
    if (this.conflicts.length > 0) {
      this.tell("conflict", { conflicts: this.conflicts, current: this.current });
    } else if (this.isDirty) {
      this.later(SOON_MS);
      this.tell("waiting");
    } else {
      this.tell("saved");
    }
  }

  /** @private */
  tryAgain(reason) {
    const seconds = Math.round(this.retryMs / 1000);
    this.tell("failed", { reason: `${reason}. Trying again in ${seconds} s; your boxes are kept in this browser.` });
    this.later(this.retryMs);
    this.retryMs = Math.min(this.retryMs * 2, LAST_RETRY_MS);
  }

  /** @private The server will never take it as it is: the next change makes another batch. */
  refused(reason) {
    this.pending = null;
    this.keep();
    this.tell("refused", { reason });
  }

  /** @private What is unsaved lies in the browser when this returns, before anything else happens. */
  keep() {
    this.draft = this.unsent();
    const batches = [this.pending, this.draft].filter((batch) => batch !== null);
    if (batches.length === 0) return this.shelf.drop(this.key);
    const { user, image, page_url, operations_url } = this.data;
    return this.shelf.keep({ key: this.key, user, title: image.name, page_url, save_url: operations_url, batches, time: new Date().toISOString() });
  }

  /**
   * A batch keeps its id for as long as it says the same of the same revision: whoever sends it, this page or one that found it, it is done once.
   * @private @returns {Batch | null} what `pending` does not say yet
   */
  unsent() {
    const known = this.pending ? withChanges(this.undisputed(), this.pending) : this.undisputed();
    const changes = changesBetween(known, this.store.snapshot());
    if (isEmpty(changes)) return null;
    const draft = { batch: this.draft?.batch, base_revision: this.revision, ...changes };
    return JSON.stringify(draft) === JSON.stringify(this.draft) ? this.draft : { ...draft, batch: newId() };
  }

  /**
   * While a person chooses, the shelf has disputed boxes as they were before both changes: a tab that is closed without a
   * choice must not make the next one save "mine" over what somebody else saved.
   * @private @returns {Content}
   */
  undisputed() {
    const disputed = new Set(this.conflicts.map(({ id }) => id));
    if (disputed.size === 0) return this.known;
    const boxes = [...this.known.boxes.filter(({ id }) => !disputed.has(id)), ...this.before.boxes.filter(({ id }) => disputed.has(id))];
    return { ...this.known, boxes };
  }

  /** @private @param {SaveState} state */
  tell(state, detail = {}) {
    this.state = state;
    this.dispatchEvent(new CustomEvent("state", { detail: { state, ...detail } }));
  }
}
