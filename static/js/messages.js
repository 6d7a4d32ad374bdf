/* Toasts: the same markup as templates/includes/_messages.html. Errors stay until dismissed. */
import { html } from "./utils.js";

const STAY_MS = 8000;

/**
 * @param {string} text
 * @param {"" | "good" | "warn" | "bad"} [level]
 * @param {string} [href] a page to open from it
 */
export function showMessage(text, level = "", href = "") {
  const list = document.querySelector("#messages");
  for (const old of list.querySelectorAll("[data-message]")) {
    if (old.querySelector("p").textContent === text) old.remove(); // The same news twice is noise.
  }
  const close = html("button", { class: "btn quiet icon", type: "button", "data-dismiss": true, "aria-label": "Dismiss" }, "×");
  list.append(html("div", { class: `message ${level}`, "data-message": true }, html("p", {}, text), ...(href ? [html("a", { class: "btn small", href }, "Open")] : []), close));
  dismissLater();
}

/** Good news goes by itself after a while; a pointer or the focus on it holds it. */
export function dismissLater() {
  for (const message of document.querySelectorAll("[data-message]:not([data-timed])")) {
    message.dataset.timed = "";
    if (message.matches(".bad, .warn")) continue;
    const leave = () => (message.matches(":hover, :focus-within") ? setTimeout(leave, STAY_MS) : message.remove());
    setTimeout(leave, STAY_MS);
  }
}
