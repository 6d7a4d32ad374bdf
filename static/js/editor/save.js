/* Saving by itself: soon after the last change, one request at a time, again and again until the server has it.
   A save names the revision it is based on; if somebody else saved in between, both versions are shown. */

/** @import { DraftBox } from "./draft.js" */
/** @import { Store } from "./store.js" */

/** @typedef {"saved" | "waiting" | "saving" | "failed" | "refused" | "conflict"} SaveState */

const SOON_MS = 600;
const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 30000;

export class Saver extends EventTarget {
  /**
   * @param {object} parts
   * @param {Store} parts.store
   * @param {DraftBox} parts.draft
   * @param {{save_url: string, csrf: string, image: {revision: number}}} parts.data
   * @param {typeof fetch} [parts.send] a stand-in in tests
   */
  constructor({ store, draft, data, send = (...args) => fetch(...args) }) {
    super();
    this.store = store;
    this.draft = draft;
    this.data = data;
    this.send = send;
    this.revision = data.image.revision;
    /** @type {SaveState} */
    this.state = "saved";
    this.version = 0;
    this.savedVersion = 0;
    this.retryMs = FIRST_RETRY_MS;
    this.timer = undefined;
    /** @type {Promise<void> | null} */
    this.inFlight = null;
    store.addEventListener("content", () => this.changed());
  }

  get isDirty() {
    return this.version !== this.savedVersion;
  }

  changed() {
    this.version += 1;
    this.draft.keep(this.store.snapshot(), this.revision);
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
    return !this.isDirty;
  }

  /** After a conflict: save this version on top of the other one. @param {number} revision of the other one */
  keepMine(revision) {
    this.revision = revision;
    this.tell("waiting");
    return this.flush();
  }

  /** After a conflict: the store now holds what the server has. @param {number} revision */
  tookTheirs(revision) {
    this.revision = revision;
    this.savedVersion = this.version;
    clearTimeout(this.timer);
    this.draft.drop();
    this.tell("saved");
  }

  /** @private */
  later(ms) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.flush(), ms);
  }

  /** @private */
  save() {
    this.inFlight ??= this.request().finally(() => {
      this.inFlight = null;
    });
    return this.inFlight;
  }

  /** @private */
  async request() {
    const version = this.version;
    this.tell("saving");
    let response;
    try {
      response = await this.send(this.data.save_url, {
        method: "PUT",
        headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": this.data.csrf },
        body: JSON.stringify({ base_revision: this.revision, ...this.store.snapshot() }),
        credentials: "same-origin",
      });
    } catch {
      this.tryAgain("the server cannot be reached");
      return;
    }
    await this.answered(response, version);
  }

  /** @private @param {Response} response @param {number} version that was sent */
  async answered(response, version) {
    const answer = await response.json().catch(() => null);
    if (response.ok && Number.isInteger(answer?.revision)) this.saved(answer.revision, version);
    else if (response.status === 409 && answer?.current) this.tell("conflict", { current: answer.current });
    else if (response.status >= 500 || response.status === 429) this.tryAgain(`the server answered ${response.status}`);
    else if (answer?.error?.message) this.tell("refused", { reason: answer.error.message });
    else this.tell("refused", { reason: "you seem to be signed out. Sign in again in another tab, then reload this page: your boxes are kept in this browser." });
  }

  /** @private */
  saved(revision, version) {
    this.revision = revision;
    this.savedVersion = version;
    this.retryMs = FIRST_RETRY_MS;
    if (this.isDirty) {
      this.draft.keep(this.store.snapshot(), revision);
      this.later(SOON_MS);
      this.tell("waiting");
    } else {
      this.draft.drop();
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

  /** @private @param {SaveState} state */
  tell(state, detail = {}) {
    this.state = state;
    this.dispatchEvent(new CustomEvent("state", { detail: { state, ...detail } }));
  }
}
