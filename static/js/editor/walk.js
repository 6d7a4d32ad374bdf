/* From photo to photo without loading a page: the editor's element is taken out and the next one put in, the address follows,
   and Back and Forward lead through the photos. What the server renders is what is shown, whichever way one came. */
import { Ahead, dataOf } from "./ahead.js";
import { openScreen } from "./screen.js";

/** @import { PhotoPage } from "./ahead.js" */
/** @import { Editor } from "./editor.js" */
/** @import { Page } from "./screen.js" */

export class Walk {
  /** @param {Page} page what lasts from photo to photo @param {HTMLElement} root the editor's element as the server sent it */
  constructor(page, root) {
    Object.assign(this, { page, root });
    this.ahead = new Ahead();
    this.turn = 0;
    /** Where the browser is; a change of the part behind "#" alone is no walk. */
    this.here = addressOf(location);
    /** The save of the photo that was left. @type {Promise<void>} */
    this.left = Promise.resolve();
    /** @type {AbortController} */
    this.end = new AbortController();
    /** @type {Editor} */
    this.editor = this.open(dataOf(root));
    window.addEventListener("popstate", () => addressOf(location) !== this.here && this.go(location.href, { isBack: true }));
  }

  /** @param {string} url @returns {boolean} whether it is another photo's, or another place on this one */
  leadsToPhoto(url) {
    const { origin, pathname, search } = new URL(url, location.href);
    if (addressOf({ pathname, search }) === this.here) return false;
    const kind = (path) => path.replace(/\/\d+\/$/, "/");
    return origin === location.origin && pathname !== kind(pathname) && kind(pathname) === kind(this.editor.pagePath);
  }

  /**
   * @param {string} url @param {{isBack?: boolean}} [options] isBack: the browser is there already
   * @returns {Promise<Editor | void>} of the photo that is shown now
   */
  async go(url, { isBack = false } = {}) {
    const turn = ++this.turn;
    const address = addressOf(new URL(url, location.href));
    let found;
    try {
      found = await this.ahead.page(address);
    } catch {
      if (isBack) history.pushState(null, "", this.here);
      return this.editor.say("The server cannot be reached. Try again when it answers; your boxes are kept in this browser.", "warn");
    }
    if (turn !== this.turn) return; // Somebody was faster, and asked for another photo.
    if (found) return this.show(found, address, isBack);
    location.assign(url); // Signed out, or gone: the server says so on a page of its own.
  }

  /** @private @param {PhotoPage} found @param {string} address @param {boolean} isBack */
  show(found, address, isBack) {
    this.close();
    if (!isBack) history.pushState(null, "", address);
    this.here = address;
    document.title = found.title;
    this.root.replaceWith(found.main);
    this.root = found.main;
    this.ahead.used(found);
    this.editor = this.open(found.data);
    return this.editor;
  }

  /** @private */
  close() {
    this.editor.giveUpDrag();
    this.end.abort();
    this.ahead.forget(this.editor.pagePath);
    this.left = this.page.sessions.close();
  }

  /** @private @param {any} data @returns {Editor} */
  open(data) {
    this.end = new AbortController();
    const session = this.page.sessions.open(data, this.here);
    const editor = openScreen(this.root, session, this.page, { walk: this, signal: this.end.signal });
    editor.asksClass = this.editor?.asksClass ?? false;
    this.fetchAround(editor, data);
    return editor;
  }

  /** @private Once the photo itself is there, and the server knows how the one before was left. */
  async fetchAround(editor, data) {
    const { photo } = editor.parts;
    const isThere = photo.complete || new Promise((resolve) => ["load", "error"].forEach((type) => photo.addEventListener(type, resolve, { once: true })));
    await Promise.all([isThere, this.left]);
    if (!editor.signal.aborted) await this.ahead.around(data);
  }
}

/** @param {{pathname: string, search: string}} where @returns {string} */
const addressOf = ({ pathname, search }) => pathname + search;
