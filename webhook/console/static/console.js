// Times in the reader's zone, parts of a page that are asked for again when something changed, and
// buttons that copy a command. Every page works without it: it writes no form, and keeps nothing.
"use strict";

(() => {
  const zoned = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

  const localTimes = (root) => {
    for (const time of root.querySelectorAll("time[datetime]")) {
      const moment = new Date(time.dateTime);
      if (!Number.isNaN(moment.getTime())) time.textContent = zoned.format(moment);
    }
  };

  // <main data-events="fleet"> listens; hx-trigger="fleet from:body" asks for its part again. What
  // came after the event data-after is told at once, the next one data-pause seconds later.
  const listen = (element) => {
    const names = element.dataset.events.split(" ").filter(Boolean);
    const stale = document.getElementById("stale");
    let source = null;
    let last = element.dataset.after || "";
    const pause = 1000 * Number(element.dataset.pause || 0);
    const pausing = new Set();
    const due = new Set();
    const tell = (name) => {
      if (pausing.has(name)) {
        due.add(name);
        return;
      }
      document.body.dispatchEvent(new CustomEvent(name));
      if (!pause) return;
      pausing.add(name);
      setTimeout(() => {
        pausing.delete(name);
        if (due.delete(name)) tell(name);
      }, pause);
    };
    const close = () => {
      if (source) source.close();
      source = null;
    };
    const open = () => {
      const query = new URLSearchParams({ namespace: element.dataset.namespace || "" });
      if (last) query.set("after", last);
      source = new EventSource(`/events?${query}`);
      source.onopen = () => { stale.hidden = true; };
      source.onerror = () => { if (source.readyState === EventSource.CLOSED) stale.hidden = false; };
      for (const name of names) {
        source.addEventListener(name, (event) => {
          last = event.lastEventId;
          tell(name);
        });
      }
    };
    // A browser has few connections to one address: a page that nobody sees holds none.
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) close();
      else if (!source) open();
    });
    window.addEventListener("pagehide", close);
    if (!document.hidden) open();
  };

  // Whatever somebody opened or closed stays so when its part is asked for again.
  const opened = new Map();
  document.addEventListener("click", (event) => {
    const summary = event.target.closest("summary[id]");
    if (summary) opened.set(summary.id, !summary.parentElement.open);
  });
  const openAgain = (root) => {
    for (const summary of root.querySelectorAll("summary[id]")) {
      if (opened.has(summary.id)) summary.parentElement.open = opened.get(summary.id);
    }
  };

  // A button copies what the element before it says, and the one after it says whether it did.
  const offerCopies = (root) => {
    if (!navigator.clipboard) return;
    for (const button of root.querySelectorAll("button[data-copies]")) button.hidden = false;
  };
  const copy = async (button) => {
    const said = button.nextElementSibling;
    said.textContent = "";
    try {
      await navigator.clipboard.writeText(button.previousElementSibling.textContent);
      said.textContent = "Copied";
    } catch {
      said.textContent = "This browser copies nothing: select the text";
    }
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-copies]");
    if (button) copy(button);
  });

  const begin = (root) => {
    localTimes(root);
    openAgain(root);
    offerCopies(root);
  };
  begin(document);
  document.addEventListener("htmx:load", (event) => begin(event.target));
  const listening = document.querySelector("[data-events]");
  if (listening) listen(listening);
})();
