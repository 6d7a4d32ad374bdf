/* What an earlier page could not save is saved by the editor that has its photo open now; and this page, when it goes,
   sends what it has. */
import { ifFree, occupy } from "../outbox/shelf.js";
import { timeOf } from "./conflict.js";

/** @import { Saver } from "./save.js" */
/** @import { Unsaved } from "../outbox/shelf.js" */

const AGAIN_MS = 20000;
const PATIENCE_MS = 2000; // A page that is being left, or has crashed, holds its record a moment longer.

/**
 * Take over what pages that are gone have left of the saver's photo.
 * @param {Saver} saver @param {(text: string, level: "warn") => void} say
 * @param {{all: (user: string) => Promise<Unsaved[]>, read: (key: string) => Promise<Unsaved | null>}} shelf
 * @param {{patience?: number, isUrgent?: boolean}} [options]
 */
export async function takeOver(saver, say, shelf, options = {}) {
  const { user, operations_url } = saver.data;
  const left = (await shelf.all(user)).filter((record) => record.save_url === operations_url && record.key !== saver.key);
  for (const { key, time } of left) {
    await ifFree({ key, time }, async () => {
      const record = await shelf.read(key);
      if (record && (await saver.resume(record))) say(`Saving your changes from ${timeOf(record.time)} that the server did not have.`, "warn");
    }, options);
  }
}

/**
 * @param {Saver} saver @param {(text: string, level: "warn") => void} say @param {Parameters<typeof takeOver>[2]} shelf
 * @param {AbortSignal} signal the photo is no longer shown, and everything of it is saved
 */
export function watchUnsaved(saver, say, shelf, signal) {
  occupy(saver.key, signal);
  takeOver(saver, say, shelf, { patience: PATIENCE_MS, isUrgent: true });
  const timer = setInterval(() => document.hidden || takeOver(saver, say, shelf), AGAIN_MS);
  signal.addEventListener("abort", () => clearInterval(timer));
  document.addEventListener("visibilitychange", () => document.hidden && saver.flush(), { signal });
  window.addEventListener("pagehide", () => saver.sendOff(), { signal });
}
