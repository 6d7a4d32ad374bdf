/* How the photo is shown, for eyes only: brightness, contrast, invert. Nothing of it is saved. */

/** @import { Editor } from "./editor.js" */

const STEP = 0.15;
const [LEAST, MOST] = [0.25, 4];
const PLAIN = { brightness: 1, contrast: 1, invert: false };

/** @param {typeof PLAIN} light @returns {string} a CSS filter, "" where the photo is as it is */
export function filterOf({ brightness, contrast, invert }) {
  if (brightness === 1 && contrast === 1 && !invert) return "";
  return `brightness(${brightness.toFixed(2)}) contrast(${contrast.toFixed(2)})${invert ? " invert(1)" : ""}`;
}

/** @param {typeof PLAIN} light @param {string} what @param {number} steps @returns {typeof PLAIN} */
export function changed(light, what, steps) {
  if (what === "reset") return PLAIN;
  if (what === "invert") return { ...light, invert: !light.invert };
  const value = Math.round((light[what] + steps * STEP) * 100) / 100;
  return { ...light, [what]: Math.min(Math.max(value, LEAST), MOST) };
}

/** It stays as it is from photo to photo. */
let light = PLAIN;

/** @param {Editor} editor */
export function lightActions(editor) {
  const show = () => {
    for (const layer of editor.parts.stage.querySelectorAll("[data-photo], [data-pieces]")) layer.style.filter = filterOf(light);
  };
  show();
  return {
    light: (what, steps) => {
      light = changed(light, what, Number(steps));
      show();
      editor.say(filterOf(light) ? `Brightness ${Math.round(light.brightness * 100)} %, contrast ${Math.round(light.contrast * 100)} %${light.invert ? ", inverted" : ""}.` : "The photo as it is.");
    },
  };
}
