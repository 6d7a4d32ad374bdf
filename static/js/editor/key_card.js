/* Where keys are shown: the card, the buttons, and what the editor says. Always the person's own. */
import { html } from "../utils.js";

/** @import { Keyboard, KeyRow } from "./keyboard.js" */

/** @param {Keyboard} keys @param {string} text "{lock}" in it becomes the key of that action @returns {string} */
export function withKeys(keys, text) {
  return text.replace(/\{([a-z][a-z:-]*)\}/g, (whole, action) => (keys.has(action) ? nameOf(keys, action) : whole));
}

/** @returns {string} the first key, or what the action does where it has none */
function nameOf(keys, action) {
  const [key] = keys.keysOf(action);
  return key ? keys.printed(key) : `“${keys.textOf(action)}”`;
}

/** Rows next to each other that do something together are one line. @param {KeyRow[]} rows @returns {KeyRow[][]} */
export function cardLines(rows) {
  const lines = [];
  for (const row of rows) {
    if (row[3] && row[3] === lines.at(-1)?.[0][3]) lines.at(-1).push(row);
    else lines.push([row]);
  }
  return lines;
}

/** Every key that is printed on a button. @param {ParentNode} root @param {Keyboard} keys */
export function showKeys(root, keys) {
  for (const label of root.querySelectorAll("kbd")) {
    const { act, deskAct } = label.closest("[data-act], [data-desk-act]")?.dataset ?? {};
    const action = label.dataset.keyOf ?? act ?? deskAct;
    if (!action || !keys.has(action)) continue;
    const [key] = keys.keysOf(action);
    label.textContent = key ? keys.printed(key) : "";
    label.hidden = !key;
  }
  for (const button of root.querySelectorAll("[data-act][aria-label]")) {
    const [key] = keys.has(button.dataset.act) ? keys.keysOf(button.dataset.act) : [];
    if (key) button.title = `${button.getAttribute("aria-label")} (${keys.printed(key)})`;
  }
}

/** @param {HTMLDialogElement} dialog with a search field and a place for the lines @param {Keyboard} keys */
export function fillKeyCard(dialog, keys) {
  const groups = keys.groups.map(([title, rows]) => group(keys, title, rows));
  dialog.querySelector("[data-key-card]").replaceChildren(...groups);
  const field = dialog.querySelector("input");
  field.addEventListener("input", () => find(dialog, field.value));
  dialog.addEventListener("close", () => {
    field.value = "";
    find(dialog, "");
  });
}

function group(keys, title, rows) {
  const lines = cardLines(rows).map((line) => {
    const pressed = line.flatMap(([action]) => keys.keysOf(action)).map((key) => html("kbd", {}, keys.printed(key)));
    const words = line.length > 1 ? line[0][3] : line[0][2];
    return html("div", {}, html("dt", {}, ...(pressed.length ? pressed : ["none"])), html("dd", {}, words));
  });
  return html("section", {}, html("h3", {}, title), html("dl", {}, ...lines));
}

/** @param {HTMLElement} dialog @param {string} text of a key or of what it does */
function find(dialog, text) {
  const wanted = text.trim().toLowerCase();
  for (const section of dialog.querySelectorAll("[data-key-card] section")) {
    const lines = [...section.querySelectorAll("dl > div")];
    for (const line of lines) line.hidden = !fits(line, wanted);
    section.hidden = lines.every((line) => line.hidden);
  }
}

const fits = (line, wanted) => line.lastChild.textContent.toLowerCase().includes(wanted) || [...line.querySelectorAll("kbd")].some((key) => key.textContent.toLowerCase() === wanted);
