import { html } from "hono/html";
import type { FrameDescription } from "../../contracts/describe.ts";
import type { FrameField } from "../../contracts/frame-schema.ts";
import type { FrameStatistics } from "../../frame/statistics.ts";
import { bars, share } from "./bars.ts";
import { ageText, countText, framePath, sizeText, valueText } from "./format.ts";
import { empty, type Markup } from "./layout.ts";

/** What stands above every page of a frame. */
export interface FrameHead {
  readonly storage: string;
  readonly name: string;
  readonly about?: FrameDescription | undefined;
  /** Whether its storage keeps versions. */
  readonly versioned: boolean;
}

const tabs = [
  { id: "rows", path: "", text: "Rows" },
  { id: "columns", path: "/columns", text: "Columns" },
  { id: "chart", path: "/chart", text: "Chart" },
  { id: "versions", path: "/versions", text: "Versions" },
] as const;

export function frameHead({ storage, name, about, versioned }: FrameHead, tab: (typeof tabs)[number]["id"]): Markup {
  const base = framePath(storage, name);
  const facts = about && [
    ...(about.rows === undefined ? [] : [`${countText(about.rows)} rows`]),
    `${about.schema.fields.length} columns`,
    sizeText(about.bytes),
    `changed ${ageText(about.modified)}`,
    ...(about.key ? [`key ${about.key.join(", ")}`] : []),
  ];
  const data = `/api${base.replace(/^\/data/, "/data")}`;
  return html`<p class="path"><a href="/data">Data</a> / <a href="/data?storage=${storage}">${storage}</a></p>
    <h1>${name}</h1>
    ${facts ? html`<p class="quiet">${facts.join(" · ")}</p>` : ""}
    <nav class="tabs" aria-label="Of this frame">
      ${tabs
        .filter(({ id }) => versioned || id !== "versions")
        .map(
          ({ id, path, text }) =>
            html`<a href="${base}${path}" ${id === tab ? html`aria-current="page"` : ""}>${text}</a>`,
        )}
      <span class="grow"></span>
      <a href="${data}?format=csv" download>CSV</a>
      <a href="${data}?format=json" download>JSON</a>
      <a href="${data}?format=arrow" download="${name}.arrows">Arrow</a>
    </nav>`;
}

/** One page of rows. */
export function rowsTable(
  head: FrameHead,
  {
    fields,
    rows,
    offset,
    limit,
    more,
  }: {
    fields: readonly FrameField[];
    rows: readonly Record<string, unknown>[];
    offset: number;
    limit: number;
    more: boolean;
  },
): Markup {
  if (fields.length === 0) return empty("This frame has no columns.", "");
  const base = framePath(head.storage, head.name);
  const from = (at: number) => `${base}?offset=${at}`;
  return html`<div class="wide" tabindex="0" role="region" aria-label="Rows">
      <table>
        <thead>
          <tr><th scope="col" class="number">#</th>${fields.map(({ name, type }) => html`<th scope="col" class="${sideOf(type)}">${name} <span class="quiet">${type}</span></th>`)}</tr>
        </thead>
        <tbody>
          ${rows.map(
            (row, i) =>
              html`<tr><td class="number quiet">${countText(offset + i + 1)}</td>${fields.map(({ name, type }) => cell(row[name], type))}</tr>`,
          )}
        </tbody>
      </table>
    </div>
    ${rows.length === 0 ? empty("No rows.", offset > 0 ? html`<a href="${base}">To the first.</a>` : "The frame is empty.") : ""}
    <nav class="pager" aria-label="Pages of rows">
      ${offset > 0 ? html`<a rel="prev" href="${from(Math.max(0, offset - limit))}">← Before</a>` : ""}
      ${more ? html`<a rel="next" href="${from(offset + limit)}">After →</a>` : ""}
    </nav>`;
}

function cell(value: unknown, type: string): Markup {
  if (value === null || value === undefined) return html`<td class="null ${sideOf(type)}">null</td>`;
  return html`<td class="${sideOf(type) || (isTime(type) ? "name" : "")}">${valueText(value)}</td>`;
}

/** What may not be broken into two lines. */
function isTime(type: string): boolean {
  return /^(date|time|duration)/.test(type);
}

/** Numbers stand one below the other, digit by digit. */
function sideOf(type: string): string {
  return /^(u?int|float|decimal)/.test(type) ? "number" : "";
}

/** Types, nulls and distributions. */
export function columnsTable({ rows, sampled, columns }: FrameStatistics): Markup {
  const note = sampled < rows ? `Distributions are those of ${countText(sampled)} of ${countText(rows)} rows.` : "";
  return html`<div class="wide" tabindex="0" role="region" aria-label="Columns">
      <table>
        <thead>
          <tr><th scope="col">Column</th><th scope="col">Type</th><th scope="col">Nulls</th><th scope="col" class="number">Least</th><th scope="col" class="number">Most</th><th scope="col">Distribution</th></tr>
        </thead>
        <tbody>
          ${columns.map(({ name, type, nulls, least, most, spread, frequent }) => {
            const part = rows === 0 ? 0 : nulls / rows;
            const percent = `${(part * 100).toFixed(part > 0 && part < 0.001 ? 3 : 1)} %`;
            return html`<tr>
              <th scope="row">${name}</th>
              <td class="name">${type}</td>
              <td class="name">${share(part, `${percent} nulls`)} <span class="quiet">${percent}</span></td>
              <td class="number">${least === undefined ? "" : valueText(least)}</td>
              <td class="number">${most === undefined ? "" : valueText(most)}</td>
              <td>${spread ? bars(spread, `Distribution of ${name}`) : html`<span class="quiet">${(frequent ?? []).map(([text, count]) => `${text.slice(0, 40)} (${count})`).join(", ")}</span>`}</td>
            </tr>`;
          })}
        </tbody>
      </table>
    </div>
    <p class="quiet">${note}</p>`;
}

/** A chart over time, drawn by a script that asks for as many points as it can show. */
export function chart(head: FrameHead, times: readonly string[], columns: readonly string[]): Markup {
  if (times.length === 0 || columns.length === 0) {
    return empty("There is nothing to draw.", "A chart needs a column of dates or times and one of numbers.");
  }
  const option = (name: string) => html`<option>${name}</option>`;
  return html`<link rel="stylesheet" href="/assets/uplot.css" />
    <script src="/assets/uplot.js" defer></script>
    <script src="/assets/chart.js" defer></script>
    <form class="row" data-chart="/api/series/${encodeURIComponent(head.storage)}/${encodeURIComponent(head.name)}">
      <label>Over <select name="time">${times.map(option)}</select></label>
      <label>Column <select name="column">${columns.map(option)}</select></label>
      <span class="buttons" role="group" aria-label="Range">
        <button type="button" data-chart-move="back" aria-label="Earlier">←</button>
        <button type="button" data-chart-move="in">Closer</button>
        <button type="button" data-chart-move="out">Wider</button>
        <button type="button" data-chart-move="on" aria-label="Later">→</button>
        <button type="button" data-chart-move="all">Whole range</button>
      </span>
      <span class="quiet" data-chart-note role="status">Loading …</span>
    </form>
    <div class="chart" data-chart-place></div>
    <p class="quiet">Drag over a part to look closer, or use the buttons. Each point shows the least and the most of the rows around it.</p>`;
}
