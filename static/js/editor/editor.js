/* The editor itself: holds the parts together and carries out named actions. Keys, buttons and tests all call `act`. */
import { ask } from "../dialogs.js";
import { changeBox, deleteBox, markPhoto } from "./commands.js";
import { moveRect, sameRect } from "./geometry.js";
import { mayDraw, mayEdit, mayMarkNegative } from "./rules.js";

/** @import { History } from "./history.js" */
/** @import { Renderer } from "./render.js" */
/** @import { Saver } from "./save.js" */
/** @import { Store } from "./store.js" */
/** @import { Viewport } from "./view.js" */

const HINT_MS = 2500;
const REFUSAL_MS = 6000;
const ZOOM_STEP = 1.25;

/**
 * @typedef {object} Parts The editor's elements, found by their data attributes.
 * @property {HTMLElement} root
 * @property {HTMLElement} stage
 * @property {SVGSVGElement} canvas
 * @property {HTMLImageElement} photo
 * @property {HTMLElement} hint
 * @property {HTMLDialogElement} keys
 */

export class Editor {
  /**
   * @param {{parts: Parts, store: Store, history: History, viewport: Viewport, renderer: Renderer, saver: Saver,
   *          canEdit: boolean, urls: {next: string, previous: string}}} collaborators
   */
  constructor({ parts, store, history, viewport, renderer, saver, canEdit, urls }) {
    Object.assign(this, { parts, store, history, viewport, renderer, saver, canEdit, urls });
    /** @type {"select" | "draw"} */
    this.mode = "select";
    this.spaceHeld = false;
    this.spaceUsed = false;
    this.isLeaving = false;
    this.hintTimer = undefined;
    /** Set by main.js: opens the class chooser; gives up the drag at hand, true if there was one. */
    this.chooseClass = () => {};
    this.giveUpDrag = () => false;
  }

  /**
   * Carry out an action by its name, as keyboard.js and `data-act` give it.
   * @param {string} name for example "undo", "flag:difficult", "nudge:-1:0", "class:7"
   */
  act(name) {
    const [verb, ...rest] = name.split(":");
    const actions = {
      draw: () => this.startDrawing(),
      cancel: () => this.cancel(),
      delete: () => this.deleteSelected(),
      flag: () => this.toggleFlag(rest[0]),
      nudge: () => this.nudge(Number(rest[0]), Number(rest[1])),
      class: () => this.setClass(Number(rest[0])),
      relabel: () => this.relabel(),
      verify: () => this.verify(!this.store.verified),
      "verify-next": () => this.verifyAndGo(),
      negative: () => this.toggleNegative(),
      undo: () => this.hint(this.history.undo(), "Undid", "Nothing to undo."),
      redo: () => this.hint(this.history.redo(), "Did again", "Nothing to do again."),
      save: () => this.saveNow(),
      next: () => this.go(this.urls.next, "This is the last photo."),
      previous: () => this.go(this.urls.previous, "This is the first photo."),
      fit: () => this.viewport.fit(),
      "actual-size": () => this.viewport.zoomTo(1),
      "zoom-in": () => this.viewport.zoomBy(ZOOM_STEP),
      "zoom-out": () => this.viewport.zoomBy(1 / ZOOM_STEP),
      labels: () => this.renderer.names(!this.renderer.showNames),
      keys: () => this.parts.keys.showModal(),
    };
    actions[verb]?.();
  }

  /** A line on the photo, said aloud too. @param {string} text @param {"" | "warn"} [level] what needs reading stays longer */
  say(text, level = "") {
    const { hint } = this.parts;
    hint.textContent = text;
    hint.classList.add("shown");
    clearTimeout(this.hintTimer);
    this.hintTimer = setTimeout(() => hint.classList.remove("shown"), level ? REFUSAL_MS : HINT_MS);
  }

  /** @private */
  hint(label, done, nothing) {
    this.say(label === null ? nothing : `${done}: ${label}`);
  }

  /** @private @param {string | null} refusal @returns {boolean} whether the rule lets it happen */
  allowed(refusal) {
    if (refusal) this.say(refusal, "warn");
    return !refusal;
  }

  /** @param {"select" | "draw"} mode */
  setMode(mode) {
    this.mode = mode;
    this.parts.root.dataset.mode = mode;
    if (mode === "select") this.renderer.crosshair(null);
    this.parts.stage.dataset.cursor = mode === "draw" ? "draw" : "";
  }

  startDrawing() {
    if (this.allowed(mayDraw(this.store, this.canEdit))) this.setMode(this.mode === "draw" ? "select" : "draw");
  }

  /** One step back: the drag, then drawing, then the selection. */
  cancel() {
    if (this.giveUpDrag()) return;
    if (this.mode === "draw") this.setMode("select");
    else this.store.select(null);
  }

  deleteSelected() {
    const box = this.store.selected;
    if (!box || !this.allowed(mayEdit(this.canEdit))) return;
    this.history.run(deleteBox(box, this.store.boxes.findIndex(({ id }) => id === box.id)));
  }

  /** @param {"difficult" | "truncated" | "occluded"} flag */
  toggleFlag(flag) {
    const box = this.store.selected;
    if (!box || !this.allowed(mayEdit(this.canEdit))) return;
    this.history.run(changeBox(box, { [flag]: !box[flag] }, box[flag] ? `not ${flag}` : flag));
  }

  /** @param {number} dx @param {number} dy image pixels */
  nudge(dx, dy) {
    const box = this.store.selected;
    if (!box || !this.allowed(mayEdit(this.canEdit))) return;
    const rect = moveRect(box, dx, dy, this.store.size);
    if (!sameRect(rect, box)) this.history.run(changeBox(box, rect, "move box", "nudge"));
  }

  /** The class of the selected box, and of the boxes to come. @param {number} id */
  setClass(id) {
    this.store.chooseClass(id);
    const box = this.store.selected;
    if (!box || box.class_id === id || !this.allowed(mayEdit(this.canEdit))) return;
    this.history.run(changeBox(box, { class_id: id }, `class ${this.store.labelClass(id)?.name}`));
  }

  async relabel() {
    if (!this.allowed(mayDraw(this.store, this.canEdit))) return;
    const id = await this.chooseClass(this.store.selected?.class_id ?? this.store.classId);
    if (id !== null) this.setClass(id);
  }

  /** @param {boolean} verified */
  verify(verified) {
    if (verified === this.store.verified || !this.allowed(mayEdit(this.canEdit))) return;
    this.history.run(markPhoto(this.store, { verified }, verified ? "verified" : "not verified"));
  }

  verifyAndGo() {
    if (this.canEdit) this.verify(true);
    return this.go(this.urls.next, "Verified. This is the last photo.");
  }

  toggleNegative() {
    if (!this.allowed(mayMarkNegative(this.store, this.canEdit))) return;
    const negative = !this.store.negative;
    this.history.run(markPhoto(this.store, { negative }, negative ? "nothing here" : "something here"));
  }

  async saveNow() {
    if (await this.saver.flush()) this.say("Everything is saved.");
  }

  /** @param {string} url empty at either end of the list @param {string} atTheEnd what to say there */
  async go(url, atTheEnd) {
    if (url) await this.leave(url);
    else this.say(atTheEnd);
  }

  /** Save, then go; if saving fails, ask first. @param {string} url */
  async leave(url) {
    if (!(await this.saver.flush()) && !(await this.leaveAnyway())) return;
    this.isLeaving = true;
    location.assign(url);
  }

  /** @private @returns {Promise<boolean | null>} */
  leaveAnyway() {
    return ask({
      title: "Leave this photo unsaved?",
      text: "The server does not have your last changes. They are kept in this browser and offered again when you come back to this photo.",
      yes: "Leave",
      no: "Stay",
    });
  }
}
