/** Scrapes the replica at `FINVIZ_URL` into the csv storage below `FS_DATA`, until it is done or killed. */
import { FinvizScraper } from "../../examples/finviz/finviz-scraper.ts";
import { parseConfig } from "../../src/config/load.ts";
import { DataFactory } from "../../src/factory/data-factory.ts";

const logger = { debug() {}, info() {}, warn() {}, error: (_: unknown, message?: string) => console.error(message) };
const config = parseConfig({ ...process.env });
await using factory = new DataFactory({ config, logger });
const scraper = new FinvizScraper(config, logger);
const saved = await scraper.scrapeSingleSource("quotes", factory.createDataSaver("csv"));
console.log(saved ? "saved" : "failed");
