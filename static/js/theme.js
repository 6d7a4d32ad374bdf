/* Loaded first and not as a module, so that the chosen look is there before the first paint.
   The choice is "light", "dark" or nothing (the system decides); app.js changes it. */
(function () {
  try {
    const choice = localStorage.getItem("theme");
    if (choice === "light" || choice === "dark") document.documentElement.dataset.theme = choice;
  } catch {
    // Storage may be forbidden; the system's look is a good answer then.
  }
})();
