/* What is on the photo, and who is told when it changes. Only commands call the writing methods below the line. */

/** @import { Box, Content, LabelClass, Marks } from "./types.js" */

/**
 * Events, all CustomEvents:
 *   "boxes"      detail {ids}: boxes that came, changed or went
 *   "marks"      verified or negative changed
 *   "selection"  detail {before, after}: box ids or null
 *   "class"      the class new boxes get changed
 *   "content"    something that a save must carry changed (after "boxes" or "marks")
 */
export class Store extends EventTarget {
  /** @param {{image: {width: number, height: number, verified: boolean, negative: boolean}, classes: LabelClass[], boxes: Box[]}} data */
  constructor(data) {
    super();
    this.size = { width: data.image.width, height: data.image.height };
    this.classes = data.classes;
    this.classId = data.classes[0]?.id ?? null;
    /** @type {string | null} */
    this.selectedId = null;
    /** @type {Map<string, Box>} */
    this.byId = new Map(data.boxes.map((box) => [box.id, { ...box }]));
    this.verified = Boolean(data.image.verified);
    this.negative = Boolean(data.image.negative);
  }

  /** @returns {Box[]} in the order they are listed */
  get boxes() {
    return [...this.byId.values()];
  }

  /** @returns {Box | null} */
  get selected() {
    return this.selectedId === null ? null : (this.byId.get(this.selectedId) ?? null);
  }

  /** @param {number} id @returns {LabelClass | null} */
  labelClass(id) {
    return this.classes.find((each) => each.id === id) ?? null;
  }

  /** @returns {Content} a copy that later changes leave alone */
  snapshot() {
    return { verified: this.verified, negative: this.negative, boxes: this.boxes.map((box) => ({ ...box })) };
  }

  /** @param {string | null} id */
  select(id) {
    const before = this.selectedId;
    const after = id !== null && this.byId.has(id) ? id : null;
    if (before === after) return;
    this.selectedId = after;
    this.tell("selection", { before, after });
  }

  /** @param {number} id of the class that new boxes get */
  chooseClass(id) {
    if (id === this.classId || !this.labelClass(id)) return;
    this.classId = id;
    this.tell("class", {});
  }

  // ---- written by commands only ----------------------------------------------------------------------------------

  /**
   * Add a box, at a place in the list if one is given, or replace the one with this id.
   * @param {Box} box @param {number} [index]
   */
  put(box, index) {
    const isNew = !this.byId.has(box.id);
    this.byId.set(box.id, { ...box });
    if (isNew && index !== undefined && index < this.byId.size - 1) this.reorder(box.id, index);
    this.tell("boxes", { ids: [box.id] });
    this.tell("content", {});
  }

  /** @param {string} id */
  remove(id) {
    if (this.selectedId === id) this.select(null);
    this.byId.delete(id);
    this.tell("boxes", { ids: [id] });
    this.tell("content", {});
  }

  /** @param {Partial<Marks>} marks */
  mark(marks) {
    this.verified = marks.verified ?? this.verified;
    this.negative = marks.negative ?? this.negative;
    this.tell("marks", {});
    this.tell("content", {});
  }

  /** @param {Content} content everything at once: an earlier version that is wanted back */
  replace(content) {
    this.fold(content);
    this.tell("content", {});
  }

  /** What the server has, folded in by the saver: shown, but nothing that a save must carry. @param {Content} content */
  fold(content) {
    const ids = new Set([...this.byId.keys(), ...content.boxes.map((box) => box.id)]);
    const kept = this.selectedId;
    this.select(null);
    this.byId = new Map(content.boxes.map((box) => [box.id, { ...box }]));
    this.verified = content.verified;
    this.negative = content.negative;
    this.tell("boxes", { ids: [...ids] });
    this.tell("marks", {});
    this.select(kept);
  }

  /** @private */
  reorder(id, index) {
    const entries = [...this.byId.entries()].filter(([key]) => key !== id);
    entries.splice(index, 0, [id, this.byId.get(id)]);
    this.byId = new Map(entries);
  }

  /** @private */
  tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
