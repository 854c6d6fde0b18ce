// <pressrun-status site="www" entry="node/123" token="…"></pressrun-status> tells
// how a site stands, or one entry of it: "live since 14:02 EST". Style it by
// pressrun-status[data-state="live"], going, waiting, scheduled, stopped, none, error.
(() => {
  "use strict";
  const source = document.currentScript && document.currentScript.src;
  const OFTEN = 5000, REST = 30000, LONGEST = 300000;

  class PressrunStatus extends HTMLElement {
    static observedAttributes = ["site", "entry", "token", "app"];
    #timer = 0;
    #failures = 0;
    #call = null;
    #said = null;
    #seen = () => { if (!document.hidden) this.#look(); };

    connectedCallback() {
      if (!this.#said) {
        this.#said = document.createElement("span");
        this.#said.setAttribute("role", "status");
        this.#said.setAttribute("aria-live", "polite");
        this.replaceChildren(this.#said);
      }
      document.addEventListener("visibilitychange", this.#seen);
      this.#look();
    }

    disconnectedCallback() {
      document.removeEventListener("visibilitychange", this.#seen);
      this.#stop();
    }

    attributeChangedCallback(name, before, after) {
      if (this.isConnected && before !== after && this.#said) this.#look();
    }

    #stop() {
      clearTimeout(this.#timer);
      if (this.#call) this.#call.abort();
      this.#call = null;
    }

    // #say changes the words only when they are others: a screen reader reads each change.
    #say(state, text) {
      this.dataset.state = state;
      if (this.#said.textContent !== text) this.#said.textContent = text;
    }

    #address() {
      const at = new URL("embed/" + encodeURIComponent(this.getAttribute("site") || ""), this.getAttribute("app") || source);
      const entry = this.getAttribute("entry");
      if (entry) at.searchParams.set("entry", entry);
      return at;
    }

    async #look() {
      this.#stop();
      const call = this.#call = new AbortController();
      const limit = setTimeout(() => call.abort(), 15000);
      let wait = REST;
      try {
        const answer = await fetch(this.#address(), {
          headers: { Authorization: "Bearer " + (this.getAttribute("token") || "") },
          credentials: "omit", referrerPolicy: "no-referrer", signal: call.signal,
        });
        if (answer.status === 401) {
          this.#failures++;
          this.#say("error", "Pressrun: not allowed");
          wait = LONGEST;
        } else if (!answer.ok) {
          throw new Error("status " + answer.status);
        } else {
          const told = await answer.json();
          this.#failures = 0;
          this.#say(String(told.state), String(told.text));
          wait = told.state === "live" || told.state === "none" ? REST : OFTEN;
        }
      } catch {
        if (this.#call !== call) return; // another look has begun, or it was removed
        this.#failures++;
        wait = Math.min(OFTEN * 2 ** this.#failures, LONGEST);
        if (this.#failures > 2) this.#say("error", "Pressrun: no answer");
      } finally {
        clearTimeout(limit);
      }
      if (this.#call !== call) return;
      clearTimeout(this.#timer);
      if (!document.hidden) this.#timer = setTimeout(() => this.#look(), wait * (0.9 + Math.random() / 5));
    }
  }

  if (!customElements.get("pressrun-status")) customElements.define("pressrun-status", PressrunStatus);
})();
