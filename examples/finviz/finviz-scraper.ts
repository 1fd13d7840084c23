import {
  integer,
  number,
  type Page,
  parseInteger,
  parseNumber,
  parsePercent,
  percent,
  Scraper,
  source,
  tableRows,
  text,
} from "millrace";

const live = "https://finviz.com";

/** Reads Finviz' stock screener, page after page, and the pages of its stocks. `FINVIZ_URL` in the config takes another site. */
export class FinvizScraper extends Scraper {
  readonly #site = String(this.config.FINVIZ_URL ?? live);

  /** What all sources share. */
  readonly #manners = {
    next: "a.screener-pages.is-next",
    key: ["ticker"],
    // Milliseconds between pages: be kind to the real site.
    delay: this.#site === live ? 1_000 : 0,
    // Where the replica stands.
    allowPrivate: this.#site === live ? [] : ["127.0.0.1"],
  } as const;

  readonly sources = {
    screener: source({
      ...this.#manners,
      start: this.#view(111),
      schema: {
        ticker: "string",
        company: "string",
        sector: "string",
        price: "float64",
        change: "float64", // a fraction: 0.0125 is 1.25 %
        volume: "int64",
        market_cap: "float64?",
        pe: "float64?", // none without earnings
      },
      rows: "table.screener_table tr.styled-row",
      fields: {
        ticker: text("a.tab-link"),
        company: text("td:nth-child(3)"),
        sector: text("td:nth-child(4)"),
        market_cap: number("td:nth-child(7)"),
        pe: number("td:nth-child(8)"),
        price: number("td:nth-child(9)"),
        change: percent("td:nth-child(10)"),
        volume: integer("td:nth-child(11)"),
      },
    }),

    valuation: source({
      ...this.#manners,
      start: this.#view(121),
      schema: {
        ticker: "string",
        market_cap: "float64?",
        pe: "float64?",
        forward_pe: "float64?",
        peg: "float64?",
        ps: "float64?",
        pb: "float64?",
      },
      parse: ({ $ }) =>
        tableRows($, "table.screener_table").map((row) => ({
          ticker: row.Ticker,
          market_cap: parseNumber(row["Market Cap"] ?? ""),
          pe: parseNumber(row["P/E"] ?? ""),
          forward_pe: parseNumber(row["Fwd P/E"] ?? ""),
          peg: parseNumber(row.PEG ?? ""),
          ps: parseNumber(row["P/S"] ?? ""),
          pb: parseNumber(row["P/B"] ?? ""),
        })),
    }),

    performance: source({
      ...this.#manners,
      start: this.#view(141),
      schema: {
        ticker: "string",
        week: "float64?",
        month: "float64?",
        quarter: "float64?",
        year: "float64?",
        average_volume: "float64?",
      },
      parse: ({ $ }) =>
        tableRows($, "table.screener_table").map((row) => ({
          ticker: row.Ticker,
          week: parsePercent(row["Perf Week"] ?? ""),
          month: parsePercent(row["Perf Month"] ?? ""),
          quarter: parsePercent(row["Perf Quart"] ?? ""),
          year: parsePercent(row["Perf Year"] ?? ""),
          average_volume: parseNumber(row["Avg Volume"] ?? ""),
        })),
    }),

    quotes: source({
      ...this.#manners,
      start: this.#view(111),
      follow: "tr.styled-row a.tab-link", // from each line of the screener to its stock
      skip: [404], // a stock that left the exchange meanwhile
      maxPages: 20_000,
      schema: {
        ticker: "string",
        company: "string",
        price: "float64",
        dividend: "float64?",
        employees: "int64?",
        low_52w: "float64?",
        high_52w: "float64?",
        earnings: "string?",
      },
      parse: (page) => [quoteOf(page)],
    }),
  };

  #view(number: number): string {
    return `${this.#site}/screener.ashx?v=${number}${this.#site === live ? "&f=idx_sp500" : ""}`;
  }
}

/** A stock's page shows labels and values beside each other. */
function quoteOf({ $ }: Page) {
  const cells = $("table.snapshot-table2 td.snapshot-td2")
    .toArray()
    .map((cell) => $(cell).text().trim());
  const values = new Map(
    cells.flatMap((label, index) => (index % 2 === 0 ? [[label, cells[index + 1] ?? ""] as const] : [])),
  );
  const shown = (label: string) => values.get(label) ?? "";
  const [low, high] = shown("52W Range").split(" - ");
  const earnings = shown("Earnings");
  return {
    ticker: $("h1.quote-header_ticker-wrapper_ticker").text().trim(),
    company: $("h2.quote-header_ticker-wrapper_company").text().trim(),
    price: parseNumber(shown("Price")),
    dividend: parsePercent(shown("Dividend %")),
    employees: parseInteger(shown("Employees")),
    low_52w: parseNumber(low ?? ""),
    high_52w: parseNumber(high ?? ""),
    earnings: earnings === "-" || earnings === "" ? null : earnings,
  };
}
