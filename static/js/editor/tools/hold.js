/* A finger has no Shift key: one that rests on a box does what Shift and a click do. */
/** @import { Gesture } from "../gestures.js" */

/** Milliseconds; shorter than what a browser takes for its own long press. */
export const REST = 400;

/** Stage pixels that a resting finger may roll. */
const SLACK = 10;

/**
 * @param {Gesture | null} gesture what the press does when it moves on or ends soon
 * @param {PointerEvent} pressed
 * @param {() => void} rested what it does when it stays where it is
 * @returns {Gesture}
 */
export function orRest(gesture, pressed, rested) {
  let current = gesture;
  let hasMoved = false;
  const clock = setTimeout(() => {
    current?.cancel();
    current = null;
    rested();
  }, REST);
  const last = (how) => {
    clearTimeout(clock);
    if (current) how(current);
    current = null;
  };
  return {
    move(to) {
      hasMoved ||= Math.hypot(to.clientX - pressed.clientX, to.clientY - pressed.clientY) >= SLACK;
      if (!hasMoved) return;
      clearTimeout(clock);
      current?.move(to);
    },
    end: (event) => last((one) => one.end(event)),
    cancel: () => last((one) => one.cancel()),
  };
}
