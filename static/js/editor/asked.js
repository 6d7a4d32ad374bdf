/* An address can name what to look at: ?box=ID selects that box, ?at=x1,y1,x2,y2 (pixels of the photo) brings the place near. */
import { MAX_SCALE } from "./geometry.js";

/** @import { Rect, Size, View } from "./types.js" */

/** How much of the stage the place fills at most, and how near it is brought. */
const SHARE = 0.4;
const NEAREST = 4;

/** @param {string | null} text @returns {Rect | null} */
export function readPlace(text) {
  const [x1, y1, x2, y2] = (text ?? "").split(",").map(Number);
  return [x1, y1, x2, y2].every(Number.isFinite) && x2 > x1 && y2 > y1 ? { x1, y1, x2, y2 } : null;
}

/**
 * The view that shows a place in the middle of the stage; null when the whole photo shows it as well.
 * @param {Rect} place @param {Size} room @param {View} whole
 * @returns {View | null}
 */
export function viewOn(place, room, whole) {
  const fits = Math.min(room.width / (place.x2 - place.x1), room.height / (place.y2 - place.y1)) * SHARE;
  const scale = Math.min(fits, Math.max(NEAREST, whole.scale), MAX_SCALE);
  if (scale <= whole.scale) return null;
  return { scale, x: room.width / 2 - ((place.x1 + place.x2) / 2) * scale, y: room.height / 2 - ((place.y1 + place.y2) / 2) * scale };
}

/** @param {import("./store.js").Store} store @param {import("./view.js").Viewport} viewport @param {URLSearchParams} query */
export function showAsked(store, viewport, query) {
  const box = query.get("box");
  if (box && store.byId.has(box)) store.select(box);
  const place = readPlace(query.get("at"));
  const view = place && viewOn(place, viewport.room, viewport.view);
  if (view) viewport.set(view);
}
