/* What is kept of each photo that was worked on since the page was opened: its boxes, its history, its saves. Another photo
   on the screen ends none of it: a save goes on, and what was done can be taken back. */
import { showMessage } from "../messages.js";
import { shelf } from "../outbox/shelf.js";
import { History } from "./history.js";
import { Saver } from "./save.js";
import { Store } from "./store.js";

/** @typedef {"canUndo" | "canRedo"} Direction */

const TROUBLES = new Set(["failed", "signed-out"]);

/** One photo's. */
export class Session {
  /** @param {any} data what the photo's page says of it @param {string} address where the photo was opened, with the filter */
  constructor(data, address) {
    this.data = data;
    this.address = address;
    this.store = new Store(data);
    this.history = new History(this.store);
    this.saver = new Saver({ store: this.store, shelf, data });
    /** What the saver said last: {state, reason?, conflicts?}. */
    this.standing = { state: this.saver.state };
    /** From a save that failed until one that did not. */
    this.isInTrouble = false;
    /** Counts the changes of all photos: the photo with the highest was changed last. */
    this.touched = 0;
    /** Comes when it is forgotten. */
    this.end = new AbortController();
    /** Whether what an earlier visit left was looked for. */
    this.isWatched = false;
    /** On the photo while it is shown. @type {(text: string, level?: "" | "warn") => void} */
    this.say = showMessage;
  }

  /** Would anything be lost if it were forgotten? */
  get isNeeded() {
    return this.saver.isDirty || this.saver.state !== "saved" || this.history.canUndo || this.history.canRedo;
  }
}

export class Sessions {
  constructor() {
    /** @type {Map<number, Session>} by the image's number */
    this.all = new Map();
    /** @type {Session | null} the photo on the screen */
    this.current = null;
    this.changes = 0;
  }

  /** @param {any} data @param {string} address @returns {Session} the kept one, or a new one */
  open(data, address) {
    const session = this.all.get(data.image.id) ?? this.begin(data, address);
    session.address = address;
    session.store.classes = data.classes;
    this.current = session;
    return session;
  }

  /** The photo leaves the screen: what is unsaved goes on to the server, without anybody waiting for it. */
  async close() {
    const session = this.current;
    this.current = null;
    if (!session) return;
    session.say = showMessage;
    session.store.select(null);
    session.history.seal();
    await session.saver.flush();
    this.forget(session);
  }

  /** @private */
  begin(data, address) {
    const session = new Session(data, address);
    this.all.set(data.image.id, session);
    session.history.addEventListener("change", () => {
      session.touched = ++this.changes;
    });
    session.saver.addEventListener("state", (event) => this.heard(session, event.detail));
    return session;
  }

  /** @private What is not needed comes from the server again. @param {Session} session */
  forget(session) {
    if (session === this.current || session.isNeeded) return;
    this.all.delete(session.data.image.id);
    session.end.abort();
  }

  /** @private A photo that is not on the screen has nobody else to speak for it. @param {Session} session @param {any} standing */
  heard(session, standing) {
    const wasInTrouble = session.isInTrouble;
    session.standing = standing;
    session.isInTrouble = wasInTrouble ? standing.state !== "saved" : TROUBLES.has(standing.state);
    if (session === this.current) return;
    const { name } = session.data.image;
    if (standing.state === "saved" && wasInTrouble) showMessage(`${name} is saved now.`, "good");
    if (standing.state === "saved") this.forget(session);
    if (standing.state === "failed") showMessage(`${name} is not saved yet; this goes on by itself, and your boxes are kept in this browser.`, "warn");
    if (standing.state === "signed-out") showMessage(`${name} is not saved: you are signed out. Your boxes are kept in this browser until you have signed in again.`, "warn");
    if (standing.state === "conflict") showMessage(`${name} has changes of yours that collide with somebody else's. Open it to choose.`, "warn", session.address);
    if (standing.state === "refused") showMessage(`${name} has changes that the server did not take. Open it to see why.`, "warn", session.address);
  }

  get isDirty() {
    return [...this.all.values()].some(({ saver }) => saver.isDirty);
  }

  /** @returns {Promise<boolean>} whether the server has everything of every photo */
  async flush() {
    await Promise.all([...this.all.values()].map(({ saver }) => saver.flush()));
    return !this.isDirty;
  }

  /** @param {Direction} direction @returns {Session | undefined} of the other photos the one changed last that has a step to take */
  other(direction) {
    const able = [...this.all.values()].filter((session) => session !== this.current && session.history[direction]);
    return able.sort((a, b) => b.touched - a.touched)[0];
  }
}
