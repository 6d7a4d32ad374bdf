/* The page of videos: they go up in pieces and on after a broken line; without this script the form sends them whole. */
import { showMessage } from "../messages.js";
import { sendFile } from "./client.js";

const form = document.querySelector("[data-video]");
const part = (name) => form.querySelector(`[data-part=${name}]`);
const token = form.querySelector("[name=csrfmiddlewaretoken]").value;
const { endpoint, start } = form.dataset;
let sending = false;

async function ask(address, options) {
  const response = await fetch(address, options);
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

/** What the form says, in the words of the API. */
function choices(ids) {
  const body = new FormData();
  for (const id of ids) body.append("uploads", id);
  body.append(form.elements.unit.value, form.elements.every.value);
  body.append("keep_alike", form.elements.keep_alike.checked);
  return body;
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (sending) return;
  sending = true;
  part("progress").hidden = false;
  try {
    const ids = await send([...form.elements.files.files]);
    const job = await ask(start, { method: "POST", headers: { "X-CSRFToken": token }, body: choices(ids) });
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
