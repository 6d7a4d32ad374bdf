/* The page of a person's keys: press a key's button, then the key. Each change is kept at once; a key that is taken is said. */
import { ask } from "../dialogs.js";
import { showMessage } from "../messages.js";
import { html, on } from "../utils.js";
import { Keyboard, keyName } from "./keyboard.js";

const MODIFIERS = new Set(["Control", "Shift", "Alt", "AltGraph", "Meta", "CapsLock"]);
const UNREACHED = "The server could not be reached. Nothing was changed; try again.";

/**
 * @param {Keyboard} keys @param {string} action @param {string[]} its what its keys are to be
 * @returns {Record<string, string[]>} all that the person changed then, with the keys taken from whoever has them
 */
export function withChange(keys, action, its) {
  const changed = { ...keys.changed };
  for (const key of its) {
    const holder = keys.mapOf(action).get(key);
    if (holder && holder !== action) changed[holder] = (changed[holder] ?? keys.keysOf(holder)).filter((each) => each !== key);
  }
  changed[action] = its;
  return Object.fromEntries(Object.entries(changed).filter(([name, list]) => list.join(" ") !== keys.usual(name).join(" ")));
}

class OwnKeys {
  /** @param {HTMLElement} root @param {Keyboard} keys */
  constructor(root, keys) {
    Object.assign(this, { root, keys });
    /** The button that waits for its key. @type {HTMLElement | null} */
    this.waiting = null;
    on(root, "click", "[data-set]", (event, button) => this.wait(button));
    on(root, "click", "[data-remove]", () => this.remove());
    on(root, "click", "[data-usual]", (event, button) => this.keep(rowOf(button), this.keys.usual(rowOf(button))));
    on(root, "input", "[data-find]", (event) => this.find(event.target.value));
    document.addEventListener("keydown", (event) => this.press(event), { capture: true }); // before the page's own keys
    this.show();
  }

  /** @private */
  show() {
    for (const row of this.root.querySelectorAll("[data-command]")) {
      const { command } = row.dataset;
      const its = this.keys.keysOf(command);
      const buttons = its.map((key, index) => this.keyButton(command, index, this.keys.printed(key)));
      const more = html("button", { class: "btn small quiet", type: "button", "data-set": its.length, "aria-label": `One more key for ${this.keys.textOf(command)}` }, its.length ? "+" : "No key");
      const usual = html("button", { class: "btn small quiet", type: "button", "data-usual": true, "aria-label": `The usual key for ${this.keys.textOf(command)}` }, `Usual: ${this.keys.usual(command).map((key) => this.keys.printed(key)).join(", ")}`);
      row.querySelector(".its-keys").replaceChildren(...buttons, ...(its.length < 4 ? [more] : []), ...(command in this.keys.changed ? [usual] : []));
      row.classList.toggle("on", command in this.keys.changed);
    }
  }

  /** @private */
  keyButton(command, index, name) {
    return html("button", { class: "btn small", type: "button", "data-set": index, "aria-label": `${name}: change the key for ${this.keys.textOf(command)}` }, html("kbd", {}, name));
  }

  /** @private @param {HTMLElement} button */
  wait(button) {
    this.stop();
    this.waiting = button;
    button.textContent = "Press a key";
    button.classList.add("primary");
    if (Number(button.dataset.set) < this.keys.keysOf(rowOf(button)).length) button.after(html("button", { class: "btn small quiet", type: "button", "data-remove": true }, "Take it away"));
    button.focus();
  }

  /** @private */
  stop() {
    if (!this.waiting) return;
    const [row, place] = [rowOf(this.waiting), this.waiting.dataset.set];
    this.waiting = null;
    this.show();
    this.root.querySelector(`[data-command="${row}"] [data-set="${place}"]`)?.focus();
  }

  /** @private @param {KeyboardEvent} event */
  press(event) {
    if (!this.waiting || document.querySelector("dialog[open]")) return;
    if (event.key === "Tab" && !event.ctrlKey && !event.altKey) return; // Leads to “Take it away”.
    if (event.target.closest?.("[data-remove]")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (event.key === "Escape") this.stop();
    else if (!MODIFIERS.has(event.key)) this.take(keyName(event));
  }

  /** @private @param {string} key */
  async take(key) {
    const [action, place] = [rowOf(this.waiting), Number(this.waiting.dataset.set)];
    const refusal = this.keys.refusal(key);
    if (refusal) return showMessage(`${this.keys.printed(key)}: ${refusal}`, "warn");
    const holder = this.keys.mapOf(action).get(key);
    if (holder && holder !== action && !(await this.mayTake(key, holder, action))) return this.stop();
    const its = this.keys.keysOf(action);
    its[place] = key;
    await this.keep(action, [...new Set(its)]);
  }

  /** @private A clash is named, and nobody loses a key unasked. */
  mayTake(key, holder, action) {
    const { textOf, printed } = { textOf: (name) => this.keys.textOf(name), printed: this.keys.printed(key) };
    const left = this.keys.keysOf(holder).length > 1 ? "It keeps its other key." : "It has no key then, until you give it one.";
    return ask({ title: `${printed} is taken`, text: `${printed} is the key for “${textOf(holder)}”. Use it for “${textOf(action)}” instead? ${left}`, yes: "Take it", no: "Leave it" });
  }

  /** @private */
  remove() {
    const [action, place] = [rowOf(this.waiting), Number(this.waiting.dataset.set)];
    return this.keep(action, this.keys.keysOf(action).filter((_, index) => index !== place));
  }

  /** @private @param {string} action @param {string[]} its */
  async keep(action, its) {
    const changed = await send(this.root.dataset.url, withChange(this.keys, action, its));
    if (changed) this.keys.change(changed);
    this.stop();
    this.show();
  }

  /** @private @param {string} text */
  find(text) {
    const wanted = text.trim().toLowerCase();
    for (const row of this.root.querySelectorAll("[data-command]")) row.hidden = !row.textContent.toLowerCase().includes(wanted);
    for (const section of this.root.querySelectorAll("section")) section.hidden = !section.querySelector("[data-command]:not([hidden])");
  }
}

/** @param {HTMLElement} element @returns {string} the command it stands for */
const rowOf = (element) => element.closest("[data-command]").dataset.command;

/** @param {string} url @param {Record<string, string[]>} changed @returns {Promise<Record<string, string[]> | null>} what the server keeps; null after a refusal, which was shown */
async function send(url, changed) {
  const { value } = document.querySelector("[name=csrfmiddlewaretoken]");
  const headers = { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": value };
  const response = await fetch(url, { method: "PUT", body: JSON.stringify({ changed }), credentials: "same-origin", headers }).catch(() => null);
  const answer = await response?.json().catch(() => null);
  if (response?.ok) return answer.changed;
  showMessage(answer?.error?.message ?? UNREACHED, "bad");
  return null;
}

const root = globalThis.document?.querySelector("[data-own-keys]");
if (root) new OwnKeys(root, new Keyboard(JSON.parse(document.getElementById("key-table").textContent)));
