import assert from "node:assert/strict";
import { test } from "node:test";
import { matching } from "../../static/js/editor/class_chooser.js";
import { newId } from "../../static/js/editor/ids.js";
import { cardLines, withKeys } from "../../static/js/editor/key_card.js";
import { keyName } from "../../static/js/editor/keyboard.js";
import { withChange } from "../../static/js/editor/own_keys.js";
import { mayDraw, mayMarkNegative, mayTouch, mayVerify } from "../../static/js/editor/rules.js";
import { CLASSES, makeBox, makeKeyboard, makeStore } from "./builders.js";

const press = (key, held = {}) => makeKeyboard().actionFor({ key, ...held }, CLASSES);

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
  assert.equal(makeKeyboard().actionFor({ key: "d" }, [{ id: 1, hotkey: "d" }]), "next");
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
  const keys = makeKeyboard();
  for (const layer of ["editor", "desk"]) {
    const all = keys.rows.filter(([action]) => keys.layers.get(action) === layer).flatMap(([, its]) => its.split(" "));
    assert.equal(new Set(all).size, all.length);
  }
  assert.deepEqual(["ctrl+shift+z", "+", "ctrl++"].map((key) => keys.printed(key)), ["Ctrl ⇧ Z", "+", "Ctrl +"]);
});

test("a key is named by what it types, and letters of other alphabets by their place", () => {
  assert.equal(keyName({ key: "?", shiftKey: true }), "?");
  assert.equal(keyName({ key: "!", code: "Digit1", shiftKey: true }), "shift+1");
  assert.equal(keyName({ key: "ц", code: "KeyW" }), "w");
  assert.equal(keyName({ key: "ArrowUp", altKey: true, shiftKey: true }), "alt+shift+arrowup");
});

test("a person's own keys come before those of the site", () => {
  const keys = makeKeyboard({ draw: ["d"] });
  assert.equal(keys.map.get("d"), "draw");
  assert.equal(keys.map.has("w"), false);
  assert.deepEqual(keys.keysOf("redo"), ["ctrl+y", "ctrl+shift+z"]);
});

test("the desk's keys are apart from the editor's", () => {
  const keys = makeKeyboard({ approve: ["w"] });
  assert.deepEqual(Object.fromEntries(keys.maps.desk), { r: "return", d: "queue-next", w: "approve" });
  assert.deepEqual(["w", "r", "enter"].map((key) => keys.map.get(key)), ["draw", "same-class", "verify-next"]);
  assert.deepEqual(withChange(keys, "return", ["d"]), { approve: ["w"], return: ["d"], "queue-next": [] });
});

test("classes beyond the ninth have keys, too, and none of them is an action's", () => {
  const classes = Array.from({ length: 21 }, (_, index) => ({ id: index + 1, hotkey: index < 9 ? String(index + 1) : "" }));
  const keyboard = makeKeyboard();
  const keys = keyboard.classKeys(classes);
  assert.equal(keys.get("1"), 1);
  assert.equal(keys.get("shift+1"), 10);
  assert.equal(keys.get("shift+9"), 18);
  assert.equal(keys.get("s"), 19);
  assert.equal([...keys.keys()].some((key) => keyboard.map.has(key)), false);
});

test("keys of the browser are refused with a sentence", () => {
  const keys = makeKeyboard();
  for (const key of ["ctrl+w", "ctrl+shift+t", "f5"]) assert.match(keys.refusal(key), /browser/);
  assert.match(keys.refusal("shift+space"), /Space moves the photo/);
  assert.equal(keys.refusal("ctrl+alt+k"), null);
});

test("a key that is taken leaves the command that had it", () => {
  const keys = makeKeyboard({ lock: ["m"] });
  assert.deepEqual(withChange(keys, "draw", ["d"]), { lock: ["m"], draw: ["d"], next: [] });
  assert.deepEqual(withChange(keys, "redo", ["ctrl+y", "m"]), { lock: [], redo: ["ctrl+y", "m"] });
});

test("a command with its usual key is not a changed one", () => {
  assert.deepEqual(withChange(makeKeyboard({ draw: ["r2"] }), "draw", ["w"]), {});
});

test("what is said names the person's own keys", () => {
  const keys = makeKeyboard({ lock: ["ctrl+m"], hide: [] });
  assert.equal(withKeys(keys, "Press {lock} to unlock it."), "Press Ctrl M to unlock it.");
  assert.equal(withKeys(keys, "{hide} or {nothing}"), "“hide” or {nothing}");
});

test("on the card the four arrows are one line", () => {
  const [, rows] = makeKeyboard().groups.find(([title]) => title.startsWith("Move"));
  assert.deepEqual(cardLines(rows).map((line) => [line[0][3], line.length]), [["move 1 px", 4], ["move 10 px", 4], ["resize 1 px", 4], ["resize 10 px", 4]]);
});

test("locked boxes and guesses are said to be in the way", () => {
  const boxes = [makeBox(), makeBox({ id: "b", source: "model", score: 0.4 })];
  const store = makeStore({ boxes });
  assert.match(mayVerify(store, true), /guess/);
  store.putAside("locked", ["a"], true);
  assert.match(mayTouch(store, [boxes[0]], true), /locked/);
  assert.equal(mayTouch(store, [boxes[1]], true), null);
});
