/* The queue of doubtful labels: every answer is one key. Without this script the buttons do the same. */
import { inTextField } from "../utils.js";

let isSent = false; // a key that is held down must not answer the next question unread

document.addEventListener("keydown", (event) => {
  if (isSent || event.repeat || event.ctrlKey || event.metaKey || event.altKey || inTextField(event.target)) return;
  const target = document.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
  if (!target) return;
  event.preventDefault();
  isSent = true;
  target.click();
});

window.addEventListener("pageshow", () => { isSent = false; });
