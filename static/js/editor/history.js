/* Doing, undoing and doing again. One drag is one command, so one undo. */

/** @import { Command } from "./commands.js" */
/** @import { Store } from "./store.js" */

export class History extends EventTarget {
  /** @param {Store} store */
  constructor(store) {
    super();
    this.store = store;
    /** @type {Command[][]} */
    this.done = [];
    /** @type {Command[][]} */
    this.undone = [];
    this.open = false;
  }

  get canUndo() {
    return this.done.length > 0;
  }

  get canRedo() {
    return this.undone.length > 0;
  }

  /** @param {Command} command */
  run(command) {
    command.apply(this.store);
    const last = this.done.at(-1);
    if (this.open && last && command.run && last[0].run === command.run) last.push(command);
    else this.done.push([command]);
    this.open = true;
    this.undone = [];
    this.tell();
  }

  /** The key was let go: the next command starts a step of its own. */
  seal() {
    this.open = false;
  }

  /** @returns {string | null} what was taken back */
  undo() {
    const step = this.done.pop();
    if (!step) return null;
    for (const command of step.toReversed()) command.revert(this.store);
    this.undone.push(step);
    this.seal();
    this.tell();
    return step[0].label;
  }

  /** @returns {string | null} what was done again */
  redo() {
    const step = this.undone.pop();
    if (!step) return null;
    for (const command of step) command.apply(this.store);
    this.done.push(step);
    this.seal();
    this.tell();
    return step[0].label;
  }

  /** @private */
  tell() {
    this.dispatchEvent(new CustomEvent("change"));
  }
}
