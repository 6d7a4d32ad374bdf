/* Unsaved labels, kept in this browser (IndexedDB) until the server has them: one record for each person and photo. */

/** @import { Content } from "../editor/types.js" */
/** @import { Changes } from "../editor/operations.js" */

/**
 * @typedef {Changes & {batch: string, base_revision: number}} Batch sent as it is until the server has answered
 * @typedef {object} Unsaved
 * @property {string} key
 * @property {string} user
 * @property {string} title of the photo
 * @property {string} page_url
 * @property {string} save_url
 * @property {number} revision
 * @property {Content} known what the server had
 * @property {Content} content what is to be saved
 * @property {Batch | null} pending a save that no answer came for
 * @property {string} time
 */

const DATABASE = "sw_site";
const STORE = "unsaved";

/** @returns {Promise<IDBDatabase>} */
function open() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "key" });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** One connection a page, so that what is asked first is done first. @type {Promise<IDBDatabase> | undefined} */
let connection;

/** @param {IDBTransactionMode} mode @param {(store: IDBObjectStore) => IDBRequest} ask */
async function transact(mode, ask) {
  connection ??= open();
  const transaction = (await connection).transaction(STORE, mode);
  const request = ask(transaction.objectStore(STORE));
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve(request.result);
    transaction.onabort = () => reject(transaction.error);
  });
}

/** Nothing here throws: where the browser forbids a database or is full, reading gives nothing and keeping gives false. */
export const shelf = {
  /** @param {string} key @returns {Promise<Unsaved | null>} */
  read: (key) => transact("readonly", (store) => store.get(key)).then((found) => found ?? null, () => null),
  /** @param {string} user @returns {Promise<Unsaved[]>} */
  all: (user) => transact("readonly", (store) => store.getAll()).then((found) => found.filter((one) => one.user === user), () => []),
  /** @param {Unsaved} record @returns {Promise<boolean>} */
  keep: (record) => transact("readwrite", (store) => store.put(record)).then(() => true, () => false),
  /** @param {string} key */
  drop: (key) => transact("readwrite", (store) => store.delete(key)).then(() => true, () => false),
};

/** @param {string} user @param {number | string} imageId */
export const keyOf = (user, imageId) => `${user}:${imageId}`;

/**
 * Run `work` while no other page of this browser works on the same photo's unsaved labels; else leave it alone.
 * @param {string} key @param {() => Promise<void>} work
 */
export async function ifFree(key, work) {
  if (!navigator.locks) return work(); // Outside https; the server does each batch once, so nothing comes twice.
  return navigator.locks.request(`unsaved:${key}`, { ifAvailable: true }, (lock) => (lock ? work() : undefined));
}

/** This page works on them for as long as it is open. @param {string} key */
export function occupy(key) {
  navigator.locks?.request(`unsaved:${key}`, () => new Promise(() => {})).catch(() => {});
}
