import { escapeHtml, percent, shortNumber } from "./markup.ts";
import type { Stock } from "./stocks.ts";

/** The page of one stock: its name, and a table of labels and values beside each other. */
export function quotePage(stock: Stock): string {
  const cells: [label: string, value: string][] = [
    ["Market Cap", shortNumber(stock.marketCap)],
    ["P/E", stock.pe === null ? "-" : stock.pe.toFixed(2)],
    ["Forward P/E", stock.forwardPe === null ? "-" : stock.forwardPe.toFixed(2)],
    ["Earnings", stock.earnings ?? "-"],
    ["52W Range", `${stock.low52.toFixed(2)} - ${stock.high52.toFixed(2)}`],
    ["Dividend %", percent(stock.dividend)],
    ["Employees", stock.employees.toLocaleString("en-US")],
    ["Avg Volume", shortNumber(stock.averageVolume)],
    ["Price", stock.price.toFixed(2)],
    ["Change", `${stock.change.toFixed(2)}%`],
  ];
  const rows = [];
  for (let at = 0; at < cells.length; at += 2) {
    const pair = cells.slice(at, at + 2);
    rows.push(
      `<tr class="table-dark-row">${pair.map(([label, value]) => `<td class="snapshot-td2">${label}</td><td class="snapshot-td2"><b>${value}</b></td>`).join("")}</tr>`,
    );
  }
  return `<!doctype html>
<html><head><meta charset="utf-8"><title>${stock.ticker} - ${escapeHtml(stock.company)}</title></head><body>
<div class="quote-header"><h1 class="quote-header_ticker-wrapper_ticker">${stock.ticker}</h1>
<h2 class="quote-header_ticker-wrapper_company"><a>${escapeHtml(stock.company)}</a></h2></div>
<table class="snapshot-table2"><tbody>
${rows.join("\n")}
</tbody></table>
</body></html>`;
}
