/* Box arithmetic: pure functions over pixel edges. Nothing here knows of the page. */

/** @import { Handle, Point, Rect, Size, View } from "./types.js" */

export const MIN_SIDE = 1;
export const MIN_SCALE = 0.02;
export const MAX_SCALE = 40;
/** @type {Handle[]} */
export const HANDLES = ["nw", "n", "ne", "e", "se", "s", "sw", "w"];

const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

/** A tenth of a pixel: finer than a hand, and short in JSON. */
export const tidy = (value) => Math.round(value * 10) / 10;

/** @param {Rect} rect */
export const widthOf = (rect) => rect.x2 - rect.x1;
/** @param {Rect} rect */
export const heightOf = (rect) => rect.y2 - rect.y1;
/** @param {Rect} rect */
export const areaOf = (rect) => widthOf(rect) * heightOf(rect);
/** @param {Rect} rect @returns {Point} */
export const centreOf = (rect) => ({ x: (rect.x1 + rect.x2) / 2, y: (rect.y1 + rect.y2) / 2 });
/** @param {Rect} a @param {Rect} b */
export const sameRect = (a, b) => a.x1 === b.x1 && a.y1 === b.y1 && a.x2 === b.x2 && a.y2 === b.y2;

/** One axis: ordered, inside [0, limit], and at least MIN_SIDE long. */
function clampSpan(a, b, limit) {
  const low = clamp(Math.min(a, b), 0, limit - MIN_SIDE);
  const high = clamp(Math.max(a, b), low + MIN_SIDE, limit);
  return [low, high];
}

/**
 * The rectangle inside the image that two opposite corners span, in any order.
 * @param {Point} a @param {Point} b @param {Size} size
 * @returns {Rect}
 */
export function rectFromPoints(a, b, size) {
  const [x1, x2] = clampSpan(tidy(a.x), tidy(b.x), size.width);
  const [y1, y2] = clampSpan(tidy(a.y), tidy(b.y), size.height);
  return { x1, y1, x2, y2 };
}

/**
 * Whether the rectangle between two points covers a piece of the image worth a box.
 * @param {Point} a @param {Point} b @param {Size} size
 */
export function touchesImage(a, b, size) {
  const cover = (from, to, limit) => Math.min(Math.max(from, to), limit) - Math.max(Math.min(from, to), 0);
  return cover(a.x, b.x, size.width) >= MIN_SIDE && cover(a.y, b.y, size.height) >= MIN_SIDE;
}

/**
 * Move without changing the size; the image's edge stops it.
 * @param {Rect} rect @param {number} dx @param {number} dy @param {Size} size
 * @returns {Rect}
 */
export function moveRect(rect, dx, dy, size) {
  const x1 = tidy(clamp(rect.x1 + dx, 0, Math.max(0, size.width - widthOf(rect))));
  const y1 = tidy(clamp(rect.y1 + dy, 0, Math.max(0, size.height - heightOf(rect))));
  return { x1, y1, x2: Math.min(x1 + widthOf(rect), size.width), y2: Math.min(y1 + heightOf(rect), size.height) };
}

/**
 * Drag a handle to a point; dragging past the opposite edge turns the box over.
 * @param {Rect} rect @param {Handle} handle @param {Point} point @param {Size} size
 * @returns {Rect}
 */
export function resizeRect(rect, handle, point, size) {
  const west = handle.includes("w") ? tidy(point.x) : rect.x1;
  const east = handle.includes("e") ? tidy(point.x) : rect.x2;
  const north = handle.includes("n") ? tidy(point.y) : rect.y1;
  const south = handle.includes("s") ? tidy(point.y) : rect.y2;
  const [x1, x2] = clampSpan(west, east, size.width);
  const [y1, y2] = clampSpan(north, south, size.height);
  return { x1, y1, x2, y2 };
}

/**
 * The second corner of a square that begins at `from` and follows the pointer; inside the image.
 * @param {Point} from @param {Point} to @param {Size} size
 * @returns {Point}
 */
export function squareCorner(from, to, size) {
  const room = (sign, at, limit) => (sign < 0 ? at : limit - at);
  const [right, down] = [to.x < from.x ? -1 : 1, to.y < from.y ? -1 : 1];
  const wanted = Math.max(Math.abs(to.x - from.x), Math.abs(to.y - from.y));
  const side = Math.max(0, Math.min(wanted, room(right, from.x, size.width), room(down, from.y, size.height)));
  return { x: from.x + right * side, y: from.y + down * side };
}

/**
 * A point close to an edge of the image lies on it.
 * @param {Point} point @param {Size} size @param {number} reach in image pixels
 * @returns {Point}
 */
export function snapToEdges({ x, y }, size, reach) {
  const snap = (value, limit) => (value <= reach ? 0 : value >= limit - reach ? limit : value);
  return { x: snap(x, size.width), y: snap(y, size.height) };
}

/**
 * The box around the outermost points of an object: top, left, bottom, right in any order.
 * @param {Point[]} points @param {Size} size
 * @returns {Rect}
 */
export function rectAround(points, size) {
  const [xs, ys] = [points.map(({ x }) => x), points.map(({ y }) => y)];
  return rectFromPoints({ x: Math.min(...xs), y: Math.min(...ys) }, { x: Math.max(...xs), y: Math.max(...ys) }, size);
}

/**
 * Move the right and the lower edge, as the arrow keys with Alt do; the upper left corner stays.
 * @param {Rect} rect @param {number} dx @param {number} dy @param {Size} size
 * @returns {Rect}
 */
export function stretchRect(rect, dx, dy, size) {
  const x2 = tidy(clamp(rect.x2 + dx, rect.x1 + MIN_SIDE, Math.max(rect.x2, size.width)));
  const y2 = tidy(clamp(rect.y2 + dy, rect.y1 + MIN_SIDE, Math.max(rect.y2, size.height)));
  return { ...rect, x2, y2 };
}

/**
 * What of a rectangle lies on the image, or null if that is not a pixel.
 * @param {Rect} rect @param {Size} size
 * @returns {Rect | null}
 */
export function cutToImage(rect, size) {
  const [x1, x2] = [clamp(rect.x1, 0, size.width), clamp(rect.x2, 0, size.width)];
  const [y1, y2] = [clamp(rect.y1, 0, size.height), clamp(rect.y2, 0, size.height)];
  return x2 - x1 >= MIN_SIDE && y2 - y1 >= MIN_SIDE ? { x1, y1, x2, y2 } : null;
}

/** @param {Rect} a @param {Rect} b @returns {number} intersection over union, 0 to 1 */
export function iou(a, b) {
  const across = Math.min(a.x2, b.x2) - Math.max(a.x1, b.x1);
  const down = Math.min(a.y2, b.y2) - Math.max(a.y1, b.y1);
  if (across <= 0 || down <= 0) return 0;
  return (across * down) / (areaOf(a) + areaOf(b) - across * down);
}

/** @param {Rect} rect @param {Handle} handle @returns {Point} where the handle sits */
export function handlePoint(rect, handle) {
  const x = handle.includes("w") ? rect.x1 : handle.includes("e") ? rect.x2 : (rect.x1 + rect.x2) / 2;
  const y = handle.includes("n") ? rect.y1 : handle.includes("s") ? rect.y2 : (rect.y1 + rect.y2) / 2;
  return { x, y };
}

/**
 * The handle within reach, corners before edges.
 * @param {Rect} rect @param {Point} point @param {number} reach in image pixels
 * @returns {Handle | null}
 */
export function handleAt(rect, point, reach) {
  const near = (handle) => {
    const at = handlePoint(rect, handle);
    return Math.abs(at.x - point.x) <= reach && Math.abs(at.y - point.y) <= reach;
  };
  return HANDLES.filter(near).sort((a, b) => b.length - a.length)[0] ?? null;
}

/** @param {Rect} rect @param {Point} point @param {number} [reach] */
export function contains(rect, point, reach = 0) {
  return point.x >= rect.x1 - reach && point.x <= rect.x2 + reach && point.y >= rect.y1 - reach && point.y <= rect.y2 + reach;
}

/**
 * The smallest box under the point, so that a box inside another can be reached.
 * @template {Rect} B
 * @param {Iterable<B>} boxes @param {Point} point @param {number} reach in image pixels
 * @returns {B | null}
 */
export function boxAt(boxes, point, reach) {
  let best = null;
  for (const box of boxes) {
    if (contains(box, point, reach) && (best === null || areaOf(box) < areaOf(best))) best = box;
  }
  return best;
}

/**
 * The boxes under the point, the smallest first.
 * @template {Rect} B
 * @param {Iterable<B>} boxes @param {Point} point @param {number} reach in image pixels
 * @returns {B[]}
 */
export function boxesAt(boxes, point, reach) {
  return [...boxes].filter((box) => contains(box, point, reach)).sort((a, b) => areaOf(a) - areaOf(b));
}

/** The view in which a rectangle fills most of the stage. @param {Rect} rect @param {Size} stage @returns {View} */
export function viewOf(rect, stage, share = 0.6) {
  const scale = clamp(Math.min((stage.width * share) / widthOf(rect), (stage.height * share) / heightOf(rect)), MIN_SCALE, MAX_SCALE);
  return { scale, x: stage.width / 2 - ((rect.x1 + rect.x2) / 2) * scale, y: stage.height / 2 - ((rect.y1 + rect.y2) / 2) * scale };
}

/** @param {View} view @param {Point} point on the stage @returns {Point} on the image */
export const toImage = (view, point) => ({ x: (point.x - view.x) / view.scale, y: (point.y - view.y) / view.scale });

/** @param {View} view @param {Point} point on the image @returns {Point} on the stage */
export const toStage = (view, point) => ({ x: point.x * view.scale + view.x, y: point.y * view.scale + view.y });

/**
 * The whole image, centred, with a margin.
 * @param {Size} image @param {Size} stage @param {number} [margin] stage pixels
 * @returns {View}
 */
export function fitView(image, stage, margin = 16) {
  const room = { width: Math.max(1, stage.width - 2 * margin), height: Math.max(1, stage.height - 2 * margin) };
  const scale = clamp(Math.min(room.width / image.width, room.height / image.height), MIN_SCALE, MAX_SCALE);
  return { scale, x: (stage.width - image.width * scale) / 2, y: (stage.height - image.height * scale) / 2 };
}

/**
 * Change the scale and keep the image under `point` where it is.
 * @param {View} view @param {Point} point on the stage @param {number} scale
 * @returns {View}
 */
export function zoomAt(view, point, scale) {
  const next = clamp(scale, MIN_SCALE, MAX_SCALE);
  const still = toImage(view, point);
  return { scale: next, x: point.x - still.x * next, y: point.y - still.y * next };
}

/**
 * Keep a piece of the image in sight.
 * @param {View} view @param {Size} image @param {Size} stage @param {number} [keep] stage pixels
 * @returns {View}
 */
export function holdView(view, image, stage, keep = 60) {
  return {
    scale: view.scale,
    x: clamp(view.x, keep - image.width * view.scale, stage.width - keep),
    y: clamp(view.y, keep - image.height * view.scale, stage.height - keep),
  };
}

/** @param {Rect} rect @returns {string} "212 × 240" in whole pixels, as people say it */
export const sizeText = (rect) => `${Math.round(widthOf(rect))} × ${Math.round(heightOf(rect))}`;
