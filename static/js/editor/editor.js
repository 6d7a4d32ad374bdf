/* The editor itself: holds the parts together and carries out named actions. Keys, buttons and tests all call `act`. */
import { addBox, changeBox, markPhoto, together } from "./commands.js";
import { mayDraw, mayEdit, mayMarkNegative, mayTouch, mayVerify } from "./rules.js";

/** @import { History } from "./history.js" */
/** @import { Renderer } from "./render.js" */
/** @import { Saver } from "./save.js" */
/** @import { Store } from "./store.js" */
/** @import { Box } from "./types.js" */
/** @import { Viewport } from "./view.js" */

const HINT_MS = 2500;
const REFUSAL_MS = 6000;
const ZOOM_STEP = 1.25;

/** @typedef {"select" | "draw" | "extreme"} Mode */

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
   *          canEdit: boolean, urls: {next: string, previous: string}, signal?: AbortSignal}} collaborators
   *   the signal comes when another photo is shown: nothing may listen any longer
   */
  constructor({ parts, store, history, viewport, renderer, saver, canEdit, urls, signal }) {
    Object.assign(this, { parts, store, history, viewport, renderer, saver, canEdit, urls, signal });
    /** @type {Mode} */
    this.mode = "select";
    /** A box that is being clicked together. @type {{box: Box, from?: import("./types.js").Point, points?: import("./types.js").Point[]} | null} */
    this.stroke = null;
    /** Where the pointer was seen last. @type {PointerEvent | null} */
    this.pointer = null;
    this.spaceHeld = false;
    this.spaceUsed = false;
    this.asksClass = false;
    this.hintTimer = undefined;
    /** Of the photo's page, without its filter. */
    this.pagePath = "";
    /** Set by screen.js: opens the class chooser; gives up the drag at hand, true if there was one; shows another photo. */
    this.chooseClass = () => {};
    this.giveUpDrag = () => false;
    /** What is said, with a person's keys in the place of "{lock}". @type {(text: string) => string} */
    this.wording = (text) => text;
    /** @type {(url: string) => Promise<unknown>} */
    this.turnTo = async () => {};
    /** @type {Record<string, (...words: string[]) => unknown>} */
    this.actions = {
      draw: () => this.startDrawing("draw"),
      extreme: () => this.startDrawing("extreme"),
      cancel: () => this.cancel(),
      class: (id) => this.setClass(Number(id)),
      relabel: () => this.relabel(),
      verify: () => this.verify(!this.store.verified),
      "verify-next": () => this.verifyAndGo(),
      negative: () => this.toggleNegative(),
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
  }

  /**
   * Carry out an action by its name, as keyboard.js and `data-act` give it.
   * @param {string} name for example "undo", "flag:difficult", "nudge:-1:0", "class:7"
   */
  act(name) {
    const [verb, ...words] = name.split(":");
    return this.actions[verb]?.(...words);
  }

  /** A line on the photo, said aloud too. @param {string} text @param {"" | "warn"} [level] what needs reading stays longer */
  say(text, level = "") {
    const { hint } = this.parts;
    hint.textContent = this.wording(text);
    hint.classList.add("shown");
    clearTimeout(this.hintTimer);
    this.hintTimer = setTimeout(() => hint.classList.remove("shown"), level ? REFUSAL_MS : HINT_MS);
  }

  /** @param {string | null} refusal @returns {boolean} whether the rule lets it happen */
  allowed(refusal) {
    if (refusal) this.say(refusal, "warn");
    return !refusal;
  }

  /** @param {Mode} mode */
  setMode(mode) {
    this.mode = mode;
    this.parts.root.dataset.mode = mode;
    if (mode === "select") this.renderer.crosshair(null);
    this.parts.stage.dataset.cursor = mode === "select" ? "" : "draw";
  }

  /** @param {"draw" | "extreme"} mode the same once more stops it */
  startDrawing(mode) {
    if (!this.allowed(mayDraw(this.store, this.canEdit))) return;
    const isOver = this.mode === mode;
    this.giveUpDrag();
    this.setMode(isOver ? "select" : mode);
    if (this.mode === "extreme") this.say("Click the four outermost points of the object, in any order.");
  }

  /** One step back: the drag, then drawing, then the selection. */
  cancel() {
    if (this.giveUpDrag()) return;
    if (this.mode !== "select") this.setMode("select");
    else this.store.select(null);
  }

  /** A new box, chosen; with "ask for the class" its class is asked for at once. @param {Box} box */
  add(box) {
    this.history.run(addBox(box, this.store.negative));
    if (this.asksClass) this.relabel();
  }

  /**
   * Change boxes as one step. Locked ones stay as they are, and that is said.
   * @param {Box[]} boxes @param {(box: Box) => Partial<Box>} changes @param {string} label @param {string} [run]
   */
  change(boxes, changes, label, run) {
    if (boxes.length === 0 || !this.allowed(mayTouch(this.store, boxes, this.canEdit))) return;
    const commands = boxes.map((box) => changeBox(box, changes(box), label, run));
    this.history.run(commands.length === 1 ? commands[0] : together(commands, `${label} (${boxes.length})`, boxes.map(({ id }) => id), run));
  }

  /** The class of the chosen boxes, and of the boxes to come. @param {number} id */
  setClass(id) {
    this.store.chooseClass(id);
    const others = this.store.selection.filter((box) => box.class_id !== id);
    this.change(others, () => ({ class_id: id }), `class ${this.store.labelClass(id)?.name}`);
  }

  async relabel() {
    if (!this.allowed(mayDraw(this.store, this.canEdit))) return;
    const id = await this.chooseClass(this.store.selected?.class_id ?? this.store.classId);
    if (id !== null) this.setClass(id);
  }

  /** @param {boolean} verified @returns {boolean} whether it is so now */
  verify(verified) {
    if (verified === this.store.verified) return true;
    if (!this.allowed(verified ? mayVerify(this.store, this.canEdit) : mayEdit(this.canEdit))) return false;
    this.history.run(markPhoto(this.store, { verified }, verified ? "verified" : "not verified"));
    return true;
  }

  verifyAndGo() {
    if (this.canEdit && !this.verify(true)) return;
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
    if (url) await this.turnTo(url);
    else this.say(atTheEnd);
  }
}
