/* The lists beside the photo: classes with their keys, boxes, flags, and what is said of the whole photo. */
import { html, on, svg } from "../utils.js";
import { sizeText } from "./geometry.js";
import { spokenBox } from "./render.js";

/** @import { Editor } from "./editor.js" */
/** @import { Keyboard } from "./keyboard.js" */
/** @import { Box, LabelClass } from "./types.js" */

const swatch = (colour) => svg("svg", { class: "swatch", viewBox: "0 0 12 12", "aria-hidden": "true" }, svg("rect", { width: 12, height: 12, fill: colour }));

export class Panel {
  /** @param {HTMLElement} root @param {Editor} editor @param {Keyboard} keys */
  constructor(root, editor, keys) {
    this.keys = keys;
    this.root = root;
    this.editor = editor;
    this.store = editor.store;
    this.classList = root.querySelector("[data-classes]");
    this.boxList = root.querySelector("[data-boxes]");
    /** @type {Map<string, HTMLElement>} */
    this.rows = new Map();
    this.classes();
    this.boxes(this.store.boxes.map(({ id }) => id));
    this.marks();
    this.flags();
    this.listen();
  }

  /** @private */
  listen() {
    const { signal } = this.editor;
    this.store.addEventListener("boxes", (event) => {
      this.boxes(event.detail.ids);
      this.flags();
    }, { signal });
    this.store.addEventListener("selection", (event) => this.selection(event.detail), { signal });
    this.store.addEventListener("class", () => this.currentClass(), { signal });
    this.store.addEventListener("marks", () => this.marks(), { signal });
    this.store.addEventListener("aside", (event) => {
      this.boxes(event.detail.ids);
      this.flags();
    }, { signal });
    on(this.boxList, "click", "[data-box]", (event, row) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) this.store.toggle(row.dataset.box);
      else this.store.select(row.dataset.box);
    });
  }

  /** @private */
  classes() {
    this.classList.replaceChildren(...this.store.classes.map((each) => this.classRow(each)));
    this.root.querySelector("[data-no-classes]").hidden = this.store.classes.length > 0;
    this.currentClass();
  }

  /** @private @param {LabelClass} each */
  classRow(each) {
    const count = html("span", { class: "soft num", "data-count-of": each.id });
    const [hotkey] = [...this.keys.classKeys(this.store.classes)].find(([, id]) => id === each.id) ?? [];
    const key = hotkey ? [html("kbd", {}, this.keys.printed(hotkey))] : [];
    return html("li", {}, html("button", { type: "button", class: "line", "data-act": `class:${each.id}`, "aria-pressed": "false" },
      swatch(each.colour), html("span", { class: "clip grow" }, each.name), ...(each.retired ? [html("small", { class: "soft" }, "retired")] : []), count, ...key));
  }

  /** @private the class that new boxes get */
  currentClass() {
    for (const button of this.classList.querySelectorAll("button")) {
      button.setAttribute("aria-pressed", String(button.dataset.act === `class:${this.store.classId}`));
    }
  }

  /** @private @param {string[]} ids */
  boxes(ids) {
    for (const id of ids) {
      const box = this.store.byId.get(id);
      if (box) this.boxRow(box);
      else {
        this.rows.get(id)?.remove();
        this.rows.delete(id);
      }
    }
    this.counts();
  }

  /** @private @param {Box} box */
  boxRow(box) {
    const labelClass = this.store.labelClass(box.class_id);
    const name = labelClass?.name ?? "unknown class";
    const model = box.source === "model" ? [`model ${box.score?.toFixed(2) ?? ""}`] : [];
    const aside = ["locked", "hidden"].filter((how) => this.store.aside[how].has(box.id));
    const retired = labelClass?.retired ? ["class retired"] : [];
    const notes = [...retired, ...model, ...aside, ...["difficult", "truncated", "occluded"].filter((flag) => box[flag])].join(", ");
    const row = html("li", {}, html("button", { type: "button", class: "line", "data-box": box.id, "aria-label": spokenBox(box, name), "aria-pressed": String(this.store.chosen.has(box.id)) },
      swatch(labelClass?.colour ?? "#ffffff"), html("span", { class: "clip grow" }, name), html("small", { class: "num nowrap" }, sizeText(box)), ...(notes ? [html("small", { class: "notes clip" }, notes)] : [])));
    const old = this.rows.get(box.id);
    if (old) old.replaceWith(row);
    else this.insert(row, box.id);
    this.rows.set(box.id, row);
  }

  /** @private a box that comes back takes its old place */
  insert(row, id) {
    const isLast = this.rows.size >= this.store.byId.size - 1;
    const index = isLast ? this.store.boxes.findIndex((box) => box.id === id) : this.boxList.children.length;
    this.boxList.insertBefore(row, this.boxList.children[index] ?? null);
  }

  /** @private */
  counts() {
    const { byId } = this.store;
    const perClass = new Map();
    for (const box of byId.values()) perClass.set(box.class_id, (perClass.get(box.class_id) ?? 0) + 1);
    for (const count of this.classList.querySelectorAll("[data-count-of]")) count.textContent = perClass.get(Number(count.dataset.countOf)) ?? "";
    this.root.querySelector("[data-box-count]").textContent = byId.size || "";
    this.root.querySelector("[data-no-boxes]").hidden = byId.size > 0;
  }

  /** @private */
  selection({ after, ids }) {
    for (const id of ids) this.rows.get(id)?.firstChild.setAttribute("aria-pressed", String(this.store.chosen.has(id)));
    this.rows.get(after)?.scrollIntoView({ block: "nearest" });
    this.flags();
  }

  /** @private */
  flags() {
    const { selection, aside } = this.store;
    const all = (test) => String(selection.length > 0 && selection.every(test));
    for (const button of this.root.querySelectorAll("[data-act^='flag:']")) {
      button.disabled = selection.length === 0 || !this.editor.canEdit;
      button.setAttribute("aria-pressed", all((box) => box[button.dataset.act.slice(5)]));
    }
    for (const [action, how] of [["lock", "locked"], ["hide", "hidden"]]) {
      const button = this.root.querySelector(`[data-act=${action}]`);
      button.disabled = selection.length === 0;
      button.setAttribute("aria-pressed", all(({ id }) => aside[how].has(id)));
    }
  }

  /** @private */
  marks() {
    const { verified, negative } = this.store;
    this.editor.parts.root.classList.toggle("is-verified", verified);
    for (const [action, isOn] of [["verify", verified], ["negative", negative]]) {
      for (const button of this.editor.parts.root.querySelectorAll(`[data-act="${action}"]`)) button.setAttribute("aria-pressed", String(isOn));
    }
  }
}
