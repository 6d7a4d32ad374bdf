/* One file to the server by the tus protocol 1.0.0 (https://tus.io): in pieces, gone on with after a broken line. */

const TUS = { "Tus-Resumable": "1.0.0" };
const BODY = "application/offset+octet-stream";
export const PIECE = 8 * 1024 * 1024;
/** Milliseconds before each new try; together more than a server needs to start again. */
export const WAITS = [500, 1000, 2000, 5000, 10000, 20000, 30000];

/** The server's no, with its sentence. */
export class Refused extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }

  /** Another try may go better: the server was busy or away, or our picture of the offset was old. */
  get passes() {
    return this.code === "wrong_offset" || this.code === "locked" || this.status === 429 || (this.status >= 500 && this.status !== 507);
  }

  get signedOut() {
    return this.status === 401 || this.status === 403;
  }
}

async function answer(response) {
  if (response.ok) return response;
  const body = await response.json().catch(() => null);
  throw new Refused(response.status, body?.error?.code ?? "", body?.error?.message ?? `The server answered ${response.status}.`);
}

function base64(text) {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

/**
 * Send one file, or the rest of it.
 * @param {Blob} file
 * @param {object} options
 * @param {string} options.endpoint where uploads are created
 * @param {string} options.path name with folders
 * @param {string} options.token CSRF token
 * @param {AbortSignal} [options.signal]
 * @param {(sent: number) => void} [options.onProgress] bytes that are there
 * @param {typeof fetch} [options.fetch]
 * @param {(ms: number) => Promise<void>} [options.wait]
 * @returns {Promise<void>} when the file is whole; rejects with Refused, or with a TypeError when the line stays dead
 */
export async function sendFile(file, options) {
  const { signal, onProgress = () => {}, fetch: ask = (...request) => fetch(...request), wait = pause } = options;
  const headers = { ...TUS, "X-CSRFToken": options.token };
  const transfer = { url: null, offset: 0, known: false };
  for (let tries = 0; ;) {
    try {
      if (!transfer.url) await create();
      else if (!transfer.known) await look();
      while (transfer.offset < file.size) {
        await append();
        tries = 0;
      }
      return;
    } catch (error) {
      transfer.known = false;
      const passes = error instanceof Refused ? error.passes : !signal?.aborted;
      if (!passes || tries >= WAITS.length) throw error;
      await wait(WAITS[tries++]);
    }
  }

  async function create() {
    const named = { "Upload-Length": String(file.size), "Upload-Metadata": `filename ${base64(options.path)}` };
    const body = file.slice(0, PIECE);
    const response = await answer(await ask(options.endpoint, { method: "POST", headers: { ...headers, ...named, "Content-Type": BODY }, body, signal }));
    transfer.url = response.headers.get("Location");
    moved(response);
  }

  async function look() {
    moved(await answer(await ask(transfer.url, { method: "HEAD", headers, signal })));
  }

  async function append() {
    const body = file.slice(transfer.offset, transfer.offset + PIECE);
    const placed = { "Upload-Offset": String(transfer.offset), "Content-Type": BODY };
    moved(await answer(await ask(transfer.url, { method: "PATCH", headers: { ...headers, ...placed }, body, signal })));
  }

  function moved(response) {
    transfer.offset = Number(response.headers.get("Upload-Offset"));
    transfer.known = true;
    onProgress(transfer.offset);
  }
}

function pause(ms) {
  return new Promise((done) => setTimeout(done, ms));
}
