/* Dialogs: [data-dialog="id"] opens, [data-close] closes, form[data-confirm="…"] asks before it submits. */
import { html, on } from "./utils.js";

/** @param {Document} root */
export function openDialogs(root) {
  on(root, "click", "[data-dialog]", (event, opener) => root.getElementById(opener.dataset.dialog)?.showModal());
  on(root, "click", "[data-close]", (event, button) => button.closest("dialog")?.close());
}

/**
 * Ask a question with two answers.
 * @param {{title: string, text: string, yes: string, no?: string}} question
 * @returns {Promise<boolean>} true for `yes`; Escape counts as `no`
 */
export function ask({ title, text, yes, no = "Cancel" }) {
  const accept = html("button", { class: "btn primary", value: "yes" }, yes);
  const dialog = html("dialog", { "aria-label": title },
    html("form", { method: "dialog" },
      html("header", {}, html("h2", {}, title)),
      html("div", { class: "body" }, html("p", {}, text)),
      html("footer", {}, html("button", { class: "btn", value: "no" }, no), accept)));
  document.body.append(dialog);
  dialog.showModal();
  accept.focus();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
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
    if (!(await ask({ title: `${word}?`, text: loss, yes: word }))) return;
    form.dataset.confirmed = "yes";
    form.requestSubmit(submitter);
    delete form.dataset.confirmed;
  }, { capture: true }); // Before htmx hears it.
}
