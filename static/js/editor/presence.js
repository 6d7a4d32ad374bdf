/* Who else has this photo open. Their saves come by themselves while nothing here waits to be saved. */

/** @import { Saver } from "./save.js" */

const EVERY_MS = 8000;

export class Presence {
  /**
   * @param {Saver} saver @param {HTMLElement} chip
   * @param {{presence_url: string, boxes_url: string, csrf: string}} data
   * @param {AbortSignal} signal another photo is shown
   */
  constructor(saver, chip, data, signal) {
    Object.assign(this, { saver, chip, data });
    this.ask();
    const timer = setInterval(() => document.hidden || this.ask(), EVERY_MS);
    document.addEventListener("visibilitychange", () => document.hidden || this.ask(), { signal });
    window.addEventListener("pagehide", () => this.send("DELETE", true), { signal });
    signal.addEventListener("abort", () => {
      clearInterval(timer);
      this.send("DELETE", true).catch(() => {}); // The server forgets people who say nothing.
    });
  }

  /** @private */
  send(method, keepalive = false) {
    return fetch(this.data.presence_url, { method, keepalive, headers: { "X-CSRFToken": this.data.csrf }, credentials: "same-origin" });
  }

  /** @private */
  async ask() {
    try {
      const response = await this.send("POST");
      if (!response.ok) return;
      const { others, revision } = await response.json();
      this.show(others);
      if (revision > this.saver.revision && !this.saver.isDirty) await this.catchUp();
    } catch {
      // Saving says when the server is away; this asks again by itself.
    }
  }

  /** @private */
  async catchUp() {
    const response = await fetch(this.data.boxes_url, { credentials: "same-origin" });
    if (response.ok) this.saver.follow(await response.json());
  }

  /** @private @param {string[]} others */
  show(others) {
    this.chip.hidden = others.length === 0;
    this.chip.textContent = others.length === 1 ? `${others[0]} is here too` : `${others.length} others are here`;
    this.chip.title = others.join(", ");
  }
}
