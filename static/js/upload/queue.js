/* Many files, a few at a time. Photos go first, so that labelling can begin while the rest is on its way. */

const AT_ONCE = 3;
const PHOTO = /\.(jpe?g|png|webp|bmp|gif|tiff?|avif)$/i;

/** @typedef {{path: string, file: Blob, state: "waiting" | "sending" | "done" | "failed", sent: number, reason: string}} Item */

export class UploadQueue {
  /** @type {Map<string, Item>} */
  #items = new Map();
  #running = 0;
  #paused = false;

  /**
   * @param {(item: Item, onProgress: (sent: number) => void) => Promise<void>} send
   * @param {() => void} onChange
   */
  constructor(send, onChange) {
    this.send = send;
    this.onChange = onChange;
  }

  /** Files that are not in the queue yet; `done` holds the paths that are whole on the server already. */
  add(files, done = new Set()) {
    for (const { path, file } of files) {
      const known = this.#items.get(path);
      if (known && known.state !== "failed") continue;
      const whole = done.has(path);
      this.#items.set(path, { path, file, state: whole ? "done" : "waiting", sent: whole ? file.size : 0, reason: "" });
    }
    this.#go();
  }

  pause() {
    this.#paused = true;
    this.onChange();
  }

  resume() {
    this.#paused = false;
    for (const item of this.#items.values()) if (item.state === "failed") Object.assign(item, { state: "waiting", reason: "" });
    this.#go();
  }

  remove(path) {
    this.#items.delete(path);
    this.onChange();
  }

  /** Every file of the queue, in the order it came. */
  get items() {
    return [...this.#items.values()];
  }

  /** Figures for the page: files and bytes, in all and done. */
  get totals() {
    const totals = { files: 0, done: 0, failed: 0, bytes: 0, sent: 0, sending: this.#running, paused: this.#paused };
    for (const item of this.#items.values()) {
      totals.files += 1;
      totals.bytes += item.file.size;
      totals.sent += item.sent;
      if (item.state === "done") totals.done += 1;
      if (item.state === "failed") totals.failed += 1;
    }
    return totals;
  }

  get failed() {
    return [...this.#items.values()].filter((item) => item.state === "failed");
  }

  get sending() {
    return [...this.#items.values()].filter((item) => item.state === "sending");
  }

  #go() {
    while (!this.#paused && this.#running < AT_ONCE) {
      const next = this.#next();
      if (!next) break;
      this.#start(next);
    }
    this.onChange();
  }

  #next() {
    let other = null;
    for (const item of this.#items.values()) {
      if (item.state !== "waiting") continue;
      if (PHOTO.test(item.path)) return item;
      other ??= item;
    }
    return other;
  }

  async #start(item) {
    item.state = "sending";
    this.#running += 1;
    try {
      await this.send(item, (sent) => {
        item.sent = sent;
        this.onChange();
      });
      Object.assign(item, { state: "done", sent: item.file.size });
    } catch (error) {
      Object.assign(item, { state: "failed", reason: error.message });
      if (error.signedOut) this.#paused = true;
    }
    this.#running -= 1;
    this.#go();
  }
}
