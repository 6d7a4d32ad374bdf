/* A photo of very many pixels: the page shows a screen-sized copy of it, and over that the pieces of the full size that are
   in sight, as soon as the copy is not sharp enough. */
import { html } from "../utils.js";

/** @import { Rect, Size } from "./types.js" */
/** @import { Viewport } from "./view.js" */

/** @typedef {{side: number, url: string, screen: number}} Pieces side of a piece and longest side of the copy in pixels; `url` has "COLUMN-ROW" in it */

/** Pieces out of sight that are kept: going back shows them at once. */
const KEPT = 24;

/**
 * @param {Rect} sight in pixels of the image @param {Size} size of the image @param {number} side of a piece
 * @returns {string[]} "column-row" of all that are in sight
 */
export function piecesIn(sight, size, side) {
  const span = (low, high, limit) => [Math.max(0, Math.floor(low / side)), Math.min(Math.ceil(limit / side), Math.ceil(high / side))];
  const [left, right] = span(sight.x1, sight.x2, size.width);
  const [top, bottom] = span(sight.y1, sight.y2, size.height);
  const names = [];
  for (let row = top; row < bottom; row++) for (let column = left; column < right; column++) names.push(`${column}-${row}`);
  return names;
}

/** @param {Viewport} viewport @param {HTMLElement} layer over the photo @param {Pieces | null} pieces null for a photo of usual size */
export function showPieces(viewport, layer, pieces) {
  if (!pieces) return;
  const { size } = viewport;
  const sharpTo = pieces.screen / Math.max(size.width, size.height);
  /** The one seen last is the last. @type {Map<string, HTMLElement>} */
  const shown = new Map();

  const add = () => {
    if (viewport.view.scale * devicePixelRatio <= sharpTo) return;
    for (const name of piecesIn(viewport.sight, size, pieces.side)) {
      const piece = shown.get(name) ?? pieceAt(name, pieces, size);
      shown.delete(name);
      shown.set(name, piece);
      if (!piece.isConnected) layer.append(piece);
    }
    const inSight = piecesIn(viewport.sight, size, pieces.side).length;
    for (const [name, piece] of [...shown].slice(0, Math.max(0, shown.size - inSight - KEPT))) {
      piece.remove();
      shown.delete(name);
    }
  };
  const place = () => {
    const { scale, x, y } = viewport.view;
    layer.style.transform = `translate(${x}px, ${y}px) scale(${scale})`;
    layer.classList.toggle("pixels", scale > 2);
    layer.hidden = scale * devicePixelRatio <= sharpTo;
    add();
  };
  viewport.addEventListener("view", place);
  place();
}

/** @param {string} name @param {Pieces} pieces @param {Size} size */
function pieceAt(name, { side, url }, size) {
  const [column, row] = name.split("-").map(Number);
  const [left, top] = [column * side, row * side];
  const piece = html("img", { src: url.replace("COLUMN-ROW", name), alt: "", draggable: "false", width: Math.min(side, size.width - left), height: Math.min(side, size.height - top) });
  Object.assign(piece.style, { left: `${left}px`, top: `${top}px` });
  return piece;
}
