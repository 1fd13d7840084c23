import { type Config, DataFactory, getConfigLogger, type Logger } from "millrace";
import { AAACalculator } from "./aaa-calculator.ts";
import { FinvizScraper } from "./finviz-scraper.ts";

/** Scrapes the screener into temp, ranks its tickers, and keeps the result in PostgreSQL with a backup of the last one. */
export async function scrapeRankSave(config: Config, logger: Logger, factory: DataFactory): Promise<void> {
  const scraper = new FinvizScraper(config, logger);
  const saved = await scraper.scrapeSingleSource("screener", factory.createDataSaver("temp"));
  if (!saved) throw new Error("The screener was not scraped");

  const [report] = await new AAACalculator(config, logger).runCompleteCalculation(
    factory.createDataSource("temp"),
    factory.createDataSaver("postgres"),
    factory.createDataBackup("postgres"),
    ["screener"],
  );
  if (report?.status !== "saved") throw new Error("The screener was not ranked", { cause: report?.error });
}

if (import.meta.main) {
  const { config, logger } = await getConfigLogger("finviz");
  await using factory = new DataFactory({ config, logger });
  await scrapeRankSave(config, logger, factory);
}
