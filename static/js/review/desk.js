/* The review desk beside the photo: verdicts, the queue one came from, and notes pinned to the photo. */
import { keyName } from "../editor/keyboard.js";
import { showMessage } from "../messages.js";
import { html, inTextField, on, svg } from "../utils.js";

/** @import { Keyboard } from "../editor/keyboard.js" */
/** @typedef {{signal: AbortSignal, visit: (url: string) => unknown, keys: Keyboard}} Page */
/** @typedef {{id: number, text: string, author: string, box: string | null, x: number | null, y: number | null, resolved: boolean}} Note */

const RENEW_MS = 5 * 60 * 1000; // a photo from the queue stays on one's desk for half an hour
const SAVED_WITHIN_MS = 5000;
const LOOK_MS = 100;

const csrf = () => JSON.parse(document.getElementById("editor-data").textContent).csrf;

/** @param {string} url @param {string} method @param {object} [body] @returns {Promise<any>} null after a refusal, which was shown */
async function send(url, method, body = {}) {
  try {
    const response = await fetch(url, {
      method, body: JSON.stringify(body), credentials: "same-origin",
      headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": csrf() },
    });
    const answer = await response.json().catch(() => ({}));
    if (response.ok) return answer;
    showMessage(answer.error?.message ?? `That did not work: the server answered ${response.status}.`, "warn");
  } catch {
    showMessage("The server could not be reached. Nothing was changed; try again.", "bad");
  }
  return null;
}

/** The revision on the screen, once it is saved. @returns {Promise<number | null>} */
async function savedRevision() {
  const state = document.querySelector("[data-save-state]");
  for (let waited = 0; waited < SAVED_WITHIN_MS; waited += LOOK_MS) {
    if (state.textContent === "Saved") return Number(document.querySelector("[data-revision]").textContent);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  showMessage("Your changes to this photo are not saved yet. See to that first, then say what you think of it.", "warn");
  return null;
}

class Desk {
  /** @param {HTMLElement} root @param {any} data @param {Page} page */
  constructor(root, data, { signal, visit, keys }) {
    Object.assign(this, { root, data, visit, keys });
    this.dialog = root.parentElement.querySelector("[data-return]");
    /** @type {Note[]} */
    this.notes = data.notes;
    this.pins = svg("g", { class: "pins", "aria-hidden": "true" });
    document.querySelector("[data-canvas] .world")?.append(this.pins);
    on(root, "click", "[data-desk-act]", (event, button) => this.act(button.dataset.deskAct));
    on(root, "click", "[data-settle]", (event, button) => this.settle(Number(button.dataset.settle)));
    on(this.dialog, "click", "[data-reason]", (event, button) => this.reason(button.dataset.reason));
    this.dialog.querySelector("form").addEventListener("submit", (event) => this.submit(event));
    this.dialog.addEventListener("keydown", (event) => this.dialogKey(event));
    document.addEventListener("keydown", (event) => this.key(event), { capture: true, signal }); // before the editor's own keys
    if (data.work) this.renew(signal);
    this.show();
  }

  /** @private @param {AbortSignal} signal */
  renew(signal) {
    const timer = setInterval(() => fetch(this.data.lease_url, { method: "POST", headers: { "X-CSRFToken": csrf() }, credentials: "same-origin" }), RENEW_MS);
    signal.addEventListener("abort", () => clearInterval(timer));
  }

  /** @param {string} name */
  act(name) {
    const actions = { approve: () => this.approve(), return: () => this.ask(), later: () => this.next(), done: () => this.done() };
    return actions[name]?.();
  }

  /** @private Keys that mean something else while one reviews, or works through a queue. */
  key(event) {
    const isBusy = inTextField(event.target) || document.querySelector("dialog[open]") !== null;
    if (isBusy || event.repeat) return;
    if (event.key === "Enter" && event.target.closest?.("button, a[href], summary")) return;
    const action = this.keys.maps.desk.get(keyName(event));
    if (!action || !(action === "queue-next" ? this.data.work : this.data.review)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    this.act(action === "queue-next" ? (this.data.review ? "later" : "done") : action);
  }

  /** @private */
  async approve() {
    const revision = await savedRevision();
    if (revision === null) return;
    if (await send(this.data.verdict_url, "POST", { action: "approve", revision })) await this.next();
  }

  /** @private */
  async done() {
    if ((await savedRevision()) !== null) await this.next();
  }

  /** @private The next photo of the queue, or without one the next of the filter. */
  async next() {
    if (!this.data.work) {
      const link = document.querySelector("a[data-act=next]");
      if (link.href) link.click();
      else location.reload(); // the last one: show what became of it
      return;
    }
    const answer = await send(this.data.queue_url, "POST", { work: this.data.work, done: this.data.image });
    if (answer?.url) await this.visit(answer.url);
    else if (answer) location.assign(this.data.desk_url);
  }

  /** @private */
  ask() {
    const selected = document.querySelector(".mark.on")?.id.replace(/^box-/, "");
    const pin = this.dialog.querySelector("select");
    const choices = [html("option", { value: "" }, "the whole photo"), ...(selected ? [html("option", { value: selected, selected: true }, "the selected box")] : [])];
    pin.replaceChildren(...choices);
    this.refuse("");
    this.dialog.showModal();
    this.dialog.querySelector("textarea").focus();
  }

  /** @private */
  reason(text) {
    const field = this.dialog.querySelector("textarea");
    field.value = text;
    field.focus();
  }

  /** @private */
  refuse(text) {
    const error = this.dialog.querySelector("[data-return-error]");
    error.textContent = text;
    error.hidden = text === "";
  }

  /** @private */
  dialogKey(event) {
    if (event.key === "Enter" && event.ctrlKey) this.dialog.querySelector("form").requestSubmit(this.dialog.querySelector("[value=return]"));
    const reason = event.altKey && this.dialog.querySelectorAll("[data-reason]")[Number(event.key) - 1];
    if (!reason) return;
    event.preventDefault();
    this.reason(reason.dataset.reason);
  }

  /** @private */
  async submit(event) {
    if (event.submitter?.value !== "return") return;
    event.preventDefault();
    const text = this.dialog.querySelector("textarea").value.trim();
    if (!text) return this.refuse("Say what is to be changed, so that somebody can change it.");
    const revision = await savedRevision();
    if (revision === null) return;
    const note = { text, box: this.dialog.querySelector("select").value || null };
    if (!(await send(this.data.verdict_url, "POST", { action: "return", revision, note }))) return;
    this.dialog.close();
    await this.next();
  }

  /** @private @param {number} id tick a note off, or open it again */
  async settle(id) {
    const note = this.notes.find((each) => each.id === id);
    const answer = await send(`${this.data.notes_url}/${id}`, "PATCH", { resolved: !note.resolved });
    if (!answer) return;
    Object.assign(note, answer);
    this.show();
  }

  /** @private */
  show() {
    const lines = this.notes.map((note, index) => html("li", { class: `note-line${note.resolved ? " done" : ""}` },
      html("span", { class: "number" }, String(index + 1)),
      html("span", { class: "words" }, note.text, html("small", { class: "soft" }, note.author)),
      html("button", { class: "btn small", type: "button", "data-settle": note.id }, note.resolved ? "Open again" : "Settled")));
    this.root.querySelector("[data-notes]").replaceChildren(...lines);
    const placed = this.notes.map((note, index) => ({ ...note, number: index + 1 })).filter(({ x, y }) => x !== null && y !== null);
    this.pins.replaceChildren(...placed.map(({ x, y, number, resolved }) => svg("g", { class: `pin${resolved ? " done" : ""}`, transform: `translate(${x} ${y})` },
      svg("g", {}, svg("circle", { class: "drop", r: 10 }), svg("text", { y: 4 }, String(number))))));
  }
}

/**
 * The desk of the photo that is shown.
 * @param {HTMLElement} editor the editor's element @param {Page} page
 */
export function openDesk(editor, page) {
  const root = /** @type {HTMLElement | null} */ (editor.querySelector("[data-desk]"));
  const data = editor.querySelector("#desk-data");
  if (root && data) new Desk(root, JSON.parse(data.textContent), page);
}
