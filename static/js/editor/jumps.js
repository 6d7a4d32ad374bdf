/* Jumps within the grid's filter: next unlabelled, next flagged, or a photo by its name or number. */

/** @import { Editor } from "./editor.js" */

/** @param {Editor} editor @param {string} findUrl @param {HTMLDialogElement} dialog with a form whose field is the name or number */
export function jumpActions(editor, findUrl, dialog) {
  const form = dialog.querySelector("form");
  form.addEventListener("submit", () => {
    const wanted = form.elements.namedItem("to").value.trim();
    if (wanted) jump(editor, findUrl, wanted);
  }, { signal: editor.signal });
  return {
    "next-unlabelled": () => jump(editor, findUrl, "unlabelled"),
    "next-flagged": () => jump(editor, findUrl, "flagged"),
    jump: () => dialog.showModal(),
  };
}

/** @param {Editor} editor @param {string} findUrl @param {string} wanted */
async function jump(editor, findUrl, wanted) {
  await editor.saver.flush(); // So that the answer counts this photo as it is.
  const query = new URLSearchParams({ to: wanted, filter: location.search });
  const response = await fetch(`${findUrl}?${query}`, { credentials: "same-origin", headers: { Accept: "application/json" } }).catch(() => null);
  const answer = await response?.json().catch(() => null);
  if (response?.ok) await editor.turnTo(answer.url);
  else editor.say(answer?.error?.message ?? "The server cannot be reached. Try again when it answers.", "warn");
}
