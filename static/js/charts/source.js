/* Figures for charts: several charts of one address ask once, and of long curves only what is new comes again. */

/** @typedef {{series: Record<string, [number, number][]>, finished?: boolean, newest?: number, story?: string, goes_on?: boolean}} Answer */

/** @type {Map<string, Promise<Answer>>} */
const asked = new Map();
/** @type {Map<string, Answer>} the last answer of an address that can say what has come since */
const kept = new Map();
const SHARED_MS = 300;
/** A curve that has grown beyond this is fetched whole once more: thinned by the server. */
export const MOST_POINTS = 1500;

/**
 * The JSON at an address; what another chart has asked for just now is shared.
 * @param {string} url
 * @returns {Promise<Answer>} rejected when the server does not answer with figures
 */
export function figures(url) {
  if (!asked.has(url)) {
    asked.set(url, whole(url));
    setTimeout(() => asked.delete(url), SHARED_MS);
  }
  return asked.get(url);
}

/** @param {string} url @returns {Promise<Answer>} */
async function whole(url) {
  const before = kept.get(url);
  const came = await fetchJson(before ? `${url}${url.includes("?") ? "&" : "?"}${new URLSearchParams({ after: before.newest, story: before.story })}` : url);
  const now = before && came.goes_on ? joined(before, came) : came;
  if (now.newest && longest(now) <= MOST_POINTS) kept.set(url, now);
  else kept.delete(url);
  return now;
}

/**
 * What was there with what came; points that were there already are left out. Neither of the two is changed.
 * @param {Answer} before
 * @param {Answer} came
 * @returns {Answer}
 */
export function joined(before, came) {
  const series = { ...before.series };
  for (const [name, points] of Object.entries(came.series)) {
    const old = series[name] ?? [];
    const last = old.length ? old[old.length - 1][0] : -Infinity;
    series[name] = [...old, ...points.filter(([x]) => x > last)];
  }
  return { ...came, series };
}

function longest({ series }) {
  return Math.max(0, ...Object.values(series).map((points) => points.length));
}

async function fetchJson(url) {
  const response = await fetch(url, { headers: { Accept: "application/json" } });
  if (!response.ok) throw new Error(String(response.status));
  return response.json();
}
