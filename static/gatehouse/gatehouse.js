// Behaviour of the pages: small, by attribute, and nothing that a page needs in order to be read or sent.
(function () {
  "use strict";
  const root = document.documentElement;
  const announcer = () => document.getElementById("gh-announcer");

  // ── words for people who do not see the page change ─────────────────────────────────────────────

  function announce(words) {
    const region = announcer();
    if (!region || !words) return;
    region.textContent = "";
    window.setTimeout(() => { region.textContent = words; }, 60);
  }

  function toast(words) {
    const region = document.getElementById("gh-toasts");
    if (!region) return;
    const box = document.createElement("div");
    box.className = "gh-toast";
    const text = document.createElement("p");
    text.textContent = words;
    const close = document.createElement("button");
    close.type = "button";
    close.textContent = "Close";
    close.addEventListener("click", () => box.remove());
    box.append(text, close);
    region.append(box);
    announce(words);
  }

  // ── times in the reader's zone, the moment in UTC stays as title ────────────────────────────────

  const full = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
  const dayOnly = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeZone: "UTC" });
  const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  const units = [["day", 86400], ["hour", 3600], ["minute", 60]];

  function inWords(moment) {
    const seconds = (moment.getTime() - Date.now()) / 1000;
    if (Math.abs(seconds) > 30 * 86400) return full.format(moment);
    for (const [unit, length] of units) {
      if (Math.abs(seconds) >= length) return relative.format(Math.trunc(seconds / length), unit);
    }
    return "just now";
  }

  function localTimes(scope) {
    for (const element of scope.querySelectorAll("time[data-local]")) {
      const text = element.getAttribute("datetime");
      const moment = new Date(text);
      if (!text || Number.isNaN(moment.getTime())) continue;
      if (!text.includes("T")) element.textContent = dayOnly.format(moment);
      else if (element.dataset.local === "relative") element.textContent = inWords(moment);
      else element.textContent = full.format(moment);
    }
  }

  // ── copying ─────────────────────────────────────────────────────────────────────────────────────

  async function copy(text) {
    if (navigator.clipboard && window.isSecureContext) return navigator.clipboard.writeText(text);
    // Plain HTTP on a name other than localhost has no clipboard API.
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "visually-hidden";
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    if (!done) throw new Error("refused");
    return undefined;
  }

  async function copyFrom(button) {
    try {
      await copy(button.dataset.copy);
      button.dataset.copied = "";
      announce("Copied");
      window.setTimeout(() => delete button.dataset.copied, 1600);
    } catch (error) {
      toast("The browser did not let us copy. Select the text and copy it yourself.");
    }
  }

  // ── theme ───────────────────────────────────────────────────────────────────────────────────────

  const themes = ["auto", "light", "dark"];
  const themeWords = { auto: "as the system", light: "light", dark: "dark" };

  function nameTheme() {
    const choice = window.gatehouseTheme.choice();
    const next = themes[(themes.indexOf(choice) + 1) % themes.length];
    for (const words of document.querySelectorAll("[data-theme-words]")) {
      words.textContent = `Theme: ${themeWords[choice]}. Change to ${themeWords[next]}`;
      words.closest("button").title = `Theme: ${themeWords[choice]}`;
    }
    return next;
  }

  // ── forms: sent once, refused where the error is ────────────────────────────────────────────────

  function holdForm(event) {
    const form = event.target;
    if (event.defaultPrevented || form.method === "get" || form.hasAttribute("data-again")) return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    const pressed = event.submitter;
    // Disabling at once would take the button's own name and value out of what is sent.
    window.setTimeout(() => {
      for (const button of form.querySelectorAll("button[type=submit], button:not([type])")) button.disabled = true;
      if (pressed) pressed.setAttribute("aria-busy", "true");
    }, 0);
  }

  function releaseForm(form) {
    if (!form || !form.dataset) return;
    delete form.dataset.sent;
    for (const button of form.querySelectorAll("button:disabled")) {
      button.disabled = false;
      button.removeAttribute("aria-busy");
    }
  }

  // ── long tables ─────────────────────────────────────────────────────────────────────────────────

  function wireFilters(scope) {
    for (const box of scope.querySelectorAll("[data-filters]")) {
      const table = document.getElementById(box.dataset.filters);
      const input = box.querySelector("input");
      if (!table || !input || box.dataset.wired) continue;
      box.dataset.wired = "yes";
      box.hidden = false;
      input.addEventListener("input", () => {
        const words = input.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
        let shown = 0;
        for (const row of table.querySelectorAll("tbody tr, :scope > li")) {
          const text = row.textContent.toLowerCase();
          row.hidden = !words.every((word) => text.includes(word));
          if (!row.hidden) shown += 1;
        }
        announce(`${shown} shown`);
      });
    }
  }

  // On a phone a row becomes a card whose values bear their column's name. The roles say that it is still a
  // table: browsers forget that once its parts are drawn as blocks. Without scripts it is scrolled sideways.
  function stackTables(scope) {
    for (const table of scope.querySelectorAll(".gh-scroll > table.table:not([data-stacked])")) {
      table.dataset.stacked = "yes";
      const names = [...table.querySelectorAll("thead th, thead td")].map((cell) => cell.textContent.trim());
      table.setAttribute("role", "table");
      for (const part of table.querySelectorAll("thead, tbody")) part.setAttribute("role", "rowgroup");
      for (const name of table.querySelectorAll("thead th")) name.setAttribute("role", "columnheader");
      for (const row of table.rows) {
        row.setAttribute("role", "row");
        if (!row.closest("tbody")) continue;
        [...row.cells].forEach((cell, place) => {
          cell.setAttribute("role", cell.tagName === "TH" ? "rowheader" : "cell");
          if (place > 0 && names[place] && row.cells.length === names.length) cell.dataset.label = names[place];
          cell.toggleAttribute("data-blank", !cell.textContent.trim() && !cell.children.length);
        });
      }
    }
  }

  // ── the bar at the bottom of a phone leaves when the panel itself is in sight ───────────────────

  function wireBars(scope) {
    for (const bar of scope.querySelectorAll("[data-hides-for]")) {
      const panel = document.getElementById(bar.dataset.hidesFor);
      if (!panel || bar.dataset.wired) continue;
      bar.dataset.wired = "yes";
      new IntersectionObserver((seen) => {
        bar.toggleAttribute("data-out", seen[seen.length - 1].isIntersecting);
      }, { threshold: 0.15 }).observe(panel);
    }
  }

  // What a refreshed part has to say is said once, when it changed.
  const said = new Map();
  function sayChanges(scope) {
    const speakers = [...scope.querySelectorAll("[data-announce]")];
    if (scope instanceof Element && scope.matches("[data-announce]")) speakers.push(scope);
    for (const speaker of speakers) {
      const words = speaker.dataset.announce;
      if (said.has(speaker.id) && said.get(speaker.id) !== words) announce(words);
      said.set(speaker.id, words);
    }
  }

  function wire(scope) {
    localTimes(scope);
    wireFilters(scope);
    stackTables(scope);
    wireBars(scope);
    sayChanges(scope);
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy], [data-theme-switch], [data-dialog], [data-close]");
    if (!button) return;
    if (button.hasAttribute("data-copy")) copyFrom(button);
    if (button.hasAttribute("data-theme-switch")) {
      window.gatehouseTheme.choose(nameTheme());
      nameTheme();
      announce(`Theme: ${themeWords[window.gatehouseTheme.choice()]}`);
    }
    if (button.hasAttribute("data-dialog")) document.getElementById(button.dataset.dialog).showModal();
    if (button.hasAttribute("data-close")) button.closest("dialog").close();
  });

  document.addEventListener("submit", holdForm);
  window.addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach(releaseForm));

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select, [contenteditable]")) return;
    const target = document.querySelector(`[data-shortcut="${CSS.escape(event.key)}"]`);
    if (!target) return;
    event.preventDefault();
    target.focus();
  });

  // ── htmx ────────────────────────────────────────────────────────────────────────────────────────

  document.addEventListener("htmx:afterSwap", (event) => wire(event.detail.target.isConnected ? event.detail.target : document));
  document.addEventListener("htmx:load", (event) => wire(event.detail.elt));
  document.addEventListener("htmx:afterRequest", (event) => releaseForm(event.detail.elt.closest("form")));
  document.addEventListener("htmx:responseError", (event) => {
    const status = event.detail.xhr.status;
    if (status === 401 || status === 403) toast("You may not see this any more. Sign in again or reload the page.");
    else if (status === 429) toast("Too many requests. Wait a moment.");
    else toast(`The portal answered ${status}. Reload the page; nothing was changed by this view.`);
  });
  let wasLost = false;
  document.addEventListener("htmx:sendError", () => {
    if (!wasLost) toast("The portal does not answer. What you see may be old.");
    wasLost = true;
  });
  document.addEventListener("htmx:afterOnLoad", () => { wasLost = false; });

  // ── start ───────────────────────────────────────────────────────────────────────────────────────

  root.addEventListener("gatehouse:theme", nameTheme);
  nameTheme();
  wire(document);
  const wrong = document.querySelector("[data-focus]");
  if (wrong) wrong.focus();
  for (const dialog of document.querySelectorAll("dialog:has([data-focus])")) dialog.showModal();
})();
