/* On every page: labels that an editor could not save (no network, signed out, closed) are sent as soon as it goes. */
import { showMessage } from "../messages.js";
import { sendBatch } from "./sending.js";
import { ifFree, shelf as browserShelf } from "./shelf.js";

/** @import { Unsaved } from "./shelf.js" */

const AGAIN_MS = 20000;

/**
 * Send one page's unsaved labels, batch by batch.
 * @param {Unsaved} record @param {{keep: Function, drop: Function}} shelf @param {{csrf?: string, send?: typeof fetch}} [options]
 * @returns {Promise<"saved" | "conflict" | "refused" | "later" | "signed-out">}
 */
export async function replay(record, shelf, options = {}) {
  for (const [index, batch] of record.batches.entries()) {
    const outcome = await sendBatch(record.save_url, batch, options);
    if (outcome.kind !== "saved") return outcome.kind;
    const batches = record.batches.slice(index + 1);
    if (batches.length > 0) await shelf.keep({ ...record, batches });
  }
  await shelf.drop(record.key);
  return "saved";
}

/** @param {Unsaved} record @param {string} outcome */
function tell(record, outcome) {
  if (outcome === "saved") showMessage(`${record.title}: changes made earlier are saved now.`, "good");
  if (outcome === "conflict") showMessage(`${record.title} has changes of yours that collide with somebody else's. Open it to choose.`, "warn", record.page_url);
  if (outcome === "refused") showMessage(`${record.title} has changes that the server did not take. Open it to see why.`, "warn", record.page_url);
}

const told = new Set();

async function replayAll(user) {
  for (const record of await browserShelf.all(user)) {
    if (record.page_url === location.pathname) continue; // The editor on this page sees to it.
    await ifFree(record, async () => {
      const present = await browserShelf.read(record.key);
      if (!present) return; // Another page has been quicker.
      const outcome = await replay(present, browserShelf);
      if (outcome === "saved" || !told.has(record.key)) tell(record, outcome);
      told.add(record.key);
    });
  }
}

const user = typeof document === "undefined" ? "" : document.body.dataset.user;
if (user) {
  replayAll(user);
  window.addEventListener("online", () => replayAll(user));
  setInterval(() => document.hidden || replayAll(user), AGAIN_MS);
}
