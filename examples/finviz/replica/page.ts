import type { Stock } from "./stocks.ts";

/** Lines on one page, as on the real site. */
export const pageSize = 20;

/** The screener's page that begins with line `from` (1, 21, 41 …). */
export function screenerPage(stocks: readonly Stock[], from: number, rowClass = "styled-row"): string {
  const shown = stocks.slice(from - 1, from - 1 + pageSize);
  const next = from + pageSize;
  const link =
    next <= stocks.length
      ? `<a class="screener-pages is-next" href="screener.ashx?v=111&amp;r=${next}" aria-label="Next page">&rarr;</a>`
      : "";
  return `<!doctype html>
<html><head><meta charset="utf-8"><title>Stock Screener - Overview</title></head><body>
<table class="styled-table-new is-rounded screener_table"><thead><tr><th>No.</th><th>Ticker</th><th>Company</th><th>Sector</th>
<th>Industry</th><th>Country</th><th>Market Cap</th><th>P/E</th><th>Price</th><th>Change</th><th>Volume</th></tr></thead>
<tbody>
${shown.map((stock, index) => row(stock, from + index, rowClass)).join("\n")}
</tbody></table>
<div class="screener_pagination">${link}</div>
</body></html>`;
}

function row(stock: Stock, number: number, rowClass: string): string {
  const cells = [
    String(number),
    `<a href="quote.ashx?t=${stock.ticker}" class="tab-link">${stock.ticker}</a>`,
    escapeHtml(stock.company),
    stock.sector,
    escapeHtml(stock.industry),
    stock.country,
    shortNumber(stock.marketCap),
    stock.pe === null ? "-" : stock.pe.toFixed(2),
    stock.price.toFixed(2),
    `<span>${stock.change.toFixed(2)}%</span>`,
    stock.volume.toLocaleString("en-US"),
  ];
  return `<tr class="${rowClass} is-rounded is-bordered" valign="top">${cells.map((cell) => `<td>${cell}</td>`).join("")}</tr>`;
}

/** 1234567 as 1.23M. */
function shortNumber(value: number): string {
  for (const [suffix, size] of [
    ["B", 1e9],
    ["M", 1e6],
    ["K", 1e3],
  ] as const) {
    if (value >= size) return `${(value / size).toFixed(2)}${suffix}`;
  }
  return value.toFixed(2);
}

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll("'", "&#39;");
}
