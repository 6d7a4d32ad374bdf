/* Says where saving stands, offers unsaved work back, and brings a conflict before a person. */
import { ask } from "../dialogs.js";
import { replaceContent } from "./commands.js";
import { askWhich, timeOf } from "./conflict.js";
import { sameContent } from "./draft.js";

/** @import { DraftBox } from "./draft.js" */
/** @import { Editor } from "./editor.js" */

const WORDS = { saved: "Saved", waiting: "Saving…", saving: "Saving…", failed: "Not saved", refused: "Not saved", conflict: "Changed elsewhere" };
const KINDS = { saved: "good", waiting: "", saving: "", failed: "bad", refused: "bad", conflict: "warn" };

export class SaveStatus {
  /** @param {Editor} editor @param {{chip: HTMLElement, note: HTMLElement, revision: HTMLElement}} elements @param {string} photoUrl */
  constructor(editor, { chip, note, revision }, photoUrl) {
    this.editor = editor;
    this.chip = chip;
    this.revision = revision;
    this.note = note;
    this.photoUrl = photoUrl;
    this.current = null;
    editor.saver.addEventListener("state", (event) => this.show(event.detail));
    note.querySelector("button").addEventListener("click", () => this.again());
    window.addEventListener("online", () => editor.saver.flush());
  }

  /** @private */
  show({ state, reason, current }) {
    this.chip.textContent = WORDS[state];
    this.chip.className = `chip ${KINDS[state]}`;
    this.revision.textContent = String(this.editor.saver.revision);
    const isTrouble = state === "failed" || state === "refused" || state === "conflict";
    if (isTrouble || state === "saved") this.note.hidden = !isTrouble;
    if (state === "conflict") {
      this.current = current;
      this.tellTrouble("Somebody else saved this photo while you worked on it. Your version is kept in this browser.", "Compare");
      this.resolve();
    } else if (isTrouble) {
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
    if (this.editor.saver.state === "conflict") this.resolve();
    else this.editor.saver.flush();
  }

  /** @private */
  async resolve() {
    const { current, editor } = this;
    const choice = await askWhich(editor.store, this.photoUrl, current);
    if (choice === "mine") await editor.saver.keepMine(current.revision);
    if (choice !== "theirs") return;
    editor.history.run(replaceContent(editor.store.snapshot(), current, "take the other version"));
    editor.saver.tookTheirs(current.revision);
  }

  /**
   * Unsaved work from an earlier visit. It goes on from the revision it was made on, so that a conflict is noticed.
   * @param {DraftBox} draftBox
   */
  async offerDraft(draftBox) {
    const draft = draftBox.read();
    const { store, saver, history } = this.editor;
    if (!draft) return;
    if (!this.editor.canEdit || sameContent(draft, store.snapshot())) {
      draftBox.drop();
      return;
    }
    const restore = await ask({
      title: "Unsaved changes",
      text: `You have changes from ${timeOf(draft.time)} that were not saved (${draft.boxes.length} boxes). Restore them, or discard them for good?`,
      yes: "Restore",
      no: "Discard",
    });
    if (restore === false) {
      draftBox.drop();
      return;
    }
    saver.revision = draft.base_revision; // Closing the question restores too: Undo takes that back, discarding could not be.
    history.run(replaceContent(store.snapshot(), draft, "restore changes"));
  }
}
