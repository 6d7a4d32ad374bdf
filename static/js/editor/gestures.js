/* Pointers to tools. A press chooses a tool by what is under it; a second finger gives the press up and pinches. */
import { beginDraw, beginExtreme, dropStroke, showStroke } from "./tools/draw.js";
import { orRest } from "./tools/hold.js";
import { beginPan, beginPinch } from "./tools/pan.js";
import { beginSelect, hit } from "./tools/select.js";

/** @import { Editor } from "./editor.js" */

/**
 * @typedef {object} Gesture
 * @property {(event: PointerEvent) => void} move
 * @property {(event: PointerEvent) => void} end
 * @property {() => void} cancel
 */

const HANDLE_CURSORS = { nw: "nwse", se: "nwse", ne: "nesw", sw: "nesw", n: "ns", s: "ns", e: "ew", w: "ew" };

export class Gestures {
  /** @param {Editor} editor */
  constructor(editor) {
    this.editor = editor;
    this.stage = editor.parts.stage;
    /** @type {Map<number, PointerEvent>} */
    this.pointers = new Map();
    /** @type {Gesture | null} */
    this.current = null;
    this.pinch = null;
    /** The box that the last press met, and the one that the first click of a double click met. @type {{last?: string, first?: string}} */
    this.met = {};
    const listen = (type, handler, options) => this.stage.addEventListener(type, handler.bind(this), options);
    listen("pointerdown", this.down);
    listen("pointermove", this.move);
    listen("pointerup", this.up);
    listen("pointercancel", this.lost);
    listen("pointerleave", () => editor.renderer.crosshair(null));
    listen("wheel", this.wheel, { passive: false });
    listen("click", (event) => {
      if (event.detail === 1) this.met.first = this.met.last;
    });
    listen("dblclick", this.doubleClick);
    listen("auxclick", (event) => event.preventDefault());
    // The menu of a finger that rests; a mouse keeps its own.
    listen("contextmenu", (event) => event.pointerType === "touch" && event.preventDefault());
  }

  /** Escape. @returns {boolean} whether there was a drag to give up */
  giveUp() {
    const wasAtIt = this.current !== null || this.editor.stroke !== null;
    this.cancel();
    if (this.editor.stroke) dropStroke(this.editor);
    return wasAtIt;
  }

  /** @private */
  down(event) {
    if (event.target.closest("button, a, input, [data-no-gesture]")) return;
    this.stage.setPointerCapture(event.pointerId);
    this.editor.parts.canvas.focus({ preventScroll: true });
    event.preventDefault();
    this.pointers.set(event.pointerId, event);
    if (this.pointers.size === 2) {
      this.cancel();
      this.pinch = beginPinch(this.editor, [...this.pointers.values()]);
    } else if (this.pointers.size === 1) {
      this.current = this.begin(event);
    }
  }

  /** @private @returns {Gesture | null} */
  begin(event) {
    const { editor } = this;
    if (event.button === 1 || editor.spaceHeld) {
      editor.spaceUsed = true;
      return beginPan(editor, event);
    }
    if (event.button !== 0) return null;
    if (editor.mode === "extreme") return beginExtreme(editor, event);
    if (editor.mode === "draw") return beginDraw(editor, event);
    const target = hit(editor, event);
    this.met.last = target?.box.id;
    // With Shift a drag draws inside the box, and a click chooses one more.
    if (target && event.shiftKey && editor.canEdit) return beginDraw(editor, event, () => editor.store.toggle(target.box.id));
    if (target) return this.press(event, target);
    return editor.canEdit ? beginDraw(editor, event) : beginPan(editor, event);
  }

  /** @private A finger that rests chooses one more, and what was chosen before stays so. @param {NonNullable<ReturnType<typeof hit>>} target */
  press(event, target) {
    const { editor } = this;
    const before = [...editor.store.chosen];
    const gesture = beginSelect(editor, event, target);
    if (event.pointerType !== "touch") return gesture;
    return orRest(gesture, event, () => {
      editor.store.selectMany(before);
      editor.store.toggle(target.box.id);
    });
  }

  /** @private */
  move(event) {
    this.editor.pointer = event;
    if (this.pointers.has(event.pointerId)) this.pointers.set(event.pointerId, event);
    if (this.pinch) {
      if (this.pointers.size === 2) this.pinch([...this.pointers.values()]);
    } else if (this.current) {
      this.current.move(event);
    } else {
      this.hover(event);
    }
  }

  /** @private */
  hover(event) {
    const { editor } = this;
    if (editor.stroke?.from) return showStroke(editor, editor.stroke, event);
    editor.renderer.crosshair(editor.mode !== "select" && event.pointerType !== "touch" ? editor.viewport.stagePoint(event) : null);
    const target = editor.mode !== "select" || editor.spaceHeld ? null : hit(editor, event);
    if (editor.spaceHeld) this.stage.dataset.cursor = "grab";
    else if (!target) this.stage.dataset.cursor = editor.canEdit ? "draw" : "grab";
    else this.stage.dataset.cursor = target.handle && editor.canEdit ? HANDLE_CURSORS[target.handle] : "move";
  }

  /** @private */
  up(event) {
    this.pointers.delete(event.pointerId);
    if (this.pinch) {
      if (this.pointers.size === 0) this.pinch = null;
      return;
    }
    const gesture = this.current;
    this.current = null;
    gesture?.end(event);
  }

  /** @private */
  lost(event) {
    this.pointers.delete(event.pointerId);
    if (this.pointers.size === 0) this.pinch = null;
    this.cancel();
  }

  /** Give the drag up; nothing has changed. */
  cancel() {
    const gesture = this.current;
    this.current = null;
    gesture?.cancel();
  }

  /** @private */
  wheel(event) {
    event.preventDefault();
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    const factor = Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.0015));
    this.editor.viewport.zoomBy(factor, this.editor.viewport.stagePoint(event));
  }

  /** @private The class of the box that was clicked first, although both clicks have gone on to boxes under it. */
  doubleClick(event) {
    const { editor, met } = this;
    if (editor.mode !== "select" || !met.first || !hit(editor, event)) return;
    editor.store.select(met.first);
    editor.act("relabel");
  }
}
