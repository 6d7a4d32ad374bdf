/* The photos around the one on the screen, fetched and decoded before anybody asks for them. */

/**
 * @typedef {object} PhotoPage what the server renders for a photo, ready to be shown
 * @property {string} url
 * @property {string} title
 * @property {HTMLElement} main the editor's element, in this document but not yet on the screen
 * @property {any} data what its script block says
 * @property {number} time when it was asked for
 */

/** A page is shown as it was fetched for so long; what others do meanwhile comes with the first word from the server. */
const FRESH_MS = 60000;
const PAGES = 6;
/** Decoded photos are large: so many, and of so many pixels together, are held. A larger one is loaded, and decoded when shown. */
const PHOTOS = 6;
const MOST_PIXELS = 100e6;

/** @param {HTMLElement} main @returns {any} */
export const dataOf = (main) => JSON.parse(main.querySelector("#editor-data").textContent);

/** @param {HTMLElement} main @returns {HTMLImageElement} */
const photoOf = (main) => main.querySelector("[data-photo]");

export class Ahead {
  constructor() {
    /** @type {Map<string, {time: number, page: Promise<PhotoPage | null>}>} by address, the oldest first */
    this.pages = new Map();
    /** @type {Map<string, HTMLImageElement>} by address, the one used last at the end */
    this.photos = new Map();
    this.turn = 0;
  }

  /**
   * @param {string} url
   * @returns {Promise<PhotoPage | null>} null where the address leads to something else; rejected where nothing answers
   */
  page(url) {
    const kept = this.pages.get(url);
    if (kept && Date.now() - kept.time < FRESH_MS) return kept.page;
    const page = this.fetch(url);
    this.pages.set(url, { time: Date.now(), page });
    page.catch(() => this.pages.delete(url));
    this.trim(this.pages, () => this.pages.size > PAGES);
    return page;
  }

  /** It is on the screen now, and can be shown only once. @param {PhotoPage} page */
  used(page) {
    this.pages.delete(page.url);
    this.hold(photoOf(page.main));
  }

  /** What the server would say of a photo has changed. @param {string} pathname */
  forget(pathname) {
    for (const url of this.pages.keys()) if (new URL(url, location.href).pathname === pathname) this.pages.delete(url);
  }

  /** Fetch what is likely to be asked for next, the likeliest first, one after the other. @param {any} data of the photo on the screen */
  async around(data) {
    const turn = ++this.turn;
    const next = await this.prepare(data.next_url, turn);
    await this.prepare(data.previous_url, turn);
    await this.prepare(next?.data.next_url, turn);
  }

  /** @private @param {string | undefined} url @param {number} turn */
  async prepare(url, turn) {
    if (!url || turn !== this.turn) return null;
    const page = await this.page(url).catch(() => null);
    if (page && turn === this.turn) await this.decode(photoOf(page.main));
    return page;
  }

  /** @private */
  async fetch(url) {
    const response = await fetch(url, { credentials: "same-origin", headers: { Accept: "text/html" } });
    const found = new DOMParser().parseFromString(await response.text(), "text/html");
    const main = found.querySelector("[data-editor]");
    if (!response.ok || !main) return null;
    this.adopt(/** @type {HTMLElement} */ (main));
    return { url, title: found.title, main, data: dataOf(main), time: Date.now() };
  }

  /** @private A photo that is here already is not loaded again. @param {HTMLElement} main */
  adopt(main) {
    const photo = photoOf(main);
    const held = this.photos.get(photo.getAttribute("src"));
    if (held && !held.isConnected) photo.replaceWith(held);
    document.adoptNode(main);
    this.hold(photoOf(main));
  }

  /** @private @param {HTMLImageElement} photo */
  hold(photo) {
    const src = photo.getAttribute("src");
    this.photos.delete(src);
    this.photos.set(src, photo);
    const pixels = () => [...this.photos.values()].reduce((sum, each) => sum + pixelsOf(each), 0);
    this.trim(this.photos, () => this.photos.size > PHOTOS || (this.photos.size > 1 && pixels() > MOST_PIXELS));
  }

  /** @private */
  async decode(photo) {
    if (pixelsOf(photo) <= MOST_PIXELS / 2) await photo.decode().catch(() => {}); // Whoever opens it sees that it is broken.
  }

  /** @private */
  trim(map, isTooMuch) {
    for (const key of map.keys()) {
      if (!isTooMuch()) return;
      map.delete(key);
    }
  }
}

/** From the attributes, which are there before the photo is. @param {HTMLImageElement} photo */
const pixelsOf = (photo) => Number(photo.getAttribute("width")) * Number(photo.getAttribute("height"));
