/* Forms that carry large files (`data-sending`, sent by htmx): how much has left, and that the server looks into it. */

/**
 * What the line says when so many bytes have left.
 * @param {number} loaded
 * @param {number} total
 * @returns {{ percent: number | null, words: string }} percent is null while nobody knows how long it takes
 */
export function sentWords(loaded, total) {
  if (loaded >= total) return { percent: null, words: "All of it is sent; the server looks into it." };
  return { percent: Math.floor((100 * loaded) / total), words: `${megabytes(loaded)} of ${megabytes(total)} sent` };
}

function megabytes(bytes) {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

function show(form, loaded, total) {
  const line = form.querySelector("[data-sent]");
  const { percent, words } = sentWords(loaded, total);
  const [said, number] = line.querySelectorAll("span");
  const bar = line.querySelector("progress");
  line.hidden = false;
  said.textContent = words;
  number.textContent = percent === null ? "" : `${percent} %`;
  if (percent === null) bar.removeAttribute("value");
  else bar.value = percent;
}

/** @param {Document} root */
export function showSending(root) {
  root.body.addEventListener("htmx:xhr:progress", (event) => {
    const form = event.target;
    // The answer's own progress is told by the same event; it is short and has nothing to say.
    if (form.matches("[data-sending]") && event.detail.lengthComputable && event.detail.total > 0) {
      show(form, event.detail.loaded, event.detail.total);
    }
  });
  root.body.addEventListener("htmx:afterRequest", (event) => {
    const line = event.target.querySelector?.("[data-sent]");
    if (line && !event.detail.successful) line.hidden = true;
  });
}
