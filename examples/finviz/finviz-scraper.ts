import { parseInteger, parseNumber, parsePercent, Scraper, source } from "millrace";

const live = "https://finviz.com/screener.ashx?v=111&f=idx_sp500";

/** Reads Finviz' stock screener, page after page. `FINVIZ_URL` in the config takes another address. */
export class FinvizScraper extends Scraper {
  readonly sources = {
    screener: source({
      start: (config) => String(config.FINVIZ_URL ?? live),
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
      key: ["ticker"],
      next: "a.screener-pages.is-next",
      delay: this.config.FINVIZ_URL ? 0 : 1_000, // milliseconds between pages: be kind to the real site
      allowPrivate: this.config.FINVIZ_URL ? ["127.0.0.1"] : [], // where the replica stands
      parse: ({ $ }) =>
        $("table.screener_table tr.styled-row")
          .toArray()
          .map((row) => {
            const cell = (index: number) => $(row).find("td").eq(index).text().trim();
            return {
              ticker: cell(1),
              company: cell(2),
              sector: cell(3),
              market_cap: parseNumber(cell(6)),
              pe: parseNumber(cell(7)),
              price: parseNumber(cell(8)),
              change: parsePercent(cell(9)),
              volume: parseInteger(cell(10)),
            };
          }),
    }),
  };
}
