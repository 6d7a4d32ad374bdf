/* What may be done now. A rule answers null (yes) or a sentence that says why not and what to do. */

/** @import { Store } from "./store.js" */
/** @import { Box } from "./types.js" */

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

/** @param {Store} store @param {Box[]} boxes @param {boolean} canEdit @returns {string | null} */
export function mayTouch(store, boxes, canEdit) {
  if (!canEdit) return READ_ONLY;
  const locked = boxes.filter(({ id }) => store.aside.locked.has(id)).length;
  if (locked === 0) return null;
  return boxes.length === 1 ? "The box is locked. Press {lock} to unlock it." : `${locked} of the ${boxes.length} chosen boxes ${locked === 1 ? "is" : "are"} locked. Press {lock} twice to unlock all of them.`;
}

/** @param {Store} store @param {boolean} canEdit @returns {string | null} */
export function mayVerify(store, canEdit) {
  if (!canEdit) return READ_ONLY;
  const guesses = store.boxes.filter(({ source }) => source === "model").length;
  if (guesses === 0) return null;
  return `${guesses === 1 ? "One box is a guess" : `${guesses} boxes are guesses`} of a model. Tab goes to it; {verify-next} accepts, {delete} rejects, {accept-all} accepts all above the threshold.`;
}

/** @param {Store} store @param {boolean} canEdit @returns {string | null} */
export function mayMarkNegative(store, canEdit) {
  if (!canEdit) return READ_ONLY;
  if (!store.negative && store.byId.size > 0) return "There are boxes on this photo. Delete them first, then say that nothing is here.";
  return null;
}
