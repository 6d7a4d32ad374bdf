/* Finds the editor on the page and starts what lasts from photo to photo: the walk, the dialogs, buttons and links. */
import { ask } from "../dialogs.js";
import { on } from "../utils.js";
import { ClassChooser } from "./class_chooser.js";
import { fillKeyCard } from "./key_card.js";
import { Keyboard } from "./keyboard.js";
import { Sessions } from "./sessions.js";
import { Walk } from "./walk.js";

/** A link into a new tab is only a link. */
const isForNewTab = (event) => event.ctrlKey || event.metaKey || event.shiftKey;

/** @param {Walk} walk */
function listenToButtons(walk) {
  on(document, "click", "[data-act]", (event, button) => {
    if (isForNewTab(event)) return;
    event.preventDefault();
    walk.editor.act(button.dataset.act);
    if (event.detail > 0 && !document.querySelector("dialog[open]")) walk.editor.parts.canvas.focus({ preventScroll: true });
  });
  on(document, "click", "a[href]:not([data-act])", (event, link) => {
    if (isForNewTab(event) || link.target) return;
    if (walk.leadsToPhoto(link.href)) {
      event.preventDefault();
      walk.go(link.href);
    } else if (walk.page.sessions.isDirty) {
      event.preventDefault();
      leave(walk.page.sessions, link.href);
    }
  });
}

let isLeaving = false;

/** Save, then go; if saving fails, ask first. @param {Sessions} sessions @param {string} url of a page without the editor */
async function leave(sessions, url) {
  isLeaving = (await sessions.flush()) || Boolean(await leaveAnyway());
  if (isLeaving) location.assign(url);
}

function leaveAnyway() {
  return ask({
    title: "Leave with changes unsaved?",
    text: "The server does not have your last changes. They are kept in this browser and sent as soon as it can be reached.",
    yes: "Leave",
    no: "Stay",
  });
}

/** @param {HTMLElement} root */
function start(root) {
  const sessions = new Sessions();
  const keys = new Keyboard(JSON.parse(document.getElementById("key-table").textContent));
  const chooser = new ClassChooser(document.querySelector("[data-class-dialog]"));
  fillKeyCard(document.querySelector("[data-keys]"), keys);
  listenToButtons(new Walk({ sessions, chooser, keys }, root));
  window.addEventListener("beforeunload", (event) => {
    if (sessions.isDirty && !isLeaving) event.preventDefault();
  });
}

const root = document.querySelector("[data-editor]");
if (root) start(root);
