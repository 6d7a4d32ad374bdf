/* The player of a video and its timeline: a click on a bar goes there, and a line shows where one is. */
import { on } from "../utils.js";

const player = document.querySelector("[data-player]");

function show() {
  const share = player.duration ? player.currentTime / player.duration : 0;
  for (const line of document.querySelectorAll("[data-now]")) {
    line.setAttribute("x1", String(1000 * share));
    line.setAttribute("x2", String(1000 * share));
  }
}

on(document, "click", "[data-seek]", (event, bar) => {
  event.preventDefault();
  player.currentTime = Number(bar.getAttribute("data-seek"));
  player.scrollIntoView({ block: "nearest" });
});
player.addEventListener("timeupdate", show);
player.addEventListener("seeked", show);
