/* One photo on the screen: finds the editor's elements, builds the parts that show its session, and connects them. All of it
   ends with the signal, when another photo is shown; the session may live on. */
import { shelf } from "../outbox/shelf.js";
import { openDesk } from "../review/desk.js";
import { showAsked } from "./asked.js";
import { boxActions } from "./boxes.js";
import { clipboardActions } from "./clipboard.js";
import { Editor } from "./editor.js";
import { Gestures } from "./gestures.js";
import { guessActions, showGuesses } from "./guesses.js";
import { showKeys, withKeys } from "./key_card.js";
import { jumpActions } from "./jumps.js";
import { listenToKeys } from "./keys.js";
import { lightActions } from "./light.js";
import { openMinimap } from "./minimap.js";
import { Panel } from "./panel.js";
import { showPieces } from "./pieces.js";
import { Presence } from "./presence.js";
import { Renderer } from "./render.js";
import { SaveStatus } from "./status.js";
import { canStep, stepActions } from "./steps.js";
import { watchUnsaved } from "./unsaved.js";
import { Viewport } from "./view.js";

/** @import { ClassChooser } from "./class_chooser.js" */
/** @import { Parts } from "./editor.js" */
/** @import { Keyboard } from "./keyboard.js" */
/** @import { Session, Sessions } from "./sessions.js" */
/** @import { Walk } from "./walk.js" */

/** What lasts from photo to photo. @typedef {{sessions: Sessions, chooser: ClassChooser, keys: Keyboard}} Page */

/** @param {HTMLElement} root @returns {Parts} */
function findParts(root) {
  const find = (name) => root.querySelector(`[data-${name}]`);
  return { root, stage: find("stage"), canvas: find("canvas"), photo: find("photo"), hint: find("hint"), keys: document.querySelector("[data-keys]") };
}

/** The class used last in this dataset is the one to go on with. @param {import("./store.js").Store} store @param {AbortSignal} signal */
function rememberClass(store, signal) {
  const key = `class:${store.classes.map(({ id }) => id).join()}`;
  store.chooseClass(Number(sessionStorage.getItem(key)));
  store.addEventListener("class", () => sessionStorage.setItem(key, String(store.classId)), { signal });
}

/** @param {Editor} editor @param {Sessions} sessions */
function showCounters(editor, sessions) {
  const { signal } = editor;
  const { root } = editor.parts;
  const zoom = () => {
    root.querySelector("[data-zoom]").textContent = `${Math.round(editor.viewport.view.scale * 100)} %`;
  };
  const steps = () => {
    root.querySelector("[data-act=undo]").disabled = !canStep(editor, sessions, "canUndo");
    root.querySelector("[data-act=redo]").disabled = !canStep(editor, sessions, "canRedo");
  };
  editor.viewport.addEventListener("view", zoom);
  editor.history.addEventListener("change", steps, { signal });
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
  photo.addEventListener("error", missing, { signal: editor.signal });
  if (photo.complete && photo.naturalWidth === 0) missing();
}

/** @param {HTMLElement} root @param {Session} session @param {AbortSignal} signal @returns {Editor} */
function makeEditor(root, { store, history, saver }, signal, urls) {
  const parts = findParts(root);
  const viewport = new Viewport(parts.stage, store.size, signal);
  const renderer = new Renderer(parts, store, viewport, signal);
  return new Editor({ parts, store, history, saver, viewport, renderer, canEdit: root.dataset.canEdit === "true", urls, signal });
}

/** @param {Editor} editor @param {any} data @param {Page} page */
function addActions(editor, data, page) {
  Object.assign(editor.actions, boxActions(editor), clipboardActions(editor, () => data.previous_boxes_url));
  Object.assign(editor.actions, guessActions(editor), lightActions(editor), stepActions(editor, page.sessions));
  Object.assign(editor.actions, jumpActions(editor, data.find_url, document.querySelector("[data-jump-dialog]")));
}

/** @param {Editor} editor @param {Session} session @param {any} data */
function showSaving(editor, session, data) {
  const find = (name) => editor.parts.root.querySelector(`[data-${name}]`);
  const status = new SaveStatus(editor, { chip: find("save-state"), note: find("save-note"), revision: find("revision") }, data.image.url);
  if (editor.canEdit) status.show(session.standing);
  new Presence(editor.saver, find("presence"), data, editor.signal);
}

/**
 * @param {HTMLElement} root as the server rendered it, already in the document
 * @param {Session} session
 * @param {Page} page
 * @param {{walk: Walk, signal: AbortSignal}} options
 * @returns {Editor}
 */
export function openScreen(root, session, page, { walk, signal }) {
  const data = JSON.parse(root.querySelector("#editor-data").textContent);
  const editor = makeEditor(root, session, signal, { next: data.next_url, previous: data.previous_url });
  const gestures = new Gestures(editor);
  editor.wording = (text) => withKeys(page.keys, text);
  addActions(editor, data, page);
  editor.pagePath = data.page_url;
  editor.turnTo = (url) => walk.go(url);
  page.chooser.classes = session.store.classes;
  editor.chooseClass = (present) => page.chooser.choose(present, editor.pointer);
  editor.giveUpDrag = () => gestures.giveUp();
  rememberClass(session.store, signal);
  new Panel(root.querySelector("[data-panel]"), editor, page.keys);
  showGuesses(editor, root.querySelector("[data-guesses]"));
  showSaving(editor, session, data);
  showPieces(editor.viewport, root.querySelector("[data-pieces]"), data.image.pieces);
  openMinimap(editor, root.querySelector("[data-minimap]"));
  listenToKeys(editor, page.keys);
  showCounters(editor, page.sessions);
  watchPhoto(editor);
  openDesk(root, { signal, visit: (url) => walk.go(url), keys: page.keys });
  showKeys(root, page.keys);
  showPlace(editor);
  watch(editor, session);
  root.dataset.ready = "true";
  return editor;
}

/** @param {Editor} editor */
function showPlace({ parts, store, viewport }) {
  parts.root.querySelector(".strip [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
  parts.canvas.focus({ preventScroll: true });
  showAsked(store, viewport, new URLSearchParams(location.search));
}

/** What an earlier visit could not save is saved now. @param {Editor} editor @param {Session} session */
function watch(editor, session) {
  session.say = (...words) => editor.say(...words);
  if (!editor.canEdit || session.isWatched) return;
  session.isWatched = true;
  watchUnsaved(session.saver, (...words) => session.say(...words), shelf, session.end.signal);
}
