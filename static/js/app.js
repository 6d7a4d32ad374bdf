/* What every page does: look, search key, menus, dialogs, messages. Elements are looked up late, because htmx swaps them. */
import { confirmSubmit, openDialogs } from "./dialogs.js";
import { dismissLater, showMessage } from "./messages.js";
import { showSending } from "./sending.js";
import { inTextField, on, store } from "./utils.js";

function markTheme() {
  const choice = store.get("theme") ?? "system";
  for (const button of document.querySelectorAll("[data-theme-choice]")) {
    button.setAttribute("aria-pressed", String(button.dataset.themeChoice === choice));
  }
}

/** @param {string} choice "system", "light" or "dark" */
function chooseTheme(choice) {
  if (choice === "system") {
    store.remove("theme");
    delete document.documentElement.dataset.theme;
  } else {
    store.set("theme", choice);
    document.documentElement.dataset.theme = choice;
  }
  markTheme();
}

function closeMenus(event) {
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    if (!menu.contains(event.target)) menu.removeAttribute("open");
  }
}

function pageKeys(event) {
  if (event.key === "Escape") closeMenus({ target: null });
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || inTextField(event.target)) return;
  const search = document.querySelector("[data-search-key]");
  if (!search) return;
  event.preventDefault();
  search.focus();
  search.select();
}

on(document, "click", "[data-theme-choice]", (event, button) => chooseTheme(button.dataset.themeChoice));
on(document, "click", "[data-dismiss]", (event, button) => button.closest("[data-message]").remove());
document.addEventListener("click", closeMenus);
document.addEventListener("keydown", pageKeys);
openDialogs(document);
confirmSubmit(document);
showSending(document);

document.body.addEventListener("toast", (event) => showMessage(event.detail.text, event.detail.level));
document.body.addEventListener("htmx:responseError", (event) => {
  showMessage(`That did not work: the server answered ${event.detail.xhr.status}. Nothing was changed; try again or reload the page.`, "bad");
});
document.body.addEventListener("htmx:sendError", (event) => {
  if (event.detail.elt.matches("[data-poll]")) return; // Polling finds its way back by itself.
  showMessage("The server could not be reached. Check your connection and try again.", "bad");
});
document.body.addEventListener("htmx:beforeRequest", (event) => {
  if (document.hidden && event.detail.elt.matches("[data-poll]")) event.preventDefault(); // No one is looking.
});
document.body.addEventListener("htmx:oobAfterSwap", dismissLater);

markTheme();
dismissLater();
