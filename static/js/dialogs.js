/* Dialogs: [data-dialog="id"] opens, [data-close] closes, form[data-confirm="…"] asks before it submits. */
import { html, on } from "./utils.js";

/** @param {Document} root */
export function openDialogs(root) {
  on(root, "click", "[data-dialog]", (event, opener) => root.getElementById(opener.dataset.dialog)?.showModal());
  on(root, "click", "[data-close]", (event, button) => button.closest("dialog")?.close());
}

/**
 * Ask a question with two answers.
 * @param {{title: string, text: string, yes: string, no?: string, isDangerous?: boolean}} question where something would be lost
 *   (`isDangerous`) the focus is on `no`
 * @returns {Promise<boolean | null>} true for `yes`, false for `no`, null if the question was closed without an answer
 */
export function ask({ title, text, yes, no = "Cancel", isDangerous = false }) {
  const accept = html("button", { class: `btn ${isDangerous ? "danger" : "primary"}`, value: "yes" }, yes);
  const refuse = html("button", { class: "btn", value: "no" }, no);
  const dialog = html("dialog", { "aria-label": title },
    html("form", { method: "dialog" },
      html("header", {}, html("h2", {}, title)),
      html("div", { class: "body" }, html("p", {}, text)),
      html("footer", {}, refuse, accept)));
  document.body.append(dialog);
  dialog.showModal();
  (isDangerous ? refuse : accept).focus();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "" ? null : dialog.returnValue === "yes");
    });
  });
}

/** @param {Document} root */
export function confirmSubmit(root) {
  root.addEventListener("submit", async (event) => {
    const form = event.target;
    const loss = form.dataset?.confirm;
    if (!loss || form.dataset.confirmed === "yes") return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const submitter = event.submitter;
    const word = submitter?.textContent.trim() || "Go on";
    if (!(await ask({ title: `${word}?`, text: loss, yes: word, isDangerous: true }))) return;
    form.dataset.confirmed = "yes";
    form.requestSubmit(submitter);
    delete form.dataset.confirmed;
  }, { capture: true }); // Before htmx hears it.
}
