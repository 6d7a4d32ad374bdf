/* The upload page: drop, watch, go on after a closed tab, import. */
import { showMessage } from "../messages.js";
import { html } from "../utils.js";
import { sendFile } from "./client.js";
import { chosen, dropped } from "./dropped.js";
import { isVideo, startFrames } from "./frames.js";
import { UploadQueue } from "./queue.js";

const page = document.querySelector("[data-upload]");
const part = (name) => page.querySelector(`[data-part=${name}]`);
const endpoint = page.dataset.upload;
const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
const whole = new Set();
const MOST_REASONS = 20;

const queue = new UploadQueue(
  (item, onProgress) => sendFile(item.file, { endpoint, path: item.path, token, onProgress }),
  () => (drawing ||= requestAnimationFrame(draw)),
);
let drawing = 0;

function size(bytes) {
  const units = ["B", "kB", "MB", "GB"];
  let step = 0;
  for (; bytes >= 1000 && step < 3; step += 1) bytes /= 1000;
  return `${bytes.toFixed(step && bytes < 10 ? 1 : 0)} ${units[step]}`;
}

function draw() {
  drawing = 0;
  const { files, done, failed, bytes, sent, sending, paused } = queue.totals;
  part("progress").hidden = !files;
  if (files) part("earlier").hidden = true;
  part("bar").max = Math.max(bytes, 1);
  part("bar").value = sent;
  part("words").textContent = `${done.toLocaleString()} of ${files.toLocaleString()} files, ${size(sent)} of ${size(bytes)}${paused ? ", paused" : ""}`;
  part("now").textContent = queue.sending.map((item) => item.path.split("/").at(-1)).join(", ");
  part("pause").textContent = paused ? "Go on" : "Pause";
  part("pause").hidden = done + failed === files && !paused;
  part("again").hidden = !failed || paused;
  part("failed").replaceChildren(...queue.failed.slice(0, MOST_REASONS).map((item) => html("li", {}, html("b", {}, item.path), ` ${item.reason}`)));
  const ready = !sending && !failed && done === files && done + whole.size > 0;
  part("finish").disabled = part("look").disabled = !ready;
  drawVideos();
}

/** Videos of this tab and of earlier ones: path -> is it whole? */
function videos() {
  const found = new Map([...whole].map((path) => [path, true]));
  for (const item of queue.items) found.set(item.path, item.state === "done");
  for (const path of found.keys()) if (!isVideo(path, page.dataset.videos)) found.delete(path);
  return found;
}

function drawVideos() {
  const found = videos();
  part("videos").hidden = !found.size;
  part("videos-words").textContent = [...found.keys()].slice(0, MOST_REASONS).join(", ") + (found.size > MOST_REASONS ? " …" : "");
  part("frames").disabled = ![...found.values()].every(Boolean);
}

/** The job that makes images of the videos' frames. From now on they are no part of this upload. */
async function takeFrames() {
  const { files } = await ask("GET", endpoint);
  const here = files.filter((file) => file.offset === file.size && isVideo(file.path, page.dataset.videos));
  const job = await startFrames(page.dataset.frames, token, part("videos"), here.map((file) => file.id));
  for (const path of videos().keys()) {
    whole.delete(path);
    queue.remove(path);
  }
  part("videos-done").hidden = false;
  part("videos-done").replaceChildren("Frames are being taken: ", html("a", { href: job.url }, "see how far it is"), ".");
  draw();
  return job;
}

async function ask(method, address, body) {
  const headers = { "X-CSRFToken": token, "Content-Type": "application/json" };
  const response = await fetch(address, { method, headers, body: body && JSON.stringify(body) });
  if (response.status === 204) return null;
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error?.message ?? `The server answered ${response.status}.`);
  return answer;
}

/** What an earlier tab left: whole files need not come again, the others go on when they are dropped again. */
async function earlier() {
  const { files } = await ask("GET", endpoint);
  for (const file of files) if (file.offset === file.size) whole.add(file.path);
  const rest = files.length - whole.size;
  part("earlier").hidden = !files.length;
  part("leave-out").hidden = !rest;
  part("earlier-words").textContent = `An earlier upload is here: ${whole.size.toLocaleString()} files are whole${rest ? `, ${rest.toLocaleString()} stopped on the way. Drop the same files again and they go on where they stopped.` : "."}`;
  draw();
}

function take(files) {
  queue.add(files, whole);
}

function words(text) {
  return text.split("\n").map((line) => line.trim()).filter(Boolean);
}

page.addEventListener("dragover", (event) => {
  event.preventDefault();
  part("zone").classList.add("over");
});
page.addEventListener("dragleave", () => part("zone").classList.remove("over"));
page.addEventListener("drop", async (event) => {
  event.preventDefault();
  part("zone").classList.remove("over");
  take(await dropped(event.dataTransfer));
});
for (const input of page.querySelectorAll("input[type=file][data-send]")) {
  input.addEventListener("change", () => {
    take(chosen(input.files));
    input.value = "";
  });
}
part("pause").addEventListener("click", () => (queue.totals.paused ? queue.resume() : queue.pause()));
part("again").addEventListener("click", () => queue.resume());
part("discard").addEventListener("click", async () => {
  await ask("DELETE", endpoint);
  location.reload();
});
part("finish").addEventListener("click", () => finish(false));
part("look").addEventListener("click", () => finish(true));

async function finish(preview) {
  part("finish").disabled = part("look").disabled = true;
  try {
    const job = videos().size ? await takeFrames() : null;
    if (job && !queue.totals.files && !whole.size) {
      location.assign(job.url);
      return;
    }
    const choices = { mapping: words(part("mapping").value), label_map: await labelMap(), leave_out: part("leave").checked };
    location.assign((await ask("POST", `${endpoint}/finish`, { ...choices, preview })).url);
  } catch (error) {
    showMessage(error.message, "bad");
    draw();
  }
}

part("videos").addEventListener("submit", async (event) => {
  event.preventDefault();
  part("frames").disabled = true;
  try {
    await takeFrames();
  } catch (error) {
    showMessage(error.message, "bad");
    draw();
  }
});

async function labelMap() {
  const [file] = part("label-map").files;
  return file ? file.text() : "";
}

addEventListener("beforeunload", (event) => {
  if (queue.totals.sending) event.preventDefault();
});
earlier().catch((error) => showMessage(error.message, "bad"));
