/* What is on the photo, and who is told when it changes. Only commands call the writing methods below the line. */

/** @import { Box, Content, LabelClass, Marks } from "./types.js" */

/**
 * Events, all CustomEvents:
 *   "boxes"      detail {ids}: boxes that came, changed or went
 *   "marks"      verified or negative changed
 *   "selection"  detail {before, after, ids}: the box that keys act on, and all that are chosen or were (ids)
 *   "aside"      detail {ids}: boxes that were locked or hidden, or no longer are; never saved
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
    /** @type {Set<string>} in the order they were chosen */
    this.chosen = new Set();
    /** Boxes put aside on this screen, whatever the photo: ids are unique. @type {Record<"locked" | "hidden", Set<string>>} */
    this.aside = { locked: new Set(), hidden: new Set() };
    /** @type {Map<string, Box>} */
    this.byId = new Map(data.boxes.map((box) => [box.id, { ...box }]));
    this.verified = Boolean(data.image.verified);
    this.negative = Boolean(data.image.negative);
  }

  /** @returns {Box[]} in the order they are listed */
  get boxes() {
    return [...this.byId.values()];
  }

  /** @returns {string | null} the box chosen last */
  get selectedId() {
    return [...this.chosen].at(-1) ?? null;
  }

  /** @returns {Box[]} all that are chosen */
  get selection() {
    return [...this.chosen].flatMap((id) => this.byId.get(id) ?? []);
  }

  /** @returns {Box[]} those that are not hidden */
  get visible() {
    return this.boxes.filter(({ id }) => !this.aside.hidden.has(id));
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
    this.selectMany(id === null ? [] : [id]);
  }

  /** @param {string[]} ids the last of them is the one that grips and Tab stand at */
  selectMany(ids) {
    const before = this.selectedId;
    const were = this.chosen;
    this.chosen = new Set(ids.filter((id) => this.byId.has(id)));
    if ([...were].join() === [...this.chosen].join()) return;
    this.tell("selection", { before, after: this.selectedId, ids: [...new Set([...were, ...this.chosen])] });
  }

  /** Choose one more, or one less. @param {string} id */
  toggle(id) {
    const others = [...this.chosen].filter((each) => each !== id);
    this.selectMany(this.chosen.has(id) ? others : [...others, id]);
  }

  /** @param {"locked" | "hidden"} how @param {string[]} ids @param {boolean} isOn */
  putAside(how, ids, isOn) {
    for (const id of ids) this.aside[how][isOn ? "add" : "delete"](id);
    if (how === "hidden" && isOn) this.selectMany([...this.chosen].filter((id) => !ids.includes(id)));
    this.tell("aside", { ids });
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
    if (this.chosen.has(id)) this.toggle(id);
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
    const kept = [...this.chosen];
    this.select(null);
    this.byId = new Map(content.boxes.map((box) => [box.id, { ...box }]));
    this.verified = content.verified;
    this.negative = content.negative;
    this.tell("boxes", { ids: [...ids] });
    this.tell("marks", {});
    this.selectMany(kept);
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
