// Draws a column over time. Zooming asks the server for the points of that part.
/* global uPlot */
const form = document.querySelector("[data-chart]");
const place = document.querySelector("[data-chart-place]");
const note = document.querySelector("[data-chart-note]");

/** A colour of the sheet, as it is in light or in dark. */
function colour(name, alpha = 1) {
  const probe = document.createElement("span");
  probe.style.color = `color-mix(in srgb, var(${name}) ${alpha * 100}%, transparent)`;
  document.body.append(probe);
  const shown = getComputedStyle(probe).color;
  probe.remove();
  return shown;
}

let plot;
let asked = 0;
/** The first and the last time that are shown, in seconds. */
let shown = [0, 0];

async function load(range = {}) {
  const number = ++asked;
  const { time, column } = Object.fromEntries(new FormData(form));
  const points = Math.max(100, Math.min(2000, place.clientWidth));
  const query = new URLSearchParams({ time, column, points, ...range });
  note.textContent = "Loading …";
  const answer = await fetch(`${form.dataset.chart}?${query}`);
  const found = await answer.json();
  if (number !== asked) return;
  if (!answer.ok) {
    note.textContent = found.error.message;
    return;
  }
  note.textContent =
    found.rows === 0 ? "No rows are there." : `${found.rows.toLocaleString("en").replaceAll(",", "\u202f")} rows`;
  if (found.rows === 0) return;
  shown = [found.times[0], found.times.at(-1)];
  draw(column, found);
}

function draw(column, { times, least, most }) {
  plot?.destroy();
  const accent = colour("--accent");
  const axis = { stroke: colour("--quiet"), grid: { stroke: colour("--line") }, ticks: { stroke: colour("--line") } };
  plot = new uPlot(
    {
      width: place.clientWidth,
      height: 320,
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "UTC"),
      series: [{}, { label: `${column}, least`, stroke: accent }, { label: `${column}, most`, stroke: accent }],
      bands: [{ series: [2, 1], fill: colour("--accent", 0.2) }],
      axes: [axis, { ...axis, size: 70 }],
      hooks: { setSelect: [zoom] },
      cursor: { drag: { setScale: false } },
    },
    [times, least, most],
    place,
  );
}

function zoom(chart) {
  const { left, width } = chart.select;
  if (width < 4) return;
  look(chart.posToVal(left, "x"), chart.posToVal(left + width, "x"));
}

function look(from, to) {
  const moment = (seconds) => new Date(seconds * 1000).toISOString();
  load({ from: moment(from), to: moment(to) });
}

/** What the buttons do, as parts of the length that is shown: where the new range begins and ends. */
const moves = { in: [0.25, 0.75], out: [-0.5, 1.5], back: [-0.5, 0.5], on: [0.5, 1.5] };

for (const button of document.querySelectorAll("[data-chart-move]")) {
  button.addEventListener("click", () => {
    const move = moves[button.dataset.chartMove];
    if (!move) return load();
    const [first, last] = shown;
    const length = Math.max(1, last - first);
    look(first + move[0] * length, first + move[1] * length);
  });
}

form.addEventListener("change", () => load());
addEventListener("resize", () => plot?.setSize({ width: place.clientWidth, height: 320 }));
load();
