import { escapeHtml, percent, shortNumber } from "./markup.ts";
import type { Stock } from "./stocks.ts";

/** Lines on one page, as on the real site. */
export const pageSize = 20;

/** The classes that a redesign would rename. */
export interface Classes {
  readonly row: string;
  /** Of the cell with the ticker. */
  readonly ticker: string;
}

type Column = readonly [head: string, cell: (stock: Stock) => string];

const name: readonly Column[] = [
  ["Company", ({ company }) => escapeHtml(company)],
  ["Sector", ({ sector }) => sector],
  ["Industry", ({ industry }) => escapeHtml(industry)],
  ["Country", ({ country }) => country],
];
const last: readonly Column[] = [
  ["Price", ({ price }) => price.toFixed(2)],
  ["Change", ({ change }) => `<span>${change.toFixed(2)}%</span>`],
  ["Volume", ({ volume }) => volume.toLocaleString("en-US")],
];
const ratio = (value: number | null) => (value === null ? "-" : value.toFixed(2));

/** The screener's views by their number in the address. */
const views: Readonly<Record<string, { title: string; columns: readonly Column[] }>> = {
  "111": {
    title: "Overview",
    columns: [
      ...name,
      ["Market Cap", ({ marketCap }) => shortNumber(marketCap)],
      ["P/E", ({ pe }) => ratio(pe)],
      ...last,
    ],
  },
  "121": {
    title: "Valuation",
    columns: [
      ["Market Cap", ({ marketCap }) => shortNumber(marketCap)],
      ["P/E", ({ pe }) => ratio(pe)],
      ["Fwd P/E", ({ forwardPe }) => ratio(forwardPe)],
      ["PEG", ({ peg }) => ratio(peg)],
      ["P/S", ({ ps }) => ratio(ps)],
      ["P/B", ({ pb }) => ratio(pb)],
      ["EPS this Y", ({ epsGrowth }) => percent(epsGrowth)],
      ...last,
    ],
  },
  "141": {
    title: "Performance",
    columns: [
      ["Perf Week", ({ week }) => percent(week)],
      ["Perf Month", ({ month }) => percent(month)],
      ["Perf Quart", ({ quarter }) => percent(quarter)],
      ["Perf Year", ({ year }) => percent(year)],
      ["Volatility M", ({ volatility }) => percent(volatility)],
      ["Avg Volume", ({ averageVolume }) => shortNumber(averageVolume)],
      ...last,
    ],
  },
};

/** The screener's page that begins with line `from` (1, 21, 41 …); null when there is no such view. */
export function screenerPage(stocks: readonly Stock[], view: string, from: number, classes: Classes): string | null {
  const found = views[view];
  if (!found) return null;
  const shown = stocks.slice(from - 1, from - 1 + pageSize);
  const next = from + pageSize;
  const link =
    next <= stocks.length
      ? `<a class="screener-pages is-next" href="screener.ashx?v=${view}&amp;r=${next}" aria-label="Next page">&rarr;</a>`
      : "";
  const row = (stock: Stock, number: number) => {
    const ticker = `<a href="quote.ashx?t=${stock.ticker}" class="${classes.ticker}">${stock.ticker}</a>`;
    const cells = [String(number), ticker, ...found.columns.map(([, cell]) => cell(stock))];
    return `<tr class="${classes.row} is-rounded is-bordered" valign="top">${cells.map((cell) => `<td>${cell}</td>`).join("")}</tr>`;
  };
  return `<!doctype html>
<html><head><meta charset="utf-8"><title>Stock Screener - ${found.title}</title></head><body>
<table class="styled-table-new is-rounded screener_table"><thead><tr>${[
    "No.",
    "Ticker",
    ...found.columns.map(([head]) => head),
  ]
    .map((head) => `<th>${head}</th>`)
    .join("")}</tr></thead>
<tbody>
${shown.map((stock, index) => row(stock, from + index)).join("\n")}
</tbody></table>
<div class="screener_pagination">${link}</div>
</body></html>`;
}
