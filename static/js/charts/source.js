/* Figures for charts: several charts of one address ask once. */

/** @type {Map<string, Promise<any>>} */
const asked = new Map();
const SHARED_MS = 300;

/**
 * The JSON at an address; what another chart has asked for just now is shared.
 * @param {string} url
 * @returns {Promise<any>} rejected when the server does not answer with figures
 */
export function figures(url) {
  if (!asked.has(url)) {
    asked.set(url, fetchJson(url));
    setTimeout(() => asked.delete(url), SHARED_MS);
  }
  return asked.get(url);
}

async function fetchJson(url) {
  const response = await fetch(url, { headers: { Accept: "application/json" } });
  if (!response.ok) throw new Error(String(response.status));
  return response.json();
}
