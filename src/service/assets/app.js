// uPlot writes numbers in the browser's language, and fails where that is none, as with the locale POSIX.
try {
  new Intl.NumberFormat(navigator.language);
} catch {
  Object.defineProperty(navigator, "language", { value: "en-US" });
}

// Finds rows of a table while one types: <input data-filter="id of the table">.
for (const field of document.querySelectorAll("[data-filter]")) {
  const id = field.getAttribute("data-filter");
  const rows = [...document.querySelectorAll(`#${id} tbody tr`)];
  const count = document.querySelector(`[data-filter-count="${id}"]`);
  field.addEventListener("input", () => {
    const wanted = field.value.trim().toLowerCase();
    let shown = 0;
    for (const row of rows) {
      row.hidden = !row.textContent.toLowerCase().includes(wanted);
      if (!row.hidden) shown += 1;
    }
    if (count) count.textContent = `${shown} of ${rows.length} frame${rows.length === 1 ? "" : "s"}`;
  });
}

// Follows a run that is under way: whenever something of it changes, the page is asked for again and its part replaced.
const live = document.querySelector("[data-live]");
if (live) {
  const events = new EventSource(live.dataset.live);
  const refresh = async () => {
    const answer = await fetch(location.href, { headers: { accept: "text/html" } });
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("live");
    if (!fresh) return;
    const held = document.activeElement?.closest("#live form")?.action;
    document.getElementById("live").replaceChildren(...fresh.childNodes);
    // Who was on a button stays there.
    if (held)
      [...live.querySelectorAll("form")]
        .find(({ action }) => action === held)
        ?.querySelector("button")
        .focus();
  };
  events.addEventListener("change", refresh);
  events.addEventListener("end", async () => {
    events.close();
    await refresh();
  });
}

// On a phone the bar is wider than the screen: the present page's place in it is brought into view.
document.querySelector(".bar [aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
