/* The changes people make. Each command knows how to do itself and how to take itself back; nothing else writes the store. */

/** @import { Store } from "./store.js" */
/** @import { Box, Content, Marks } from "./types.js" */

/**
 * @typedef {object} Command
 * @property {string} label said after undo and redo: "Undid: move box"
 * @property {(store: Store) => void} apply
 * @property {(store: Store) => void} revert
 * @property {string} [run] commands in a row with the same run (held arrow keys) are undone together
 */

/**
 * A new box, selected. A photo with a box is no longer one with nothing on it.
 * @param {Box} box
 * @param {boolean} wasNegative
 * @returns {Command}
 */
export function addBox(box, wasNegative = false) {
  return {
    label: "draw box",
    apply(store) {
      if (wasNegative) store.mark({ negative: false });
      store.put(box);
      store.select(box.id);
    },
    revert(store) {
      store.remove(box.id);
      if (wasNegative) store.mark({ negative: true });
    },
  };
}

/**
 * Change some fields of a box: edges, class or flags.
 * @param {Box} before the box as it is
 * @param {Partial<Box>} change
 * @param {string} label
 * @param {string} [run]
 * @returns {Command}
 */
export function changeBox(before, change, label, run) {
  const old = { ...before };
  const next = { ...before, ...change, source: "person", score: null }; // A model's box that a person changed is a person's.
  return {
    label,
    run: run && `${run}:${before.id}`,
    apply(store) {
      store.put(next);
      store.select(next.id);
    },
    revert(store) {
      store.put(old);
      store.select(old.id);
    },
  };
}

/**
 * Several commands as one step, with the boxes they touched chosen again each time.
 * @param {Command[]} commands
 * @param {string} label
 * @param {string[]} ids to be chosen afterwards, and after taking it back
 * @param {string} [run]
 * @returns {Command}
 */
export function together(commands, label, ids, run) {
  return {
    label,
    run: run && `${run}:${ids.join()}`,
    apply(store) {
      for (const command of commands) command.apply(store);
      store.selectMany(ids);
    },
    revert(store) {
      for (const command of commands.toReversed()) command.revert(store);
      store.selectMany(ids);
    },
  };
}

/**
 * @param {Box} box
 * @param {number} index its place in the list, to come back to
 * @returns {Command}
 */
export function deleteBox(box, index) {
  const old = { ...box };
  return {
    label: "delete box",
    apply(store) {
      store.remove(old.id);
    },
    revert(store) {
      store.put(old, index);
      store.select(old.id);
    },
  };
}

/**
 * @param {Marks} before
 * @param {Partial<Marks>} change
 * @param {string} label
 * @returns {Command}
 */
export function markPhoto(before, change, label) {
  const old = { verified: before.verified, negative: before.negative };
  return {
    label,
    apply: (store) => store.mark(change),
    revert: (store) => store.mark(old),
  };
}

/**
 * Everything at once, and back again: a restored draft, or somebody else's version.
 * @param {Content} before
 * @param {Content} after
 * @param {string} label
 * @returns {Command}
 */
export function replaceContent(before, after, label) {
  return {
    label,
    apply: (store) => store.replace(after),
    revert: (store) => store.replace(before),
  };
}
