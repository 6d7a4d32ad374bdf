import assert from "node:assert/strict";
import { test } from "node:test";
import { matching } from "../../static/js/editor/class_chooser.js";
import { newId } from "../../static/js/editor/ids.js";
import { actionFor, classKeys, keyName, keymap, keysOf, KEY_ACTIONS, printed, refusedKey } from "../../static/js/editor/keyboard.js";
import { mayDraw, mayMarkNegative, mayTouch, mayVerify } from "../../static/js/editor/rules.js";
import { CLASSES, makeBox, makeStore } from "./builders.js";

const press = (key, held = {}) => actionFor({ key, ...held }, CLASSES);

test("labelImg's keys do what they did there", () => {
  const expected = { w: "draw", d: "next", a: "previous", Delete: "delete", ArrowLeft: "nudge:-1:0" };
  for (const [key, action] of Object.entries(expected)) assert.equal(press(key), action);
  assert.equal(press("e", { ctrlKey: true }), "relabel");
  assert.equal(press("s", { metaKey: true }), "save");
});

test("the browser keeps its own keys", () => {
  for (const key of ["w", "d", "f", "1", "t"]) assert.equal(press(key, { ctrlKey: true }), null);
  assert.equal(press("d", { altKey: true }), null);
});

test("redo has two names", () => {
  assert.equal(press("z", { ctrlKey: true }), "undo");
  assert.equal(press("Z", { ctrlKey: true, shiftKey: true }), "redo");
  assert.equal(press("y", { ctrlKey: true }), "redo");
});

test("shift makes a nudge ten times as long", () => {
  assert.equal(press("ArrowDown", { shiftKey: true }), "nudge:0:10");
});

test("class keys answer where the editor has no action of its own", () => {
  assert.equal(press("2"), "class:9");
  assert.equal(press("3"), null);
  assert.equal(actionFor({ key: "d" }, [{ id: 1, hotkey: "d" }]), "next");
});

test("typing finds names that begin with the text first", () => {
  const names = (text) => matching([{ name: "Red BB-8" }, { name: "BB-8" }, { name: "R2-D2" }], text).map(({ name }) => name);
  assert.deepEqual(names("bb"), ["BB-8", "Red BB-8"]);
  assert.deepEqual(names(" r2 "), ["R2-D2"]);
  assert.deepEqual(names("x"), []);
});

test("rules say why not, and what to do", () => {
  assert.equal(mayDraw(makeStore(), true), null);
  assert.match(mayDraw(makeStore(), false), /not change/);
  assert.match(mayMarkNegative(makeStore({ boxes: [makeBox()] }), true), /Delete them first/);
  assert.equal(mayMarkNegative(makeStore({ negative: true, boxes: [] }), true), null);
});

test("box ids are version 4 UUIDs and differ", () => {
  assert.match(newId(), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.notEqual(newId(), newId());
});

test("no two actions share a key, and each can be printed", () => {
  const keys = KEY_ACTIONS.flatMap((each) => each.keys);
  assert.equal(new Set(keys).size, keys.length);
  assert.equal(printed("ctrl+shift+z"), "Ctrl ⇧ Z");
  assert.equal(printed("+"), "+");
});

test("a key is named by what it types, and letters of other alphabets by their place", () => {
  assert.equal(keyName({ key: "?", shiftKey: true }), "?");
  assert.equal(keyName({ key: "!", code: "Digit1", shiftKey: true }), "shift+1");
  assert.equal(keyName({ key: "ц", code: "KeyW" }), "w");
  assert.equal(keyName({ key: "ArrowUp", altKey: true, shiftKey: true }), "alt+shift+arrowup");
});

test("a person's own keys come before those of the site", () => {
  const map = keymap({ draw: ["d"] });
  assert.equal(map.get("d"), "draw");
  assert.equal(map.has("w"), false);
  assert.deepEqual(keysOf("redo", map), ["ctrl+y", "ctrl+shift+z"]);
});

test("classes beyond the ninth have keys, too, and none of them is an action's", () => {
  const classes = Array.from({ length: 21 }, (_, index) => ({ id: index + 1, hotkey: index < 9 ? String(index + 1) : "" }));
  const keys = classKeys(classes, keymap());
  assert.equal(keys.get("1"), 1);
  assert.equal(keys.get("shift+1"), 10);
  assert.equal(keys.get("shift+9"), 18);
  assert.equal(keys.get("s"), 19);
  assert.equal([...keys.keys()].some((key) => keymap().has(key)), false);
});

test("keys of the browser are refused with a sentence", () => {
  assert.match(refusedKey("ctrl+w"), /browser/);
  assert.match(refusedKey("shift"), /Press a letter/);
  assert.equal(refusedKey("ctrl+alt+k"), null);
});

test("locked boxes and guesses are said to be in the way", () => {
  const boxes = [makeBox(), makeBox({ id: "b", source: "model", score: 0.4 })];
  const store = makeStore({ boxes });
  assert.match(mayVerify(store, true), /guess/);
  store.putAside("locked", ["a"], true);
  assert.match(mayTouch(store, [boxes[0]], true), /locked/);
  assert.equal(mayTouch(store, [boxes[1]], true), null);
});
