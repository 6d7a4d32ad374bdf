/* Finds the editor on the page, builds its parts and connects them. */
import { on } from "../utils.js";
import { showAsked } from "./asked.js";
import { shelf } from "../outbox/shelf.js";
import { boxActions } from "./boxes.js";
import { ClassChooser } from "./class_chooser.js";
import { clipboardActions } from "./clipboard.js";
import { Editor } from "./editor.js";
import { Gestures } from "./gestures.js";
import { guessActions, showGuesses } from "./guesses.js";
import { History } from "./history.js";
import { fillKeyCard, showKeys, withKeys } from "./key_card.js";
import { Keyboard } from "./keyboard.js";
import { jumpActions } from "./jumps.js";
import { listenToKeys } from "./keys.js";
import { lightActions } from "./light.js";
import { openMinimap } from "./minimap.js";
import { Panel } from "./panel.js";
import { Presence } from "./presence.js";
import { Renderer } from "./render.js";
import { Saver } from "./save.js";
import { SaveStatus } from "./status.js";
import { Store } from "./store.js";
import { watchUnsaved } from "./unsaved.js";
import { Viewport } from "./view.js";

/** @import { Parts } from "./editor.js" */

/** @param {HTMLElement} root @returns {Parts} */
function findParts(root) {
  const find = (name) => root.querySelector(`[data-${name}]`);
  return { root, stage: find("stage"), canvas: find("canvas"), photo: find("photo"), hint: find("hint"), keys: document.querySelector("[data-keys]") };
}

/** The class used last in this dataset is the one to go on with. */
function rememberClass(store) {
  const key = `class:${store.classes.map(({ id }) => id).join()}`;
  store.chooseClass(Number(sessionStorage.getItem(key)));
  store.addEventListener("class", () => sessionStorage.setItem(key, String(store.classId)));
}

/** @param {Editor} editor */
function listenToButtons(editor) {
  on(document, "click", "[data-act]", (event, button) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return; // A link into a new tab is only a link.
    event.preventDefault();
    editor.act(button.dataset.act);
    if (event.detail > 0 && !document.querySelector("dialog[open]")) editor.parts.canvas.focus({ preventScroll: true });
  });
  on(document, "click", "a[href]:not([data-act])", (event, link) => {
    if (!editor.saver.isDirty || link.target || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    editor.leave(link.href);
  });
  window.addEventListener("beforeunload", (event) => {
    if (editor.saver.isDirty && !editor.isLeaving) event.preventDefault();
  });
}

/** @param {Editor} editor */
function showCounters(editor) {
  const { root } = editor.parts;
  const zoom = () => {
    root.querySelector("[data-zoom]").textContent = `${Math.round(editor.viewport.view.scale * 100)} %`;
  };
  const steps = () => {
    root.querySelector("[data-act=undo]").disabled = !editor.history.canUndo;
    root.querySelector("[data-act=redo]").disabled = !editor.history.canRedo;
  };
  editor.viewport.addEventListener("view", zoom);
  editor.history.addEventListener("change", steps);
  zoom();
  steps();
}

/** A photo that does not arrive must not look like an empty one. @param {Editor} editor */
function watchPhoto(editor) {
  const { photo, stage } = editor.parts;
  const missing = () => {
    stage.classList.add("photo-missing");
    editor.say("The photo could not be loaded. Reload the page; if it stays away, its file may be gone.", "warn");
  };
  photo.addEventListener("error", missing);
  if (photo.complete && photo.naturalWidth === 0) missing();
}

/** @param {HTMLElement} root */
function start(root) {
  const data = JSON.parse(document.getElementById("editor-data").textContent);
  const parts = findParts(root);
  const store = new Store(data);
  const viewport = new Viewport(parts.stage, store.size);
  const editor = new Editor({
    parts, store, viewport,
    history: new History(store),
    renderer: new Renderer(parts, store, viewport),
    saver: new Saver({ store, shelf, data }),
    canEdit: root.dataset.canEdit === "true",
    urls: { next: data.next_url, previous: data.previous_url },
  });
  const gestures = new Gestures(editor);
  const chooser = new ClassChooser(document.querySelector("[data-class-dialog]"), store.classes);
  const keys = new Keyboard(JSON.parse(document.getElementById("key-table").textContent));
  editor.wording = (text) => withKeys(keys, text);
  Object.assign(editor.actions, boxActions(editor), clipboardActions(editor, () => data.previous_boxes_url));
  Object.assign(editor.actions, guessActions(editor), lightActions(editor));
  Object.assign(editor.actions, jumpActions(editor, data.find_url, document.querySelector("[data-jump-dialog]")));
  editor.chooseClass = (present) => chooser.choose(present, editor.pointer);
  editor.giveUpDrag = () => gestures.giveUp();
  new Panel(root.querySelector("[data-panel]"), editor, keys);
  showGuesses(editor, root.querySelector("[data-guesses]"));
  const find = (name) => root.querySelector(`[data-${name}]`);
  new SaveStatus(editor, { chip: find("save-state"), note: find("save-note"), revision: find("revision") }, data.image.url);
  new Presence(editor.saver, find("presence"), data);
  openMinimap(editor, find("minimap"));
  rememberClass(store);
  listenToKeys(editor, keys);
  listenToButtons(editor);
  showCounters(editor);
  watchPhoto(editor);
  fillKeyCard(parts.keys, keys);
  showKeys(document, keys);
  root.querySelector(".strip [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
  parts.canvas.focus({ preventScroll: true });
  showAsked(store, viewport, new URLSearchParams(location.search));
  root.dataset.ready = "true";
  if (editor.canEdit) watchUnsaved(editor.saver, (...words) => editor.say(...words), shelf);
}

const root = document.querySelector("[data-editor]");
if (root) start(root);
