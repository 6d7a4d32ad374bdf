/* A model's boxes over a picture, as detections/display.py draws them: a class colour on a dark casing. */
import { svg } from "../utils.js";

/**
 * @typedef {{class_id: number, class: string, score: number, x1: number, y1: number, x2: number, y2: number}} Found
 * @param {{width: number, height: number, boxes: Found[]}} answer edges are pixels of the upright picture
 * @param {Record<string, string>} colours by class id
 * @returns {SVGElement} the surest on top
 */
export function overlay(answer, colours) {
  const font = Math.max(answer.width, answer.height) / 34;
  const shapes = answer.boxes.toReversed().map((box) => shape(box, colours[box.class_id] ?? "#fff", font));
  return svg("svg", { viewBox: `0 0 ${answer.width} ${answer.height}`, "aria-hidden": "true" }, ...shapes);
}

function shape(box, colour, font) {
  const d = `M${box.x1} ${box.y1}H${box.x2}V${box.y2}H${box.x1}z`;
  const words = `${box.class} ${box.score.toFixed(2)}`;
  const at = { x: box.x1 + font / 5, y: box.y1 > font * 1.2 ? box.y1 - font / 4 : box.y1 + font };
  return svg("g", { "data-score": box.score },
    svg("title", {}, words),
    svg("path", { class: "case", d }),
    svg("path", { class: "box", stroke: colour, d }),
    svg("text", { class: "found-word", "font-size": font, ...at }, words));
}
