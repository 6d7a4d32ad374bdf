/* What may be done now. A rule answers null (yes) or a sentence that says why not and what to do. */

/** @import { Store } from "./store.js" */

const READ_ONLY = "You may look at this photo but not change it.";

/** @param {Store} store @param {boolean} canEdit @returns {string | null} */
export function mayDraw(store, canEdit) {
  if (!canEdit) return READ_ONLY;
  if (store.classId === null) return "This dataset has no classes yet. Add one on its Classes page, then come back and draw.";
  return null;
}

/** @param {boolean} canEdit @returns {string | null} */
export function mayEdit(canEdit) {
  return canEdit ? null : READ_ONLY;
}

/** @param {Store} store @param {boolean} canEdit @returns {string | null} */
export function mayMarkNegative(store, canEdit) {
  if (!canEdit) return READ_ONLY;
  if (!store.negative && store.byId.size > 0) return "There are boxes on this photo. Delete them first, then say that nothing is here.";
  return null;
}
