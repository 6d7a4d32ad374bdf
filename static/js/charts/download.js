/* Handing a chart's figures and its picture to the reader as files. */
import { html } from "../utils.js";
import { toCsv } from "./scale.js";

/** What a picture needs of the style sheets once it stands alone. */
const STYLES = ["fill", "stroke", "stroke-width", "stroke-dasharray", "font-family", "font-size"];

function save(name, type, text) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = html("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

/** @param {string} name without ending @param {string} xLabel @param {{label: string, points: [number, number][]}[]} series */
export function saveCsv(name, xLabel, series) {
  save(`${name}.csv`, "text/csv", toCsv(xLabel, series));
}

/** @param {string} name without ending @param {SVGElement} drawing */
export function saveSvg(name, drawing) {
  const copy = /** @type {SVGElement} */ (drawing.cloneNode(true));
  const originals = drawing.querySelectorAll("*");
  copy.querySelectorAll("*").forEach((element, index) => {
    const style = getComputedStyle(originals[index]);
    for (const property of STYLES) element.setAttribute(property, style.getPropertyValue(property));
    element.removeAttribute("class");
  });
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  save(`${name}.svg`, "image/svg+xml", new XMLSerializer().serializeToString(copy));
}
