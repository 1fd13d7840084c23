import { expect, test } from "vitest";
import { FinvizScraper } from "../../examples/finviz/finviz-scraper.ts";
import { parseConfig } from "../../src/config/load.ts";
import { logLines } from "./log-lines.ts";
import { temporaryFolder } from "./site.ts";

/** Asks the real site, so it runs only where it is asked for: `MILLRACE_LIVE=1 npm run test:long -- test/scraping/finviz`. */
test.runIf(process.env.MILLRACE_LIVE)("the live site has rows of that schema", async () => {
  const config = parseConfig({ FS_DATA: temporaryFolder() });
  class FirstPage extends FinvizScraper {
    constructor() {
      super(config, logLines().logger);
      Object.assign(this.sources, { screener: { ...this.sources.screener, next: undefined } });
    }
  }
  expect((await new FirstPage().fetchSource("screener")).height).toBe(20);
});
