import { definePipeline } from "millrace";
import { AAACalculator } from "./finviz/aaa-calculator.ts";
import { FinvizScraper } from "./finviz/finviz-scraper.ts";

/** Every working day after the exchange has closed: fetch the screener, rank its tickers, keep the result and a copy. */
export const dailyPrices = definePipeline({
  name: "daily-prices",
  schedule: { cron: "0 18 * * 1-5", zone: "America/New_York" },
  retries: { attempts: 5, backoff: "exponential" },
  deadline: "30m",
  undoable: true,
  steps: [
    { name: "scrape", scrape: { scraper: FinvizScraper, into: "temp", sources: ["screener"] } },
    { name: "rank", calculate: { calculator: AAACalculator, from: "temp", to: "postgres", backup: "postgres" } },
    { name: "copy", copy: { from: "postgres:screener", to: ["csv", "arctic"] } },
  ],
});

if (import.meta.main) await dailyPrices.run();
