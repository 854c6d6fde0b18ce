// Keeps a page up to date. The server says on a stream of events that something
// happened; the page is then fetched again, and the parts that differ are
// changed in place, so that focus and what somebody types stay as they are.
// Nothing here is needed to use the pages.
(() => {
  "use strict";
  const main = document.getElementById("main");
  const connection = document.getElementById("connection");
  const announcer = document.getElementById("announcer");
  const control = document.getElementById("live-control");
  if (!main || !main.dataset.events || !window.EventSource) return;

  let stream = null; // the EventSource, while there is one
  let paused = false; // the reader asked for stillness
  let loading = false;
  let again = false; // something happened while loading
  let soonTimer = 0;
  let lostTimer = 0;
  let retryTimer = 0;
  let retries = 0; // of the stream, without success
  let after = main.dataset.after;
  let ahead = 0; // how far this machine's clock is ahead of the server's
  const setClock = () => { ahead = main.dataset.now ? Date.now() - Date.parse(main.dataset.now) : 0; };
  setClock();

  // ---- changing the page in place

  const sameKind = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName && (a.id || "") === (b.id || "");

  // Fields belong to the reader, and a form's key to the form.
  const kept = (node) => node.nodeName === "INPUT" || node.nodeName === "TEXTAREA" || node.nodeName === "SELECT";

  function morph(old, fresh) {
    if (old.nodeType !== Node.ELEMENT_NODE) {
      if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
      return;
    }
    if (kept(old) && old.type !== "hidden") return;
    for (const { name } of [...old.attributes]) {
      if (!fresh.hasAttribute(name) && name !== "open") old.removeAttribute(name);
    }
    for (const { name, value } of [...fresh.attributes]) {
      if (name !== "open" && old.getAttribute(name) !== value) old.setAttribute(name, value);
    }
    morphChildren(old, fresh);
  }

  function morphChildren(old, fresh) {
    const wanted = new Set([...fresh.children].map((c) => c.id).filter(Boolean));
    for (const child of [...old.children]) {
      if (child.id && !wanted.has(child.id)) child.remove();
    }
    let at = old.firstChild;
    for (const next of [...fresh.childNodes]) {
      const named = next.id ? [...old.children].find((c) => c.id === next.id) : null;
      const match = named || (at && sameKind(at, next) ? at : null);
      if (!match) {
        old.insertBefore(document.importNode(next, true), at);
        continue;
      }
      if (match !== at) at = reach(old, at, match);
      if (match === at) at = at.nextSibling;
      morph(match, next);
    }
    while (at) {
      const rest = at.nextSibling;
      at.remove();
      at = rest;
    }
  }

  // reach brings a named node to its place. What stands before it is dropped
  // rather than the node moved, where nothing named is lost by that: a moved
  // node loses the focus.
  function reach(old, at, match) {
    const between = [];
    let node = at;
    while (node && node !== match && !node.id) {
      between.push(node);
      node = node.nextSibling;
    }
    if (node === match) {
      between.forEach((n) => n.remove());
      return match;
    }
    old.insertBefore(match, at);
    return at;
  }

  const spoken = (root) => [...root.querySelectorAll("[data-announce]")].map((e) => [e.dataset.announce, e.textContent.trim()].join(": "));

  function apply(fresh) {
    const freshMain = fresh.getElementById("main");
    if (!freshMain) throw new Error("no page");
    const before = new Set(spoken(main));
    const focused = document.activeElement;
    const home = focused && focused.closest("[data-live]");
    const follows = main.querySelector("[data-follow]") && innerHeight + scrollY >= document.documentElement.scrollHeight - 60;
    for (const part of freshMain.querySelectorAll("[data-live]")) {
      const old = document.getElementById(part.id);
      if (old && !old.isEqualNode(part)) morph(old, part);
    }
    for (const part of main.querySelectorAll("[data-live]")) {
      if (!fresh.getElementById(part.id)) part.remove();
    }
    for (const name of ["now", "busy", "after"]) {
      if (freshMain.dataset[name] === undefined) delete main.dataset[name];
      else main.dataset[name] = freshMain.dataset[name];
    }
    document.title = fresh.title;
    const asOf = document.getElementById("as-of");
    const freshAsOf = fresh.getElementById("as-of");
    if (asOf && freshAsOf) morph(asOf, freshAsOf);
    setClock();
    if (home && focused && !focused.isConnected) refocus(home);
    const news = spoken(main).filter((text) => !before.has(text));
    // Who reads the end of an output stays there; who reads something else is left alone.
    if (follows) scrollTo(0, document.documentElement.scrollHeight);
    if (news.length) announcer.textContent = news.join(" ");
  }

  // What had the focus is gone: its part's heading takes it, not the page's top.
  function refocus(home) {
    const heading = (home.isConnected ? home : main).querySelector("h1, h2, h3") || main;
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
  }

  // ---- fetching

  async function refresh() {
    if (paused) return;
    if (loading) { again = true; return; }
    loading = true;
    try {
      const answer = await fetch(location.href, { cache: "no-store", headers: { Accept: "text/html" } });
      if (answer.redirected && new URL(answer.url).pathname === "/signin") {
        say(connection.dataset.saySignedOut);
        close();
        return;
      }
      if (!answer.ok) throw new Error(String(answer.status));
      apply(new DOMParser().parseFromString(await answer.text(), "text/html"));
      // The server is there, and has no stream for us: see streams.go.
      if (connection.textContent && !(stream && stream.readyState === EventSource.OPEN)) {
        say(connection.dataset.sayNoStream);
      }
    } catch {
      lost();
    } finally {
      loading = false;
      if (again) { again = false; soon(); }
    }
  }

  function soon() {
    if (!soonTimer) soonTimer = setTimeout(() => { soonTimer = 0; refresh(); }, 200);
  }

  // ---- the stream

  // The element is always there, and empty: screen readers tell what changes in
  // it, and not of what appears with its text.
  const say = (text) => { if (connection.textContent !== text) connection.textContent = text; };

  function lost() {
    clearTimeout(lostTimer);
    lostTimer = 0;
    const asOf = document.getElementById("as-of");
    say(connection.dataset.sayLost.replace("…", `${asOf ? asOf.textContent : connection.dataset.sayBefore}.`));
    if (!stream) reopen();
  }

  function found() {
    clearTimeout(lostTimer);
    lostTimer = 0;
    say("");
  }

  function open() {
    if (stream || paused || document.hidden) return;
    const mine = new EventSource(`${main.dataset.events}&after=${after}`);
    stream = mine;
    let opened = false;
    mine.onopen = () => { retries = 0; found(); if (opened) soon(); opened = true; };
    for (const kind of main.dataset.kinds.split(" ")) {
      mine.addEventListener(kind, (event) => { after = event.lastEventId || after; soon(); });
    }
    mine.onerror = () => {
      if (!lostTimer) lostTimer = setTimeout(lost, 1500);
      if (mine.readyState !== EventSource.CLOSED) return; // it tries again by itself
      close();
      reopen();
    };
  }

  // Ever more seldom: a server that has no room is not helped by more calls.
  function reopen() {
    if (retryTimer) return;
    const wait = Math.min(3000 * 2 ** retries, 60000) * (0.75 + Math.random() / 4);
    retries += 1;
    retryTimer = setTimeout(() => { retryTimer = 0; open(); soon(); }, wait);
  }

  function close() {
    if (stream) stream.close();
    stream = null;
  }

  // A hidden page holds no connection: browsers allow few of them to a server.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) { clearTimeout(lostTimer); lostTimer = 0; close(); return; }
    open();
    soon();
  });
  // A page that comes back from the browser's store has an old form: load it.
  window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
  window.addEventListener("pagehide", close);

  // ---- time

  function spanWords(ms) {
    const s = Math.max(0, Math.round(ms / 1000));
    const two = (a, ua, b, ub) => (b ? `${a} ${ua} ${b} ${ub}` : `${a} ${ua}`);
    if (s >= 86400) return two(Math.floor(s / 86400), "d", Math.floor(s / 3600) % 24, "h");
    if (s >= 3600) return two(Math.floor(s / 3600), "h", Math.floor(s / 60) % 60, "min");
    if (s >= 60) return two(Math.floor(s / 60), "min", s % 60, "s");
    return `${s} s`;
  }

  setInterval(() => {
    if (paused || document.hidden) return;
    for (const span of document.querySelectorAll("[data-since]")) {
      span.textContent = spanWords(Date.now() - ahead - Date.parse(span.dataset.since));
    }
  }, 1000);
  // A run's notes and late notices come without an event.
  setInterval(() => { if (main.dataset.busy && !document.hidden) refresh(); }, 1000 * (main.dataset.every || 10));

  // ---- the reader's say

  if (control) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "plain";
    button.textContent = control.dataset.sayPause;
    button.addEventListener("click", () => {
      paused = !paused;
      button.textContent = paused ? control.dataset.sayResume : control.dataset.sayPause;
      if (paused) { close(); found(); return; }
      open();
      refresh();
    });
    control.append(button);
  }
  open();
})();
