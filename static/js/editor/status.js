/* Says where saving stands, and brings a conflict before a person. */
import { askWhich } from "./conflict.js";
import { newId } from "./ids.js";

/** @import { Editor } from "./editor.js" */
/** @import { Choice } from "./conflict.js" */

const WORDS = { saved: "Saved", waiting: "Saving…", saving: "Saving…", failed: "Not saved", "signed-out": "Signed out", refused: "Not saved", conflict: "Changed elsewhere" };
const KINDS = { saved: "good", waiting: "", saving: "", failed: "bad", "signed-out": "bad", refused: "bad", conflict: "warn" };
const TROUBLES = new Set(["failed", "signed-out", "refused", "conflict"]);

export class SaveStatus {
  /** @param {Editor} editor @param {{chip: HTMLElement, note: HTMLElement, revision: HTMLElement}} elements @param {string} photoUrl */
  constructor(editor, { chip, note, revision }, photoUrl) {
    Object.assign(this, { editor, chip, note, revision, photoUrl });
    const { saver, signal } = editor;
    saver.addEventListener("state", (event) => this.show(event.detail), { signal });
    saver.addEventListener("notes", (event) => editor.say(event.detail.notes.join(" "), "warn"), { signal });
    note.querySelector("button").addEventListener("click", () => this.again());
    window.addEventListener("online", () => saver.flush(), { signal });
    // Whoever signed in again in another tab comes back to this one.
    window.addEventListener("focus", () => saver.state === "signed-out" && saver.flush(), { signal });
  }

  /** @private */
  show({ state, reason, conflicts }) {
    this.chip.textContent = WORDS[state];
    this.chip.className = `chip ${KINDS[state]}`;
    this.revision.textContent = String(this.editor.saver.revision);
    if (TROUBLES.has(state) || state === "saved") this.note.hidden = state === "saved";
    if (state === "conflict") {
      this.tellTrouble(`Somebody else changed ${conflicts.length === 1 ? "a box" : `${conflicts.length} boxes`} that you changed too. Your version is kept in this browser.`, "Compare");
      this.resolve();
    } else if (state === "signed-out") {
      this.tellTrouble("You are signed out. Your boxes are kept in this browser and saved when you have signed in again.", "Sign in");
    } else if (TROUBLES.has(state)) {
      this.tellTrouble(`Not saved: ${reason}`, "Try now");
    }
  }

  /** @private */
  tellTrouble(text, button) {
    this.note.querySelector("span").textContent = text;
    this.note.querySelector("button").textContent = button;
  }

  /** @private */
  again() {
    const { saver } = this.editor;
    if (saver.state === "conflict") this.resolve();
    else if (saver.state === "signed-out") window.open(`${this.note.dataset.loginUrl}?next=${encodeURIComponent(location.pathname)}`, "_blank");
    else saver.flush();
  }

  /** @private */
  async resolve() {
    const { store, saver } = this.editor;
    const choices = await askWhich(store, this.photoUrl, saver.current, saver.disputes());
    if (choices) await saver.settle(() => choices.forEach((choice) => carryOut(store, choice)));
  }
}

/** @param {import("./store.js").Store} store @param {Choice} choice */
export function carryOut(store, { id, mine, theirs, which }) {
  if (which === "mine") return;
  if (theirs) store.put(theirs);
  else store.remove(id);
  if (which === "both" && mine) store.put({ ...mine, id: newId() });
}
