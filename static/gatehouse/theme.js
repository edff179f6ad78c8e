// Runs before the first paint, so that a stored choice never flashes. Everything else waits.
(function () {
  "use strict";
  const root = document.documentElement;
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  let choice = "auto";
  try {
    choice = localStorage.getItem("gatehouse-theme") || "auto";
  } catch (error) {
    // Storage may be forbidden; the system's choice still works.
  }

  function show(wanted) {
    const dark = wanted === "dark" || (wanted === "auto" && system.matches);
    root.dataset.themeChoice = wanted;
    root.dataset.bsTheme = dark ? "dark" : "light";
    root.dispatchEvent(new CustomEvent("gatehouse:theme", { detail: { choice: wanted, dark } }));
  }

  window.gatehouseTheme = {
    choice: () => root.dataset.themeChoice,
    choose(wanted) {
      try {
        localStorage.setItem("gatehouse-theme", wanted);
      } catch (error) {
        // Then it holds for this page only.
      }
      show(wanted);
    },
  };

  root.classList.add("has-scripts");
  system.addEventListener("change", () => show(root.dataset.themeChoice));
  show(choice === "light" || choice === "dark" ? choice : "auto");
})();
