/* New detection: shows the fields of the chosen source only. Without this script all of them are there. */
import { on } from "../utils.js";

/** @param {HTMLFormElement} form */
function showChosen(form) {
  const chosen = form.querySelector("[name=source]:checked")?.value;
  for (const part of form.querySelectorAll("[data-source]")) {
    part.hidden = part.dataset.source !== chosen;
  }
}

on(document, "change", "[data-batch-form] [name=source]", (event, input) => showChosen(input.form));
document.querySelectorAll("[data-batch-form]").forEach(showChosen);
