/* The page of videos: they go up in pieces and on after a broken line; without this script the form sends them whole. */
import { showMessage } from "../messages.js";
import { sendFile } from "./client.js";
import { startFrames } from "./frames.js";

const form = document.querySelector("[data-video]");
const part = (name) => form.querySelector(`[data-part=${name}]`);
const token = form.querySelector("[name=csrfmiddlewaretoken]").value;
const { endpoint, start } = form.dataset;
let sending = false;

async function ask(address) {
  const response = await fetch(address);
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error?.message ?? `The server answered ${response.status}.`);
  return answer;
}

/** Send the files one after another; the server's numbers for them. */
async function send(files) {
  const all = files.reduce((sum, file) => sum + file.size, 0);
  let before = 0;
  for (const file of files) {
    const onProgress = (sent) => {
      part("bar").value = all ? (before + sent) / all : 1;
      part("words").textContent = `${file.name}: ${Math.round(sent / 1e6).toLocaleString()} of ${Math.round(file.size / 1e6).toLocaleString()} MB`;
    };
    await sendFile(file, { endpoint, path: file.name, token, onProgress });
    before += file.size;
  }
  const names = new Set(files.map((file) => file.name));
  const listed = await ask(endpoint);
  return listed.files.filter((file) => names.has(file.path)).map((file) => file.id);
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (sending) return;
  sending = true;
  part("progress").hidden = false;
  try {
    const ids = await send([...form.elements.files.files]);
    const job = await startFrames(start, token, form, ids);
    sending = false;
    location.assign(job.url);
  } catch (error) {
    sending = false;
    showMessage(error.message, "bad");
  }
});
addEventListener("beforeunload", (event) => {
  if (sending) event.preventDefault();
});
