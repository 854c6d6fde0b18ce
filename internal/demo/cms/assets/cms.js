// Keeps the badges true while something is on its way. The pages work without
// it: a reload shows the same.
"use strict";
(() => {
  const pause = 2000;

  async function refresh() {
    const waiting = document.querySelectorAll("[data-pending]");
    if (waiting.length === 0) return;
    if (!document.hidden) await replaceAll(waiting);
    setTimeout(refresh, pause);
  }

  async function replaceAll(waiting) {
    try {
      const answer = await fetch(location.pathname, { headers: { Accept: "text/html" } });
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const old of waiting) replace(old, page.getElementById(old.id));
    } catch {
      // The CMS is restarting: ask again after the pause.
    }
  }

  function replace(old, fresh) {
    if (!fresh || fresh.innerHTML === old.innerHTML) return;
    old.replaceWith(fresh);
    if (fresh.dataset.title && !("pending" in fresh.dataset)) announce(fresh);
  }

  // A screen reader hears the badge that has just settled.
  function announce(fresh) {
    const note = document.createElement("p");
    note.className = "hidden";
    note.textContent = fresh.dataset.title + ": " + fresh.textContent.trim();
    document.getElementById("news").append(note);
  }

  setTimeout(refresh, pause);
})();
