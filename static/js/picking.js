/* Ticking photos of the grid and acting on them; and a filter form whose address holds only what is set.

   form[data-picking] holds the tiles' checkboxes and a [data-pick-bar]. Shift and a click ticks the whole stretch. */
import { ask } from "./dialogs.js";
import { on } from "./utils.js";

let last = null;

/** @param {Element} form */
function boxes(form) {
  return [...form.querySelectorAll(".pick input")];
}

function refresh(form) {
  const picked = boxes(form).filter((box) => box.checked);
  const everything = form.querySelector("[data-pick-all]");
  form.querySelector("[data-pick-bar]").hidden = picked.length === 0 && !everything?.checked;
  form.querySelector("[data-picked]").textContent = everything?.checked ? "All" : String(picked.length);
  form.classList.toggle("picking", picked.length > 0);
}

function pick(form, checked) {
  for (const box of boxes(form)) box.checked = checked;
  const everything = form.querySelector("[data-pick-all]");
  if (everything && !checked) everything.checked = false;
  refresh(form);
}

on(document, "click", ".pick input", (event, box) => {
  const form = box.closest("[data-picking]");
  const all = boxes(form);
  if (event.shiftKey && last && all.includes(last)) {
    const [from, to] = [all.indexOf(last), all.indexOf(box)].sort((a, b) => a - b);
    for (const between of all.slice(from, to + 1)) between.checked = box.checked;
  }
  last = box;
  refresh(form);
});
on(document, "change", "[data-pick-all]", (event, box) => refresh(box.form));
on(document, "click", "[data-pick-page]", (event, button) => pick(button.form, true));
on(document, "click", "[data-pick-none]", (event, button) => pick(button.form, false));
on(document, "click", "button[data-loss]", async (event, button) => {
  if (button.dataset.sure === "yes") return;
  event.preventDefault();
  const yes = await ask({ title: `${button.textContent}?`, text: button.dataset.loss, yes: button.textContent, isDangerous: true });
  if (!yes) return;
  button.dataset.sure = "yes";
  button.click();
  delete button.dataset.sure;
});

// Enter in a field of the bar must not press its first button.
on(document, "keydown", "[data-pick-bar] input", (event, input) => {
  if (event.key !== "Enter" || input.type === "checkbox") return;
  event.preventDefault();
  const label = input.closest("label");
  (label?.nextElementSibling?.matches("button") ? label.nextElementSibling : null)?.click();
});

on(document, "change", "[data-filter] > select", (event, select) => select.form.requestSubmit());
on(document, "submit", "[data-filter]", (event, form) => {
  for (const field of form.elements) if (field.name && !field.value) field.disabled = true;
});
window.addEventListener("pageshow", () => {
  for (const field of document.querySelectorAll("[data-filter] :disabled")) field.disabled = false;
  for (const form of document.querySelectorAll("[data-picking]")) refresh(form);
});
