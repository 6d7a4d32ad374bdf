/* Choosing a class by typing: a dialog with the names that fit, the present one first. */
import { html, svg } from "../utils.js";

/** @import { LabelClass } from "./types.js" */

/**
 * Names that start with the text come before names that only contain it.
 * @template {{name: string}} C
 * @param {C[]} classes @param {string} text
 * @returns {C[]}
 */
export function matching(classes, text) {
  const wanted = text.trim().toLowerCase();
  const rank = ({ name }) => (name.toLowerCase().startsWith(wanted) ? 0 : 1);
  return classes.filter(({ name }) => name.toLowerCase().includes(wanted)).sort((a, b) => rank(a) - rank(b));
}

export class ClassChooser {
  /** @param {HTMLDialogElement} dialog @param {LabelClass[]} [classes] those of the photo that is open */
  constructor(dialog, classes = []) {
    this.dialog = dialog;
    this.classes = classes;
    this.input = dialog.querySelector("input");
    this.list = dialog.querySelector("[role=listbox]");
    this.active = 0;
    /** @type {LabelClass[]} */
    this.shown = [];
    this.answer = null;
    this.input.addEventListener("input", () => this.show(0));
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.list.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) this.take([...this.list.children].indexOf(option));
    });
  }

  /**
   * @param {number | null} present class id to begin with
   * @param {{clientX: number, clientY: number} | null} [at] opens where the pointer is; else in the middle
   * @returns {Promise<number | null>} null if nothing was chosen
   */
  choose(present, at = null) {
    this.answer = null;
    this.input.value = "";
    this.show(Math.max(0, this.classes.findIndex(({ id }) => id === present)));
    this.dialog.showModal();
    this.place(at);
    this.input.focus();
    return new Promise((resolve) => this.dialog.addEventListener("close", () => resolve(this.answer), { once: true }));
  }

  /** @private */
  place(at) {
    const { style, offsetWidth, offsetHeight } = this.dialog;
    const near = (value, length, room) => `${Math.max(8, Math.min(value + 12, room - length - 8))}px`;
    style.margin = at ? "0" : "";
    style.left = at ? near(at.clientX, offsetWidth, innerWidth) : "";
    style.top = at ? near(at.clientY, offsetHeight, innerHeight) : "";
  }

  /** @private */
  show(active) {
    this.shown = matching(this.classes, this.input.value);
    this.list.replaceChildren(...this.shown.map((each, index) => this.option(each, index)));
    this.activate(active);
  }

  /** @private @param {LabelClass} each */
  option(each, index) {
    const swatch = svg("svg", { class: "swatch", viewBox: "0 0 12 12", "aria-hidden": "true" }, svg("rect", { width: 12, height: 12, fill: each.colour }));
    const key = each.hotkey ? [html("kbd", {}, each.hotkey)] : [];
    return html("li", { role: "option", id: `class-option-${index}`, class: "line" }, swatch, html("span", { class: "grow clip" }, each.name), ...key);
  }

  /** @private */
  activate(index) {
    this.active = Math.min(Math.max(index, 0), Math.max(0, this.shown.length - 1));
    [...this.list.children].forEach((option, place) => option.setAttribute("aria-selected", String(place === this.active)));
    const option = this.list.children[this.active];
    option?.scrollIntoView({ block: "nearest" });
    if (option) this.input.setAttribute("aria-activedescendant", option.id);
    else this.input.removeAttribute("aria-activedescendant");
  }

  /** @private */
  key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) this.activate(this.active + step);
    else if (event.key === "Enter") this.take(this.active);
    else return;
    event.preventDefault();
  }

  /** @private */
  take(index) {
    if (!this.shown[index]) return;
    this.answer = this.shown[index].id;
    this.dialog.close();
  }
}
