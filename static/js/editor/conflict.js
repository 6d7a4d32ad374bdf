/* Two people changed the same box: show both versions and let the second one choose. Nothing is lost without being asked. */
import { html, svg } from "../utils.js";
import { heightOf, widthOf } from "./geometry.js";

/** @import { Conflict } from "./operations.js" */
/** @import { Store } from "./store.js" */
/** @import { Box } from "./types.js" */

/** @typedef {Conflict & {which: "mine" | "theirs" | "both"}} Choice */

const MARGIN = 0.6; // of the box's longer side, shown around it

/** @param {string} iso @returns {string} a time in the reader's zone, with the day if it is not today */
export function timeOf(iso) {
  const when = new Date(iso);
  if (Number.isNaN(when.getTime())) return "an unknown time";
  const isToday = when.toDateString() === new Date().toDateString();
  return when.toLocaleString([], isToday ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" });
}

/** @param {Store} store @param {Box | null} box @returns {string} */
function describe(store, box) {
  if (!box) return "deleted";
  const flags = ["difficult", "truncated", "occluded"].filter((flag) => box[flag]);
  return [store.labelClass(box.class_id)?.name ?? "a class that is gone", `${Math.round(widthOf(box))} × ${Math.round(heightOf(box))}`, ...flags].join(", ");
}

/** The part of the photo that both versions lie in. @param {Conflict} conflict @returns {string} a viewBox */
function part({ mine, theirs }) {
  const there = [mine, theirs].filter((box) => box !== null);
  const [x1, y1] = [Math.min(...there.map((box) => box.x1)), Math.min(...there.map((box) => box.y1))];
  const [x2, y2] = [Math.max(...there.map((box) => box.x2)), Math.max(...there.map((box) => box.y2))];
  const margin = MARGIN * Math.max(x2 - x1, y2 - y1);
  return [x1 - margin, y1 - margin, x2 - x1 + 2 * margin, y2 - y1 + 2 * margin].join(" ");
}

/** @param {Store} store @param {string} url @param {Conflict} conflict @param {Box | null} box */
function picture(store, url, conflict, box) {
  const { width, height } = store.size;
  const edges = box && { x: box.x1, y: box.y1, width: widthOf(box), height: heightOf(box) };
  const colour = box && (store.labelClass(box.class_id)?.colour ?? "#ffffff");
  const drawn = box ? [svg("rect", { class: "case", ...edges }), svg("rect", { class: "box", stroke: colour, ...edges })] : [];
  return svg("svg", { class: "part", viewBox: part(conflict), "aria-hidden": "true" }, svg("image", { href: url, width, height }), ...drawn);
}

/** @param {Store} store @param {string} url @param {string} who @param {Conflict} conflict @param {number} index */
function question(store, url, who, conflict, index) {
  const name = `which-${index}`;
  const option = (value, title, box) => html("label", { class: "version" }, picture(store, url, conflict, box),
    html("span", {}, html("input", { type: "radio", name, value, checked: value === "mine" }), html("b", {}, title), html("small", {}, describe(store, box))));
  const both = conflict.mine && conflict.theirs
    ? [html("label", { class: "check" }, html("input", { type: "radio", name, value: "both" }), "Keep both boxes")] : [];
  return html("fieldset", { class: "versions" }, html("legend", {}, `Box ${index + 1}`),
    option("mine", "Yours", conflict.mine), option("theirs", `Theirs (${who})`, conflict.theirs), ...both);
}

/**
 * @param {Store} store
 * @param {string} url of the photo
 * @param {{user: string | null, when: string}} current who saved the other version
 * @param {Conflict[]} conflicts
 * @returns {Promise<Choice[] | null>} null if the person put the choice off
 */
export function askWhich(store, url, current, conflicts) {
  const who = current.user || "Somebody";
  const form = html("form", { method: "dialog" },
    html("header", {}, html("h2", {}, "Changed by two people")),
    html("div", { class: "body" },
      html("p", {}, `${who} saved this photo at ${timeOf(current.when)}, while you were working on it. Everything else came together by itself; ${conflicts.length === 1 ? "this box" : "these boxes"} you both changed.`),
      ...conflicts.map((conflict, index) => question(store, url, who, conflict, index)),
      html("small", {}, "Every saved version stays in the photo's history.")),
    html("footer", {},
      html("button", { class: "btn quiet", value: "" }, "Decide later"),
      html("button", { class: "btn primary", value: "chosen" }, "Go on with these")));
  const dialog = html("dialog", { class: "wide", "aria-label": "Changed by two people" }, form);
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      const chosen = new FormData(form);
      dialog.remove();
      const choices = conflicts.map((conflict, index) => ({ ...conflict, which: chosen.get(`which-${index}`) }));
      resolve(dialog.returnValue === "chosen" ? /** @type {Choice[]} */ (choices) : null);
    });
  });
}
