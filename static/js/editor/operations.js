/* What changed between two states of a photo, as the server is told it, and how two people's changes come together. */

/** @import { Box, Content } from "./types.js" */

/**
 * @typedef {Omit<Box, "id">} BoxValues
 * @typedef {{id: string, box: BoxValues | null, was: BoxValues | null}} Operation `box` null deletes, `was` null is new.
 * @typedef {{operations: Operation[], verified?: boolean, negative?: boolean}} Changes
 * @typedef {{id: string, mine: Box | null, theirs: Box | null}} Conflict one box of which both made something else
 */

const EDGES = ["x1", "y1", "x2", "y2"];
const MARKS = ["class_id", "difficult", "truncated", "occluded"];
const SAME_PIXEL = 0.01; // as the server has it

/** @param {Box | null | undefined} a @param {Box | null | undefined} b @returns {boolean} whether a person would call them the same */
export function sameBox(a, b) {
  if (!a || !b) return !a && !b;
  return EDGES.every((edge) => Math.abs(a[edge] - b[edge]) <= SAME_PIXEL) && MARKS.every((mark) => a[mark] === b[mark])
    && (a.source === "model") === (b.source === "model");
}

/** @param {Box[]} boxes @returns {Map<string, Box>} */
const byId = (boxes) => new Map(boxes.map((box) => [box.id, box]));

/** @param {Box | undefined} box @returns {BoxValues | null} the fields that the server takes */
function valuesOf(box) {
  if (!box) return null;
  const { class_id, x1, y1, x2, y2, difficult, truncated, occluded, source, score } = box;
  return { class_id, x1, y1, x2, y2, difficult, truncated, occluded, source, score };
}

/**
 * @param {Content} known what the server has, as far as this page knows
 * @param {Content} content what is on the screen
 * @returns {Changes} one operation a box at most
 */
export function changesBetween(known, content) {
  const before = byId(known.boxes);
  const after = byId(content.boxes);
  const ids = new Set([...before.keys(), ...after.keys()]);
  const operations = [...ids].filter((id) => !sameBox(before.get(id), after.get(id)))
    .map((id) => ({ id, box: valuesOf(after.get(id)), was: valuesOf(before.get(id)) }));
  /** @type {Changes} */
  const changes = { operations };
  if (content.verified !== known.verified) changes.verified = content.verified;
  if (content.negative !== known.negative) changes.negative = content.negative;
  return changes;
}

/** @param {Changes} changes @returns {boolean} */
export function isEmpty(changes) {
  return changes.operations.length === 0 && changes.verified === undefined && changes.negative === undefined;
}

/** @param {Content} content @param {Changes} changes @returns {Content} the content once the server has done them */
export function withChanges(content, changes) {
  const boxes = byId(content.boxes);
  for (const { id, box } of changes.operations) {
    if (box) boxes.set(id, { id, ...box });
    else boxes.delete(id);
  }
  return { verified: changes.verified ?? content.verified, negative: changes.negative ?? content.negative, boxes: [...boxes.values()] };
}

/**
 * Two people's changes brought together: of each box the version of whoever changed it.
 * @param {Content} known what both began with @param {Content} local @param {Content} remote
 * @returns {{content: Content, conflicts: Conflict[]}} boxes in conflict stand in `content` as they are here
 */
export function fold(known, local, remote) {
  const [before, mine, theirs] = [byId(known.boxes), byId(local.boxes), byId(remote.boxes)];
  const boxes = [];
  const conflicts = [];
  for (const id of new Set([...mine.keys(), ...theirs.keys(), ...before.keys()])) {
    const [was, here, there] = [before.get(id), mine.get(id), theirs.get(id)];
    const untouched = sameBox(here, was);
    if (!untouched && !sameBox(there, was) && !sameBox(here, there)) conflicts.push({ id, mine: here ?? null, theirs: there ?? null });
    const chosen = untouched ? there : here;
    if (chosen) boxes.push(chosen);
  }
  const mark = (name) => (local[name] === known[name] ? remote[name] : local[name]);
  return { content: { verified: mark("verified"), negative: mark("negative") && boxes.length === 0, boxes }, conflicts };
}

/**
 * Another page's unsaved batches, put under what was done here meanwhile.
 * @param {Changes[]} batches not empty, in their order @param {Content} known what the server has, as far as this page knows @param {Content} content
 * @returns {{known: Content, content: Content}} `known` has the boxes of the batches as that page knew them, so that what
 *   somebody else made of them since is noticed; `content` is what is to be on the screen
 */
export function rebase(batches, known, content) {
  const here = changesBetween(known, content);
  const before = { operations: batches.toReversed().flatMap(({ operations }) => operations.map(({ id, was }) => ({ id, box: was, was: null }))) };
  const [first] = batches;
  for (const mark of ["verified", "negative"]) if (first[mark] !== undefined) before[mark] = !first[mark];
  return { known: withChanges(known, before), content: withChanges(batches.reduce(withChanges, known), here) };
}
