// Live parts and local times. The page is complete without it.
"use strict";

function localTimes(root) {
  const form = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
  for (const t of root.querySelectorAll("time[datetime]")) {
    const at = new Date(t.dateTime);
    if (!Number.isNaN(at.getTime())) {
      t.title = t.dateTime;
      t.textContent = form.format(at);
    }
  }
}

function live(element) {
  const sign = document.getElementById("live-sign");
  const say = (on, text) => {
    if (!sign) return;
    sign.toggleAttribute("data-on", on);
    sign.textContent = text;
  };
  const source = new EventSource(element.dataset.live);
  source.addEventListener("open", () => say(true, "Live"));
  source.addEventListener("error", () => say(false, "Connecting again"));
  source.addEventListener("part", (event) => {
    // The server sends one rendered part of this page: its id, a newline, HTML.
    const cut = event.data.indexOf("\n");
    const into = document.getElementById(event.data.slice(0, cut));
    if (!into) return;
    into.innerHTML = event.data.slice(cut + 1);
    localTimes(into);
  });
}

localTimes(document);
for (const element of document.querySelectorAll("[data-live]")) live(element);
