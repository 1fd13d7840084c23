import { join } from "node:path";
import { expect, test } from "vitest";
import { FinvizScraper } from "../../examples/finviz/finviz-scraper.ts";
import { startReplica } from "../../examples/finviz/replica/server.ts";
import { parseConfig } from "../../src/config/load.ts";
import { DataFactory } from "../../src/factory/data-factory.ts";
import { definePipeline } from "../../src/pipelines/define.ts";
import { logLines } from "../scraping/log-lines.ts";
import { afterTest, temporaryFolder } from "../scraping/site.ts";

test("a pipeline's scrape is gated by its ledger: a changed site fails the run and says why, and the old data stays", async () => {
  const replica = await startReplica({ stocks: 45 });
  afterTest(replica.close);
  const folder = temporaryFolder();
  const { logger } = logLines();
  const config = parseConfig({ FINVIZ_URL: replica.url, FS_DATA: folder, FS_TEMP: join(folder, "temp") });
  const factory = new DataFactory({ config, logger });
  afterTest(() => factory.close());
  const pipeline = definePipeline({
    name: "finviz",
    steps: [{ scrape: { scraper: FinvizScraper, into: "csv", sources: ["screener", "valuation"] } }],
  });
  const options = { config, factory };
  expect(await pipeline.run(options)).toMatchObject({ state: "done", rows: 90 });
  replica.stocks.splice(5);
  const failure = await pipeline.run(options).then(
    () => null,
    (error: Error) => error,
  );
  expect(failure?.message).toContain("It has 5 rows; the last good run had 45");
  expect((await factory.createDataSource("csv").getData("screener")).height).toBe(45);
  const planned = await pipeline.plan(options);
  expect(JSON.stringify(planned, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value))).toContain(
    "screener",
  );
});
