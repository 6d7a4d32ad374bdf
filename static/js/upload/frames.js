/* Videos: what is asked of the server once they are there. */

/**
 * @param {string} path
 * @param {string} suffixes in small letters, with blanks between: ".mp4 .mov"
 */
export function isVideo(path, suffixes) {
  const dot = path.lastIndexOf(".");
  return dot > 0 && suffixes.split(" ").includes(path.slice(dot).toLowerCase());
}

/** What a form of frames says (datasets.sources.forms.VideoForm), in the words of the API. */
export function frameChoices(form, ids) {
  const body = new FormData();
  for (const id of ids) body.append("uploads", id);
  body.append(form.elements.unit.value, form.elements.every.value);
  body.append("keep_alike", form.elements.keep_alike.checked);
  return body;
}

/** Have frames taken of uploads that are whole; the job, or an Error with the server's sentence. */
export async function startFrames(address, token, form, ids) {
  const response = await fetch(address, { method: "POST", headers: { "X-CSRFToken": token }, body: frameChoices(form, ids) });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error?.message ?? `The server answered ${response.status}.`);
  return answer;
}
