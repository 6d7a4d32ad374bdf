/* Unsaved work, kept in this browser until the server has it. One draft per photo. */
import { store as storage } from "../utils.js";

/** @import { Content } from "./types.js" */

/** @typedef {Content & {base_revision: number, time: string}} Draft */

export class DraftBox {
  /** @param {number} imageId @param {{get: Function, set: Function, remove: Function}} [shelf] localStorage, or a stand-in */
  constructor(imageId, shelf = storage) {
    this.key = `unsaved:${imageId}`;
    this.shelf = shelf;
  }

  /** @param {Content} content @param {number} baseRevision @returns {boolean} whether it was kept */
  keep(content, baseRevision) {
    const draft = { ...content, base_revision: baseRevision, time: new Date().toISOString() };
    return this.shelf.set(this.key, JSON.stringify(draft));
  }

  /** @returns {Draft | null} */
  read() {
    try {
      const draft = JSON.parse(this.shelf.get(this.key) ?? "null");
      return draft && Array.isArray(draft.boxes) && Number.isInteger(draft.base_revision) ? draft : null;
    } catch {
      return null; // Not ours, or cut short: nothing that could be restored.
    }
  }

  drop() {
    this.shelf.remove(this.key);
  }
}

/**
 * @param {Content} a @param {Content} b
 * @returns {boolean} whether a save would write the same
 */
export function sameContent(a, b) {
  const plain = (content) => {
    const boxes = content.boxes.map((box) => [box.id, box.class_id, box.x1, box.y1, box.x2, box.y2, box.difficult, box.truncated, box.occluded]);
    boxes.sort(([idA], [idB]) => (idA < idB ? -1 : 1));
    return JSON.stringify([Boolean(content.verified), Boolean(content.negative), boxes]);
  };
  return plain(a) === plain(b);
}
