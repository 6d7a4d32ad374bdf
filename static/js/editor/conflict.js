/* Two people changed the same photo: show both versions and let the second one choose. Nothing is lost without being asked. */
import { html, svg } from "../utils.js";
import { heightOf, sameRect, widthOf } from "./geometry.js";

/** @import { Store } from "./store.js" */
/** @import { Box, Content } from "./types.js" */

/**
 * How one list of boxes differs from another, in words.
 * @param {Box[]} theirs @param {Box[]} mine
 * @returns {string} "1 added, 2 changed" seen from `theirs`
 */
export function difference(theirs, mine) {
  const before = new Map(theirs.map((box) => [box.id, box]));
  const after = new Set(mine.map(({ id }) => id));
  const flagsOf = (box) => [box.class_id, box.difficult, box.truncated, box.occluded].join();
  const isChanged = (box) => before.has(box.id) && (!sameRect(before.get(box.id), box) || flagsOf(before.get(box.id)) !== flagsOf(box));
  const counts = [
    [mine.filter(({ id }) => !before.has(id)).length, "added"],
    [mine.filter(isChanged).length, "changed"],
    [theirs.filter(({ id }) => !after.has(id)).length, "deleted"],
  ];
  return counts.filter(([count]) => count > 0).map(([count, word]) => `${count} ${word}`).join(", ") || "the same boxes";
}

/** @param {Store} store @param {string} url of the photo @param {Content} content @param {string} alt */
function picture(store, url, content, alt) {
  const { width, height } = store.size;
  const marks = content.boxes.flatMap((box) => {
    const edges = { x: box.x1, y: box.y1, width: widthOf(box), height: heightOf(box) };
    return [svg("rect", { class: "case", ...edges }), svg("rect", { class: "box", stroke: store.labelClass(box.class_id)?.colour ?? "#ffffff", ...edges })];
  });
  return html("div", { class: "photo" }, html("img", { src: url, alt }), svg("svg", { viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" }, ...marks));
}

const boxCount = (content) => `${content.boxes.length} ${content.boxes.length === 1 ? "box" : "boxes"}${content.verified ? ", verified" : ""}${content.negative ? ", nothing here" : ""}`;

/** @param {string} iso @returns {string} a time in the reader's zone, with the day if it is not today */
export function timeOf(iso) {
  const when = new Date(iso);
  if (Number.isNaN(when.getTime())) return "an unknown time";
  const isToday = when.toDateString() === new Date().toDateString();
  return when.toLocaleString([], isToday ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" });
}

/**
 * @param {Store} store
 * @param {string} url of the photo
 * @param {Content & {revision: number, user: string | null, when: string}} current what the server has
 * @returns {Promise<"mine" | "theirs" | "">} empty if the person put the choice off
 */
export function askWhich(store, url, current) {
  const mine = store.snapshot();
  const who = current.user || "Somebody";
  const side = (title, text, content) => html("figure", { class: "version" }, picture(store, url, content, title), html("figcaption", {}, html("b", {}, title), html("small", {}, text)));
  const dialog = html("dialog", { class: "wide", "aria-label": "This photo was changed elsewhere" },
    html("form", { method: "dialog" },
      html("header", {}, html("h2", {}, "This photo was changed elsewhere")),
      html("div", { class: "body" },
        html("p", {}, `${who} saved this photo at ${timeOf(current.when)}, while you were working on it. Your version is not saved yet. Compared with theirs: ${difference(current.boxes, mine.boxes)}.`),
        html("div", { class: "versions" }, side("Yours", boxCount(mine), mine), side(`Theirs (${who})`, boxCount(current), current)),
        html("small", {}, "Either way both versions stay in the photo's history or in Undo.")),
      html("footer", {},
        html("button", { class: "btn quiet", value: "" }, "Decide later"),
        html("button", { class: "btn", value: "theirs" }, "Take theirs"),
        html("button", { class: "btn primary", value: "mine" }, "Keep mine"))));
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(/** @type {"mine" | "theirs" | ""} */ (dialog.returnValue));
    });
  });
}
