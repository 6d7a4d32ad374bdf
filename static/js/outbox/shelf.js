/* Unsaved labels, kept in this browser until the server has them: one record for each page that an editor is open on.
   Each is written down twice: at once into localStorage, which a tab that crashes in the same moment leaves behind, and
   into IndexedDB, which takes more, and survives the crash of the whole browser. */
import { store as localStore } from "../utils.js";

/** @import { Changes } from "../editor/operations.js" */

/**
 * @typedef {Changes & {batch: string, base_revision: number}} Batch the server does each once, however often it comes
 * @typedef {object} Unsaved
 * @property {string} key
 * @property {string} user
 * @property {string} title of the photo
 * @property {string} page_url
 * @property {string} save_url
 * @property {Batch[]} batches in their order; the first may have reached the server already
 * @property {string} time
 */

const DATABASE = "sw_site_unsaved";
const STORE = "pages";
const PREFIX = "unsaved:";
const ALONE_MS = 60000;

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

/** @param {string | null} text @returns {Unsaved | null} */
function parsed(text) {
  try {
    return JSON.parse(text ?? "null");
  } catch {
    return null;
  }
}

/** @returns {Unsaved[]} what is in localStorage */
function journal() {
  const keys = Object.keys(globalThis.localStorage ?? {}).filter((key) => key.startsWith(PREFIX));
  return keys.flatMap((key) => parsed(localStore.get(key)) ?? []);
}

/** @param {Unsaved[]} records @returns {Unsaved[]} of each page the newest, the first of equals */
function newest(records) {
  const kept = new Map();
  for (const record of records) if (!(kept.get(record.key)?.time >= record.time)) kept.set(record.key, record);
  return [...kept.values()];
}

/** @param {() => Unsaved[]} read @returns {Unsaved[]} nothing where the browser forbids it */
function allowed(read) {
  try {
    return read();
  } catch {
    return [];
  }
}

/** Nothing here throws: where the browser forbids both places or is full, reading gives nothing and keeping gives false. */
export const shelf = {
  /** @param {string} user @returns {Promise<Unsaved[]>} */
  async all(user) {
    const written = await transact("readonly", (store) => store.getAll()).catch(() => []);
    return newest([...allowed(journal), ...written]).filter((record) => record.user === user);
  },
  /** @param {string} key @returns {Promise<Unsaved | null>} */
  async read(key) {
    const written = await transact("readonly", (store) => store.get(key)).catch(() => undefined);
    const records = [parsed(localStore.get(PREFIX + key)), written].filter((record) => record);
    return newest(records)[0] ?? null;
  },
  /** In localStorage when this returns, in the database when its promise resolves. @param {Unsaved} record @returns {Promise<boolean>} */
  keep(record) {
    const isKept = localStore.set(PREFIX + record.key, JSON.stringify(record));
    if (!isKept) localStore.remove(PREFIX + record.key); // What is there is out of date.
    return transact("readwrite", (store) => store.put(record)).then(() => true, () => isKept);
  },
  /** The database forgets first: what is left by a crash in between is the newest, which the server knows. @param {string} key */
  async drop(key) {
    const text = localStore.get(PREFIX + key);
    await transact("readwrite", (store) => store.delete(key)).catch(() => {});
    if (localStore.get(PREFIX + key) === text) localStore.remove(PREFIX + key);
  },
};

/**
 * Run `work` on a record whose page is gone, while nobody else works on it; else leave it alone. Without locks (outside
 * https) nobody knows, so a record must have lain there for a while; the server does each batch once in any case.
 * @param {Unsaved} record @param {() => Promise<void>} work
 * @param {{patience?: number, isUrgent?: boolean}} [options] patience: ms to wait for a page that is just going
 */
export async function ifFree({ key, time }, work, { patience = 0, isUrgent = false } = {}) {
  const { locks } = globalThis.navigator ?? {};
  if (!locks) return isUrgent || Date.now() - Date.parse(time) > ALONE_MS ? work() : undefined;
  const how = patience > 0 ? { signal: AbortSignal.timeout(patience) } : { ifAvailable: true };
  const isOver = (error) => error.name === "TimeoutError" || error.name === "AbortError";
  let result;
  const asked = locks.request(PREFIX + key, how, async (lock) => {
    result = lock && (await work());
  });
  await asked.catch((error) => {
    if (!isOver(error)) throw error;
  });
  return result;
}

/** This page works on its record until it is closed, or the signal comes. @param {string} key @param {AbortSignal} [signal] */
export function occupy(key, signal) {
  const ended = new Promise((resolve) => signal?.addEventListener("abort", resolve));
  navigator.locks?.request(PREFIX + key, () => ended).catch(() => {});
}
