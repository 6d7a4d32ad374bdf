/* Boxes that a model has drawn: accept, reject, accept all that are sure enough. An accepted one is a person's. */
import { changeBox, together } from "./commands.js";
import { deleteChosen } from "./boxes.js";
import { mayEdit } from "./rules.js";
import { store as browser } from "../utils.js";

/** @import { Editor } from "./editor.js" */
/** @import { Store } from "./store.js" */
/** @import { Box } from "./types.js" */

const KEY = "guess-threshold";
const USUAL = 0.5;

/** @param {Box} box */
export const isGuess = ({ source }) => source === "model";

/** @param {Store} store @param {number} [threshold] @returns {Box[]} guesses with at least this score, the surest first */
export function guesses(store, threshold = 0) {
  return store.boxes.filter((box) => isGuess(box) && (box.score ?? 0) >= threshold).sort((a, b) => (b.score ?? 0) - (a.score ?? 0));
}

/** @param {Editor} editor */
export function guessActions(editor) {
  const plainEnter = editor.actions["verify-next"];
  const plainDelete = editor.actions.delete;
  const chosen = () => editor.store.selection.filter(isGuess);
  return {
    "verify-next": () => (editor.mode !== "select" ? editor.act("insert") : chosen().length ? accept(editor, chosen(), true) : plainEnter()),
    delete: () => (chosen().length && chosen().length === editor.store.chosen.size ? reject(editor, chosen()) : plainDelete()),
    "accept-all": () => acceptAll(editor, threshold()),
    "reject-all": () => reject(editor, guesses(editor.store).filter(({ score }) => (score ?? 0) < threshold())),
  };
}

/** @returns {number} 0 to 1, as it was set last in this browser */
export function threshold() {
  const kept = Number(browser.get(KEY) ?? USUAL);
  return kept >= 0 && kept <= 1 ? kept : USUAL;
}

/** @param {number} value */
export const setThreshold = (value) => browser.set(KEY, String(value));

/** @param {Editor} editor @param {Box[]} boxes @param {boolean} [goesOn] choose the next guess afterwards */
function accept(editor, boxes, goesOn = false) {
  if (!editor.allowed(mayEdit(editor.canEdit))) return;
  const commands = boxes.map((box) => changeBox(box, {}, "accept"));
  const label = boxes.length === 1 ? "accept guess" : `accept ${boxes.length} guesses`;
  editor.history.run(commands.length === 1 ? { ...commands[0], label } : together(commands, label, boxes.map(({ id }) => id)));
  if (goesOn) chooseNext(editor);
}

function chooseNext({ store }) {
  const [next] = guesses(store);
  if (next) store.select(next.id);
}

function reject(editor, boxes) {
  if (boxes.length === 0) return editor.say("No guess lies below the threshold.");
  deleteChosen(editor, boxes);
  chooseNext(editor);
}

function acceptAll(editor, least) {
  const sure = guesses(editor.store, least);
  if (sure.length === 0) return editor.say(guesses(editor.store).length ? `No guess has a score of ${least.toFixed(2)} or more. Lower the threshold, or choose guesses one by one.` : "There are no guesses of a model on this photo.");
  accept(editor, sure);
  const left = guesses(editor.store).length;
  editor.say(`Accepted ${sure.length} of ${sure.length + left}.${left ? " Look at the rest: Tab, then {verify-next} or {delete}." : ""}`);
}

/**
 * The bar that is shown while guesses are on the photo.
 * @param {Editor} editor @param {HTMLElement} bar
 */
export function showGuesses(editor, bar) {
  const range = /** @type {HTMLInputElement} */ (bar.querySelector("input"));
  const show = () => {
    const count = guesses(editor.store).length;
    bar.hidden = count === 0 || !editor.canEdit;
    if (bar.hidden) return;
    bar.querySelector("[data-guess-count]").textContent = String(count);
    bar.querySelector("output").textContent = Number(range.value).toFixed(2);
    bar.querySelector("[data-act=accept-all]").textContent = `Accept ${guesses(editor.store, Number(range.value)).length}`;
  };
  range.value = String(threshold());
  range.addEventListener("input", () => {
    setThreshold(Number(range.value));
    show();
  });
  editor.store.addEventListener("boxes", show, { signal: editor.signal });
  show();
}
