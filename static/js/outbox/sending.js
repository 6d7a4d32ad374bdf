/* One save over the wire, and what its answer means. Used by the editor and by pages that send what an editor left. */

/** @import { Batch } from "./shelf.js" */

/**
 * @typedef {{kind: "saved", answer: any} | {kind: "conflict", current: any} | {kind: "signed-out"}
 *          | {kind: "later", reason: string} | {kind: "refused", reason: string}} Outcome
 */

const SIGNED_OUT = new Set([401, 403]);

/** The token of the session there is now: after signing in again the one in the page is out of date. */
function freshToken(fallback) {
  const cookie = typeof document === "undefined" ? "" : document.cookie;
  return /(?:^|; )csrftoken=([^;]+)/.exec(cookie)?.[1] ?? fallback;
}

/**
 * @param {string} url @param {Batch} batch @param {{csrf?: string, send?: typeof fetch, keepalive?: boolean}} [options]
 *   `send`: a stand-in in tests; `keepalive`: the page may be gone before it has been sent
 * @returns {Promise<Outcome>}
 */
export async function sendBatch(url, batch, { csrf = "", send = (...args) => fetch(...args), keepalive = false } = {}) {
  let response;
  try {
    response = await send(url, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": freshToken(csrf) },
      body: JSON.stringify(batch),
      credentials: "same-origin",
      keepalive,
    });
  } catch {
    return { kind: "later", reason: "the server cannot be reached" };
  }
  return outcomeOf(response);
}

/** @param {Response} response @returns {Promise<Outcome>} */
async function outcomeOf(response) {
  const answer = await response.json().catch(() => null);
  if (response.ok && Number.isInteger(answer?.revision)) return { kind: "saved", answer };
  if (response.status === 409 && answer?.current) return { kind: "conflict", current: answer.current };
  if (response.status >= 500 || response.status === 429) return { kind: "later", reason: `the server answered ${response.status}` };
  if (SIGNED_OUT.has(response.status) || !answer?.error) return { kind: "signed-out" };
  return { kind: "refused", reason: answer.error.message };
}
