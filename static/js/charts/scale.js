/* Arithmetic of axes and curves: pure functions. */

/** @typedef {[number, number]} XY */
/** @typedef {{min: number, max: number, ticks: number[]}} Axis */

/**
 * Round numbers (1, 2 or 5 times a power of ten) that cover a range.
 * @param {number} low @param {number} high @param {number} [count] about how many
 * @returns {Axis}
 */
export function niceAxis(low, high, count = 5) {
  if (!Number.isFinite(low) || !Number.isFinite(high)) return { min: 0, max: 1, ticks: [0, 1] };
  if (low === high) return niceAxis(low === 0 ? 0 : Math.min(0, low), high === 0 ? 1 : Math.max(0, high), count);
  const rough = (high - low) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((each) => each * power).find((each) => each >= rough * 0.999);
  const first = Math.floor(low / step + 1e-9);
  const last = Math.ceil(high / step - 1e-9);
  const ticks = Array.from({ length: last - first + 1 }, (_, index) => Number(((first + index) * step).toPrecision(12)));
  return { min: ticks[0], max: ticks.at(-1), ticks };
}

/**
 * Thin a curve for drawing: of each stretch of x the lowest and the highest point stay, so no spike is lost. Nothing is averaged.
 * @param {XY[]} points in order of x @param {number} stretches
 * @returns {XY[]}
 */
export function thin(points, stretches) {
  if (points.length <= stretches * 2) return points;
  const kept = [];
  for (let index = 0; index < stretches; index += 1) {
    const part = points.slice(Math.floor((index * points.length) / stretches), Math.floor(((index + 1) * points.length) / stretches));
    const low = part.reduce((best, each) => (each[1] < best[1] ? each : best));
    const high = part.reduce((best, each) => (each[1] > best[1] ? each : best));
    kept.push(...(low[0] <= high[0] ? [low, high] : [high, low]));
  }
  return [points[0], ...kept.filter((each) => each !== points[0] && each !== points.at(-1)), points.at(-1)].filter((each, index, all) => each !== all[index - 1]);
}

/**
 * The point nearest in x.
 * @param {XY[]} points in order of x @param {number} x
 * @returns {XY | null}
 */
export function nearest(points, x) {
  let [low, high] = [0, points.length - 1];
  if (high < 0) return null;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (points[middle][0] < x) low = middle;
    else high = middle;
  }
  return Math.abs(points[low][0] - x) <= Math.abs(points[high][0] - x) ? points[low] : points[high];
}

/**
 * One row for each x, one column for each series; an empty cell where a series has no point.
 * @param {string} xLabel @param {{label: string, points: XY[]}[]} series
 * @returns {string}
 */
export function toCsv(xLabel, series) {
  const quote = (text) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const columns = series.map(({ points }) => new Map(points));
  const all = [...new Set(series.flatMap(({ points }) => points.map(([x]) => x)))].sort((a, b) => a - b);
  const rows = all.map((x) => [x, ...columns.map((column) => column.get(x) ?? "")].join(","));
  return [[xLabel, ...series.map(({ label }) => label)].map(quote).join(","), ...rows, ""].join("\n");
}

/** @param {number} value @returns {string} as short as it stays true: 0.213, 1,540, 2.1e-5 */
export function figure(value) {
  const size = Math.abs(value);
  if (size !== 0 && size < 0.001) return value.toExponential(1);
  return value.toLocaleString("en", { maximumFractionDigits: size >= 100 ? 0 : size >= 10 ? 1 : 3 });
}
